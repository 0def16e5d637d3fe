"""What people see: tables and progress on a terminal, messages on stderr, the JSON envelope.

stdout is data, stderr is everything else. rich is imported only where a terminal is drawn on.
"""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import TextIO

    from carms_lake.cli.context import Call

    Progress = Callable[[str, int, int | None], None]

SCHEMA_VERSION = 1
"""Of the JSON envelope; a field that goes or changes its meaning raises it."""

LONG_TEXT = 200
"""Longer values are cut in a trace on a terminal, which says so."""

_MIN_CELL = 8
_MAX_UNSHORTENED = 40
"""A column this narrow is not shortened while a wider one can be."""


def say(text: str) -> None:
    """One message on stderr."""
    print(text, file=sys.stderr, flush=True)


def note(call: Call, text: str) -> None:
    """A message that `-q` silences."""
    if not call.quiet:
        say(text)


def envelope(
    data: object,
    *,
    status: str = "done",
    run_id: str | None = None,
    errors: Sequence[Mapping[str, Any]] = (),
) -> None:
    """The one object of `--json`."""
    whole = {
        "schema_version": SCHEMA_VERSION,
        "run_id": run_id,
        "status": status,
        "data": data,
        "errors": list(errors),
    }
    from carms_lake.cli.formats import as_json

    out().write(as_json(whole) + "\n")


def out() -> TextIO:
    """stdout; to a pipe UTF-8 and line feeds on every system."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None and not sys.stdout.isatty():
        reconfigure(encoding="utf-8", newline="")
    return sys.stdout


def width(stream: TextIO) -> int:
    """How many characters a line of a stream has room for; 100 if it is not a terminal."""
    return shutil.get_terminal_size().columns if stream.isatty() else 100


def table(stream: TextIO, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> bool:
    """Draw rows for reading, all of them; True where cells were shortened to fit a terminal.

    Where even short cells do not fit, each row is a block of lines, one per column, unshortened.
    """
    from carms_lake.cli.formats import as_text

    texts = [[on_one_line(as_text(value)) for value in row] for row in rows]
    width = shutil.get_terminal_size().columns if stream.isatty() else None
    widths = [
        max([_width(name), *(_width(row[i]) for row in texts)]) for i, name in enumerate(columns)
    ]
    room = None if width is None else width - 2 * (len(columns) - 1)
    if room is not None and sum(min(w, _MIN_CELL) for w in widths) > room:
        _blocks(stream, columns, texts)
        return False
    fitted = widths if room is None else _fitted(widths, room)
    numeric = [any(_is_number(row[i]) for row in rows) for i in range(len(columns))]
    _draw(stream, columns, texts, fitted, numeric)
    return fitted != widths


def _draw(
    stream: TextIO,
    columns: Sequence[str],
    texts: Sequence[Sequence[str]],
    widths: Sequence[int],
    numeric: Sequence[bool],
) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for name, cell_width, is_number in zip(columns, widths, numeric, strict=True):
        drawn.add_column(
            Text(name),
            justify="right" if is_number else "left",
            no_wrap=True,
            overflow="ellipsis",
            width=cell_width,
        )
    for row in texts:
        drawn.add_row(*(Text(cell) for cell in row))
    console = Console(
        file=stream,
        width=sum(widths) + 2 * len(widths),
        force_terminal=False if os.environ.get("NO_COLOR") else None,
        legacy_windows=False,
        highlight=False,
    )
    console.print(drawn, crop=False, soft_wrap=False)


def _blocks(stream: TextIO, columns: Sequence[str], texts: Sequence[Sequence[str]]) -> None:
    longest = max(_width(name) for name in columns)
    for number, row in enumerate(texts, start=1):
        stream.write(f"-- row {number}\n")
        stream.writelines(
            f"{name}{' ' * (longest - _width(name))}  {cell}\n"
            for name, cell in zip(columns, row, strict=True)
        )


def _fitted(widths: Sequence[int], room: int) -> list[int]:
    """Widths that fit, taken from the widest columns first."""
    fitted = list(widths)
    for floor in (_MAX_UNSHORTENED, _MIN_CELL):
        while sum(fitted) > room and max(fitted) > floor:
            fitted[fitted.index(max(fitted))] -= 1
    return fitted


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def on_one_line(text: str) -> str:
    """A text with its line breaks and control characters spelt out: they cannot move the cursor."""
    return (
        "".join(
            character if character.isprintable() else repr(character)[1:-1] for character in text
        )
        if not text.isprintable()
        else text
    )


def _is_number(value: object) -> bool:
    from decimal import Decimal

    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


@contextmanager
def progress(call: Call) -> Iterator[Progress | None]:
    """A callback that draws one bar on a terminal; None elsewhere, and with `-q` or `--json`."""
    if call.quiet or call.json or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task("", total=None)

    def advance(what: str, done: int, total: int | None) -> None:
        bar.update(task, description=what, completed=done, total=total)

    with bar:
        yield advance
