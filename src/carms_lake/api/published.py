"""One published file, held open: a lake that answers from it alone, however often it is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carms_lake.api.opened import OpenLake

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import pyarrow as pa

    from carms_lake.api.reading import Parameters
    from carms_lake.config import LakeConfig

Mark = tuple[int, int, int]


class Published(OpenLake):
    """The published gold file as it was when this was made; threads may share it.

    What a build publishes later is not seen: compare `mark` with `Published.newest(config)`.
    `query` and `rows` take the SELECTs of a program, with values as parameters: names are looked
    for in gold, then in the file's `ops`. What a user writes goes to `ask`. `memory_limit`, as
    `128MB`, is for all queries at once and what DuckDB keeps of the file (default: that of
    carms.toml). It is a context manager, which closes it.

    Raises:
        GoldMissing: no gold file was published yet.
        StoreError: it cannot be opened.
    """

    def __init__(self, config: LakeConfig, *, memory_limit: str | None = None) -> None:
        from carms_lake.store.query.published import PublishedFile

        self._file = PublishedFile(config, memory_limit)
        super().__init__(config, self._file)

    @staticmethod
    def newest(config: LakeConfig) -> Mark | None:
        """The mark of the file that is published now; None where there is none."""
        from carms_lake.store.query.published import mark

        return mark(config.gold_file)

    @property
    def mark(self) -> Mark:
        """What tells this file from another one in its place: inode, time (ns), bytes."""
        return self._file.mark

    def rows(
        self, sql: str, parameters: Parameters = None
    ) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """The names of the columns and the rows of one SELECT, without a data frame.

        Raises:
            LakeError: as `Lake.query`.
        """
        return self._file.rows(sql, parameters)

    def batches(self, sql: str) -> AbstractContextManager[pa.RecordBatchReader]:
        """The rows of one SELECT as Arrow batches, which need not fit into memory.

        Raises:
            LakeError: as `Lake.query`, also while they are taken.
        """
        return self._file.batches(sql)

    def ask(
        self, sql: str, parameters: Parameters = None, *, limit: int = 1_000
    ) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """The first rows of a user's statement, in the sandbox of `carms query`.

        It can read the tables of the file that is published now, and nothing else of the lake.
        Days and times are text.

        Raises:
            LakeError: as `Lake.query`.
        """
        from carms_lake.flows.query import query_batches

        with query_batches(self.config, sql, parameters, only_published=True) as answer:
            found: list[tuple[Any, ...]] = []
            for batch in answer.batches:
                found += batch
                if len(found) >= limit:
                    break
            return answer.columns, found[:limit]


def encoded(value: object) -> bytes:
    """A value as JSON, as `carms ... --json` writes it: decimals with all digits, days as text."""
    import orjson

    from carms_lake.writers.json import plain

    return orjson.dumps(plain(value))
