"""Rows that must be rejected: each has one bad cell, and a code that says why."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

if TYPE_CHECKING:
    from carms_lake.domains.ticketing.synthetic.plan import Plan

_SHARE = 0.0005


class Fault(NamedTuple):
    """A cell that no contract lets through."""

    column: str
    text: str
    code: str


_NO_DAY = "2025-02-30T10:00:00"
_NO_HOUR = "2025-02-11T24:30:00"
_AMOUNTS = ("12,50", "1.2.3", "USD 5", "$1,00.00", "(5.00")
_NO_MOMENT = [(text, "TYPE_MISMATCH") for text in (_NO_DAY, _NO_HOUR, "yesterday")]
_NO_AMOUNT = [(text, "PATTERN_MISMATCH") for text in _AMOUNTS]
_NO_ID = [("", "REQUIRED_NULL"), (" N/A ", "REQUIRED_NULL"), ("a\0b", "PATTERN_MISMATCH")]

FAULTS: dict[str, list[Fault]] = {
    source: [Fault(column, *bad) for column, cells in columns.items() for bad in cells]
    for source, columns in {
        "accounts": {"account_id": _NO_ID, "created_at": _NO_MOMENT},
        "events": {"event_id": _NO_ID},
        "showtimes": {"showtime_id": _NO_ID, "start_at": _NO_MOMENT},
        "orders": {"total_amount": _NO_AMOUNT, "order_id": _NO_ID, "created_at": _NO_MOMENT},
        "transactions": {
            "amount": _NO_AMOUNT,
            "transaction_id": _NO_ID,
            "occurred_at": _NO_MOMENT,
        },
        "pages": {"page_id": _NO_ID, "occurred_at": _NO_MOMENT},
        "identity_merges": {"from_customer_id": _NO_ID, "merged_at": _NO_MOMENT},
    }.items()
}


def faulty(
    plan: Plan, source: str, delivery: int, sound: pl.DataFrame
) -> tuple[pl.DataFrame, list[Fault]]:
    """Faulty rows, made of sound ones as text, and the fault of each; their ids are of no other."""
    count = min(plan.every(sound.height, _SHARE, 1), sound.height)
    kinds = FAULTS[source]
    # Every batch begins with another kind, so that small batches together have all of them.
    planted = [kinds[(delivery * 3 + place) % len(kinds)] for place in range(count)]
    rows = sound.head(count).to_dicts()
    key = sound.columns[0]
    for place, (row, fault) in enumerate(zip(rows, planted, strict=True)):
        row[key] = f"faulty_{source}_{delivery}_{place}"
        row[fault.column] = fault.text
    return pl.DataFrame(rows, schema=sound.schema), planted
