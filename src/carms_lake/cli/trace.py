"""`trace`: the lineage of a record, or of one of its values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from carms_lake.cli import render
from carms_lake.cli.command import Every, argument, command, option
from carms_lake.cli.context import Call, complete_tables
from carms_lake.cli.pager import paged
from carms_lake.cli.render import Target, emit, text_width
from carms_lake.cli.trace_drawn import draw_trace, draw_trees, unwrapped
from carms_lake.writers.json import as_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from carms_lake.flows.lineage import Trace
    from carms_lake.flows.lineage.trace_value import Origin, ValueTrace

Key = Annotated[
    str, argument("KEY", 'A value of a key, as 27447, or order_id=5, or {"order_id": 5}.')
]
Column = Annotated[
    str | None, option("--column COLUMN", "Where the value of this column comes from.")
]
Table = Annotated[
    str | None,
    option("--table TABLE", "Rows of this table alone, as gold.fact_sales.", complete_tables),
]

app = typer.Typer()


@command(app)
def trace(
    call: Call,
    to: Target,
    key: Key,
    *,
    column: Column = None,
    table: Table = None,
    every: Every = False,
) -> None:
    """Show a record's way: file, bronze, silver, gold."""
    from carms_lake.flows import lineage
    from carms_lake.flows.lineage import trace_value as values

    is_drawn = to.is_drawn and not call.json
    found: Trace | ValueTrace
    if column:
        found = values.trace_value(call.config(), key, column, table=table)
        cut = f"only the first {values.TREES_SHOWN} rows of this key are shown"
        notes = [cut] if found.is_cut else []
        if is_drawn:
            with paged(is_wanted=every):
                draw_trees(found, text_width(to))
        else:
            emit(call, _value_rows(found), to)
    else:
        found = lineage.trace(call.config(), key, table=table)
        notes = [
            f"only the first {lineage.ROWS_SHOWN} rows of `{name.in_domain}` are shown"
            for name in found.cut
        ]
        if is_drawn:
            is_short = to.cut_unless(every).is_long
            with paged(is_wanted=every):
                is_path = draw_trace(found, key, text_width(to), is_short=is_short)
            if is_path:
                notes += ["`--all` shows each row and value, `--column NAME` where one comes from"]
        else:
            emit(call, _rows(found), to)
    for text in (*notes, *found.notes):
        render.note(call, text)


def _rows(found: Trace) -> pl.DataFrame:
    """One row per value of each row of the lineage, and one per reject."""
    import polars as pl

    rows: list[tuple[Any, ...]] = [
        (
            number,
            step.table.in_domain,
            step.place or None,
            value.column,
            None if value.value is None else as_text(value.value),
            ", ".join(value.made_of) or None,
            value.rule or None,
            str(step.role),
            step.raw.text if step.raw else None,
        )
        for number, step in enumerate(found.steps, start=1)
        for value in step.values
    ]
    rows += [
        (
            number,
            one.table.in_domain,
            one.place,
            *[None] * 3,
            "; ".join(one.reasons),
            "set_aside",
            one.raw,
        )
        for number, one in enumerate(found.rejects, start=len(found.steps) + 1)
    ]
    texts = ("table", "place", "column", "value", "made_of", "rule", "role", "raw_record")
    return pl.DataFrame(rows, {"step": int, **dict.fromkeys(texts, str)}, orient="row")


def _value_rows(found: ValueTrace) -> pl.DataFrame:
    """One row per value; `path` leads from the value asked for (1) to its origins (1.2.1)."""
    import polars as pl

    from carms_lake.flows.lineage.trace_value import ValueAtStep

    rows = [
        (
            path,
            origin.table,
            origin.column,
            None if one.value is None else as_text(one.value),
            one.place or None,
            one.raw.text if one.raw else None,
            str(origin.evidence),
            origin.text or None,
            "; ".join(origin.notes) or None,
            "; ".join(unwrapped(words.sentence) for words in one.read_from) or None,
            "; ".join(words.place for words in one.read_from) or None,
        )
        for number, root in enumerate(found.origins, start=1)
        for path, origin in _flat(str(number), root)
        for one in origin.values or (ValueAtStep(None),)
    ]
    names = (
        "path", "table", "column", "value", "place", "raw_record", "known", "how", "note",
        "sentence", "sentence_place",
    )  # fmt: skip
    return pl.DataFrame(rows, dict.fromkeys(names, str), orient="row")


def _flat(path: str, origin: Origin) -> Iterator[tuple[str, Origin]]:
    yield path, origin
    for number, below in enumerate(origin.made_of, start=1):
        yield from _flat(f"{path}.{number}", below)
