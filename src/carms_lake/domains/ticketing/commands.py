"""`identity`: which customer an id belongs to, now or at a moment, and the merges behind it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

from carms_lake.cli.command import (
    Argument,
    Call,
    Option,
    Target,
    Typer,
    UnknownKey,
    UsageError,
    command,
    emit,
    envelope,
    note,
)

if TYPE_CHECKING:
    import polars as pl

DOMAIN = "ticketing"
"""The command asks this domain, whichever one the project works on."""

CustomerId = Annotated[str, Argument(metavar="CUSTOMER", help="A customer id, as cust_D.")]
At = Annotated[
    str | None,
    Option(
        "--at",
        metavar="DATE",
        help="By the merges up to then: 2025-02-05, its midnight, or 2025-02-05T12:00 (UTC).",
    ),
]


app = Typer()


@command(app)
def identity(call: Call, to: Target, customer: CustomerId, at: At = None) -> None:
    """Show which customer an id belongs to.

    And the merges that led there; with `--at`, as of a moment.

    The first row is the id, the last one its canonical id.
    """
    from carms_lake.domains.ticketing import questions
    from carms_lake.flows.query import query_frame

    moment = _moment(at)
    found = query_frame(
        call.on(domain=DOMAIN).config(),
        questions.CHAIN,
        {"customer": customer.strip(), "at": moment},
    )
    if found.is_empty():
        raise UnknownKey(
            f"no merge and no page view names the customer `{customer}`",
            'ids are in `carms -d ticketing query "select * from dim_customer_identity"`',
        )
    if call.json:
        envelope(_answer(found, moment), to=to)
        return
    emit(call, found, to)
    note(call, _said(found, moment))


def _moment(text: str | None) -> datetime | None:
    """A moment in UTC, without a zone as gold keeps it; a day alone is its midnight."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(
            f"`{text}` is not a date", "write it as 2025-02-05 or 2025-02-05T12:00Z"
        ) from None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _answer(found: pl.DataFrame, moment: datetime | None) -> dict[str, Any]:
    rows = found.to_dicts()
    last = rows[-1]
    return {
        "customer_id": rows[0]["customer_id"],
        "at": moment,
        "canonical_customer_id": last["customer_id"],
        "merges": last["step"],
        "chain": [{key: row[key] for key in ("customer_id", "merged_at")} for row in rows],
        "broken_cycle": last["cycle_members"]
        and {
            "members": last["cycle_members"],
            "disregarded_into": last["disregarded_into"],
            "disregarded_at": last["disregarded_at"],
        },
    }


def _said(found: pl.DataFrame, moment: datetime | None) -> str:
    rows = found.to_dicts()
    first, last = rows[0], rows[-1]
    when = "now" if moment is None else f"at {moment:%Y-%m-%d %H:%M:%S}"
    merges = f"{last['step']} {'merge' if last['step'] == 1 else 'merges'}"
    said = f"`{first['customer_id']}` belongs to `{last['customer_id']}` {when}, by {merges}"
    if not last["step"]:
        said = f"`{first['customer_id']}` is not merged into another id {when}"
    if last["cycle_members"]:
        said += (
            f"; its merge into `{last['disregarded_into']}` at {last['disregarded_at']} made a "
            f"circle of {len(last['cycle_members'])} ids and is disregarded"
        )
    return said
