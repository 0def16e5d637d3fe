"""Source files taken apart into records and put together again, with nothing of the product."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import openpyxl
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Taken:
    """A file's records, and what stands around them."""

    kind: str
    head: Any
    records: list[Any]

    def with_records(self, records: Sequence[Any]) -> bytes:
        """The file with these records in the place of its own."""
        if self.kind in {"csv", "jsonl"}:
            return (self.head + "".join(records)).encode()
        if self.kind == "json":
            return json.dumps(list(records), ensure_ascii=False).encode()
        out = io.BytesIO()
        if self.kind == "xlsx":
            book = openpyxl.Workbook()
            sheet = book.active
            assert sheet is not None
            sheet.title = self.head[0]
            for row in (self.head[1], *records):
                sheet.append(row)
            book.save(out)
        else:
            pl.DataFrame(list(records), schema=self.head, orient="row").write_parquet(out)
        return out.getvalue()


def taken_apart(name: str, content: bytes) -> Taken:
    """The records of a file by the ending of its name."""
    kind = PurePosixPath(name).suffix.removeprefix(".")
    if kind == "parquet":
        frame = pl.read_parquet(content)
        return Taken(kind, frame.schema, frame.rows())
    if kind == "xlsx":
        sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
        header, *rows = sheet.iter_rows(values_only=True)
        return Taken(kind, (sheet.title, header), rows)
    text = content.decode()
    if kind == "json":
        return Taken(kind, None, json.loads(text))
    lines = _lines(text)
    head = lines.pop(0) if kind == "csv" else ""
    return Taken(kind, head, lines)


def _lines(text: str) -> list[str]:
    """Lines, except that a quoted field may have line ends of its own."""
    found = [""]
    for line in text.splitlines(keepends=True):
        found[-1] += line
        if found[-1].count('"') % 2 == 0:
            found.append("")
    return [line if line.endswith("\n") else f"{line}\n" for line in found if line]
