"""How good each table is in each dimension of quality, from its checks and its rejects.

Rejected and quarantined rows count as bad: a table whose source was bad does not look good because
its bad rows were removed.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from carms_lake.contract.limits import Dimension
from carms_lake.contract.model import Contract
from carms_lake.names import Layer, TableRef
from carms_lake.quality.constraints import constraints
from carms_lake.quality.reconciliation import OF_REASON
from carms_lake.records import CheckResult, Score


@dataclass(frozen=True)
class RejectCounts:
    """Rejected or quarantined rows of one table: in all, and for a reason of each dimension."""

    rows: int
    by_dimension: Mapping[str, int]


def reject_counts(rejects: pl.DataFrame) -> dict[tuple[str, str], RejectCounts]:
    """Rejects by (layer, table); a row with several reasons counts once in a dimension."""
    code = pl.element().struct.field("code")
    dimension = code.replace_strict(
        {code: str(dimension) for code, dimension in OF_REASON.items()},
        default=str(Dimension.CONFORMITY),
        return_dtype=pl.String,
    )
    found = rejects.select(
        "layer", "table_name", pl.col("reasons").list.eval(dimension).list.unique().alias("of")
    )
    counted = found.group_by("layer", "table_name").len()
    by_dimension = found.explode("of").group_by("layer", "table_name", "of").len()
    parts: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for layer, table, name, count in by_dimension.rows():
        parts[layer, table][name] = count
    return {
        (layer, table): RejectCounts(count, parts[layer, table])
        for layer, table, count in counted.rows()
    }


def scores(
    contracts: Iterable[Contract],
    results: Sequence[CheckResult],
    rows: Mapping[TableRef, int],
    rejects: Mapping[tuple[str, str], RejectCounts],
) -> list[Score]:
    """One score per table and dimension that has a rule or a reject.

    `rows` has the tables' own rows. The score is the share of rows that are good, of those in the
    table and rejected from it (a row that breaks two rules counts twice), times the share of the
    rules about the whole table that hold.
    """
    by_table: dict[TableRef, list[CheckResult]] = defaultdict(list)
    for result in results:
        by_table[result.table].append(result)
    found: list[Score] = []
    for contract in contracts:
        ref = contract.ref
        kept = rejects.get((str(ref.layer), ref.table), RejectCounts(0, {}))
        for dimension in Dimension:
            own = [result for result in by_table[ref] if result.dimension == dimension]
            rules = len(own)
            if ref.layer is Layer.BRONZE:
                kept_rules = [c for c in constraints(contract) if c.kind != "relationship"]
                rules += sum(c.dimension == dimension for c in kept_rules)
            of_dimension = kept.by_dimension.get(dimension, 0)
            if not rules and not of_dimension:
                continue
            in_table = sum(r.failed_rows for r in own if r.counts_rows and not r.quarantined)
            # A rule about the whole table has no share of rows: it holds or it does not.
            whole = [result.passed for result in own if not result.counts_rows]
            total = rows.get(ref, 0) + kept.rows
            share = 1 - min(1.0, (in_table + of_dimension) / total) if total else 1.0
            held = sum(whole) / len(whole) if whole else 1.0
            found.append(
                Score(
                    table=ref,
                    dimension=dimension,
                    rules=rules,
                    rules_failed=sum(not result.passed for result in own),
                    rows=total,
                    failed_rows=in_table + of_dimension,
                    set_aside=of_dimension,
                    score_pct=round(100 * share * held, 2),
                )
            )
    return found


def field_coverage(run_id: str, contract: Contract, rows: pl.DataFrame) -> list[dict[str, Any]]:
    """How many rows have each extracted field, in all and by the groups that the contract names."""
    fields = [column.name for column in contract.columns if column.coverage]
    groups: list[tuple[str, pl.DataFrame]] = [("all", rows)]
    for column in contract.coverage_by:
        parts = sorted(rows.group_by(column), key=lambda group: str(group[0]))
        groups += [(str(name[0]), part) for name, part in parts]
    return [
        {
            "run_id": run_id,
            "layer": str(contract.ref.layer),
            "table_name": contract.ref.table,
            "column_name": field,
            "group_name": name,
            "filled": filled,
            "total": part.height,
            "coverage_pct": round(100 * filled / part.height, 2) if part.height else 0.0,
        }
        for field in fields
        for name, part in groups
        for filled in (part[field].count(),)
    ]
