"""A run's tables loaded into schemas of their own, and compared with what they were loaded from."""

from __future__ import annotations

from contextlib import nullcontext
from hashlib import sha256
from itertools import chain
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa

from carms_lake.adapters.postgres.session import quoted
from carms_lake.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from carms_lake import Lake, Published
    from carms_lake.adapters.postgres.session import Session
    from carms_lake.adapters.postgres.tables import Table

_HALF = 1 << 32


class RowDigest:
    """What tells one set of rows from another, in whatever order they come."""

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0

    def add(self, frame: pl.DataFrame) -> None:
        """Count rows in."""
        hashes = frame.cast({n: _as_text(kind) for n, kind in frame.schema.items()}).hash_rows()
        self.rows += frame.height
        # The sum of the hashes, which has more than 64 bits.
        self._sum += int((hashes // _HALF).sum()) * _HALF + int((hashes % _HALF).sum())

    def __str__(self) -> str:
        return f"{self.rows} {self._sum:x}"


def _as_text(kind: pl.DataType) -> pl.DataType:
    """The type, with text for numbers that PostgreSQL gives as text, also in lists."""
    if isinstance(kind, pl.List):
        return pl.List(_as_text(kind.inner))  # type: ignore[arg-type]  # Polars types it as a class, too
    return pl.String() if isinstance(kind, pl.Decimal) else kind


def load(
    lake: Lake,
    session: Session,
    file: Published,
    tables: Sequence[Table],
    schemas: Mapping[str, str],
) -> tuple[int, str]:
    """Load tables into the schemas of their layers, with keys and comments; rows, and a digest.

    Raises:
        Refused: the server refused a statement.
        StoreError: what is in a table is not what was loaded.
    """
    rows, said = 0, []
    for table in tables:
        schema = schemas[table.layer]
        session.run(table.create(schema))
        loaded = _load_rows(lake, session, file, table, schema)
        stored = RowDigest()
        with session.batches(table.select_back(schema)) as batches:
            for batch in batches:
                stored.add(_frame([batch]))
        if str(stored) != str(loaded):
            raise StoreError(
                f"`{table.layer}.{table.name}` in PostgreSQL is not what was loaded: "
                f"{stored.rows} rows of {loaded.rows}, or other values",
                "nothing is published; publish again, and report it if it happens again",
            )
        rows += loaded.rows
        said.append(f"{table.layer}.{table.name} {loaded}\n")
    for statement in (*_keys(tables, schemas), *_references(tables, schemas)):
        session.run(statement)
    for table in tables:
        for statement in table.comments(schemas[table.layer], "table"):
            session.run(statement)
    return rows, sha256("".join(said).encode()).hexdigest()


def _load_rows(
    lake: Lake, session: Session, file: Published, table: Table, schema: str
) -> RowDigest:
    """Load the rows as they come; what they were."""
    digest = RowDigest()
    source: AbstractContextManager[Iterator[pl.DataFrame]]
    if table.layer == "gold":
        source = lake.stream(table.select())
    else:  # the lake's own `ops` has what the published copy leaves out
        source = nullcontext(iter([file.query(table.select())]))
    with source as frames:
        first = next(frames)

        def batches() -> Iterator[pa.RecordBatch]:
            for frame in chain([first], frames):
                digest.add(frame)
                yield from _arrow(frame).to_batches()

        rows = pa.RecordBatchReader.from_batches(_arrow(first).schema, batches())
        session.load(schema, table.name, rows)
    return digest


def _arrow(frame: pl.DataFrame) -> pa.Table:
    return frame.to_arrow(compat_level=pl.CompatLevel.oldest())


def _frame(batches: Iterable[pa.RecordBatch]) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(pa.Table.from_batches(batches)))


def _keys(tables: Sequence[Table], schemas: Mapping[str, str]) -> Iterator[str]:
    for table in tables:
        name = quoted(schemas[table.layer], table.name)
        key, *others = _unique(table) or [()]
        if key:
            yield f"alter table {name} add primary key ({_list(key)})"
        for columns in others:
            yield f"alter table {name} add unique ({_list(columns)})"


def _references(tables: Sequence[Table], schemas: Mapping[str, str]) -> Iterator[str]:
    """The foreign keys; those that may have orphans, by their contract, are not checked."""
    known = {table.name: _unique(table) for table in tables if table.layer == "gold"}
    for table in tables:
        there = {column.name for column in table.columns}
        for link in table.contract.relationships if table.contract else ():
            is_gold = link.target.layer == "gold"
            if not is_gold or link.target_columns not in known.get(link.target.table, ()):
                continue
            if there.issuperset(link.columns):
                yield (
                    f"alter table {quoted(schemas[table.layer], table.name)} "
                    f"add foreign key ({_list(link.columns)}) references "
                    f"{quoted(schemas['gold'], link.target.table)} ({_list(link.target_columns)})"
                    + " not valid"
                    * (link.budget_pct is not None)
                )


def _unique(table: Table) -> list[tuple[str, ...]]:
    """The primary key, empty where there is none, then other columns that are unique."""
    if table.contract is None:
        return []
    there = {column.name for column in table.columns}
    key = table.contract.primary_key
    others = [(c.name,) for c in table.contract.columns if c.unique and (c.name,) != key]
    return [key if there.issuperset(key) else (), *(o for o in others if there.issuperset(o))]


def _list(columns: Sequence[str]) -> str:
    return ", ".join(quoted(column) for column in columns)
