"""The files of a new source as text: its contracts, its silver function, its gold SELECT."""

import json
import keyword
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from carms_lake.flows.scaffold.columns import Column
from carms_lake.names import SRC_FILENAME, SRC_ROW_NUMBER, Layer, TableRef
from carms_lake.store.sql import parsed, quoted

_PLAIN = re.compile(r"[A-Za-z][\w.()-]*")
_WORDS_OF_YAML = frozenset({"y", "n", "yes", "no", "true", "false", "on", "off", "null"})
_WIDTH = 96

SILVER_HEAD = '''"""What the files of `{domain}` mean: one function per table of silver.

A function has the name of its table, and its parameters are the tables that it reads.
"""

from __future__ import annotations

import polars as pl
'''


@dataclass(frozen=True)
class Source:
    """A source as its contracts describe it."""

    table: str
    files: tuple[str, ...]
    """Patterns."""
    format: str
    keys: Mapping[str, tuple[Any, str]]
    """Custom properties, each with why."""
    columns: Sequence[Column]
    key: tuple[str, ...]
    seen: str
    """Of what this was inferred: `orders.csv, 1,204 records`."""


def bronze(domain: str, source: Source) -> str:
    """The contract of the files, with the evidence as comments."""
    own: list[tuple[str, Any, str]] = [
        ("carms.files", list(source.files), ""),
        ("carms.format", source.format, ""),
        *((key, value, why) for key, (value, why) in source.keys.items()),
    ]
    lines = [*_head(TableRef(domain, Layer.BRONZE, source.table), source, own), "  properties:"]
    for column in source.columns:
        lines += _comments(_evidence(column, source.key))
        lines.append(f"  - name: {_value(column.name)}")
        if column.header != column.name:
            lines.append(f"    physicalName: {_value(column.header)}")
        lines += _type(column)
        if column.required:
            lines.append("    required: true")
        if column.pattern:
            lines += ["    logicalTypeOptions:", f"      pattern: {_value(column.pattern)}"]
        lines.append(f"    description: {_value(_said(column.header))}")
        if column.keys:
            lines.append("    customProperties:")
            for key, value in column.keys.items():
                lines += [f"    - property: carms.{key}", f"      value: {_value(value)}"]
    return _joined(lines)


def silver(domain: str, source: Source) -> str:
    """The contract of the table that holds the rows as they came."""
    own = [
        ("carms.driver", f"bronze.{source.table}", ""),
        ("carms.balance", "one_to_one", "each record is in the table, or quarantined"),
    ]
    ref = TableRef(domain, Layer.SILVER, source.table)
    return _joined([*_head(ref, source, own), *_properties(source, ref)])


def gold(domain: str, source: Source) -> str:
    """The contract of the published table that holds the rows of silver."""
    table = source.table
    counts = [
        {
            "name": "rows",
            "gold": f"select count(*) from gold.{_sql(table)}",  # noqa: S608 - of a table's name
            "silver": f"select count(*) from silver.{_sql(table)}",  # noqa: S608
        }
    ]
    ref = TableRef(domain, Layer.GOLD, table)
    own = [("carms.reconcile", counts, "every row of silver is published")]
    return _joined([*_head(ref, source, own), *_properties(source, ref)])


def derived(domain: str, source: Source) -> str:
    """The contract of a gold table that an author's SELECT makes, with the evidence."""
    ref = TableRef(domain, Layer.GOLD, source.table)
    return _joined([*_head(ref, source, ()), *_properties(source, ref, has_evidence=True)])


def function(source: Source) -> str:
    """The silver function, which selects every column."""
    names = [f'"{column.name}"' for column in source.columns]
    order = [f'"{name}"' for name in source.key or (SRC_FILENAME, SRC_ROW_NUMBER)]
    frame = f"bronze_{source.table}"
    selected = f"    return {frame}.sort({', '.join(order)}).select("
    line = f"{selected}{', '.join(names)})"
    if len(line) > _WIDTH:
        line = "\n".join([selected, *_wrapped(names, "        "), "    )"])
    return (
        f"\n\ndef {source.table}({frame}: pl.LazyFrame) -> pl.LazyFrame:\n"
        f'    """{_grain(source)}, as it came."""\n{line}\n'
    )


def select(source: Source) -> str:
    """The gold SELECT, which selects every column."""
    names = [_selected(column) for column in source.columns]
    order = [_sql(name) for name in source.key] or ["all"]
    return (
        f"-- {_grain(source)}.\n-- What came in {_said(', '.join(source.files))}?\nselect\n"
        + ",\n".join(f"    {name}" for name in names)
        + f"\nfrom silver.{_sql(source.table)}\norder by {', '.join(order)}\n"
    )


def _selected(column: Column) -> str:
    name = _sql(column.name)
    return f"{name}::json as {name}" if column.type.name == "json" else name


def usable_name(name: str) -> str:
    """A table's name that may also be a function's."""
    return f"{name}_table" if keyword.iskeyword(name) or name == "pl" else name


def _head(ref: TableRef, source: Source, own: Sequence[tuple[str, Any, str]]) -> list[str]:
    files = _said(", ".join(source.files))
    lines = [
        f"# Inferred by carms from {_said(source.seen)}; correct what is not meant.",
        "apiVersion: v3.2.0",
        "kind: DataContract",
        f"id: {ref}",
        f"name: {_value(ref.table)}",
        "version: 1.0.0",
        "status: active",
        f"domain: {_value(ref.domain)}",
        "schema:",
        f"- name: {_value(ref.table)}",
        "  physicalType: table",
        "  logicalType: object",
        f"  description: {_value(f'{_grain(source)}, from {files}.')}",
        f"  dataGranularityDescription: {_value(_grain(source))}",
    ]
    lines += ["  customProperties:"] if own else []
    for key, value, why in own:
        lines += _comments([why] if why else [])
        lines += [f"  - property: {key}", f"    value: {_value(value)}"]
    return lines


def _properties(source: Source, ref: TableRef, *, has_evidence: bool = False) -> Iterator[str]:
    yield "  properties:"
    for column in source.columns:
        if has_evidence:
            yield from _comments(_evidence(column, source.key))
        yield f"  - name: {_value(column.name)}"
        yield from _type(column)
        if column.name in source.key:
            yield "    primaryKey: true"
            yield f"    primaryKeyPosition: {source.key.index(column.name) + 1}"
        if column.required:
            yield "    required: true"
        yield f"    description: {_value(_said(column.header))}"
        if ref.layer is Layer.SILVER:
            yield f"    transformSourceObjects: [bronze.{source.table}.{column.name}]"


def _evidence(column: Column, key: tuple[str, ...]) -> list[str]:
    first, *others = column.evidence
    if column.name in key:
        first += ": a key" if len(key) == 1 else f"; a key together with {_others(column, key)}"
    return [first, *others]


def _others(column: Column, key: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in key if name != column.name)


def _type(column: Column) -> list[str]:
    return [f"    logicalType: {column.type.logical}", f"    physicalType: {column.type}"]


def _grain(source: Source) -> str:
    return f"One row per {' and '.join(source.key)}" if source.key else "One row per record"


def _comments(texts: Iterable[str]) -> list[str]:
    return [f"  # {_said(text)}" for text in texts]


def _said(text: str) -> str:
    """A text on one line, without control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _value(value: Any) -> str:
    """A value as YAML, on one line."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS_OF_YAML:
        return value
    if isinstance(value, str) and "\\" in value and value.isprintable() and "'" not in value:
        return f"'{value}'"  # a pattern, as it is
    # JSON is YAML; what is not ASCII and cannot be printed is escaped.
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isprintable() else json.dumps(value)


def _sql(name: str) -> str:
    """A name as SQL, quoted where it is a word of the language."""
    try:
        parsed(f"select {name} from {name}", where=name)  # noqa: S608 - of letters, digits and _
    except Exception:  # noqa: BLE001 - whatever the parser says of it
        return quoted(name)
    return name


def _wrapped(names: Sequence[str], indent: str) -> list[str]:
    lines, line = [], indent
    for name in names:
        if len(line) + len(name) + 2 > _WIDTH and line.strip():
            lines.append(line.rstrip())
            line = indent
        line += f"{name}, "
    return [*lines, line.rstrip().removesuffix(",")]


def _joined(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"
