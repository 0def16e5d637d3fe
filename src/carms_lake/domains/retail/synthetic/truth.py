"""What was planted: filled while the files are made, written last."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl


@dataclass
class Truth:
    """The planted anomalies of one run by source and kind, in the order they were met."""

    _found: dict[tuple[str, str], tuple[list[str], list[list[object]]]] = field(
        default_factory=dict
    )

    def add(self, source: str, kind: str, rows: pl.DataFrame) -> None:
        """Note rows of one kind; the columns are the key's, and moments are text as in the file."""
        self.add_keys(source, kind, rows.columns, rows.rows())

    def add_keys(
        self, source: str, kind: str, key: Sequence[str], keys: Sequence[Sequence[object]]
    ) -> None:
        """Note keys of one kind; none is noted too, as a count of 0."""
        _, held = self._found.setdefault((source, kind), (list(key), []))
        held.extend(list(values) for values in keys)

    def anomalies(self) -> list[dict[str, object]]:
        """One object per source and kind: the key's columns, how many, which."""
        return [
            {"source": source, "kind": kind, "key": key, "count": len(keys), "keys": keys}
            for (source, kind), (key, keys) in self._found.items()
        ]
