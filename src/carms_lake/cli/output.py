"""Where rows go: the format and the file that the options ask for."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from carms_lake.cli import render
from carms_lake.cli.formats import Format, write_binary, write_rows
from carms_lake.errors import StoreError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import polars as pl

    from carms_lake.cli.context import Call
    from carms_lake.config import LakeConfig

_SUFFIXES = {f".{name.value}": name for name in Format if name is not Format.TABLE} | {
    ".txt": Format.TABLE,
    ".ndjson": Format.JSONL,
}
_BINARY = (Format.PARQUET, Format.XLSX)


class Target(NamedTuple):
    """A format, and a file or stdout (None)."""

    format: Format
    file: Path | None = None


def target(file_format: Format | None, output: Path | None) -> Target:
    """What `-f` and `-o` ask for: the suffix names the format where `-f` does not.

    Raises:
        UsageError: a suffix that names no format, or a binary format on a terminal.
    """
    file = None if output is None or str(output) == "-" else output
    if file_format is None and file is not None:
        if file.suffix.lower() not in _SUFFIXES:
            raise UsageError(
                f"`{file}`: the suffix names no format",
                "name one with `-f`, or use "
                + ", ".join(f"`{suffix}`" for suffix in sorted(_SUFFIXES)),
            )
        return Target(_SUFFIXES[file.suffix.lower()], file)
    chosen = file_format or (Format.TABLE if sys.stdout.isatty() else Format.CSV)
    if chosen in _BINARY and file is None and sys.stdout.isatty():
        raise UsageError(
            f"`{chosen}` is not for a terminal", f"write it to a file: `-o rows.{chosen}`"
        )
    return Target(chosen, file)


def emit_query(
    call: Call, config: LakeConfig, sql: str, to: Target, *, as_of: str | None = None
) -> int:
    """Run a query, on the lake as of a run where one is named, and write its rows; how many.

    Raises:
        LakeError: what the query raises.
        StoreError: the file cannot be written.
    """
    from carms_lake.flows.query import query_batches, query_to_file

    if to.format in _BINARY and not call.json:
        with _whole_file(to.file) as path:
            return query_to_file(config, sql, path, to.format.value, as_of=as_of)
    with query_batches(config, sql, as_of=as_of) as answer:
        return _emit(call, answer.columns, answer.batches, to)


def emit(call: Call, frame: pl.DataFrame, to: Target) -> int:
    """Write a frame; how many rows.

    Raises:
        UsageError: a workbook cannot hold the rows.
        StoreError: the file cannot be written.
    """
    if to.format in _BINARY and not call.json:
        with _whole_file(to.file) as path:
            return write_binary(path, frame, to.format.value)
    return _emit(call, frame.columns, [frame.rows()], to)


def text_width(to: Target) -> int:
    """How wide a text for reading is laid out: the terminal, or 100 characters elsewhere."""
    return 100 if to.file else min(render.width(render.out()), 100)


def emit_text(text: str, to: Target) -> None:
    """Write a text as it is, whatever the format.

    Raises:
        StoreError: the file cannot be written.
    """
    if to.file is None:
        render.out().write(text)
        return
    with _whole_file(to.file) as path:
        path.write_text(text, encoding="utf-8", newline="")


def emit_bytes(data: bytes, to: Target) -> None:
    """Write bytes as they are, whatever the format.

    Raises:
        StoreError: the file cannot be written.
    """
    with _whole_file(to.file) as path:
        path.write_bytes(data)


def _emit(
    call: Call, columns: Sequence[str], batches: Iterable[Sequence[Sequence[Any]]], to: Target
) -> int:
    if call.json:
        rows = [dict(zip(columns, row, strict=True)) for batch in batches for row in batch]
        render.envelope(rows)
        return len(rows)
    if to.file is None:
        return _write(call, columns, batches, to, render.out())
    with _whole_file(to.file) as path, path.open("w", encoding="utf-8", newline="") as stream:
        return _write(call, columns, batches, to, stream)


def _write(
    call: Call, columns: Sequence[str], batches: Iterable[Any], to: Target, stream: Any
) -> int:
    if to.format is not Format.TABLE:
        return write_rows(stream, to.format, columns, batches)
    rows = [row for batch in batches for row in batch]
    shortened = render.table(stream, columns, rows)
    stream.flush()
    if stream.isatty():
        render.note(call, f"{len(rows)} {'row' if len(rows) == 1 else 'rows'}")
    if shortened:
        render.note(call, "cells were shortened to fit; `-f csv` or `-f json` shows them whole")
    return len(rows)


@contextmanager
def _whole_file(file: Path | None) -> Iterator[Path]:
    """A path to write to; the file appears whole under its name, or on stdout, or not at all."""
    try:
        if file is None:
            import tempfile

            with tempfile.TemporaryDirectory() as folder:
                yield Path(folder) / "rows"
                sys.stdout.buffer.write((Path(folder) / "rows").read_bytes())
            return
        from carms_lake.files import whole  # brings `secrets` and `hashlib`: 5 ms of `--help`

        with whole(file) as partial:
            yield partial
    except BrokenPipeError:
        raise
    except OSError as error:
        raise StoreError(
            f"`{file or 'stdout'}` cannot be written: {error.strerror}", "check the folder"
        ) from error
