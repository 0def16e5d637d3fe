"""A lake held open: many statements of a program, answered by one connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from carms_lake.api import Lake

if TYPE_CHECKING:
    import polars as pl

    from carms_lake.api.reading import Parameters
    from carms_lake.config import LakeConfig


class HeldLake(Lake):
    """A lake that answers SELECTs of a program without opening the gold file for each.

    Gold is as it was published when this was made, each other table as it was when a statement
    first named it. Nothing keeps a statement from reading files elsewhere: what a user wrote goes
    to `Lake.query`. Threads may share it. It is a context manager, which closes it.
    """

    def __init__(self, config: LakeConfig) -> None:
        from carms_lake.store.query.held import HeldLake as Held

        super().__init__(config)
        self._held = Held(config)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def query(
        self, sql: str, parameters: Parameters = None, *, as_of: str | None = None
    ) -> pl.DataFrame:
        """The rows of one SELECT; with `as_of`, as `Lake.query`.

        Raises:
            LakeError: as `Lake.query`.
        """
        if as_of is not None:
            return super().query(sql, parameters, as_of=as_of)
        import polars as pl

        return pl.DataFrame(pl.from_arrow(self._held.arrow(sql, parameters)))
