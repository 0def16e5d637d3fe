"""A gold file of the retail domain made from silver rows that stand in a test."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from domains.retail.frames import KIT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb
    from domains.kit import Row, Rows

DOMAIN = KIT.domain
contracts = KIT.contracts
FIRST = datetime(2024, 6, 1, 12)  # noqa: DTZ001 - gold keeps UTC without a zone
SECOND = datetime(2024, 7, 1, 12)  # noqa: DTZ001 - the same
THIRD = datetime(2024, 8, 1, 12)  # noqa: DTZ001 - the same

_VERSION: Row = {
    "valid_from": FIRST, "valid_to": None, "is_current": True, "is_deleted": False,
    "deleted_on": None,
}  # fmt: skip


def customer(customer_id: int = 1, **rest: Any) -> Row:
    """A row of silver.customer, who consented."""
    row = {
        "customer_id": customer_id, "natural_key": f"CUST-0000000{customer_id}",
        "first_name": "Ann", "last_name": "Lee", "email": "Ann@example.org",
        "has_valid_email": True, "phone": "+61 400 123 456", "address_line1": "1 High Street",
        "address_line2": "Flat 2", "city": "Perth", "state_region": "WA", "postcode": "6000",
        "country_code": "AU", "latitude": -31.95, "longitude": 115.86, "birth_on": date(1990, 5, 6),
        "joined_at": datetime(2020, 1, 2), "is_vip": False, "has_gdpr_consent": True,  # noqa: DTZ001
    }  # fmt: skip
    return {**row, **rest}


def customer_version(customer_id: int = 1, **rest: Any) -> Row:
    """A row of silver.customer_history: the current version of a customer, who consented."""
    return {**customer(customer_id), **_VERSION, **rest}


def identity(customer_id: int = 1, canonical: int | None = None) -> Row:
    """A row of silver.customer_identity."""
    return {"customer_id": customer_id, "canonical_customer_id": canonical or customer_id}


def product(product_id: int = 1, **rest: Any) -> Row:
    """A row of silver.product."""
    row = {
        "product_id": product_id, "sku": f"SKU-00000{product_id}", "name": f"Product {product_id}",
        "category": "Toys", "subcategory": "Games", "current_price": 10, "currency": "AUD",
        "is_discontinued": False, "has_bad_price": False, "is_discontinued_without_date": False,
    }  # fmt: skip
    return {**row, **rest}


def product_version(product_id: int = 1, **rest: Any) -> Row:
    """A row of silver.product_history: the current version of a product."""
    return {**product(product_id), **_VERSION, **rest}


def store(store_id: int = 1, **rest: Any) -> Row:
    """A row of silver.store."""
    row = {
        "store_id": store_id, "store_code": f"ST{store_id}", "name": f"Store {store_id}",
        "channel": "shop", "region": "West", "has_bad_coordinates": False,
        "has_duplicate_code": False, "is_repaired": False,
    }  # fmt: skip
    return {**row, **rest}


def order(order_id: int = 1, at: str = "2024-03-01 10:00:00", **rest: Any) -> Row:
    """A row of silver.order_header, of the first customer in the first store, in AUD."""
    moment = datetime.fromisoformat(at)
    row = {
        "order_id": order_id, "ordered_at": moment, "ordered_on": moment.date(), "customer_id": 1,
        "store_id": 1, "currency": "AUD",
    }  # fmt: skip
    return {**row, **rest}


def line(order_id: int = 1, line_number: int = 1, **rest: Any) -> Row:
    """A row of silver.order_line: one piece of the first product for 10, without tax."""
    row = {
        "order_id": order_id, "line_number": line_number, "product_id": 1, "quantity": 1,
        "unit_price": "10", "line_discount_pct": 0, "tax_pct": 0, "has_bad_quantity": False,
        "has_bad_price": False,
    }  # fmt: skip
    return {**row, **rest}


def shop(**tables: list[Row]) -> Rows:
    """Silver with one customer, product and store, and these tables, which win over those."""
    customers = tables.get("customer", [customer()])
    known: Rows = {
        "customer": customers,
        "customer_identity": [identity(row["customer_id"]) for row in customers],
        "customer_history": [{**row, **_VERSION} for row in customers],
        "product": [product()],
        "product_history": [product_version()],
        "store": [store()],
    }
    return {**known, **tables}


@contextmanager
def gold(folder: Path, silver: Rows | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """All gold tables over these rows of silver; tables that are not given are empty."""
    with KIT.gold(silver or {}, folder=folder) as warehouse:
        yield warehouse.connection
