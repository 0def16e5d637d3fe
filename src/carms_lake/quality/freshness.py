"""How old a table's newest data is, and how much it grew or shrank since the last published run."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from carms_lake.config import LakeConfig
from carms_lake.contract.limits import Dimension, RowChange, Severity
from carms_lake.contract.model import Contract
from carms_lake.errors import ContractError
from carms_lake.names import Layer, run_began
from carms_lake.quality.table_constraints import table_check
from carms_lake.records import CheckResult
from carms_lake.store import table_path
from carms_lake.store.delta import pinned
from carms_lake.store.delta.log import REPLAYED, commits
from carms_lake.store.sql import connect, quoted, read_pinned, scalar

ROW_LOSS_PCT = 50.0
"""A silver table that lost more of its rows is not published, where its contract does not say."""


def fresh(
    config: LakeConfig,
    connection: duckdb.DuckDBPyConnection,
    contracts: Sequence[Contract],
    now: datetime,
) -> list[CheckResult]:
    """The limits that contracts set to age (`slaProperties`), checked at a moment.

    Without an element it is the newest delivery's; with one that of its newest value.

    Raises:
        StoreError: a table cannot be read.
        ContractError: an element cannot be measured.
    """
    found: list[CheckResult] = []
    for contract in contracts:
        for age in contract.ages:
            if age.column is None:
                newest = _delivered(table_path(config, contract.ref))
            else:
                newest = _newest(config, connection, contract, age.column)
            of, message = age.column or "the newest delivery", ""
            if newest is None:
                message = f"{of}: there is none yet, {_span(age.limit)} are allowed"
            elif now - newest > age.limit:
                is_private = age.column is not None and contract.column(age.column).is_private
                at = f"is of {newest:%Y-%m-%d %H:%M} UTC, {_span(now - newest)} ago"
                at = "is too old" if is_private else at
                message = f"{of} {at}; {_span(age.limit)} are allowed"
            rule = f"{age.column or contract.ref.table}.{age.property}"
            result = table_check(contract.ref, rule, message, Dimension.TIMELINESS)
            found.append(replace(result, severity=age.severity))
    return found


def _delivered(path: Path) -> datetime | None:
    """When the newest file landed, which is when the run that landed it began."""
    landed = [
        m for entry in commits(path) if (m := entry.metadata).get("files") and REPLAYED not in m
    ]
    runs = [str(metadata["run_id"]) for metadata in landed]
    return run_began(max(runs)) if runs else None


def _newest(
    config: LakeConfig, connection: duckdb.DuckDBPyConnection, contract: Contract, column: str
) -> datetime | None:
    table = contract.ref.in_domain
    if contract.ref.layer is Layer.BRONZE:
        table = f"({read_pinned(pinned(table_path(config, contract.ref)))})"
    try:
        found = scalar(connection, f"select max({quoted(column)})::timestamp from {table}")
    except duckdb.Error as error:
        raise ContractError(
            f"`{contract.path}`: the newest `{column}` cannot be found: {error}",
            "name a column that holds moments in `slaProperties`",
        ) from error
    return None if found is None else found.replace(tzinfo=UTC)


def _span(span: timedelta) -> str:
    """A length of time in days, hours or minutes, as they fit.

    >>> _span(timedelta(hours=50))
    '2.1 days'
    """
    for unit, name in ((timedelta(days=1), "days"), (timedelta(hours=1), "hours")):
        if span >= 2 * unit:
            return f"{span / unit:.3g} {name}"
    return f"{span / timedelta(minutes=1):.3g} minutes"


def rows_published(path: Path, *, before: bool = False) -> tuple[str, dict[tuple[str, str], int]]:
    """The last published run, and how many rows each table had in it, by (layer, table).

    `before`: the run that was published before that. Empty where no run was.
    """
    if not path.exists():
        return "", {}
    last = "select max(run_id) from ops.table_versions where layer = 'gold'"
    if before:
        last += " and run_id < (select run_id from ops.build)"
    sql = (
        "select layer, table_name, arg_max(rows, run_id) from ops.table_versions "
        f"where rows is not null and run_id <= ({last}) group by all"
    )
    try:
        with connect(path, read_only=True) as connection:
            rows: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
            run_id = scalar(connection, last)
    except duckdb.Error:  # a file of an earlier version of the tool, or none
        return "", {}
    return run_id or "", {(layer, table): count for layer, table, count in rows}


def rows_changed(
    connection: duckdb.DuckDBPyConnection,
    contracts: Sequence[Contract],
    then: Mapping[tuple[str, str], int],
) -> list[CheckResult]:
    """How much tables grew or shrank since then, where their contracts limit it.

    A silver table whose contract does not may not lose most of its rows.
    """
    found: list[CheckResult] = []
    for contract in contracts:
        change, ref = contract.row_change, contract.ref
        before = then.get((str(ref.layer), ref.table), 0)
        if change is None and not (before and ref.layer is Layer.SILVER):
            continue
        rows = int(scalar(connection, f"select count(*) from {ref.in_domain}"))
        if change is None:
            change = RowChange(ROW_LOSS_PCT, Severity.ERROR)
            rows_lost = max(before - rows, 0)
        else:
            rows_lost = abs(rows - before)
        # A table that is new has nothing to be compared with, and passes.
        pct = 100 * rows_lost / before if before else 0.0
        words = "more" if rows > before else "fewer"
        message = f"{rows} rows, {pct:.1f} % {words} than the {before} of the last published run"
        fault = "" if pct <= change.pct else f"{message}; {change.pct:g} % are allowed"
        result = table_check(ref, f"{ref.table}.rowChange", fault, Dimension.COVERAGE)
        found.append(replace(result, severity=change.severity, budget_pct=change.pct))
    return found
