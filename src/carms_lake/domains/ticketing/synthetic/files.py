"""Synthetic ticketing data: an initial load, batches that follow it, and the truth about both.

What a row says depends on the seed, the options and its own number. The batches hold new rows, rows
that came before, later versions of them, and what is dirty, late, unknown or wrong about real ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from carms_lake.domains.ticketing.synthetic.merges import identity_merges
from carms_lake.domains.ticketing.synthetic.plan import Draw, Plan
from carms_lake.domains.ticketing.synthetic.rows import (
    amount,
    cased,
    faulty,
    moment,
    optional,
    page_type,
    parts,
    slug,
    spelled,
    word,
)
from carms_lake.domains.ticketing.synthetic.sources import (
    accounts,
    events,
    orders,
    pages,
    showtimes,
    transactions,
)
from carms_lake.domains.ticketing.synthetic.truth import Truth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import polars as pl

    from carms_lake.domains.ticketing.synthetic.rows import Spell

    GeneratedFile = tuple[str, Iterable[object], str, dict[str, object]]
    """Path below the output folder, chunks of rows, format, the writer's options."""

_SOURCES: dict[str, tuple[Callable[[pl.DataFrame, Plan], pl.DataFrame], dict[str, Spell]]] = {
    "accounts": (accounts, {"account_id": word, "email": cased, "created_at": moment}),
    "events": (events, {"event_id": word, "name": word, "slug": slug}),
    "showtimes": (showtimes, {"showtime_id": word, "event_id": word, "start_at": moment}),
    "orders": (
        orders,
        {
            "order_id": word,
            "account_id": word,
            "showtime_id": optional,
            "created_at": moment,
            "total_amount": amount,
        },
    ),
    "transactions": (
        transactions,
        {"transaction_id": word, "order_id": word, "amount": amount, "occurred_at": moment},
    ),
    "identity_merges": (
        identity_merges,
        {"from_customer_id": word, "to_customer_id": word, "merged_at": moment},
    ),
    "pages": (
        pages,
        {
            "page_id": word,
            "account_id": optional,
            "customer_id": optional,
            "page_type": page_type,
            "occurred_at": moment,
            "event_id": optional,
            "showtime_id": optional,
        },
    ),
}
"""What the rows of each source say, and how its cells are spelled, in the columns of the file."""


def files(
    seed: int, scale: float, batches: int, anomaly_rate: float, *, disorder: bool
) -> Iterator[GeneratedFile]:
    """The files of an initial load and its batches, and the truth about them.

    In disorder, rows come in any batch, so that they refer to what comes later.
    """
    plan = Plan(seed, scale, batches, disorder, anomaly_rate)
    truth = Truth(plan)
    for source in _SOURCES:
        for delivery, name in enumerate(plan.names):
            if plan.first(source, delivery) < plan.first(source, delivery + 1):
                folder = f"incremental/{source}/{name}" if delivery else f"initial/{source}"
                rows = _rows(plan, truth, source, delivery, f"{folder}.csv")
                yield f"{folder}.csv", rows, "csv", {}
    yield "truth.json", _document(truth), "json_object", {}


def _rows(
    plan: Plan, truth: Truth, source: str, delivery: int, file: str
) -> Iterator[pl.DataFrame]:
    """The rows of a file as text; those that must be rejected come last."""
    draw_rows, cells = _SOURCES[source]
    draw, sound, record = Draw(plan.seed, source), None, 0
    for part in parts(plan, source, delivery):
        drawn = draw_rows(part, plan)
        if drawn.is_empty():
            continue
        truth.add(source, delivery, drawn)
        written = spelled(drawn, cells, draw)
        sound = written if sound is None else sound
        record += written.height
        yield written
    if sound is not None:
        bad, faults = faulty(plan, source, delivery, sound)
        for number, fault in enumerate(faults, record + 1):
            truth.reject(source, file, number, fault)
        yield bad


def _document(truth: Truth) -> Iterator[dict[str, object]]:
    """The truth, once all files are written."""
    yield truth.document()
