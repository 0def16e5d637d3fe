"""What checks find in a table of which only some rows changed since they were last run.

A rule about single rows has as many failing rows as before, without those that went and with those
that came. A key can only repeat in a row that came; a reference can only lead nowhere from a row
that came, or to a row that went. Where that does not tell, the whole table is looked at.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import duckdb

from carms_lake.contract.model import Contract, Relationship
from carms_lake.names import TableRef
from carms_lake.quality.table_constraints import SqlCheck, reference_check
from carms_lake.records import CheckResult
from carms_lake.store.gold.changes import RowChange
from carms_lake.store.sql import quoted, scalar


@dataclass(frozen=True)
class Basis:
    """What checks found in a table before, and what changed since."""

    results: Sequence[CheckResult]
    is_same: bool = False
    """Nothing that they look at changed."""
    change: RowChange | None = None
    """Of the table itself; None where it has the same rows."""
    targets: Mapping[TableRef, RowChange | None] = field(default_factory=dict)
    """The same of the tables that it refers to; one is not there where nobody knows."""


def counted_since(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    wanted: Sequence[SqlCheck],
    basis: Basis,
) -> tuple[int, Iterator[int]] | None:
    """How many rows there are, and how many break each constraint; None if that is not known."""
    before = {result.rule: result for result in basis.results}
    if not all(_tells(check, before.get(check.rule)) for check in wanted):
        return None
    rows = int(scalar(connection, f"select count(*) from {contract.ref.in_domain}"))
    change = basis.change
    gone = _of_rows(connection, wanted, change.removed) if change else {}
    come = _of_rows(connection, wanted, change.added) if change else {}
    counts = []
    for check in wanted:
        if check.count == _ALL:
            counts.append(rows)
        elif check.exact is None:
            known = before[check.rule].failed_rows
            counts.append(known - gone.get(check.rule, 0) + come.get(check.rule, 0))
        else:
            repeats = change and _repeats(connection, contract, check, change)
            counts.append(int(scalar(connection, check.exact)) if repeats else 0)
    return rows, iter(counts)


_ALL = "count(*)"


def _tells(check: SqlCheck, before: CheckResult | None) -> bool:
    """Whether what was found before, and the rows that changed, say what is to be found now."""
    if check.count == _ALL:
        return True
    if before is None or not before.counts_rows:
        return False
    return bool(check.failing) if check.exact is None else not before.failed_rows


def _of_rows(
    connection: duckdb.DuckDBPyConnection, wanted: Sequence[SqlCheck], relation: str
) -> dict[str, int]:
    """By rule: how many of some rows break it, of the rules about single rows."""
    checks = [check for check in wanted if check.exact is None and check.count != _ALL]
    if not checks:
        return {}
    counts = ", ".join(check.count for check in checks)
    (found,) = connection.execute(f"select {counts} from {relation}").fetchall()
    return {check.rule: int(count) for check, count in zip(checks, found, strict=True)}


def _repeats(
    connection: duckdb.DuckDBPyConnection, contract: Contract, check: SqlCheck, change: RowChange
) -> bool:
    """Whether rows that came have a key that the table has twice, or may have."""
    same = " and ".join(
        f"t.{quoted(name)} is not distinct from n.{quoted(name)}" for name in check.columns
    )
    table = contract.ref.in_domain
    of_key = f"select t.* from {table} as t semi join {change.added} as n on {same}"
    return bool(scalar(connection, f"select {check.count} from ({of_key})"))


def orphaned_since(
    connection: duckdb.DuckDBPyConnection, contract: Contract, link: Relationship, basis: Basis
) -> int | None:
    """How many rows refer to nothing; None where that is not known."""
    before = next((r for r in basis.results if r.rule == link.name), None)
    target = link.target
    if before is None or target not in basis.targets:
        return None
    # A count of quarantined rows says nothing about those in the table; none of them is an orphan.
    if before.failed_rows and not before.quarantined:
        return None
    failing = reference_check(contract, link).failing
    table, change, lost = contract.ref.in_domain, basis.change, basis.targets[target]
    if lost is None:
        if change is None:
            return 0
        return int(
            scalar(connection, f"select count(*) from {change.added} as here where {failing}")
        )
    pairs = list(zip(link.columns, link.target_columns, strict=True))
    named = [f"select {', '.join(quoted(there) for _, there in pairs)} from {lost.removed}"]
    if change:
        named.append(f"select {', '.join(quoted(here) for here, _ in pairs)} from {change.added}")
    columns = ", ".join(f"here.{quoted(name)}" for name, _ in pairs)
    wanted = f"({columns}) in ({' union '.join(named)})"
    return int(
        scalar(connection, f"select count(*) from {table} as here where {wanted} and {failing}")
    )
