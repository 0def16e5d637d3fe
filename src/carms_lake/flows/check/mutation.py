"""Are the guards awake? Every constraint is broken once, in a copy of a few rows."""

from __future__ import annotations

import random
import tempfile
import time
from dataclasses import dataclass, replace
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from carms_lake.catalog import load_catalog
from carms_lake.contract.model import Relationship
from carms_lake.errors import StoreError
from carms_lake.flows.check.detectors import Auditor
from carms_lake.flows.check.layers import (
    Laboratory,
    mutate_bronze,
    mutate_gold,
    mutate_silver,
    mutate_time,
)
from carms_lake.flows.check.mutants import Original
from carms_lake.flows.check.verdicts import MutationReport
from carms_lake.names import SRC_FILENAME, Layer
from carms_lake.quality.rejected import REJECT_SCHEMA
from carms_lake.quality.types import polars_schema
from carms_lake.store import ops
from carms_lake.store.delta import table as delta
from carms_lake.store.gold.scratch import scratch
from carms_lake.store.layout import table_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from carms_lake.catalog import GoldStep
    from carms_lake.config import LakeConfig
    from carms_lake.contract.model import Contract
    from carms_lake.flows.check.verdicts import Mutation
    from carms_lake.names import TableRef
    from carms_lake.store.gold.scratch import Scratch

    Progress = Callable[[str, int, int | None], None]
    Frames = Mapping[TableRef, pl.DataFrame]


ROWS = 400
"""Of a table with more rows, this many are drawn; what they refer to is added."""

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
            f"`{contract.ref.in_domain}` was built under another contract; missing or of another "
            f"type: {', '.join(f'`{name}`' for name in other)}",
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
    """The keys that rows refer to and that the excerpt lacks."""
    columns = [
        pl.col(name).cast(target.schema[there]).alias(there)
        for name, there in zip(link.columns, link.target_columns, strict=True)
    ]
    keys = frame.lazy().select(columns).drop_nulls().unique(maintain_order=True)
    on = list(link.target_columns)
    return keys.join(target.lazy(), on=on, how="anti", maintain_order="left").collect()


SEED = 1


def mutate(
    config: LakeConfig, *, seed: int = SEED, rows: int = ROWS, progress: Progress | None = None
) -> MutationReport:
    """Break every constraint of bronze, silver and gold in a copy, and list which rules notice.

    `rows` is how many rows of a table are drawn; the same lake and seed give the same report.

    Raises:
        ContractError: code, SELECTs or rules do not deliver their contracts.
        StoreError: nothing is built yet, or a table or the temporary folder cannot be used.
    """
    started = time.perf_counter()
    catalog = load_catalog(config.domain)
    contracts = catalog.contracts
    copy = excerpt(config, contracts, seed, rows)
    if all(frame.is_empty() for frame in copy.frames.values()):
        raise StoreError(
            f"the lake of `{config.domain.name}` has no rows to corrupt",
            "run `carms ingest` and `carms build` first",
        )
    found: list[Mutation] = []
    notes = [f"`{ref.in_domain}` does not exist yet" for ref in copy.absent]
    steps = catalog.gold_steps
    with tempfile.TemporaryDirectory(prefix="carms-mutate-") as name:
        folder = Path(name)
        with scratch(replace(config, project=folder), folder / "gold") as file:
            frames = {**copy.frames, **_built(file, contracts, steps, copy.frames)}
            there = [c for ref, c in contracts.items() if ref in frames and _is_checked(c)]
            lab = Laboratory(config, contracts, steps, file, Auditor(file, there))
            for done, ref in enumerate(_in_order(contracts)):
                contract = contracts[ref]
                if progress:
                    progress(ref.in_domain, done, len(contracts))
                if ref not in frames:
                    continue
                original = Original(contract, frames[ref], frames, seed)
                if ref.layer is Layer.BRONZE:
                    found += mutate_bronze(original)
                elif ref.layer is Layer.SILVER:
                    of_table = replace(config, project=folder / ref.table)
                    found += mutate_silver(original, lab, of_table)
                else:
                    found += mutate_gold(original, lab)
                found += mutate_time(original, lab)
    return MutationReport(seed, round(time.perf_counter() - started, 3), tuple(found), tuple(notes))


def _in_order(contracts: Mapping[TableRef, Contract]) -> list[TableRef]:
    """In the order in which data passes through them."""
    return sorted(contracts, key=lambda ref: (list(Layer).index(ref.layer), ref.table))


def _is_checked(contract: Contract) -> bool:
    return contract.ref.layer is not Layer.BRONZE


def _built(
    file: Scratch, contracts: Mapping[TableRef, Contract], steps: list[GoldStep], frames: Frames
) -> Frames:
    """Gold of the excerpt's silver, by the SELECTs of the domain; macros have no rows."""
    for ref, frame in frames.items():
        if ref.layer is Layer.SILVER:
            file.put(contracts[ref], frame)
    file.add_ops({**ops.OPS_SCHEMAS, "rejects": REJECT_SCHEMA})
    for step in steps:
        file.build(step.contract, step.sql)
    made = [step.contract for step in steps if step.contract.kind != "macro"]
    return {contract.ref: file.frame(contract.ref) for contract in made}
