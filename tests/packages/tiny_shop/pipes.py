"""Values between `|`, one record per line: a format that a package adds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from carms_lake.names import SRC_ROW_NUMBER
from carms_lake.readers.content import whole
from carms_lake.readers.frames import RawLines, malformed_frame, parsed_chunk
from carms_lake.readers.header import parse
from carms_lake.records import FileChunks

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from carms_lake.contract.model import Contract
    from carms_lake.records import SourceFile


def read(source: SourceFile, contract: Contract) -> FileChunks:
    """The records of a file, all columns text."""
    header, *lines = whole(source).splitlines()
    layout = parse(header.decode().split("|"), contract, f"`{source.name}`, line 1")
    cells = [line.decode().split("|") for line in lines]
    rows = pl.DataFrame(
        {
            SRC_ROW_NUMBER: range(1, len(lines) + 1),
            **{name: [row[position] for row in cells] for name, position in layout.positions},
        }
    )
    raw = RawLines(dict(enumerate(lines, start=1)))
    chunk = parsed_chunk(rows, malformed_frame(()), len(lines), raw)
    return FileChunks(source, (chunk,), layout.notes)


def write(path: Path, frames: Iterable[pl.DataFrame], *, is_headed: bool = True) -> None:
    """Write all chunks to one file."""
    text = pl.concat(list(frames)).write_csv(separator="|", include_header=is_headed)
    path.write_text(text, encoding="utf-8", newline="")
