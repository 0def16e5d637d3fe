"""One published file, held open: a lake that answers from it alone, however often it is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carms_lake.api import Lake

if TYPE_CHECKING:
    import polars as pl

    from carms_lake.api.reading import Parameters
    from carms_lake.config import LakeConfig

Mark = tuple[int, int, int]


class Published(Lake):
    """The published gold file as it was when this was made; threads may share it.

    What a build publishes later is not seen: compare `mark` with `Published.newest(config)`.
    `query` and `rows` take the SELECTs of a program, with values as parameters: names are looked
    for in gold, then in the file's `ops`. What a user writes goes to `ask`. `memory_limit`, as
    `128MB`, is for all queries at once and what DuckDB keeps of the file (default: that of
    carms.toml).

    Raises:
        GoldMissing: no gold file was published yet.
        StoreError: it cannot be opened.
    """

    def __init__(self, config: LakeConfig, *, memory_limit: str | None = None) -> None:
        from carms_lake.store.query.published import PublishedFile

        super().__init__(config)
        self._file = PublishedFile(config, memory_limit)

    @staticmethod
    def newest(config: LakeConfig) -> Mark | None:
        """The mark of the file that is published now; None where there is none."""
        from carms_lake.store.query.published import mark

        return mark(config.gold_file)

    @property
    def mark(self) -> Mark:
        """What tells this file from another one in its place: inode, time (ns), bytes."""
        return self._file.mark

    def query(
        self, sql: str, parameters: Parameters = None, *, as_of: str | None = None
    ) -> pl.DataFrame:
        """The rows of one SELECT over this file; with `as_of`, as `Lake.query`.

        Raises:
            LakeError: as `Lake.query`.
        """
        if as_of is not None:
            return super().query(sql, parameters, as_of=as_of)
        import polars as pl

        return pl.DataFrame(pl.from_arrow(self._file.arrow(sql, parameters)))

    def rows(
        self, sql: str, parameters: Parameters = None
    ) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """The names of the columns and the rows of one SELECT, without a data frame.

        Raises:
            LakeError: as `Lake.query`.
        """
        return self._file.rows(sql, parameters)

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

    def close(self) -> None:
        """Give the file back; no call may be under way."""
        self._file.close()


def encoded(value: object) -> bytes:
    """A value as JSON, as `carms ... --json` writes it: decimals with all digits, days as text."""
    import orjson

    from carms_lake.writers.json import plain

    return orjson.dumps(plain(value))
