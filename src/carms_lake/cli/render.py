"""What is written where: rows to stdout or a file, messages to stderr, progress to a terminal.

stdout is data, stderr is everything else. rich is imported only where a terminal is drawn on.
"""

from __future__ import annotations

import re
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from carms_lake.cli.formats import (
    FIRST_ROWS,
    Format,
    console,
    escaped,
    write_binary,
    write_rows,
)
from carms_lake.cli.sinks import out, whole_file
from carms_lake.errors import StoreError, UsageError, counted, first_few
from carms_lake.writers.json import as_json

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from typing import TextIO

    import polars as pl

    from carms_lake.cli.context import Call
    from carms_lake.cli.formats import Batches
    from carms_lake.config import LakeConfig
    from carms_lake.records import Progress

SCHEMA_VERSION = 1
"""Of the JSON envelope; a field that goes or changes its meaning raises it."""

_SUFFIXES = {f".{name.value}": name for name in Format if name is not Format.TABLE} | {
    ".txt": Format.TABLE,
    ".ndjson": Format.JSONL,
}
_BINARY = (Format.PARQUET, Format.XLSX)


def say(text: str, *, is_ours: bool = False) -> None:
    """One message on stderr.

    Names, headers and values in it come from strangers: control characters are escaped, and later
    lines indented, so that none of them looks like a message. `is_ours`: nothing in it does.
    """
    first, *more = escaped(text).split("\n")
    lines = [first, *(line if is_ours or not line else f"  {line}" for line in more)]
    print("\n".join(lines), file=sys.stderr, flush=True)


def note(call: Call, text: str, *, is_ours: bool = False) -> None:
    """A message that `-q` silences."""
    if not call.quiet:
        say(text, is_ours=is_ours)


def about(file: str, text: str) -> str:
    """A message about a file, which names it once."""
    return text if text.startswith(f"`{file}`") else f"`{file}`: {text}"


def write(text: str) -> None:
    """A text for reading on stdout, control characters escaped."""
    out().write(escaped(text))


def envelope(
    data: object,
    *,
    status: str = "done",
    run_id: str | None = None,
    errors: Sequence[Mapping[str, Any]] = (),
    to: Target | None = None,
) -> None:
    """The one object of `--json`, to the file where there is one.

    Raises:
        UsageError: the file is of another format.
        StoreError: the file cannot be written.
    """
    answer = {
        "schema_version": SCHEMA_VERSION,
        "run_id": run_id,
        "status": status,
        "data": data,
        "errors": list(errors),
    }
    text = as_json(answer) + "\n"
    if to is None or to.file is None:
        out().write(text)
        return
    if to.format is not Format.JSON:
        raise UsageError(
            f"`--json` answers in JSON, and `{to.file}` is to be {to.format}",
            "name a file that ends with `.json`, or leave `--json` out",
        )
    with whole_file(to.file) as path:
        path.write_text(text, encoding="utf-8", newline="")


def width(stream: TextIO) -> int:
    """How many characters a line of a stream has room for; 100 if it is not a terminal."""
    return shutil.get_terminal_size().columns if stream.isatty() else 100


_WIDE = 120
"""A terminal with so many columns has room for the usual columns of a list and a description."""


def is_narrow() -> bool:
    """Whether stdout is a terminal on which lists have fewer columns."""
    return out().isatty() and width(out()) < _WIDE


class Target(NamedTuple):
    """A format, and a file or stdout (None)."""

    format: Format
    file: Path | None = None
    is_long: bool = False
    """Whether a terminal gets the summary, or of rows the first and the last ones."""

    @property
    def is_drawn(self) -> bool:
        """Whether rows are drawn for reading, on stdout."""
        return self.format is Format.TABLE and self.file is None

    def cut_unless(self, every: bool) -> Target:
        """The same target, in short form where a terminal is drawn on, unless all is asked for."""
        return self._replace(is_long=not every and self.is_drawn and out().isatty())


def target(file_format: Format | None, output: Path | None) -> Target:
    """What `-f` and `-o` ask for: the suffix names the format where `-f` does not.

    Raises:
        UsageError: a suffix that names no format, or a binary format on a terminal.
    """
    file = None if output is None or str(output) == "-" else output
    if file_format is None and file is not None:
        if file.suffix.lower() not in _SUFFIXES:
            known = ", ".join(f"`{suffix}`" for suffix in sorted(_SUFFIXES))
            raise UsageError(
                f"`{file}`: the suffix names no format", f"name one with `-f`, or use {known}"
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
) -> None:
    """Run a query, on the lake as of a run where one is named, and write its rows.

    Raises:
        LakeError: what the query raises.
        StoreError: the file cannot be written.
    """
    from carms_lake.flows.query import query_batches, query_to_file

    first = FIRST_ROWS if to.is_long else None

    if to.format in _BINARY and not call.json:
        with whole_file(to.file) as path:
            query_to_file(config, sql, path, to.format.value, as_of=as_of)
    else:
        # People see the rows of a damaged table as they were; what is kept or parsed is refused.
        damaged: list[StoreError] | None = None if call.json or to.file else []
        with query_batches(config, sql, as_of=as_of, damaged=damaged, first_rows=first) as answer:
            _emit(call, answer.columns, answer.batches, to, exact=True, is_list=False)
        if damaged:
            raise damaged[0]


class Rows(NamedTuple):
    """Rows that need no data library to be written as text."""

    columns: Sequence[str]
    values: Sequence[Sequence[Any]]


def emit(call: Call, frame: pl.DataFrame | Rows, to: Target, *, exact: bool = False) -> None:
    """Write a frame, or rows; `exact`: to a pipe, too, control characters in CSV stay as they are.

    Raises:
        UsageError: a workbook cannot hold the rows.
        StoreError: the file cannot be written.
    """
    if to.format in _BINARY and not call.json:
        if isinstance(frame, Rows):
            import polars as pl

            frame = pl.DataFrame(frame.values, schema=list(frame.columns), orient="row")
        with whole_file(to.file) as path:
            write_binary(path, frame, to.format.value)
    else:
        values = frame.values if isinstance(frame, Rows) else frame.rows()
        _emit(call, frame.columns, [values], to, exact=exact)


def text_width(to: Target) -> int:
    """How wide a text for reading is laid out: the terminal, or 100 characters elsewhere."""
    return 100 if to.file else min(width(out()), 100)


def emit_text(text: str, to: Target, marked: Collection[str] = ()) -> None:
    """Write a text for reading, whatever the format; to a file as it is.

    On a terminal, the words that are `marked` stand out.

    Raises:
        StoreError: the file cannot be written.
    """
    if to.file is None and marked and out().isatty():
        from rich.text import Text

        shown = Text(escaped(text))
        words = "|".join(map(re.escape, sorted(marked, key=len, reverse=True)))
        shown.highlight_regex(rf"(?<!\w)(?:{words})(?!\w)", "bold")
        console(out(), width(out())).print(shown, end="", crop=False, soft_wrap=True)
        return
    if to.file is None:
        write(text)
        return
    with whole_file(to.file) as path:
        path.write_text(text, encoding="utf-8", newline="")


def emit_bytes(data: bytes, to: Target) -> None:
    """Write bytes as they are, whatever the format; on a terminal as a text for reading.

    Raises:
        StoreError: the file cannot be written.
    """
    if to.file is None and out().isatty():
        write(data.decode("utf-8", "backslashreplace"))
        return
    with whole_file(to.file) as path:
        path.write_bytes(data)


def _emit(
    call: Call,
    columns: Sequence[str],
    batches: Batches,
    to: Target,
    *,
    exact: bool,
    is_list: bool = True,
) -> None:
    if call.json:
        rows = [dict(zip(columns, row, strict=True)) for batch in batches for row in batch]
        envelope(rows, to=to)
    elif to.file is None:
        stream = out()
        exact = exact and not stream.isatty()
        _write(call, columns, batches, to, stream, exact=exact, is_list=is_list)
    else:
        with whole_file(to.file) as path, path.open("w", encoding="utf-8", newline="") as stream:
            _write(call, columns, batches, to, stream, exact=True, is_list=is_list)


def _write(
    call: Call,
    columns: Sequence[str],
    batches: Batches,
    to: Target,
    stream: TextIO,
    *,
    exact: bool,
    is_list: bool,
) -> None:
    if to.format is not Format.TABLE:
        write_rows(stream, to.format, columns, batches, exact=exact)
        return
    from carms_lake.cli.tables import draw

    drawn = draw(stream, columns, batches, is_list=is_list, is_long=to.is_long)
    stream.flush()
    if not stream.isatty():
        return
    seen = f"{drawn.shown} of " if drawn.shown < drawn.rows else ""
    note(call, f"{seen}{counted(drawn.rows, 'row')}" + ("; `--all` shows all" if seen else ""))
    if drawn.left_out:
        note(call, f"no room for {first_few(drawn.left_out, 8)}: `-f csv` has all columns")
    if drawn.is_cut:
        note(call, "long texts are cut; `-f csv` or `-f json` shows them whole")
    if drawn.has_short_runs:
        note(call, "runs are named by the end of their id, which commands take")


@contextmanager
def progress(
    call: Call, last_s: Callable[[], float | None] | None = None
) -> Iterator[Progress | None]:
    """A callback that draws on a terminal what is done; None elsewhere, and with `-q` or `--json`.

    `last_s` says how long the last such work took, for an estimate.
    """
    if call.quiet or call.json or not sys.stderr.isatty():
        yield None
        return
    from carms_lake.cli.live import Live

    live = Live(last_s() if last_s else None)
    with live.bar:
        yield live
