"""An excerpt of a lake: a few rows of each table of bronze and silver, which hang together.

What a row of silver refers to is there too. The lake is read, and nothing of it is touched.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING

import polars as pl

from carms_lake.checks.types import polars_schema
from carms_lake.contract.model import Relationship
from carms_lake.errors import StoreError
from carms_lake.names import SRC_FILENAME, Layer
from carms_lake.store import delta
from carms_lake.store.layout import table_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from carms_lake.config import LakeConfig
    from carms_lake.contract.model import Contract
    from carms_lake.names import TableRef

ROWS = 400
"""Of a table with more rows, this many are drawn; what they refer to comes on top."""

_ROW = "\x00row"
_GENERATIONS = 8
"""How far references are followed: an order line, its order, its customer ..."""


@dataclass(frozen=True)
class Excerpt:
    """Some rows of the tables of bronze and silver, in the columns of their contracts.

    Of bronze the file of each row as well.
    """

    frames: Mapping[TableRef, pl.DataFrame]
    absent: tuple[TableRef, ...]
    """The tables that the lake does not have; their frames have no rows."""


def excerpt(
    config: LakeConfig, contracts: Mapping[TableRef, Contract], seed: int, rows: int = ROWS
) -> Excerpt:
    """Draw rows of every table, the same for the same seed, and add what they refer to.

    Raises:
        StoreError: a table cannot be read, or has other columns than its contract.
    """
    wanted = {ref: c for ref, c in contracts.items() if ref.layer is not Layer.GOLD}
    there = [ref for ref in wanted if delta.exists(table_path(config, ref))]
    frames = {ref: pl.DataFrame(schema=_schema(contract)) for ref, contract in wanted.items()}
    for ref in there:
        draws = random.Random(f"{seed}:{ref}")  # noqa: S311 - a seed, not secrecy
        frames[ref] = _drawn(_scan(config, wanted[ref]), draws, rows)
    silver = [wanted[ref] for ref in there if ref.layer is Layer.SILVER]
    links = [(c.ref, link) for c in silver for link in c.relationships if link.target in there]
    links += _siblings(silver)
    for _ in range(_GENERATIONS):
        added = False
        for ref, link in links:
            missing = _missing(frames[ref], frames[link.target], link)
            if not missing.is_empty():
                more = _scan(config, wanted[link.target]).join(
                    missing.lazy(), on=list(link.target_columns), how="semi"
                )
                found = more.collect(engine="streaming")
                frames[link.target] = pl.concat([frames[link.target], found])
                added = added or not found.is_empty()
        if not added:
            break
    return Excerpt(frames, tuple(ref for ref in wanted if ref not in there))


def _siblings(contracts: Sequence[Contract]) -> Iterator[tuple[TableRef, Relationship]]:
    """Tables about the same things, as a table and its history are: what one has, both have."""
    keys = {c.ref: c.silver.history.key if c.silver.history else c.primary_key for c in contracts}
    for one, other in permutations(keys, 2):
        if keys[one] and keys[one] == keys[other]:
            yield one, Relationship(keys[one], other, keys[other])


def _schema(contract: Contract) -> dict[str, pl.DataType]:
    file = {SRC_FILENAME: pl.String()} if contract.ref.layer is Layer.BRONZE else {}
    return {**polars_schema(contract), **file}


def _scan(config: LakeConfig, contract: Contract) -> pl.LazyFrame:
    path, wanted = table_path(config, contract.ref), _schema(contract)
    there = delta.columns(path)
    other = [name for name, kind in wanted.items() if there.get(name) != kind]
    if other:
        raise StoreError(
            f"`{contract.ref.in_domain}` was made under another contract: it has not, or in "
            f"another type, {', '.join(f'`{name}`' for name in other)}",
            "run `carms ingest --full-refresh`, then `carms build`",
        )
    return delta.scan(path).select(list(wanted))


def _drawn(frame: pl.LazyFrame, draws: random.Random, rows: int) -> pl.DataFrame:
    """That many rows, in their order; all of a table that has no more."""
    count = frame.select(pl.len()).collect().item()
    if count <= rows:
        return frame.collect(engine="streaming")
    places = pl.Series(sorted(draws.sample(range(count), rows)), dtype=pl.get_index_type())
    chosen = frame.with_row_index(_ROW).filter(pl.col(_ROW).is_in(places.implode()))
    return chosen.collect(engine="streaming").sort(_ROW).drop(_ROW)


def _missing(frame: pl.DataFrame, target: pl.DataFrame, link: Relationship) -> pl.DataFrame:
    """The keys that rows refer to and that are not there yet."""
    columns = [
        pl.col(name).cast(target.schema[there]).alias(there)
        for name, there in zip(link.columns, link.target_columns, strict=True)
    ]
    keys = frame.lazy().select(columns).drop_nulls().unique(maintain_order=True)
    on = list(link.target_columns)
    return keys.join(target.lazy(), on=on, how="anti", maintain_order="left").collect()
