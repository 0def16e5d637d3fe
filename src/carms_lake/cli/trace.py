"""`trace`: a record's way through the lake, and where one value comes from."""

from __future__ import annotations

import os
import textwrap
from typing import TYPE_CHECKING, Annotated, Any

import typer

from carms_lake.cli import complete, render
from carms_lake.cli.command import OutputFile, OutputFormat, command
from carms_lake.cli.context import Call
from carms_lake.cli.formats import Format
from carms_lake.cli.output import Target, emit, target, text_width

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TextIO

    from rich.tree import Tree

    from carms_lake.flows.lineage import Trace, TracedValue, TraceStep
    from carms_lake.flows.lineage.records import SetAside
    from carms_lake.flows.lineage.trace_value import Held, Origin, ValueTrace
    from carms_lake.records import QueryResult

Key = Annotated[
    str,
    typer.Argument(
        metavar="KEY", help='A value of a key, as 27447, or order_id=5, or {"order_id": 5}.'
    ),
]
Column = Annotated[
    str | None,
    typer.Option("--column", metavar="COLUMN", help="Where the value of this column comes from."),
]
Table = Annotated[
    str | None,
    typer.Option(
        "--table",
        metavar="TABLE",
        autocompletion=complete.tables,
        help="Rows of this table alone, as gold.fact_sales.",
    ),
]

_EXPRESSION = 300
"""Longer expressions of a SELECT are cut in a tree, which says so."""


app = typer.Typer()


def register(app: typer.Typer) -> None:
    """Add the command."""

    @command(app)
    def trace(
        call: Call,
        key: Key,
        *,
        column: Column = None,
        table: Table = None,
        output_format: OutputFormat = None,
        output: OutputFile = None,
    ) -> None:
        """Show a record's way: file, bronze, silver, gold."""
        to = target(output_format, output)
        if column:
            _trace_value(call, to, key, column, table)
        else:
            _trace_rows(call, to, key, table)


def _is_drawn(call: Call, to: Target) -> bool:
    return to.format is Format.TABLE and to.file is None and not call.json


def _trace_rows(call: Call, to: Target, key: str, table: str | None) -> None:
    from carms_lake.flows.lineage import ROWS_SHOWN
    from carms_lake.flows.lineage import trace as flow

    found = flow(call.config(), key, table=table)
    if _is_drawn(call, to):
        _draw(found, text_width(to))
    else:
        emit(call, _rows(found), to)
    for name in found.cut:
        render.note(call, f"only the first {ROWS_SHOWN} rows of `{name.in_domain}` are shown")
    for text in found.notes:
        render.note(call, text)


def _trace_value(call: Call, to: Target, key: str, column: str, table: str | None) -> None:
    from carms_lake.flows.lineage.trace_value import TREES_SHOWN, trace_value

    found = trace_value(call.config(), key, column, table=table)
    if _is_drawn(call, to):
        _draw_trees(found, text_width(to))
    else:
        emit(call, _value_rows(found), to)
    if found.is_cut:
        render.note(call, f"only the first {TREES_SHOWN} rows of this key are shown")
    for text in found.notes:
        render.note(call, text)


def _rows(found: Trace) -> QueryResult:
    """One row per value of each row on the way, and one per record that was set aside."""
    from carms_lake.cli.formats import as_text
    from carms_lake.records import QueryResult

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
        for number, one in enumerate(found.set_aside, start=len(found.steps) + 1)
    ]
    names = ("step", "table", "place", "column", "value", "made_of", "rule", "role", "raw_record")
    return QueryResult(names, ("BIGINT", *("VARCHAR",) * 8), rows)


def _draw(found: Trace, width: int) -> None:
    """The first row of each table whole, the others a line each; long texts are cut, and say so.

    What the values are made of stands beside rows that have the key; of the others it is in `-f`.
    """
    stream = render.out()
    table = None
    for step in found.steps:
        if step.table != table:
            table = step.table
            role = "" if step.role == "found" else f"  [{step.role}]"
            place = f"  ({step.place})" if step.place else ""
            stream.write("\n")
            _wrapped(stream, "", f"{table.in_domain}{place}{role}", width)
            _draw_whole(stream, step, width)
        else:
            shown = [f"{v.column} {_shown(v)}" for v in step.values if v.value is not None]
            place = f"{step.place}: " if step.place else ""
            line = f"  + {place}{', '.join(shown)}"
            stream.write(f"{line if len(line) <= width else line[: width - 3] + '...'}\n")
    table = None
    for one in found.set_aside:
        if one.table == table:
            line = f"  + {render.on_one_line(one.place)}: {'; '.join(one.reasons)}"
            stream.write(f"{line if len(line) <= width else line[: width - 3] + '...'}\n")
        else:
            table = one.table
            _draw_set_aside(stream, one, width)


def _draw_whole(stream: TextIO, step: TraceStep, width: int) -> None:
    longest = max((len(value.column) for value in step.values), default=0)
    for value in step.values:
        origin = ", ".join(value.made_of)
        why = "; ".join(part for part in (origin, value.rule) if part)
        _wrapped(stream, f"  {value.column:<{longest}}  ", _shown(value), width)
        if why and step.role == "found":
            _wrapped(stream, f"  {'':<{longest}}    <- ", why, width)
    if step.raw:
        line = f", line {step.raw.line}" if step.raw.line else ""
        _wrapped(stream, f"  in the file{line}: ", _raw(step.raw.text, step.raw.missing), width)


def _draw_set_aside(stream: TextIO, one: SetAside, width: int) -> None:
    place = render.on_one_line(one.place)
    stream.write("\n")
    _wrapped(stream, "", f"{one.table.in_domain}  ({place})  [set aside]", width)
    for reason in one.reasons:
        _wrapped(stream, "  because ", render.on_one_line(reason), width)
    _wrapped(stream, "  by run ", one.run_id, width)
    _wrapped(stream, "  the record: ", _raw(one.raw, ""), width)


def _wrapped(stream: TextIO, head: str, text: str, width: int) -> None:
    """A text behind its head, in lines that fit."""
    indent = " " * min(len(head), width // 2)
    lines = textwrap.wrap(
        text,
        width,
        initial_indent=" " * len(head),
        subsequent_indent=indent,
        break_on_hyphens=False,
    )
    first = lines[0][len(head) :] if lines else ""
    stream.write(f"{head}{first}".rstrip() + "\n")
    stream.writelines(f"{line}\n" for line in lines[1:])


def _shown(value: TracedValue) -> str:
    return _cut(value.value)


def _cut(value: object, most: int = render.LONG_TEXT) -> str:
    from carms_lake.cli.formats import as_text

    text = render.on_one_line(as_text(value))
    if len(text) <= most:
        return text
    return f"{text[:most]}... ({len(text)} characters)"


def _raw(text: str | None, missing: str) -> str:
    return f"({missing})" if text is None else _cut(text)


def _value_rows(found: ValueTrace) -> QueryResult:
    """One row per value on the way: `path` leads from the value asked for (1) down (1.2.1)."""
    from carms_lake.cli.formats import as_text
    from carms_lake.records import QueryResult

    rows = [
        (
            path,
            origin.table,
            origin.column,
            None if held is None or held.value is None else as_text(held.value),
            (held and held.place) or None,
            held.raw.text if held and held.raw else None,
            str(origin.known),
            origin.text or None,
            "; ".join(origin.notes) or None,
        )
        for number, root in enumerate(found.origins, start=1)
        for path, origin in _flat(str(number), root)
        for held in origin.held or (None,)
    ]
    names = ("path", "table", "column", "value", "place", "raw_record", "known", "how", "note")
    return QueryResult(names, ("VARCHAR",) * 9, rows)


def _flat(path: str, origin: Origin) -> Iterator[tuple[str, Origin]]:
    yield path, origin
    for number, below in enumerate(origin.made_of, start=1):
        yield from _flat(f"{path}.{number}", below)


def _draw_trees(found: ValueTrace, width: int) -> None:
    from rich.console import Console
    from rich.tree import Tree

    stream = render.out()
    console = Console(
        file=stream,
        width=width,
        force_terminal=False if os.environ.get("NO_COLOR") else None,
        legacy_windows=False,
        highlight=False,
    )
    for key, root in zip(found.keys, found.origins, strict=True):
        named = ", ".join(f"{name} {_cut(value)}" for name, value in key)
        tree = Tree(_label(root, f"  ({named})" if named else ""))
        _grow(tree, root)
        stream.write("\n")
        console.print(tree)


def _grow(tree: Tree, origin: Origin) -> None:
    from rich.text import Text

    if origin.table.startswith("bronze."):
        from carms_lake.flows.lineage.trace_value import VALUES_SHOWN

        for held in origin.held[:VALUES_SHOWN]:
            line = f", line {held.raw.line}" if held.raw and held.raw.line else ""
            leaf = tree.add(Text(held.place + line))
            if held.raw:
                leaf.add(Text(_raw(held.raw.text, held.raw.missing)))
        if len(origin.held) > VALUES_SHOWN:
            tree.add(Text(f"... {len(origin.held) - VALUES_SHOWN} more"))
    for below in origin.made_of:
        _grow(tree.add(_label(below)), below)


def _label(origin: Origin, after: str = "") -> Any:
    """A column with its value, and under it how it is made."""
    from rich.text import Text

    label = Text(f"{origin.table}.{origin.column}", style="bold")
    if origin.held:
        label.append(f" = {_values(origin.held, is_cut=origin.is_cut)}", style="not bold")
    label.append(after, style="not bold")
    if origin.text:
        how = "" if origin.known == "file" else f"{origin.known}: "
        label.append(f"\n{how}{_cut(origin.text, _EXPRESSION)}", style="not bold dim")
    for note in origin.notes:
        label.append(f"\n({note})", style="not bold dim")
    return label


def _values(held: Sequence[Held], *, is_cut: bool) -> str:
    """The distinct values, the first few of them."""
    from carms_lake.flows.lineage.trace_value import VALUES_SHOWN

    texts = list(dict.fromkeys("null" if one.value is None else _cut(one.value) for one in held))
    shown = ", ".join(texts[:VALUES_SHOWN])
    if len(held) == 1 and not is_cut:
        return shown
    more = ", ..." if len(texts) > VALUES_SHOWN else ""
    rows = f"more than {len(held)} rows" if is_cut else f"{len(held)} rows"
    return f"{shown}{more}  ({rows})"


register(app)
