"""What a lake and one published file have in common that are held open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

from carms_lake.api import Lake

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

    from carms_lake.api.reading import Parameters
    from carms_lake.config import LakeConfig


class Source(Protocol):
    """What answers SELECTs until it is closed."""

    def arrow(self, sql: str, parameters: Parameters = None) -> pa.Table:
        """The rows of a SELECT; types that Polars lacks come as text."""

    def close(self) -> None:
        """Give back what is open."""


class OpenLake(Lake):
    """A lake whose SELECTs one source answers. It is a context manager, which closes it."""

    def __init__(self, config: LakeConfig, source: Source) -> None:
        super().__init__(config)
        self._source = source

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def query(
        self, sql: str, parameters: Parameters = None, *, as_of: str | None = None
    ) -> pl.DataFrame:
        """The rows of one SELECT over what is open; with `as_of`, as `Lake.query`.

        Raises:
            LakeError: as `Lake.query`.
        """
        if as_of is not None:
            return super().query(sql, parameters, as_of=as_of)
        import polars as pl

        return pl.DataFrame(pl.from_arrow(self._source.arrow(sql, parameters)))

    def close(self) -> None:
        """Give the gold file back; no call may be under way."""
        self._source.close()
