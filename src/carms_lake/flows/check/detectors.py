"""The real guards of a table, asked about a corrupted one: which rules notice?

Bronze: the split of records. Silver: Pandera's schema, row reconciliation, and the checks of a
build on what is left. Gold: the types and constraints of the file, and the checks of a build.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import polars as pl

from carms_lake.catalog import SilverStep
from carms_lake.contract.model import Balance
from carms_lake.errors import ContractError, NotReconciled
from carms_lake.flows.build.context import BuildContext
from carms_lake.flows.build.full_refresh import rebuild_all
from carms_lake.flows.check.mutants import TYPES
from carms_lake.flows.run import running
from carms_lake.names import SRC_FILENAME, SRC_ROW_NUMBER
from carms_lake.quality.audit import audit
from carms_lake.quality.split import split
from carms_lake.quality.validate import apply_constraints, validate_table
from carms_lake.readers.frames import RawLines
from carms_lake.records import CHUNK, Chunk, ParsedRows, Provenance, SourceFile, TrackedChunk
from carms_lake.store.delta.write import overwrite
from carms_lake.store.layout import table_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from carms_lake.config import LakeConfig
    from carms_lake.contract.model import Contract
    from carms_lake.flows.run import Run
    from carms_lake.names import TableRef
    from carms_lake.records import CheckResult
    from carms_lake.store.delta.manifest import Build
    from carms_lake.store.gold.scratch import Scratch

    Rules = tuple[str, ...]


PANDERA = "pandera"
BALANCE = "balance"
FILE = "file"
"""Guards: Pandera's schema of a silver table, a build's count of its rows, and the constraints of
the gold file."""

_MALFORMED = pl.DataFrame(
    schema={
        CHUNK: pl.UInt32,
        SRC_ROW_NUMBER: pl.Int64,
        "raw_record": pl.String,
        "code": pl.String,
        "column": pl.String,
        "value": pl.String,
        "message": pl.String,
    }
)


def spelled(frame: pl.DataFrame) -> pl.DataFrame:
    """Typed values as a text file has them; lists and bytes, which no text has, as they are."""
    return frame.with_columns(
        pl.col(name).dt.to_string("%Y-%m-%dT%H:%M:%S%.6fZ")
        if isinstance(kind, pl.Datetime)
        else pl.col(name).cast(pl.String)
        for name, kind in frame.schema.items()
        if not isinstance(kind, pl.List | pl.Binary | pl.String)
    )


def split_notices(contract: Contract, records: pl.DataFrame) -> list[Rules]:
    """The rules that reject each record, in their order.

    `records` are texts in the contract's columns, and the file that each of them comes from.
    """
    stamp = Provenance(
        "mutate", datetime(2000, 1, 1, tzinfo=UTC), 1, datetime(2000, 1, 1, tzinfo=UTC)
    )
    number = pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias(SRC_ROW_NUMBER)
    place = pl.int_range(pl.len(), dtype=pl.UInt32).alias(CHUNK)
    rows = records.select(place, number, pl.exclude(SRC_FILENAME))
    parsed = ParsedRows(rows, _MALFORMED, [RawLines({})] * records.height)
    files = [
        SourceFile(contract.ref, name, contract.path, 0, 0)  # type: ignore[arg-type]  # never read
        for name in records[SRC_FILENAME]
    ]
    chunks = [TrackedChunk(file, stamp, Chunk(1, None, ())) for file in files]
    checked = split(parsed, chunks, contract)
    noticed: dict[int, Rules] = {
        row: tuple(dict.fromkeys(reason["rule"] for reason in reasons))
        for row, reasons in checked.rejected.select(SRC_ROW_NUMBER, "reasons").iter_rows()
    }
    if records.height == 1 and checked.disagreeing:
        noticed[1] = tuple(f"{column}.agreesWithPath" for _, column in checked.disagreeing)
    return [noticed.get(row, ()) for row in range(1, records.height + 1)]


def as_function_output(contract: Contract, frame: pl.DataFrame) -> pl.DataFrame:
    """A silver table as its function returns it: with the columns that only its order names."""
    ordering = {name.lstrip("-") for name in contract.silver.order} - set(frame.columns)
    return frame.with_columns(pl.lit(0).alias(name) for name in sorted(ordering))


def silver_notices(
    contract: Contract, frame: pl.DataFrame, references: Mapping[TableRef, pl.DataFrame]
) -> Counter[str]:
    """How many rows of a silver table Pandera refuses before it is written, by rule."""
    try:
        kept = apply_constraints(
            as_function_output(contract, frame), contract, {**references, contract.ref: frame}
        )
    except ContractError:
        return Counter([f"{PANDERA}: {TYPES}"])
    rules = kept.quarantined.select(
        pl.col("reasons").explode().struct.field("rule").drop_nulls()
    ).to_series()
    noticed = Counter(f"{PANDERA}: {rule}" for rule in rules.to_list())
    if kept.superseded:
        noticed["superseded"] = kept.superseded
    if not noticed:
        try:
            validate_table(kept.rows, contract)
        except ContractError:
            noticed[f"{PANDERA}: unique"] = 1
    return noticed


class Ledger:
    """A driver of few rows in a folder of its own, with which a silver table is reconciled."""

    def __init__(self, config: LakeConfig, contract: Contract, driver: Contract) -> None:
        self._config = config
        self._driver = replace(driver, source=None)
        spec = replace(contract.silver, history=None)
        self._contract = replace(contract, silver=spec, relationships=())

    def open(self, frame: pl.DataFrame) -> None:
        """Write a driver that yields exactly these rows of the silver table.

        Raises:
            StoreError: the folder cannot be written.
        """
        with running(self._config, "check", keep=False) as run:
            pairs = self._task(run, frame).pairs
        spec, driver = self._contract.silver, self._driver
        columns = {theirs: frame[mine] for theirs, mine in pairs.items()}
        if spec.balance is Balance.EXPAND:
            key = spec.driver_key or driver.primary_key
            places = zip(key, self._contract.primary_key[: len(key)], strict=True)
            columns = {
                name: frame[name if name in frame.columns else here] for name, here in places
            }
        rows = pl.DataFrame([values.alias(name) for name, values in columns.items()])
        if not columns:
            rows = pl.DataFrame({"row": range(frame.height)})
        overwrite(table_path(self._config, driver.ref), rows, {})

    def reconciles(self, frame: pl.DataFrame) -> bool:
        """Whether a build would accept these rows as the driver's.

        Raises:
            StoreError: the folder cannot be read.
        """
        with running(self._config, "check", keep=False) as run:
            try:
                rebuild_all(self._task(run, frame))
            except (NotReconciled, ContractError):  # a build stops at the gate, too
                return False
        return True

    def _task(self, run: Run, frame: pl.DataFrame) -> BuildContext:
        contract = self._contract
        step = SilverStep(contract, lambda: as_function_output(contract, frame), {})
        known = {self._driver.ref: self._driver, contract.ref: contract}
        return BuildContext(run, step, known, {}, None)


class Auditor:
    """The checks of a build on a scratch file, compared with those of its intact tables."""

    def __init__(self, scratch: Scratch, contracts: Sequence[Contract]) -> None:
        self._scratch = scratch
        self._before = {_name(r): r for r in audit(scratch.connection, contracts)}

    def notices(
        self, contracts: Sequence[Contract], builds: Mapping[TableRef, Build] | None = None
    ) -> Rules:
        """The rules that fail, and did not fail as much on the tables as they are.

        Raises:
            ContractError: a rule cannot be run.
        """
        found = audit(self._scratch.connection, contracts, builds)
        return tuple(r.rule for r in found if self._is_new(r))

    def fails_already(self, contract: Contract, rule: str) -> bool:
        """Whether a rule fails on the tables as they are."""
        before = self._before.get((contract.ref, rule))
        return before is not None and not before.passed

    def _is_new(self, result: CheckResult) -> bool:
        if result.passed:
            return False
        before = self._before.get(_name(result))
        return before is None or before.passed or result.failed_rows > before.failed_rows


def _name(result: CheckResult) -> tuple[TableRef, str]:
    return result.table, result.rule
