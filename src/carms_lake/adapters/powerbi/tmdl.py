"""The model as TMDL, the text form of a semantic model: tabs, and `///` before what is described.

https://learn.microsoft.com/analysis-services/tmdl/tmdl-overview
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from carms_lake.adapters.powerbi.source import text as m_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carms_lake.adapters.powerbi.model import Model, ModelColumn, ModelMeasure, ModelTable
    from carms_lake.adapters.powerbi.source import Source

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PBISM = {
    "$schema": "https://developer.microsoft.com/json-schemas/fabric/item/semanticModel/"
    "definitionProperties/1.0.0/schema.json",
    "version": "4.2",
    "settings": {},
}
_MODEL = """\
model Model
	culture: en-US
	defaultPowerBIDataSourceVersion: powerBI_V3
	sourceQueryCulture: en-US

	annotation __PBI_TimeIntelligenceEnabled = 0

	annotation PBI_QueryOrder = {order}
"""


def model_files(model: Model, source: Source) -> dict[str, str]:
    """The text of each file of the model, by its path in the project."""
    place = f"{model.domain}.SemanticModel"
    names = [table.name for table in model.tables]
    parameter = source.parameter[0]
    refs = "".join(f"\nref table {quoted(name)}\n" for name in names)
    head = _MODEL.format(order=json.dumps([parameter, *names], ensure_ascii=False))
    return {
        f"{place}/definition.pbism": json.dumps(_PBISM, indent=2) + "\n",
        f"{place}/definition/database.tmdl": "database\n\tcompatibilityLevel: 1600\n",
        f"{place}/definition/model.tmdl": head + refs,
        f"{place}/definition/expressions.tmdl": _lines(_parameter(model, source)),
        f"{place}/definition/relationships.tmdl": _lines(_relationships(model)),
        **{
            f"{place}/definition/tables/{table.name}.tmdl": _lines(_table(model, table, source))
            for table in model.tables
        },
    }


def quoted(name: str) -> str:
    """A name as TMDL writes it: in single quotes, which are doubled, unless it is a plain word."""
    return name if _PLAIN.fullmatch(name) else "'" + name.replace("'", "''") + "'"


def _lines(lines: Iterator[str]) -> str:
    return "\n".join(lines) + "\n"


def _value(text: str) -> str:
    """The text of a property: in quotes if it begins or ends like a quoted one, or with a space."""
    if text != text.strip() or text.startswith('"'):
        return '"' + text.replace('"', '""') + '"'
    return text


def _described(indent: str, text: str) -> Iterator[str]:
    for line in text.splitlines():
        yield f"{indent}/// {line}".rstrip()


def _parameter(model: Model, source: Source) -> Iterator[str]:
    name, value, meaning = source.parameter
    yield from _described("", meaning)
    yield (
        f"expression {name} = {m_text(value)} "
        'meta [IsParameterQuery=true, Type="Text", IsParameterQueryRequired=true]'
    )
    yield f"\tlineageTag: {model.tag('expression', name)}"
    yield ""
    yield "\tannotation PBI_ResultType = Text"


def _relationships(model: Model) -> Iterator[str]:
    for join in model.joins:
        yield f"relationship {model.tag('relationship', *join[:4])}"
        if not join.is_active:
            yield "\tisActive: false"
        yield f"\tfromColumn: {quoted(join.table)}.{quoted(join.column)}"
        yield f"\ttoColumn: {quoted(join.to_table)}.{quoted(join.to_column)}"
        yield ""


def _table(model: Model, table: ModelTable, source: Source) -> Iterator[str]:
    yield from _described("", table.description)
    yield f"table {quoted(table.name)}"
    if table.is_date:
        yield "\tdataCategory: Time"
    yield f"\tlineageTag: {model.tag('table', table.name)}"
    for measure in table.measures:
        yield ""
        yield from _measure(measure, model.tag("measure", measure.name))
    for column in table.columns:
        yield ""
        yield from _column(column, model.tag("column", table.name, column.name))
    yield ""
    yield f"\tpartition {quoted(table.name)} = m"
    yield "\t\tmode: import"
    yield "\t\tsource ="
    for line in source.query(model.domain, table):
        yield f"\t\t\t\t{line}"
    yield ""
    yield "\tannotation PBI_ResultType = Table"


def _measure(measure: ModelMeasure, tag: str) -> Iterator[str]:
    yield from _described("\t", measure.description)
    first, *more = measure.dax.splitlines()
    if more:
        yield f"\tmeasure {quoted(measure.name)} ="
        for line in (first, *more):
            yield f"\t\t\t{line}".rstrip()
    else:
        yield f"\tmeasure {quoted(measure.name)} = {first}"
    yield f"\t\tformatString: {_value(measure.format)}"
    if measure.folder:
        yield f"\t\tdisplayFolder: {_value(measure.folder)}"
    yield f"\t\tlineageTag: {tag}"


def _column(column: ModelColumn, tag: str) -> Iterator[str]:
    yield from _described("\t", column.description)
    yield f"\tcolumn {quoted(column.name)}"
    yield f"\t\tdataType: {column.type}"
    if column.is_hidden:
        yield "\t\tisHidden"
    if column.is_key:
        yield "\t\tisKey"
    if column.format:
        yield f"\t\tformatString: {_value(column.format)}"
    if column.folder:
        yield f"\t\tdisplayFolder: {_value(column.folder)}"
    yield f"\t\tlineageTag: {tag}"
    yield "\t\tsummarizeBy: none"
    yield f"\t\tsourceColumn: {_value(column.name)}"
    if column.sort_by:
        yield f"\t\tsortByColumn: {quoted(column.sort_by)}"
    yield ""
    yield "\t\tannotation SummarizationSetBy = User"
