"""Row reconciliation as checks: files, bronze, silver and declared totals agree."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any

import duckdb
import polars as pl

from carms_lake.config import LakeConfig
from carms_lake.contract.limits import DeclaredTotal, Dimension, Severity
from carms_lake.contract.model import Balance, Contract
from carms_lake.errors import ContractError, counted, first_few
from carms_lake.names import DELIVERY_ID, RUN_ID, SRC_FILENAME, Layer, TableRef
from carms_lake.quality.constraints import declared, value_constraints
from carms_lake.quality.table_constraints import row_check, table_check
from carms_lake.quality.types import polars_schema
from carms_lake.records import CheckResult, ReasonCode, TableReport
from carms_lake.store import delta, table_path
from carms_lake.store.delta.manifest import Build, FileEntry, Manifest
from carms_lake.store.sql import scalar
from carms_lake.store.sql.statement import only_reads, tables_read

QUARANTINE = "quarantine"
"""The rule, after the table's name, of a silver table's quarantine budget."""

QUARANTINE_BUDGET_PCT = 5.0
"""Of a silver table whose contract has no `carms.quarantineBudgetPct`; fewer rows are a warning."""

OF_REASON = {
    str(ReasonCode.REQUIRED_NULL): Dimension.COMPLETENESS,
    str(ReasonCode.MISSING_COLUMN): Dimension.COMPLETENESS,
    str(ReasonCode.DUPLICATE_KEY): Dimension.UNIQUENESS,
    str(ReasonCode.UNKNOWN_REFERENCE): Dimension.CONSISTENCY,
}
"""The dimension of a reason, by its code; of all others conformity."""


def driver_reconciled(contract: Contract, build: Build, rows: int) -> CheckResult:
    """The table has the rows of its build; with quarantined and superseded ones, the driver's."""
    driver = contract.silver.driver
    message = ""
    if rows != build.rows:
        message = f"{rows} rows in the table, {build.rows} were built"
    elif build.driver_keys is not None and driver is not None:
        is_more = build.keys is not None and build.keys > build.driver_keys
        is_other = build.input_rows != build.driver_keys
        if is_more or (is_other and contract.silver.balance is not Balance.EXPAND):
            message = (
                f"{build.driver_keys} in {driver.in_domain}, but {build.rows} in the table, "
                f"{build.quarantined} quarantined and {build.superseded} superseded"
            )
    return _of_driver(contract.ref, message)


def _of_driver(table: TableRef, message: str) -> CheckResult:
    return table_check(table, f"{table.table}.reconcile.driver", message, Dimension.CONSISTENCY)


def not_reconciled(table: TableReport) -> CheckResult:
    """The check of a table that was not built, because its rows do not reconcile."""
    kept = f"{table.keys} in the table, quarantined or superseded"
    return _of_driver(table.table, f"{table.driver_keys} in the driver, {kept}")


def within_budget(
    contract: Contract, build: Build, quarantined: int, budget_pct: float, code: str = ""
) -> CheckResult:
    """The quarantined rows of a table against its budget, for one reason or for whatever reason."""
    total = build.input_rows
    share = 100 * quarantined / total if total else 0.0
    message = f"{quarantined} of {total} rows ({share:.2f} %) are quarantined"
    return row_check(
        contract.ref,
        ".".join(filter(None, (contract.ref.table, QUARANTINE, code))),
        quarantined,
        total,
        message=message + (f" for {code}" if code else ""),
        dimension=OF_REASON.get(code, Dimension.CONFORMITY),
        budget_pct=budget_pct,
        quarantined=True,
    )


def within_default(contract: Contract, build: Build, quarantined: int) -> CheckResult:
    """The quarantined rows that the contract sets no budget for: a warning, or too many of them."""
    result = within_budget(contract, build, quarantined, QUARANTINE_BUDGET_PCT)
    if not result.passed:
        allowed = f"; {QUARANTINE_BUDGET_PCT:g} % are allowed where the contract does not say"
        return replace(result, message=result.message + allowed)
    return replace(result, severity=Severity.WARNING, passed=not quarantined)


_SHOWN = 3


def files_reconciled(
    config: LakeConfig, contract: Contract, manifest: Manifest, rejects: pl.DataFrame | None = None
) -> CheckResult:
    """The records of a source's files = the rows of bronze + the rejected records.

    With `rejects`, all that count, rows are counted file by file; without, the table's log says how
    many rows there are.

    Raises:
        StoreError: the table cannot be read.
    """
    entries = [entry for entry in manifest.entries if not entry.copy_of]
    lost = [e.name for e in entries if e.records != e.accepted + e.rejected]
    message = f"records of {_listed(lost)} are neither in bronze nor rejected" if lost else ""
    path = table_path(config, contract.ref)
    if not message and rejects is not None:
        message = _by_file(contract, delta.scan(path), entries, rejects)
    elif not message:
        files: Any = delta.open_table(path).get_add_actions(flatten=True)  # an Arrow table
        held = int(pl.DataFrame(files)["num_records"].sum())
        wanted = sum(entry.accepted for entry in entries)
        message = f"{wanted} rows landed, {held} are in the table" if held != wanted else ""
    rule = f"{contract.ref.table}.reconcile.files"
    return table_check(contract.ref, rule, message, Dimension.CONSISTENCY)


def _by_file(
    contract: Contract, rows: pl.LazyFrame, entries: Sequence[FileEntry], rejects: pl.DataFrame
) -> str:
    """Which files have other rows, or other rejects, than when they landed."""
    has_deliveries = DELIVERY_ID in contract.audit_columns
    delivery = pl.col(DELIVERY_ID) if has_deliveries else pl.lit(None, pl.Int64).alias(DELIVERY_ID)
    counted = rows.group_by(SRC_FILENAME, delivery).len().collect(engine="streaming")
    held = {(name, number): count for name, number, count in counted.rows()}
    wanted = {e.label: e.accepted for e in entries if e.accepted}
    keys = held.keys() | wanted.keys()
    wrong = sorted({key[0] for key in keys if held.get(key, 0) != wanted.get(key, 0)})
    if wrong:
        return f"the table's rows of {_listed(wrong)} are not those that landed"
    in_table = (pl.col("layer") == Layer.BRONZE) & (pl.col("table_name") == contract.ref.table)
    rejected = rejects.filter(in_table).group_by(SRC_FILENAME, DELIVERY_ID, RUN_ID).len()
    kept = {(name, number, run): count for name, number, run, count in rejected.rows()}
    current = {entry.name: entry for entry in entries}.values()  # only these rejects count
    wrong = [
        e.name for e in current if kept.get((e.name, e.delivery_id, e.run_id), 0) != e.rejected
    ]
    return f"the rejects of {_listed(wrong)} are not those of its landing" if wrong else ""


def rows_judged_before(
    config: LakeConfig, contract: Contract, manifest: Manifest
) -> CheckResult | None:
    """The rows of bronze that break today's contract, which an earlier one let land.

    None where all files were read under today's rules. A warning, since reading them again is all
    that helps.

    Raises:
        ContractError: a pattern is not a regular expression.
        StoreError: the table cannot be read.
    """
    older = [entry.name for entry in manifest.judged_before(contract)]
    if not older:
        return None
    rows = delta.scan(table_path(config, contract.ref))
    present, wanted = rows.collect_schema(), polars_schema(contract)
    rules = [
        (~rule.passes).fill_null(value=False)
        for rule in value_constraints(contract)
        if present.get(rule.column) == wanted[rule.column]  # else no row has today's columns
    ]
    is_bad = pl.any_horizontal(rules) if rules else pl.lit(value=False)
    counts = rows.filter(pl.col(SRC_FILENAME).is_in(older)).select(pl.len(), is_bad.sum())
    total, failed = counts.collect(engine="streaming").row(0)
    message = f"{failed} rows of {counted(len(older), 'file')} that an older contract let land"
    name = f"{contract.ref.table}.contract"
    found = row_check(
        contract.ref, name, failed, total, message=message, dimension=Dimension.CONFORMITY
    )
    return replace(found, severity=Severity.WARNING)


def totals_declared(
    connection: duckdb.DuckDBPyConnection,
    contracts: Sequence[Contract],
    manifests: Mapping[TableRef, Manifest],
    sources: Mapping[TableRef, AbstractSet[TableRef]],
) -> list[CheckResult]:
    """The figures that contracts declare, where the lake holds the files that they were counted on.

    `sources` are the bronze tables that each table is made from. A figure that depends on files
    which its contract does not name may differ because of them: that is a warning.

    Raises:
        ContractError: a SELECT cannot be run.
    """
    found: list[CheckResult] = []
    for contract in contracts:
        for total in contract.declared_totals:
            # It binds where the current delivery of each file is the one that was counted.
            if any(
                ref not in manifests
                or not set(hashes) <= {e.sha256 for e in manifests[ref].current.values()}
                for ref, hashes in total.files.items()
            ):
                continue
            try:
                value = scalar(connection, only_reads(*declared(contract, total)))
            except duckdb.Error as error:
                raise ContractError(
                    f"`{contract.path}`: the SELECT of `{total.name}` cannot be run: {error}",
                    "correct the SELECT in the contract",
                ) from error
            rule = f"{contract.ref.table}.declared.{total.name}"
            other = f"{total.value} were counted on the files, found {value}"
            fault = "" if value == total.value else other
            result = table_check(contract.ref, rule, fault, Dimension.ACCURACY)
            unnamed = _made_from(contract, total, sources) - total.files.keys()
            if fault and unnamed:
                names = ", ".join(sorted(f"`{ref.in_domain}`" for ref in unnamed))
                why = f"{fault}; it also depends on {names}, of which `files` names no file"
                result = replace(result, severity=Severity.WARNING, message=why)
            found.append(result)
    return found


def _made_from(
    contract: Contract, total: DeclaredTotal, sources: Mapping[TableRef, AbstractSet[TableRef]]
) -> set[TableRef]:
    """The bronze tables that a figure depends on: what its SELECT reads is made from them."""
    query, where = declared(contract, total)
    read = {TableRef.parse(n, domain=contract.ref.domain) for n in tables_read(query, where=where)}
    return {source for ref in read if ref for source in sources.get(ref, ())}


def _listed(names: Sequence[str]) -> str:
    return first_few([f"`{name}`" for name in names], _SHOWN)
