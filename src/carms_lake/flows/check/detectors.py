"""The real guards of a table, asked about a corrupted one: which rules notice?

Bronze: the split of records. Silver: Pandera's schema, row reconciliation, and the checks of a
build on what is left. Gold: the types and constraints of the file, and the checks of a build.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import polars as pl

from carms_lake.catalog import SilverStep, load_catalog
from carms_lake.config import LakeConfig
from carms_lake.contract.model import Balance, Contract
from carms_lake.errors import ContractError, NotReconciled
from carms_lake.flows.build.context import BuildContext
from carms_lake.flows.build.plan import key_pairs
from carms_lake.flows.build.silver import rebuild_all
from carms_lake.flows.check.mutants import TYPES, ConstraintUnderTest, Original
from carms_lake.flows.run import running
from carms_lake.names import SRC_FILENAME, SRC_ROW_NUMBER, Layer, TableRef
from carms_lake.quality.audit import audit
from carms_lake.quality.split import Provenance, TrackedChunk, split
from carms_lake.quality.validate import apply_constraints
from carms_lake.readers.frames import MALFORMED_SCHEMA, RawLines
from carms_lake.records import CHUNK, Chunk, ParsedRows, SourceFile
from carms_lake.store import table_path
from carms_lake.store.delta.manifest import Build
from carms_lake.store.delta.write import overwrite
from carms_lake.store.gold.scratch import Scratch

Rules = tuple[str, ...]


PANDERA = "pandera"
BALANCE = "balance"
FILE = "file"
"""Guards: Pandera's schema of a table, a build's count of its rows, the gold file's constraints."""


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
    at = datetime(2000, 1, 1, tzinfo=UTC)
    provenance, chunk = Provenance("mutate", at, 1, at), Chunk(1, None, ())
    rows = records.drop(SRC_FILENAME).with_row_index(SRC_ROW_NUMBER, 1).with_row_index(CHUNK)
    malformed = pl.DataFrame(schema={CHUNK: pl.UInt32, **MALFORMED_SCHEMA})
    parsed = ParsedRows(rows, malformed, [RawLines({})] * records.height)
    chunks = [
        TrackedChunk(SourceFile(contract.ref, name, Path(), 0, 0), provenance, chunk)
        for name in records[SRC_FILENAME]
    ]
    checked = split(parsed, chunks, contract)
    noticed: dict[int, Rules] = {
        row: tuple(dict.fromkeys(reason["rule"] for reason in reasons))
        for row, reasons in checked.rejected.select(SRC_ROW_NUMBER, "reasons").iter_rows()
    }
    if records.height == 1 and checked.disagreeing:
        noticed[1] = tuple(f"{column}.agreesWithPath" for _, column in checked.disagreeing)
    return [noticed.get(row, ()) for row in range(1, records.height + 1)]


def _with_order_columns(contract: Contract, frame: pl.DataFrame) -> pl.DataFrame:
    ordering = {name.lstrip("-") for name in contract.silver.order} - set(frame.columns)
    return frame.with_columns(pl.lit(0).alias(name) for name in sorted(ordering))


def silver_notices(
    contract: Contract, frame: pl.DataFrame, references: Mapping[TableRef, pl.DataFrame]
) -> Counter[str]:
    """How many rows of a silver table Pandera refuses before it is written, by rule."""
    try:
        output, known = _with_order_columns(contract, frame), {**references, contract.ref: frame}
        kept = apply_constraints(output, contract, known)
    except ContractError:
        return Counter([f"{PANDERA}: {TYPES}"])
    reasons = kept.quarantined["reasons"].explode().struct.field("rule").drop_nulls()
    noticed = Counter(f"{PANDERA}: {rule}" for rule in reasons)
    if kept.superseded:
        noticed["superseded"] = kept.superseded
    return noticed


def ledger(lab: Laboratory, original: Original, driver: Contract) -> Callable[[pl.DataFrame], bool]:
    """Write a driver that yields exactly the rows of a silver table, into a lake of its own.

    The function that it gives says whether a build would accept other rows as that driver's.

    Raises:
        StoreError: the folder cannot be written.
    """
    spec = replace(original.contract.silver, history=None)
    contract = replace(original.contract, silver=spec, relationships=())
    driver = replace(driver, source=None)
    config = replace(lab.config, project=lab.folder / contract.ref.table)
    if spec.balance is Balance.EXPAND:
        key = spec.driver_key or driver.primary_key
        places = zip(key, contract.primary_key[: len(key)], strict=True)
        columns = {n: n if n in original.frame.columns else here for n, here in places}
    else:
        columns = key_pairs(contract, driver)
    rows = original.frame.select(pl.col(mine).alias(theirs) for theirs, mine in columns.items())
    if not columns:
        rows = pl.DataFrame({"row": range(original.frame.height)})
    overwrite(table_path(config, driver.ref), rows, {})
    contracts = {driver.ref: driver, contract.ref: contract}

    def reconciles(frame: pl.DataFrame) -> bool:
        step = SilverStep(contract, lambda: _with_order_columns(contract, frame), {})
        # Where a constraint of the table stops the build, its rows do not get to be counted.
        with suppress(NotReconciled, ContractError), running(config, "check", keep=False) as run:
            rebuild_all(BuildContext(run, step, contracts, {}, None))
            return True
        return False

    return reconciles


class Laboratory:
    """What mutants are tried on: the domain's tables in a scratch file, and the checks of a build.

    Only what fails more than on the intact tables (`frames`) counts. `folder` may be written.
    """

    def __init__(
        self, config: LakeConfig, folder: Path, file: Scratch, frames: Collection[TableRef]
    ) -> None:
        self.config, self.folder, self.file = config, folder, file
        self.catalog = catalog = load_catalog(config.domain)
        refs = catalog.refs(Layer.SILVER, Layer.GOLD)
        found = audit(file.connection, [catalog.contracts[ref] for ref in refs if ref in frames])
        self.failed = {(r.table, r.rule): r.failed_rows for r in found if not r.passed}

    def notices(
        self, contracts: Sequence[Contract], builds: Mapping[TableRef, Build] | None = None
    ) -> Rules:
        """The rules that fail, and did not fail as much on the tables as they are.

        Raises:
            ContractError: a rule cannot be run.
        """
        return tuple(
            r.rule
            for r in audit(self.file.connection, contracts, builds)
            if not r.passed and r.failed_rows > self.failed.get((r.table, r.rule), 0)
        )

    def audit_of(self, contract: Contract, frame: pl.DataFrame, others: list[Contract]) -> Rules:
        """The rules of a table that notice these rows; where none does, those of other tables.

        Raises:
            ContractError: a rule cannot be run, or the table's types do not have the value.
        """
        with self.file.corrupted(contract, frame):
            return self.notices([contract]) or self.notices(others)


class Verdict(StrEnum):
    """Whether a broken constraint was noticed."""

    NOTICED = "noticed"
    UNGUARDED = "unguarded"
    NOT_APPLICABLE = "not applicable"
    """The constraint could not be broken here; `why` says what was in the way."""
    NO_PROMISE = "no promise"
    """A column without a constraint that could be broken."""


@dataclass(frozen=True)
class Mutation:
    """One table corrupted in one way, and which rules noticed."""

    table: TableRef
    column: str
    """Several are joined by `+`; empty for the table as a whole."""
    promise: str
    verdict: Verdict
    corruption: str = ""
    guard: str = ""
    """Where it should be noticed, and by which rule."""
    noticed_by: tuple[str, ...] = ()
    why: str = ""


def judged(
    original: Original,
    constraint: ConstraintUnderTest,
    corruption: str,
    guard: str,
    noticed_by: Iterable[str],
) -> Mutation:
    """A corruption, and whether any rule noticed it."""
    rules = tuple(dict.fromkeys(noticed_by))
    return Mutation(
        original.contract.ref,
        constraint.column,
        constraint.kind,
        Verdict.NOTICED if rules else Verdict.UNGUARDED,
        corruption,
        f"{guard}: {constraint.rule}",
        rules,
    )


def not_applicable(
    original: Original, constraint: ConstraintUnderTest, guard: str, why: str = ""
) -> Mutation:
    """A constraint that cannot be broken here, and why not."""
    frame, contract = original.frame, original.contract
    usual = "no value and no row that was tried breaks it"
    if frame.is_empty():
        usual = "the table has no rows here"
    elif constraint.kind == "type" and contract.ref.layer is Layer.BRONZE:
        usual = f"its reader gives no other {contract.column(constraint.column).type}"
    elif constraint.columns and frame.select(constraint.columns).drop_nulls().is_empty():
        usual = "no row has a value here"
    tried = judged(original, constraint, "", guard, ())
    return replace(tried, verdict=Verdict.NOT_APPLICABLE, why=why or usual)
