"""Programs side by side as text for reading."""

from __future__ import annotations

import textwrap
from itertools import groupby, zip_longest
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

LEAST_WIDTH = 40

_LABEL = 20
_GAP = 2
_LEAST_CELL = 16
"""Where cells would be narrower, the programs of a fact are below each other."""

_WHY = (
    "`carms program ID --why FACT` shows what a value was read from: FACT is a name at the "
    'left, as "return of service".'
)


def as_text(rows: Iterable[Mapping[str, Any]], width: int, *, everything: bool = False) -> str:
    """The facts that differ, a column per program, then the names of those that are equal.

    `rows` are those of `analysis.compare`; with `everything`, equal facts are shown, too.
    """
    width = max(width, LEAST_WIDTH)
    table = [list(group) for _, group in groupby(rows, lambda row: (row["part"], row["fact"]))]
    shown = [fact for fact in table if everything or fact[0]["is_different"] is not False]
    lines = [*_names(table[0], width), ""]
    for part, of_part in groupby(shown, lambda fact: (fact[0]["is_different"], fact[0]["part"])):
        lines += [_title(*part), *_side_by_side(list(of_part), width), ""]
    equal = [fact[0] for fact in table if fact[0]["is_different"] is False]
    if equal and not everything:
        lines += [*textwrap.wrap(_folded(equal), width), ""]
    lines += textwrap.wrap(_WHY, width)
    return "\n".join(lines) + "\n"


def _folded(equal: Sequence[Mapping[str, Any]]) -> str:
    number = "1 fact is equal" if len(equal) == 1 else f"{len(equal)} facts are equal"
    parts = [
        f"{part}: {', '.join(row['label'] for row in rows)}"
        for part, rows in groupby(equal, lambda row: row["part"])
    ]
    return f"{number} (`--all` shows them). {'; '.join(parts)}."


def _title(is_different: bool | None, part: str) -> str:
    remark = {True: "", False: ", equal", None: ", in prose"}[is_different]
    return f"{part}{remark}".upper()


def _names(programs: Sequence[Mapping[str, Any]], width: int) -> Iterator[str]:
    for name, program in zip(_columns(programs), programs, strict=True):
        indent = " " * (len(name) + _GAP)
        text = f"{name}{' ' * _GAP}{program['program_name']}"
        yield from textwrap.wrap(text, width, subsequent_indent=indent)


def _columns(programs: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the columns are called: ids of programs, with the iteration where they have several."""
    iterations = {program["match_iteration_id"] for program in programs}
    return [
        f"{program['program_stream_id']} in {program['match_iteration_id']}"
        if len(iterations) > 1
        else program["program_stream_id"]
        for program in programs
    ]


def _side_by_side(facts: Sequence[Sequence[Mapping[str, Any]]], width: int) -> Iterator[str]:
    columns = _columns(facts[0])
    cell = (width - _LABEL) // len(columns) - _GAP
    if cell < _LEAST_CELL:
        yield from _blocks(facts, columns, width)
        return
    yield _line([("", _LABEL), *((name, cell) for name in columns)])
    for fact in facts:
        cells = [textwrap.wrap(fact[0]["label"], _LABEL)]
        cells += [textwrap.wrap(_value(row), cell) for row in fact]
        for words in zip_longest(*cells, fillvalue=""):
            yield _line(list(zip(words, [_LABEL, *[cell] * len(fact)], strict=True)))


def _line(cells: Sequence[tuple[str, int]]) -> str:
    return (" " * _GAP).join(f"{text:<{room}}" for text, room in cells).rstrip()


def _blocks(
    facts: Sequence[Sequence[Mapping[str, Any]]], columns: Sequence[str], width: int
) -> Iterator[str]:
    room = max(map(len, columns)) + 2 * _GAP
    for fact in facts:
        yield from textwrap.wrap(fact[0]["label"], width)
        for name, row in zip(columns, fact, strict=True):
            first = f"{' ' * _GAP}{name}".ljust(room)
            indent = " " * room
            yield from textwrap.wrap(
                _value(row), width, initial_indent=first, subsequent_indent=indent
            )


def _value(row: Mapping[str, Any]) -> str:
    return row["value"] or "not known"
