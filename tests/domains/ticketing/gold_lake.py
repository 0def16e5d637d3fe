"""A gold file of the ticketing domain made from silver rows that stand in a test."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from domains.ticketing.frames import KIT, contracts, silver

from carms_lake.domains.ticketing.identity import cycles, resolved
from carms_lake.names import Layer
from carms_lake.quality.audit import audit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb
    from domains.kit import Row, Rows


def account(account_id: str = "acc_1", **rest: Any) -> Row:
    """A row of silver.account."""
    return {"account_id": account_id, "email": "ann@example.org", **rest}


def event(event_id: str = "evt_1", **rest: Any) -> Row:
    """A row of silver.event."""
    return {"event_id": event_id, "name": f"Show {event_id}", "slug": event_id, **rest}


def showtime(showtime_id: str = "st_1", **rest: Any) -> Row:
    """A row of silver.showtime, of the first show."""
    return {"showtime_id": showtime_id, "event_id": "evt_1", **rest}


def order(order_id: str = "ord_1", **rest: Any) -> Row:
    """A row of silver.ticket_order, of the first account and performance, for 100.00."""
    row = {
        "order_id": order_id, "account_id": "acc_1", "showtime_id": "st_1",
        "ordered_at": "2025-01-15 10:00:00+00", "total_amount": "100.00",
    }  # fmt: skip
    return {**row, **rest}


def payment(amount: str, order_id: str = "ord_1", **rest: Any) -> Row:
    """A row of silver.payment; its id is made of what it says."""
    row = {
        "transaction_id": f"txn_{order_id}_{amount}", "order_id": order_id, "amount": amount,
        "occurred_at": "2025-01-15 10:01:00+00",
    }  # fmt: skip
    return {**row, **rest}


def page(page_id: str = "page_1", **rest: Any) -> Row:
    """A row of silver.page_view: somebody looked at the product page of the first show."""
    row = {
        "page_id": page_id, "page_type": "viewed_product_page", "is_known_page_type": True,
        "occurred_at": "2025-01-10 10:00:00+00", "event_id": "evt_1",
    }  # fmt: skip
    return {**row, **rest}


def merge(source: str, target: str, at: str) -> Row:
    """A row of silver.identity_merge."""
    return {
        "from_customer_id": source, "to_customer_id": target,
        "merged_at": datetime.fromisoformat(at + "+00:00"), "is_self": source == target,
    }  # fmt: skip


def theatre(**tables: list[Row]) -> Rows:
    """Silver with one account, show and performance, and these tables, which win over those."""
    known: Rows = {"account": [account()], "event": [event()], "showtime": [showtime()]}
    return {**known, **tables, **_identities(tables.get("identity_merge", []))}


def _identities(merges: list[Row]) -> Rows:
    frame = silver("identity_merge", *merges).collect()
    found = cycles(frame)
    return {
        "identity_cycle": found.to_dicts(),
        "customer_identity": resolved(frame, found).to_dicts(),
    }


@contextmanager
def gold(folder: Path, rows: Rows | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """All gold tables over these rows of silver; tables that are not given are empty."""
    with KIT.gold(rows or {}, folder=folder) as warehouse:
        yield warehouse.connection


def answers(folder: Path, rows: Rows, sql: str) -> list[tuple[Any, ...]]:
    """What gold over these rows answers, when all its promises hold."""
    with gold(folder, rows) as connection:
        checks = audit(connection, list(contracts(Layer.GOLD).values()))
        failed = [(check.rule, check.message) for check in checks if not check.passed]
        assert failed == []
        return connection.execute(sql).fetchall()
