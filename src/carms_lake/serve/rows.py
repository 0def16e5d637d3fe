"""Rows that are kept in memory: their values, and each as JSON that is ready to be sent."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from carms_lake.api.published import encoded

if TYPE_CHECKING:
    from carms_lake.serve.filters import Filter

Sort = tuple[tuple[str, bool], ...]
"""Columns, and whether the greatest comes first."""


@dataclass(frozen=True)
class Held:
    """The rows of a table in the order of its key: their values, and each as JSON."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]
    encoded: Sequence[bytes]

    def positions(self, filters: Sequence[Filter], sort: Sort = ()) -> Sequence[int]:
        """Where the rows are that fit, in order; nulls come last."""
        found: Sequence[int] = range(len(self.rows))
        for one in filters:
            at, fits = self.columns.index(one.column), one.fits()
            found = [n for n in found if fits(self.rows[n][at])]
        for column, is_descending in reversed(sort):
            at = self.columns.index(column)
            known = [n for n in found if self.rows[n][at] is not None]
            known.sort(key=lambda n: self.rows[n][at], reverse=is_descending)
            found = known + [n for n in found if self.rows[n][at] is None]
        return found


def hold(private: Collection[str], columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> Held:
    """Rows as they are kept, without private columns."""
    kept = [at for at, name in enumerate(columns) if name not in private]
    names = tuple(columns[at] for at in kept)
    if len(kept) < len(columns):
        rows = [tuple(row[at] for at in kept) for row in rows]
    return Held(names, rows, [encoded(dict(zip(names, row, strict=True))) for row in rows])
