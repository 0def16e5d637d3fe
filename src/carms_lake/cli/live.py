"""The live view of long work on a terminal: what is finished, the slowest, what is left."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from carms_lake.cli.formats import on_one_line
from carms_lake.records import TableReport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rich.console import RenderableType

    from carms_lake.records import FileReport

_SEEN = 6
"""So many of the files and tables that finished last are seen."""


class Live:
    """A progress of a flow, which draws a bar and what has finished above it; gone at the end.

    `last_s` is how long the last such work took, if one is known.
    """

    def __init__(
        self, last_s: float | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._last_s, self._now = last_s, now
        self._began_s = now()
        self._finished: list[tuple[str, int | None, float]] = []
        columns = TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn()
        self.bar = _Bar(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True)
        self.bar.above = self.above
        self._task = self.bar.add_task("", total=None)

    def __call__(self, what: str, done: int, total: int | None) -> None:
        """Show what a flow is at."""
        self.bar.update(self._task, description=on_one_line(what), completed=done, total=total)

    def finished(self, report: TableReport | FileReport) -> None:
        """Show a file or a table that is finished."""
        if isinstance(report, TableReport):
            self._finished.append((report.table.in_domain, report.rows, report.seconds))
        else:
            self._finished.append((report.name, report.accepted, report.seconds))

    def above(self) -> list[RenderableType]:
        """What is seen above the bar."""
        found: list[RenderableType] = []
        if self._finished:
            drawn = Table.grid(padding=(0, 2))
            drawn.add_column(no_wrap=True)
            drawn.add_column(justify="right")
            drawn.add_column(justify="right")
            for name, rows, seconds in self._finished[-_SEEN:]:
                count = "" if rows is None else f"{rows} rows"
                drawn.add_row(Text(on_one_line(name)), Text(count), Text(f"{seconds:.1f} s"))
            found.append(drawn)
        return [*found, Text(on_one_line(self.said()))]

    def said(self) -> str:
        """How many are finished, the slowest of them, and when the work may be at its end."""
        parts = []
        if self._finished:
            name, _, seconds = max(self._finished, key=lambda one: one[2])
            parts.append(f"{len(self._finished)} finished, the slowest {name} in {seconds:.1f} s")
        if self._last_s:
            left = self._last_s - (self._now() - self._began_s)
            if left > 0:
                parts.append(f"about {left:.0f} s left, if as long as the last time")
            else:
                parts.append(f"longer than the last time ({self._last_s:.0f} s)")
        return "; ".join(parts)


class _Bar(Progress):
    """A bar below lines that change."""

    above: Callable[[], list[RenderableType]]

    def get_renderables(self) -> Iterable[RenderableType]:
        """The lines, then the bar."""
        yield from self.above() if hasattr(self, "above") else []
        yield from super().get_renderables()
