"""What DuckDB says of a frame: for what it has a function for and Polars has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

ROWS = "rows"
"""What a SELECT calls the frame."""


def select(frame: pl.LazyFrame, sql: str, schema: Mapping[str, type[pl.DataType]]) -> pl.LazyFrame:
    """What a SELECT of DuckDB gives over the rows of a frame, which it calls `rows`.

    The frame is asked for batch by batch when it is collected, so a row of the answer may depend on
    its own row only. The order stays.

    Args:
        frame: any columns.
        sql: one SELECT from `rows`, which gives the columns of the schema.
        schema: column -> type.

    Raises:
        polars.exceptions.ComputeError: when collected, DuckDB refused the SELECT or a value.
    """
    from carms_lake.store.sql import connect

    connection = connect()

    def answered(batch: pl.DataFrame) -> pl.DataFrame:
        with connection.cursor() as cursor:  # batches come from several threads
            cursor.register(ROWS, batch.to_arrow())
            found: pl.DataFrame = cursor.sql(sql).pl()
        return found

    return frame.map_batches(answered, schema=dict(schema), streamable=True)
