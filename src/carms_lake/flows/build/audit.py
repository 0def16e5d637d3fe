"""Everything that is checked before a publish and by `carms check`, and what a run keeps of it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, partial

import polars as pl

from carms_lake.catalog import load_catalog
from carms_lake.config import LakeConfig
from carms_lake.contract.limits import Dimension, Severity
from carms_lake.contract.model import Contract
from carms_lake.flows.build import quarantine
from carms_lake.flows.build.plan import key_pairs
from carms_lake.flows.run import Run
from carms_lake.names import DELIVERY_ID, Layer, TableRef
from carms_lake.quality.audit import Connection, audit
from carms_lake.quality.change import Basis
from carms_lake.quality.failures import MOST_ROWS, Origin, as_json, failures, of_whole
from carms_lake.quality.freshness import fresh, rows_changed, rows_published
from carms_lake.quality.reconciliation import (
    QUARANTINE,
    files_reconciled,
    rows_judged_before,
    totals_declared,
    within_budget,
    within_default,
)
from carms_lake.quality.rejected import IN_QUARANTINE, REJECT_SCHEMA, with_chains
from carms_lake.quality.scorecard import reject_counts, scores
from carms_lake.quality.table_constraints import table_check
from carms_lake.records import CheckFailure, CheckResult
from carms_lake.store import delta, table_path
from carms_lake.store.delta.log import FORGOTTEN, commits, newest_first
from carms_lake.store.delta.manifest import Build, read_manifest
from carms_lake.store.gold import reading
from carms_lake.store.rejects import live
from carms_lake.store.sql import read_pinned

ARRIVAL = ".arrival"
"""The rule, after the table's name, that a file of a source ever came."""


@dataclass(frozen=True)
class Audit:
    """What is audited: a domain's contracts, how silver was built, and what it is compared with."""

    run: Run
    contracts: Mapping[TableRef, Contract]
    builds: Mapping[TableRef, Build]
    rows_before: Mapping[tuple[str, str], int]
    """Of the tables in the last published run."""
    now: datetime
    known: Mapping[TableRef, Basis] = field(default_factory=dict)
    """What the checks of a table found before, and what changed since."""
    by_file: bool = False
    """Whether bronze is counted file by file, and not by its log alone."""

    @cached_property
    def rejects(self) -> pl.DataFrame:
        """All rejects of bronze and silver that count."""
        found = live(self.run.config, [r for r in self.contracts if r.layer is not Layer.GOLD])
        if found is None:
            return pl.DataFrame(schema=REJECT_SCHEMA)
        return with_chains(found.collect(), self.contracts.values())

    def rejects_of(self, table: TableRef) -> pl.DataFrame:
        """The rejects of one table."""
        of_table = (pl.col("layer") == table.layer) & (pl.col("table_name") == table.table)
        return self.rejects.filter(of_table)


def audited(task: Audit, connection: Connection) -> list[CheckResult]:
    """Check everything on a connection that reads silver and gold; the run keeps what was found.

    What the constraints of the tables alone come to is returned.

    Raises:
        ContractError: a rule cannot be run.
        StoreError: the lake cannot be read.
    """
    run, config = task.run, task.run.config
    there = existing(config, task.contracts)
    tables = [c for c in there if c.ref.layer is not Layer.BRONZE and c.kind != "macro"]
    sources = [c for c in there if c.ref.layer is Layer.BRONZE]
    manifests = {c.ref: read_manifest(commits(table_path(config, c.ref))) for c in sources}
    of_tables = audit(connection, tables, task.builds, task.known)
    found = [*of_tables]
    for contract in sources:
        rejects = task.rejects if task.by_file else None
        found.append(files_reconciled(config, contract, manifests[contract.ref], rejects))
        if old := rows_judged_before(config, contract, manifests[contract.ref]):
            found.append(old)
    found += _budgets(task, tables)
    found = [_with_chains(task, result) for result in found]
    has_totals = any(contract.declared_totals for contract in tables)
    made_from = load_catalog(config.domain).sources() if has_totals else {}
    found += totals_declared(connection, tables, manifests, made_from)
    found += fresh(config, connection, there, task.now)
    found += rows_changed(connection, tables, task.rows_before)
    found = quarantine.excused(config, task.builds, found)
    run.add(checks=found)
    # Of bronze the rows of its current files, of other tables as they were counted.
    rows = {ref: build.rows for ref, build in task.builds.items()}
    rows |= {r.table: r.checked_rows for r in found if r.counts_rows and not r.quarantined}
    for ref, manifest in manifests.items():
        rows[ref] = sum(entry.accepted for entry in manifest.current.values())
    origin, quarantined = partial(_origin, task), partial(_quarantined, task)
    run.add(
        failures=failures(connection, tables, found, origin, quarantined),
        scores=scores(there, found, rows, reject_counts(task.rejects)),
    )
    return of_tables


def existing(config: LakeConfig, contracts: Mapping[TableRef, Contract]) -> list[Contract]:
    """The contracts whose tables can be checked: bronze and silver may not exist yet."""
    return [
        contract
        for ref, contract in contracts.items()
        if ref.layer is Layer.GOLD or delta.exists(table_path(config, ref))
    ]


def rows_before(config: LakeConfig, *, before: bool = False) -> dict[tuple[str, str], int]:
    """How many rows each table had in the last published run, or in the one before that.

    Without the tables below a file that was forgotten since: they are meant to have fewer.

    Raises:
        StoreError: the lake cannot be read.
    """
    published, rows = rows_published(config.gold_file, before=before)
    catalog = load_catalog(config.domain)
    below = forgotten_since(config, published)
    needs = {step.contract.ref: step.needs for step in catalog.silver_steps}
    needs |= {step.contract.ref: step.needs for step in catalog.gold_steps}
    for ref, inputs in needs.items():  # each comes after what it reads
        below |= {ref} if inputs & below else set()
    names = {(str(ref.layer), ref.table) for ref in below}
    return {table: count for table, count in rows.items() if table not in names}


def forgotten_since(config: LakeConfig, run_id: str) -> set[TableRef]:
    """The bronze tables of which a file was forgotten since a run.

    Raises:
        StoreError: the lake cannot be read.
    """
    return {
        ref
        for ref in load_catalog(config.domain).refs(Layer.BRONZE)
        for commit in newest_first(table_path(config, ref))
        if FORGOTTEN in commit.metadata and (commit.run_id or "") > run_id
    }


def check_arrival(run: Run, contracts: Iterable[Contract]) -> None:
    """Warn of the sources among these of which no file ever came: their tables count as empty.

    Raises:
        StoreError: the lake cannot be read.
    """
    fault = "no file of it was ever loaded: it counts as an empty table"
    absent = [c.ref for c in contracts if not delta.exists(table_path(run.config, c.ref))]
    found = [
        replace(
            table_check(ref, f"{ref.table}{ARRIVAL}", fault, Dimension.TIMELINESS),
            severity=Severity.WARNING,
        )
        for ref in absent
    ]
    run.add(checks=found, failures=[of_whole(result) for result in found])


def check_freshness(run: Run, contracts: Mapping[TableRef, Contract], now: datetime) -> None:
    """Check freshness where there is nothing else to do: a table without new data ages.

    Raises:
        StoreError: the lake cannot be read.
        ContractError: an element cannot be measured.
    """
    aged = [c for c in existing(run.config, contracts) if c.ages]
    if not aged:
        return
    with reading(run.config, [c for c in aged if c.ref.layer is not Layer.BRONZE]) as connection:
        found = fresh(run.config, connection, aged, now)
    run.add(checks=found, failures=[of_whole(result) for result in found if not result.passed])


def _origin(task: Audit, contract: Contract) -> Origin | None:
    """Where the rows of a silver table come from, where that is one record of bronze."""
    driver = task.contracts.get(contract.silver.driver) if contract.silver.driver else None
    if driver is None or driver.ref.layer is not Layer.BRONZE:
        return None
    pairs = key_pairs(contract, driver)
    path = table_path(task.run.config, driver.ref)
    if not pairs or not delta.exists(path):
        return None
    return Origin(
        select=read_pinned(delta.pinned(path)),
        columns=tuple(pairs),
        key=tuple(pairs.values()),
        has_deliveries=DELIVERY_ID in driver.audit_columns,
    )


def _quarantined(task: Audit, contract: Contract, rule: str) -> list[CheckFailure]:
    """The rows of a silver table that a budget counts: of a reference, of a reason, or all."""
    reasons = task.rejects_of(contract.ref).explode("reasons").unnest("reasons")
    if rule in {relationship.name for relationship in contract.relationships}:
        reasons = reasons.filter(pl.col("rule") == rule)
    elif code := rule.removeprefix(f"{contract.ref.table}.{QUARANTINE}").lstrip("."):
        reasons = reasons.filter(pl.col("code") == code)
    rows = reasons.select("rule", "row_key", "value", "message").sort("row_key", "rule")
    private = {c.name for c in contract.columns if c.is_private}
    found = []
    for broken, row_key, value, message in rows.head(MOST_ROWS).rows():
        column = broken.rpartition(".")[0]
        key = {n: v for n, v in json.loads(row_key or "{}").items() if n not in private}
        shown = value if private.isdisjoint(column.split("+")) else None
        failure = CheckFailure(contract.ref, rule, "", column, as_json(key), shown, message=message)
        found.append(failure)
    return found


def _budgets(task: Audit, contracts: Iterable[Contract]) -> Iterator[CheckResult]:
    """What silver tables quarantine: for the reasons that their contracts limit, and for others.

    Where a contract does not limit all of it, what it limits nowhere is a warning, and an error
    above the default budget.
    """
    for contract in contracts:
        build = task.builds.get(contract.ref)
        if build is None:
            continue
        rejects, limits = task.rejects_of(contract.ref), contract.quarantine_budgets
        codes = pl.element().struct.field("code").unique()
        counts = dict(rejects["reasons"].list.eval(codes).explode().value_counts().rows())
        for code, budget_pct in limits.items():
            yield within_budget(contract, build, counts.get(code, 0), budget_pct, code)
        if contract.quarantine_budget_pct is None:
            of_reason, of_link = (
                pl.element().struct.field("code"),
                pl.element().struct.field("rule"),
            )
            links = [link.name for link in contract.relationships if link.budget_pct is not None]
            is_limited = of_reason.is_in(list(limits)) | of_link.is_in(links)
            others = rejects["reasons"].list.eval(~is_limited).list.any().sum()
            yield within_default(contract, build, int(others))


def _with_chains(task: Audit, result: CheckResult) -> CheckResult:
    """The result, which also says for how many of the rows the cause is in another table."""
    if not result.quarantined or not result.failed_rows:
        return result
    reasons = task.rejects_of(result.table).explode("reasons").unnest("reasons")
    chained = reasons.filter(pl.col("message").str.ends_with(IN_QUARANTINE))
    if not result.rule.startswith(f"{result.table.table}.{QUARANTINE}"):
        chained = chained.filter(pl.col("rule") == result.rule)
    rows = chained["row_key"].n_unique()
    if not rows:
        return result
    also = f"; {rows} of them because the row that they refer to is quarantined"
    return replace(result, message=result.message + also)
