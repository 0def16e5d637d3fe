"""Which rows a file has: new ones, rows again, later versions, and rows that never come true.

A row is told by three numbers: `number` (which row), `state` (which version of it; the number
itself for the first) and `copy` (which time it is written: spelling is drawn from it).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from carms_lake.domains.ticketing.synthetic.draw import Draw
from carms_lake.domains.ticketing.synthetic.plan import PLACES, shifted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carms_lake.domains.ticketing.synthetic.plan import Plan

_PART = 120_000
_AGAIN_SHARE = 0.03
_ORPHAN_SHARE = 0.004
_COPY = 1 << 34
"""Above any row number: a further version or copy of a row has a number of its own."""


def parts(plan: Plan, source: str, delivery: int) -> Iterator[pl.DataFrame]:
    """The rows of a file in their order; a part may be empty."""
    spans = [(delivery, 0)]
    if source == "transactions":
        spans = [(delivery - 1, 1), (delivery, 0), (delivery + 1, -1)]
    for home, shift in spans:
        if home in plan.deliveries:
            yield from _of_span(plan, source, home, shift)
    again = _again(plan, source, delivery)
    yield pl.concat([_orphans(plan, delivery), again]) if source == "transactions" else again


def _of_span(plan: Plan, source: str, home: int, shift: int) -> Iterator[pl.DataFrame]:
    first, end = plan.first(source, home), plan.first(source, home + 1)
    for start in range(first, end, _PART):
        places = pl.int_range(start, min(start + _PART, end), eager=True)
        rows = pl.DataFrame({"number": places}).select(plan.place(source, pl.col("number")))
        if source == "transactions":
            by = shifted(plan, pl.col("number"))
            # Nothing comes before the initial load, and nothing after the last batch.
            stays = (by + home).is_between(0, plan.batches).not_()
            rows = rows.filter(pl.when(stays).then(0).otherwise(by) == shift)
        yield _numbered(rows, pl.col("number"), pl.col("number"))


def _orphans(plan: Plan, delivery: int) -> pl.DataFrame:
    """Transactions of orders that never come."""
    counts = [
        plan.every(plan.first("orders", d + 1) - plan.first("orders", d), _ORPHAN_SHARE, 1)
        for d in plan.deliveries
    ]
    before = plan.total("orders") + sum(counts[:delivery])
    orders = pl.DataFrame({"number": pl.int_range(before, before + counts[delivery], eager=True)})
    return _numbered(orders.select(pl.col("number") * PLACES), pl.col("number"), pl.col("number"))


def _again(plan: Plan, source: str, delivery: int) -> pl.DataFrame:
    """Rows that have come before, half of them as they were, the others in a later version."""
    draw = Draw(plan.seed, source)
    end = plan.first(source, delivery) or plan.first(source, 1)
    share = plan.first(source, delivery + 1) - plan.first(source, delivery)
    counted = pl.int_range(delivery * _PART, delivery * _PART + max(1, int(share * _AGAIN_SHARE)))
    places = pl.select(counted.alias("place"))
    copy = (pl.col("place") + 1) * _COPY + pl.col("number")
    changed = draw.happens("again.changed", pl.col("place"), 0.5)
    rows = places.with_columns(
        plan.place(source, draw.below("again", pl.col("place"), end)).alias("number")
    )
    return _numbered(rows, pl.when(changed).then(copy).otherwise(pl.col("number")), copy)


def _numbered(rows: pl.DataFrame, state: pl.Expr, copy: pl.Expr) -> pl.DataFrame:
    return rows.select("number", state.alias("state"), copy.alias("copy"))
