"""Gold computed by another engine: what it reads, and what is kept of the comparison."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

import polars as pl

from carms_lake.catalog import load_catalog
from carms_lake.config import LakeConfig
from carms_lake.flows.run import running
from carms_lake.names import RUN_ID, Layer
from carms_lake.store import delta, table_path
from carms_lake.store.delta.log import ensure_complete, version_at
from carms_lake.store.ops import OPS_SCHEMAS, ops_rows


class ParityStatus(StrEnum):
    """How a table of gold that another engine computed compares with the published one."""

    EXACT = "exact"
    """The same columns, types and rows."""
    CLOSE = "close"
    """The same, but for floating-point numbers that differ by less than 1e-12 of their size."""
    DIFFERS = "differs"
    NOT_RUN = "does not run"
    """The engine refuses its SELECT, or its SELECT does not travel."""
    DUCKDB_ONLY = "DuckDB only"
    """It is a macro, or reads one."""

    @property
    def is_certified(self) -> bool:
        """Whether the engine gives what DuckDB gives."""
        return self in {ParityStatus.EXACT, ParityStatus.CLOSE}


@dataclass(frozen=True)
class Parity:
    """A table of gold, computed by another engine and compared with the published one."""

    table_name: str
    status: ParityStatus
    engine: str
    """`sail` or `spark`."""
    engine_version: str
    gold_run_id: str
    """The build that published it."""
    seconds: float
    rows: int | None = None
    """Of the published one."""
    differing_rows: int | None = None
    """Of both sides."""
    columns: tuple[str, ...] = ()
    """Those that differ."""
    message: str = ""
    """What differs, or why it does not run."""
    rules: tuple[str, ...] = ()
    """What its SELECT was translated by, besides sqlglot."""
    reads: tuple[str, ...] = ()
    """What it was computed from: `silver.sale 3` at that version, tables of gold as published."""
    examples: tuple[str, ...] = ()
    """Rows that differ, without columns that are private; not kept."""


def certify(config: LakeConfig, compare: Callable[[], Sequence[Parity]]) -> Sequence[Parity]:
    """Call `compare` while the lake is held, and keep what it found in `ops.parity`.

    Raises:
        StoreLocked: another process is writing.
        StoreError: the lake cannot be written.
    """
    with running(config, "certify") as run:
        found = compare()
        run.add(rows={"parity": [_row(run.run_id, run.started_at, one) for one in found]})
    return found


def _row(run_id: str, at: object, parity: Parity) -> dict[str, object]:
    known = asdict(parity) | {RUN_ID: run_id, "certified_at": at, "status": str(parity.status)}
    row = {name: known[name] for name in OPS_SCHEMAS["parity"]}
    return {name: list(v) if isinstance(v, tuple) else v for name, v in row.items()}


def parity(config: LakeConfig) -> pl.DataFrame:
    """The newest row of `ops.parity` of each table and engine, by name.

    Raises:
        StoreError: the lake cannot be read.
    """
    rows = ops_rows(config, "parity").collect().sort(RUN_ID, descending=True)
    return rows.unique(("table_name", "engine"), keep="first").sort("table_name", "engine")


def silver_files(config: LakeConfig, table: str, run_id: str) -> delta.Pinned:
    """The version, files and columns of a table of silver as a run read them.

    Raises:
        UsageError: unknown table.
        StoreError: the version was vacuumed, is damaged, or needs more than reading its files.
    """
    ref = load_catalog(config.domain).resolve(table, Layer.SILVER)
    path = table_path(config, ref)
    version = version_at(path, run_id)
    ensure_complete(path, version, ref.in_domain)
    return delta.pinned(path, version)
