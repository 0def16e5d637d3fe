"""One command in every format, to a pipe, to a file and on a terminal."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import polars as pl

from carms_lake.cli import make_app
from carms_lake.cli.formats import Format
from carms_lake.flows import query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BINARY = {Format.PARQUET, Format.XLSX}


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """It says so."""
        return True


def to_pipe(argv: list[str]) -> tuple[int, bytes]:
    """Exit code and stdout of a call whose output goes down a pipe."""
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    with patch.object(sys, "stdout", stdout), patch.object(sys, "stderr", io.StringIO()):
        code = make_app()(argv, prog_name="carms", standalone_mode=False)
        stdout.flush()
    return code or 0, stdout.buffer.getvalue()  # type: ignore[attr-defined]  # it is a BytesIO


def to_terminal(argv: list[str]) -> tuple[int, bytes]:
    """Exit code and stdout of a call on a terminal of 80 columns."""
    with pty() as (slave, read), patch.dict(os.environ, {"COLUMNS": "80"}):
        stdout = os.fdopen(slave, "w", encoding="utf-8")
        with patch.object(sys, "stdout", stdout), patch.object(sys, "stderr", Terminal()):
            code = make_app()(argv, prog_name="carms", standalone_mode=False)
        stdout.close()
        return code or 0, read().replace(b"\r\n", b"\n")


@contextmanager
def pty() -> Iterator[tuple[int, Callable[[], bytes]]]:
    """A terminal: its end for the command, and a function that reads what it was sent."""
    master, slave = os.openpty()
    found: list[bytes] = []

    def drain() -> None:
        try:
            while part := os.read(master, 65_536):
                found.append(part)
        except OSError:  # what Linux says where the other end is closed
            return

    reader = threading.Thread(target=drain)
    reader.start()

    def read() -> bytes:
        reader.join(timeout=10)
        return b"".join(found)

    try:
        yield slave, read
    finally:
        os.close(master)


def once(flow: Callable[..., Any]) -> Callable[..., Any]:
    """A flow that gives the answer of its first call again, whatever it costs."""
    answers: dict[str, Any] = {}

    def once(*given: Any, progress: object = None, **options: Any) -> Any:
        del progress
        key = repr((given, options))
        if key not in answers:
            answers[key] = flow(*given, **options)
        return answers[key]

    return once


def check_formats(argv: list[str], folder: Path, codes: set[int]) -> None:
    """Call a command in each format, to each place; it ends as it should, and can be parsed.

    What it asks the lake is asked once: it is the answer that is written in all the formats.
    """
    with patch.object(query, "query_frame", once(query.query_frame)):
        _check_formats(argv, folder, codes)


def _check_formats(argv: list[str], folder: Path, codes: set[int]) -> None:
    for file_format in Format:
        what = f"{' '.join(argv)} -f {file_format}"
        code, piped = to_pipe([*argv, "-f", file_format])
        assert code in codes, f"{what}: {code}"
        _parse(piped, file_format, what)
        path = folder / f"rows.{'txt' if file_format is Format.TABLE else file_format}"
        code, printed = to_pipe([*argv, "-o", str(path)])
        assert (code in codes, printed) == (True, b""), f"{what} to a file: {code}"
        _parse(path.read_bytes(), file_format, what)
        if hasattr(os, "openpty"):
            code, shown = to_terminal([*argv, "-f", file_format])
            assert code == 2 if file_format in BINARY else code in codes, f"{what}: {code}"
            if file_format not in BINARY:
                _parse(shown, file_format, what)
    code, answer = to_pipe([*argv, "--json"])
    assert code in codes
    assert set(json.loads(answer)) == {"schema_version", "run_id", "status", "data", "errors"}


def _parse(data: bytes, file_format: Format, what: str) -> None:
    assert b"Traceback" not in data, what
    if file_format is Format.PARQUET:
        assert pl.read_parquet(io.BytesIO(data)).width, what
        return
    if file_format is Format.XLSX:
        assert data[:2] == b"PK", what
        return
    text = data.decode()
    lines = text.splitlines()
    if file_format in (Format.CSV, Format.TSV):
        delimiter = "," if file_format is Format.CSV else "\t"
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
        assert {len(row) for row in rows} == {len(rows[0])}, what
    elif file_format is Format.JSON:
        assert isinstance(json.loads(text), list), what
    elif file_format is Format.JSONL:
        assert all(isinstance(json.loads(line), dict) for line in lines), what
    elif file_format is Format.MD:
        assert lines[1].startswith("| --- |"), what
