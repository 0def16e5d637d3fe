"""Are the guards awake? Every constraint is broken once, in a copy of a few rows."""

import random
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from pathlib import Path

import polars as pl

from carms_lake.catalog import Catalog, load_catalog
from carms_lake.config import LakeConfig
from carms_lake.contract.model import Contract, Relationship
from carms_lake.errors import StoreError
from carms_lake.flows.check.detectors import Laboratory, Mutation, Verdict
from carms_lake.flows.check.layers import mutate_bronze, mutate_gold, mutate_silver, mutate_time
from carms_lake.flows.check.mutants import Original
from carms_lake.flows.check.rules import mutate_rules, mutate_sums
from carms_lake.names import SRC_FILENAME, Layer, TableRef
from carms_lake.quality.rejected import REJECT_SCHEMA
from carms_lake.quality.types import polars_schema
from carms_lake.records import Progress
from carms_lake.store import delta, ops, table_path
from carms_lake.store.gold.scratch import Scratch, scratch

Frames = Mapping[TableRef, pl.DataFrame]


SEED = 1
ROWS = 400
"""Of a table with more rows, this many are drawn; what they refer to is added."""

_ROW = "\x00row"
_GENERATIONS = 8
"""How far references are followed: an order line, its order, its customer ..."""


def excerpt(
    config: LakeConfig, contracts: Mapping[TableRef, Contract], seed: int, rows: int = ROWS
) -> dict[TableRef, pl.DataFrame]:
    """Draw rows of every table of bronze and silver, and add what they refer to.

    The same rows for the same seed, in the columns of the contracts; of bronze the file of each row
    as well. A table that the lake does not have yet has no rows.

    Raises:
        StoreError: a table cannot be read, or has other columns than its contract.
    """
    lake = (Layer.BRONZE, Layer.SILVER)
    wanted = {ref: c for ref, c in contracts.items() if ref.layer in lake}
    there = [ref for ref in wanted if delta.exists(table_path(config, ref))]
    frames = {ref: pl.DataFrame(schema=_schema(contract)) for ref, contract in wanted.items()}
    for ref in there:
        draws = random.Random(f"{seed}:{ref}")  # noqa: S311 - a seed, not secrecy
        frames[ref] = _drawn(_scan(config, wanted[ref]), draws, rows)
    silver = [wanted[ref] for ref in there if ref.layer is Layer.SILVER]
    links = [(c.ref, link) for c in silver for link in c.relationships if link.target in there]
    links += _siblings(silver)
    # What is fetched refers to other rows in turn, until nothing is missing.
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
    return frames


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


_WORST_FIRST = (Verdict.UNGUARDED, Verdict.NOTICED, Verdict.NOT_APPLICABLE, Verdict.NO_PROMISE)


@dataclass(frozen=True)
class MutationReport:
    """Everything that was tried, in the order of layers, tables and columns."""

    seed: int
    seconds: float
    mutations: tuple[Mutation, ...]
    notes: tuple[str, ...] = ()

    @property
    def unguarded(self) -> tuple[Mutation, ...]:
        """The corruptions that nothing noticed."""
        return tuple(m for m in self.mutations if m.verdict is Verdict.UNGUARDED)

    @property
    def rows(self) -> pl.DataFrame:
        """One row per corruption: all texts, null where there is nothing to say."""
        names = ("layer", "table", "column", "promise", "corruption", "guard", "noticed_by",
                 "verdict", "why")  # fmt: skip
        rows = [
            (m.table.layer, m.table.table, m.column, m.promise, m.corruption, m.guard,
             ", ".join(m.noticed_by), m.verdict, m.why)
            for m in self.mutations
        ]  # fmt: skip
        texts = [[str(value) or None for value in row] for row in rows]
        return pl.DataFrame(texts, dict.fromkeys(names, pl.String), orient="row")

    @property
    def scores(self) -> pl.DataFrame:
        """One row per table: counts of its constraints by verdict, and the share guarded.

        A constraint is guarded where each of its corruptions is noticed. `no_promise` counts
        columns without one; `score_pct` leaves out what could not be broken here.
        """
        table = pl.concat_str("layer", "table", separator=".").alias("table")
        ranks = {str(verdict): rank for rank, verdict in enumerate(_WORST_FIRST)}
        worst = pl.col("verdict").replace_strict(ranks, return_dtype=pl.Int64).min()
        unguarded, guarded, not_applicable, no_promise = (
            pl.col("worst").eq(rank).sum() for rank in ranks.values()
        )
        rows = self.rows.with_columns(table)
        was_tried = pl.col("verdict").is_in([Verdict.NOTICED, Verdict.UNGUARDED])
        corruptions = rows.group_by("table").agg(corruptions=was_tried.sum())
        return (
            rows.group_by("table", "column", "promise", maintain_order=True)
            .agg(worst=worst)
            .group_by("table", maintain_order=True)
            .agg(
                promises=unguarded + guarded + not_applicable,
                guarded=guarded,
                unguarded=unguarded,
                not_applicable=not_applicable,
                no_promise=no_promise,
                score_pct=(100 * guarded / (guarded + unguarded)).fill_nan(None).round(1),
            )
            .join(corruptions, on="table", maintain_order="left")
        )


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
    drawn = excerpt(config, contracts, seed, rows)
    if all(frame.is_empty() for frame in drawn.values()):
        raise StoreError(
            f"the lake of `{config.domain.name}` has no rows to corrupt",
            "run `carms ingest` and `carms build` first",
        )
    found: list[Mutation] = []
    absent = [ref for ref in drawn if not delta.exists(table_path(config, ref))]
    with tempfile.TemporaryDirectory(prefix="carms-mutate-") as name:
        folder = Path(name)
        with scratch(replace(config, project=folder), folder / "gold") as file:
            frames = {**drawn, **_built(file, catalog, drawn)}
            lab = Laboratory(config, folder, file, frames)
            for done, ref in enumerate(catalog.refs(*Layer)):
                if progress:
                    progress(ref.in_domain, done, len(contracts))
                if ref not in frames:
                    continue
                original = Original(contracts[ref], frames[ref], frames, seed)
                if ref.layer is Layer.BRONZE:
                    found += mutate_bronze(original)
                else:
                    by_layer = mutate_silver if ref.layer is Layer.SILVER else mutate_gold
                    found += by_layer(original, lab)
                    found += mutate_rules(original, lab)
                    found += mutate_sums(original, lab)
                found += mutate_time(original, lab)
    notes = tuple(f"`{ref.in_domain}` does not exist yet" for ref in absent)
    return MutationReport(seed, round(time.perf_counter() - started, 3), tuple(found), notes)


def _built(file: Scratch, catalog: Catalog, frames: Frames) -> Frames:
    """Gold of the excerpt's silver, by the SELECTs of the domain; macros have no rows."""
    for ref in catalog.refs(Layer.SILVER):
        file.put(catalog.contracts[ref], frames[ref])
    file.add_ops({**ops.OPS_SCHEMAS, "rejects": REJECT_SCHEMA})
    for step in catalog.gold_steps:
        file.build(step.contract, step.sql)
    made = [step.contract for step in catalog.gold_steps if step.contract.kind != "macro"]
    return {contract.ref: file.frame(contract.ref) for contract in made}
