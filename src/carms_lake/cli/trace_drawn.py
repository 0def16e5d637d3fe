"""A trace drawn for reading: a line per table, rows in full, or the tree of a value."""

from __future__ import annotations

import textwrap
from io import StringIO
from itertools import groupby
from typing import TYPE_CHECKING, Any

from carms_lake.cli.formats import LONG_TEXT, console, on_one_line
from carms_lake.cli.render import write
from carms_lake.cli.sinks import out
from carms_lake.cli.tables import plain_lines
from carms_lake.writers.json import as_text

if TYPE_CHECKING:
    from typing import TextIO

    from rich.tree import Tree

    from carms_lake.flows.lineage import Trace, TraceStep
    from carms_lake.flows.lineage.records import RawText
    from carms_lake.flows.lineage.trace_value import Origin, ValueTrace

_SCREEN = 40
"""A trace of more lines is a line per table, unless all is asked for."""
_ROLES = {"source": "made of", "found": "has the key", "result": "went into"}
"""How such lines are headed."""
_EXPRESSION = 300
"""Longer expressions of a SELECT are cut in a tree, which says so."""


def draw_trace(found: Trace, key: str, width: int, *, is_short: bool) -> bool:
    """A trace for reading; True where it is longer than a screen, and a line per table is drawn."""
    whole = StringIO()
    _draw_steps(whole, found, width)
    lines = whole.getvalue()
    is_path = is_short and lines.count("\n") > _SCREEN
    if is_path:
        _draw_path(found, key, width)
        whole = StringIO()
        _draw_rejects(whole, found, width)
        lines = whole.getvalue()
    out().write(lines)
    return is_path


def _draw_path(found: Trace, key: str, width: int) -> None:
    """A line per table, what the record was made of first, then what it went into."""
    tables = [[*steps] for _, steps in groupby(found.steps, key=lambda step: step.table)]
    longest = max(len(steps[0].table.in_domain) for steps in tables)
    for role, title in _ROLES.items():
        rows = [
            (
                steps[0].table.in_domain,
                f"{len(steps)}{'+' * (steps[0].table in found.cut)}",
                _which(steps[0], key, width - longest - 12),
            )
            for steps in tables
            if steps[0].role == role
        ]
        if rows:
            _, *lines = plain_lines(("table".ljust(longest), "rows", "first"), rows, width - 2)
            write(f"{title}\n" + "".join(f"  {line}\n" for line in lines))


def _which(step: TraceStep, key: str, room: int) -> str:
    """The place of a row in its file, or as many of its values as have room, the key first."""
    if step.place:
        return step.place
    text = ""
    for value in sorted(step.values, key=lambda value: as_text(value.value) != key):
        more = f"{', ' if text else ''}{value.column} {_cut(value.value, room)}"
        if value.value is None or (text and len(text) + len(more) > room):
            break
        text += more
    return text


def _draw_steps(stream: TextIO, found: Trace, width: int) -> None:
    """The first row of each table in full, the others in a line each.

    What the values are made of is shown for rows that have the key; `-f` writes it for all.
    """
    for _, (first, *others) in groupby(found.steps, key=lambda step: step.table):
        _draw_step(stream, first, width)
        for step in others:
            shown = [f"{v.column} {_cut(v.value)}" for v in step.values if v.value is not None]
            place = f"{step.place}: " if step.place else ""
            _write_line(stream, f"  + {place}{', '.join(shown)}", width)
    _draw_rejects(stream, found, width)


def _draw_rejects(stream: TextIO, found: Trace, width: int) -> None:
    """What was rejected or quarantined, the first of each table in full."""
    for table, (one, *more) in groupby(found.rejects, key=lambda reject: reject.table):
        what = "quarantined" if table.in_domain.startswith("silver.") else "rejected"
        stream.write("\n")
        _wrapped(stream, "", f"{table.in_domain}  ({one.place})  [{what}]", width)
        for reason in one.reasons:
            _wrapped(stream, "  because ", reason, width)
        _wrapped(stream, "  by run ", one.run_id, width)
        _wrapped(stream, "  the record: ", _cut(one.raw), width)
        for reject in more:
            place, reasons = reject.place, "; ".join(reject.reasons)
            _write_line(stream, f"  + {place}: {reasons}", width)


def _draw_step(stream: TextIO, step: TraceStep, width: int) -> None:
    role = "" if step.role == "found" else f"  [{step.role}]"
    place = f"  ({step.place})" if step.place else ""
    stream.write("\n")
    _wrapped(stream, "", f"{step.table.in_domain}{place}{role}", width)
    longest = max((len(value.column) for value in step.values), default=0)
    for value in step.values:
        why = "; ".join(part for part in (", ".join(value.made_of), value.rule) if part)
        _wrapped(stream, f"  {value.column:<{longest}}  ", _cut(value.value), width)
        if why and step.role == "found":
            _wrapped(stream, f"  {'':<{longest}}    <- ", why, width)
    if step.raw:
        _wrapped(stream, f"  in the file{_line(step.raw)}: ", _raw(step.raw), width)


def _write_line(stream: TextIO, line: str, width: int) -> None:
    line = on_one_line(line)
    stream.write(f"{line if len(line) <= width else line[: width - 3] + '...'}\n")


def _wrapped(stream: TextIO, head: str, text: str, width: int) -> None:
    """A text behind its head, in lines that fit."""
    head, text = on_one_line(head), on_one_line(text)
    indent = " " * min(len(head), width // 2)
    first = " " * len(head)
    first_line, *lines = textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=indent, break_on_hyphens=False
    ) or [""]
    lines.insert(0, head + first_line[len(head) :])
    stream.writelines(f"{line.rstrip()}\n" for line in lines)


def _cut(value: object, most: int = LONG_TEXT) -> str:
    text = on_one_line(as_text(value))
    return text if len(text) <= most else f"{text[:most]}... ({len(text)} characters)"


def unwrapped(sentence: str) -> str:
    """A sentence without the line wrap of its text."""
    return " ".join(sentence.split())


def _raw(raw: RawText) -> str:
    return f"({raw.missing})" if raw.text is None else _cut(raw.text)


def _line(raw: RawText | None) -> str:
    return f", line {raw.line}" if raw and raw.line else ""


def draw_trees(found: ValueTrace, width: int) -> None:
    """Draw the tree of each value: below it what it was made of, down to the records of files."""
    from rich.tree import Tree

    drawing = console(out(), width)
    for key, root in zip(found.keys, found.origins, strict=True):
        named = ", ".join(f"{name} {_cut(value)}" for name, value in key)
        tree = Tree(_label(root, f"  ({named})" if named else ""))
        _grow(tree, root)
        drawing.print()
        drawing.print(tree)


def _grow(tree: Tree, origin: Origin) -> None:
    from rich.text import Text

    from carms_lake.flows.lineage.trace_value import VALUES_SHOWN

    if origin.table.startswith("bronze."):
        for one in origin.values[:VALUES_SHOWN]:
            leaf = tree.add(Text(on_one_line(one.place) + _line(one.raw)))
            if one.raw:
                leaf.add(Text(_raw(one.raw)))
        if len(origin.values) > VALUES_SHOWN:
            tree.add(Text(f"... {len(origin.values) - VALUES_SHOWN} more"))
    for below in origin.made_of:
        _grow(tree.add(_label(below)), below)


def _label(origin: Origin, after: str = "") -> Any:
    """A column with the first of its distinct values, and under it how it is computed."""
    from rich.text import Text

    from carms_lake.flows.lineage.trace_value import VALUES_SHOWN

    label = Text(f"{origin.table}.{origin.column}", style="bold")
    count = len(origin.values)
    if count:
        texts = dict.fromkeys("null" if v.value is None else _cut(v.value) for v in origin.values)
        label.append(f" = {', '.join([*texts][:VALUES_SHOWN])}", style="not bold")
        if count > 1 or origin.is_cut:
            more = ", ..." if len(texts) > VALUES_SHOWN else ""
            rows = f"more than {count} rows" if origin.is_cut else f"{count} rows"
            label.append(f"{more}  ({rows})", style="not bold")
    label.append(after, style="not bold")
    if origin.text:
        how = "" if origin.evidence == "file" else f"{origin.evidence}: "
        label.append(f"\n{how}{_cut(origin.text, _EXPRESSION)}", style="not bold dim")
    passages = dict.fromkeys(words for one in origin.values for words in one.read_from)
    for words in [*passages][:VALUES_SHOWN]:
        sentence = _cut(unwrapped(words.sentence), _EXPRESSION)
        label.append(f"\nread in: {sentence}  ({words.place})", style="not bold")
    for note in origin.notes:
        label.append(f"\n({on_one_line(note)})", style="not bold dim")
    return label
