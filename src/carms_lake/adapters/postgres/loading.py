"""A run's tables loaded into schemas of their own, and compared with what they were loaded from."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import TYPE_CHECKING, TypeVar

import polars as pl
import pyarrow as pa

from carms_lake.adapters.postgres.session import quoted
from carms_lake.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from carms_lake import Published
    from carms_lake.adapters.postgres.session import Session
    from carms_lake.adapters.postgres.tables import Table

Item = TypeVar("Item")
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
        loaded = _load_rows(session, file, table, schema)
        stored = RowDigest()
        with session.batches(table.select_back(schema)) as batches:
            for batch in ahead(batches):
                stored.add(_frame(batch))
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


def _load_rows(session: Session, file: Published, table: Table, schema: str) -> RowDigest:
    """Load the rows as they come; what they were."""
    digest = RowDigest()

    def counted(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            digest.add(_frame(batch))
            yield batch

    with file.batches(table.select()) as rows:
        batches = ahead(counted(rows))
        session.load(schema, table.name, pa.RecordBatchReader.from_batches(rows.schema, batches))
    return digest


def ahead(items: Iterable[Item]) -> Iterator[Item]:
    """The same items; while one is worked on, a thread makes the next."""
    left = iter(items)
    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(next, left, None)
        while (item := following.result()) is not None:
            following = pool.submit(next, left, None)
            yield item


def _frame(batch: pa.RecordBatch) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(batch))


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
