"""One JSON object per line; a column whose `physicalName` is `$` takes the whole line.

Lines end with a line feed; a blank line is not a record. Where a column takes the whole line, the
other keys of the object are not compared with the contract.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from carms_lake.names import SRC_EXTRA, SRC_ROW_NUMBER
from carms_lake.readers.content import BLOCK_BYTES
from carms_lake.readers.frames import (
    Fault,
    Gathered,
    RawLines,
    malformed_frame,
    parsed_chunk,
    text_frame,
)
from carms_lake.readers.json import compare_keys, misfit_fault
from carms_lake.readers.json_values import LINE, Shape, loaded, shape_of
from carms_lake.readers.jsonl_lines import (
    broken_line,
    lines_of,
    refuse_if_blank,
    whole_lines_of,
)
from carms_lake.readers.text import encoding_of, shown
from carms_lake.records import FileChunks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carms_lake.contract.model import Contract
    from carms_lake.records import Chunk, SourceFile

_BLANKS = b" \t\r"
_PART_RECORDS = 50_000


def read(source: SourceFile, contract: Contract) -> FileChunks:
    """The lines of a JSON Lines file, all columns text; malformed lines are rejected.

    Raises:
        SourceRefused: the file cannot be read, has no line, or its keys are not the contract's.
    """
    if all(column.source == LINE for column in contract.columns):
        return FileChunks(source, whole_lines_of(source, contract))
    shape = shape_of(contract)
    whole_lines = [column.name for column in contract.columns if column.source == LINE]
    # A chunk cannot know which columns later chunks will have, so all chunks have all columns.
    every = [*(column.name for column in contract.columns), *([SRC_EXTRA] if shape.lets_in else [])]
    found = Gathered(lambda: _chunks(source, shape, encoding_of(contract), whole_lines, every))
    if not found.records:
        refuse_if_blank(source, contract)
    notes: tuple[str, ...] = ()
    kept = shape.found
    if whole_lines:
        kept = [c.name for c in contract.columns if c.from_path is None or c.name in shape.seen]
    else:
        has_none = found.records == found.malformed
        notes = compare_keys(shape, f"`{source.name}`", contract, is_empty=has_none)
    return FileChunks(source, found.parts(kept), notes)


def _chunks(
    source: SourceFile, shape: Shape, encoding: str, whole_lines: list[str], every: list[str]
) -> Iterator[Chunk]:
    rows: list[dict[str, Any]] = []
    faults: list[Fault] = []
    lines: dict[int, bytes] = {}
    size = 0
    for number, line in _numbered(source, encoding):
        result = _record(number, line, shape, encoding, whole_lines)
        if isinstance(result, Fault):
            faults.append(result)
        else:
            rows.append(result)
        lines[number] = line
        size += len(line)
        if size >= BLOCK_BYTES or len(lines) >= _PART_RECORDS:
            yield _chunk(rows, faults, lines, every, encoding)
            rows, faults, lines, size = [], [], {}, 0
    yield _chunk(rows, faults, lines, every, encoding)


def _chunk(
    rows: list[dict[str, Any]],
    faults: list[Fault],
    lines: dict[int, bytes],
    every: list[str],
    encoding: str,
) -> Chunk:
    raw = RawLines(lines, encoding)
    return parsed_chunk(text_frame(rows, every), malformed_frame(faults), len(lines), raw)


def _record(
    number: int, line: bytes, shape: Shape, encoding: str, whole_lines: list[str]
) -> dict[str, Any] | Fault:
    try:
        document = loaded(line, is_exact=shape.is_exact)
    except orjson.JSONDecodeError as error:
        return broken_line(number, line, encoding, error)
    if not isinstance(document, dict):
        return misfit_fault(number, shown(line, encoding), ())
    row: dict[str, Any] = {SRC_ROW_NUMBER: number}
    if shape.root.keys:
        values, misfits = shape.parse(document)
        if misfits:
            return misfit_fault(number, shown(line, encoding), misfits)
        row |= values
    if whole_lines:
        row |= dict.fromkeys(whole_lines, line.decode("utf-8"))
    return row


def _numbered(source: SourceFile, encoding: str) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, numbered from 1."""
    number = 0
    for lines in lines_of(source, encoding):
        for line in lines:
            if line.strip(_BLANKS):
                number += 1
                yield number, line
