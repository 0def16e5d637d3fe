"""What the report says of a lake: read once, through the public API, before anything is drawn."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from carms_lake.errors import QueryRefused

if TYPE_CHECKING:
    from carms_lake import Contract, Lake
    from carms_lake.api import Contracts

SAMPLE = 1_000
"""The statistics of a column are of so many rows, the first ones of its table."""

_HAS_ENDS = {"integer", "number", "date", "timestamp"}
"""Logical types whose lowest and highest value say something."""

Edge = tuple[str, str]


@dataclass(frozen=True)
class Statistics:
    """Of a column, in the sample of its table."""

    rows: int
    filled: int
    distinct: int
    """An estimate, by HyperLogLog; of a key it is exact."""
    low: str | None = None
    """Only of numbers and days in gold that are public."""
    high: str | None = None


@dataclass(frozen=True)
class Facts:
    """A lake as its last run left it."""

    domain: str
    at: datetime | None
    """When the last run ended (UTC); None where there was none. The report has no other clock."""
    status: Any
    contracts: Contracts
    operations: frozenset[str]
    """The tables of operations in the lake: `runs`, `scorecard` and so on."""
    reads: tuple[Edge, ...]
    """Which table reads which, as of the last publish: (what reads, what is read)."""
    statistics: Mapping[str, Mapping[str, Statistics]]
    """By table and column."""
    service: Mapping[str, Any] | None
    """What `carms serve` counted; None where it never ran here."""
    people: frozenset[str] | None
    """The tables whose values are shown to nobody; None where nothing that has values is shown."""

    @property
    def is_published(self) -> bool:
        """Whether there is a gold file to read."""
        return self.status.gold_run_id is not None


def read_facts(lake: Lake, *, with_samples: bool = False) -> Facts:
    """The facts of a lake; values of records are read only `with_samples`.

    Raises:
        LakeError: the lake or a contract cannot be read.
    """
    contracts = lake.contracts
    # The status reads files in Python, what follows waits for DuckDB.
    with ThreadPoolExecutor(1) as pool:
        status = pool.submit(lake.status)
        there = lake.query("SELECT table_schema, table_name FROM information_schema.tables")
        names = [f"{schema}.{table}" for schema, table in there.iter_rows()]
        operations = frozenset(n.removeprefix("ops.") for n in names if n.startswith("ops."))
        sampled = [
            c for n, c in contracts.items() if n in names and c.kind == "table" and c.columns
        ]
        return Facts(
            domain=lake.config.domain.name,
            at=_last_end(lake) if "runs" in operations else None,
            contracts=contracts,
            operations=operations,
            reads=_reads(lake) if "lineage" in operations else (),
            statistics=_statistics(lake, sampled),
            service=_service(lake),
            people=lake.tables_about_people() if with_samples else None,
            status=status.result(),
        )


def _last_end(lake: Lake) -> datetime | None:
    rows = lake.query(
        "SELECT started_at, seconds FROM ops.runs ORDER BY run_id DESC LIMIT 1"
    ).rows()
    if not rows:
        return None
    began: datetime = rows[0][0]
    return began.replace(tzinfo=UTC) + timedelta(seconds=rows[0][1] or 0)


def _service(lake: Lake) -> Mapping[str, Any] | None:
    try:
        found = json.loads(lake.config.service_counts.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and found.get("routes") else None


def _reads(lake: Lake) -> tuple[Edge, ...]:
    rows = lake.query(
        "SELECT DISTINCT layer || '.' || table_name, reads_layer || '.' || reads_table "
        "FROM ops.lineage WHERE run_id = (SELECT max(run_id) FROM ops.lineage) ORDER BY ALL"
    ).rows()
    return tuple((str(one), str(other)) for one, other in rows)


def _statistics(lake: Lake, contracts: Sequence[Contract]) -> dict[str, dict[str, Statistics]]:
    """One short statement for all tables: to parse and begin one costs more than to read rows."""
    if not contracts:
        return {}
    selects = " UNION ALL ".join(_sampled(contract) for contract in contracts)
    try:
        measured = {name: json.loads(counts) for name, counts in lake.query(selects).rows()}
    except QueryRefused:  # a table that was built under another contract has none of its columns
        return {}
    return {
        contract.ref.in_domain: _of_columns(contract, measured[contract.ref.in_domain])
        for contract in contracts
    }


def _of_columns(contract: Contract, counts: Mapping[str, Any]) -> dict[str, Statistics]:
    found = {}
    for column in contract.columns:
        filled = counts.get(f"filled.{column.name}")
        if filled is None:  # the table was built before its contract had the column
            continue
        # An estimate can exceed the number of values, and a key has one in each row.
        is_key = column.unique or contract.primary_key == (column.name,)
        distinct = filled if is_key else min(counts[f"distinct.{column.name}"], filled)
        low, high = (counts.get(f"{end}.{column.name}") for end in ("low", "high"))
        found[column.name] = Statistics(counts["rows"], filled, distinct, low, high)
    return found


def _present(names: Sequence[str]) -> str:
    """Those of the columns that the table has."""
    return f"COLUMNS(c -> list_contains({names}, c))"


def _sampled(contract: Contract) -> str:
    """A table's counts as one JSON object, `filled.<column>` and so on."""
    name = contract.ref.in_domain
    names = list(contract.column_names)
    # Bronze and silver may hold what only another contract classifies; gold is published.
    public = [c for c in contract.columns if name.startswith("gold.") and not c.is_private]
    ends = [column.name for column in public if column.type.logical in _HAS_ENDS]
    measures = [
        f'count({_present(names)}) AS "filled.\\0"',
        f'approx_count_distinct({_present(names)}) AS "distinct.\\0"',
    ]
    if ends:
        measures += [
            f'{function}({_present(ends)})::VARCHAR AS "{end}.\\0"'
            for function, end in (("min", "low"), ("max", "high"))
        ]
    return (
        f"SELECT '{name}', to_json(counted) FROM (SELECT count(*) AS \"rows\", "  # noqa: S608 - names of contracts
        f"{', '.join(measures)} FROM (FROM {name} LIMIT {SAMPLE})) AS counted"
    )
