"""Customers, products, stores, suppliers, exchange rates and holidays, now and as they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from carms_lake.expressions import natural_order, null_if_placeholder, within

if TYPE_CHECKING:
    from collections.abc import Sequence


COUNTRIES = ("AU", "GB", "US")
"""National holidays of Australia, those of all of the United Kingdom, federal ones of the US."""

YEARS = range(2015, 2036)


def holiday() -> pl.LazyFrame:
    """One row per day and country, sorted by them; names are in English, whatever the system's."""
    import holidays  # noqa: PLC0415  # 70 ms, which a build of unchanged tables does not need

    days = [
        (day, country, name)
        for country in COUNTRIES
        for day, name in holidays.country_holidays(country, years=YEARS, language="en_US").items()
    ]
    schema = {"holiday_on": pl.Date, "country_code": pl.String, "name": pl.String}
    return pl.LazyFrame(days, schema=schema, orient="row").sort("holiday_on", "country_code")


def exchange_rate(bronze_exchange_rates: pl.LazyFrame) -> pl.LazyFrame:
    """One row per row of the source."""
    return bronze_exchange_rates.select(
        pl.col("date").alias("rate_on"),
        null_if_placeholder("currency").str.to_uppercase(),
        "rate_to_aud",
    )


def store(bronze_stores: pl.LazyFrame) -> pl.LazyFrame:
    """One row per row of the source.

    Coordinates are null where one of them is impossible. All stores with one code are flagged.
    """
    code = null_if_placeholder("store_code")
    is_possible = impossible_place().not_()
    return bronze_stores.select(
        "store_id",
        *(
            null_if_placeholder(name)
            for name in ("store_code", "name", "channel", "region", "state")
        ),
        pl.when(is_possible).then("latitude").alias("latitude"),
        pl.when(is_possible).then("longitude").alias("longitude"),
        opened_on="open_dt",
        closed_on="close_dt",
        has_bad_coordinates=impossible_place(),
        has_duplicate_code=code.is_duplicated() & code.is_not_null(),
        is_repaired=pl.col("src_repair").is_not_null(),
    )


def supplier(bronze_suppliers: pl.LazyFrame) -> pl.LazyFrame:
    """One row per row of the source."""
    return bronze_suppliers.select(
        "supplier_id",
        *(null_if_placeholder(name) for name in ("supplier_code", "name", "country_code")),
        "lead_time_days",
        is_preferred="preferred",
        is_repaired=pl.col("src_repair").is_not_null(),
    )


def product(bronze_products: pl.LazyFrame) -> pl.LazyFrame:
    """One row per row of the source, with the file that has it; the contract keeps one per id."""
    return bronze_products.select(
        "product_id",
        *_described(),
        introduced_on="introduced_dt",
        discontinued_on="discontinued_dt",
        has_bad_price=not_positive("current_price"),
        is_discontinued_without_date=pl.col("is_discontinued").fill_null(value=False)
        & pl.col("discontinued_dt").is_null(),
        delivered_at="delivered_at",
        src_filename="src_filename",
    )


def product_history(bronze_products: pl.LazyFrame) -> pl.LazyFrame:
    """One row per product and moment at which a file of products arrived."""
    columns = [*_described(), pl.col("discontinued_dt").alias("discontinued_on")]
    return states(bronze_products, "product_id", columns)


def not_positive(column: str) -> pl.Expr:
    """Whether a figure that should be above zero is missing, zero or negative."""
    return (pl.col(column) > 0).not_().fill_null(value=True)


def _described() -> list[pl.Expr]:
    return [
        *(null_if_placeholder(name) for name in ("sku", "name", "category", "subcategory")),
        pl.col("current_price"),
        null_if_placeholder("currency").str.to_uppercase(),
        pl.col("is_discontinued"),
    ]


EMAIL = (
    r"^[\p{L}\p{N}!#$%&'*+/=?^_`{|}~-]+(?:\.[\p{L}\p{N}!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?\.)+\p{L}{2,63}$"
)
"""A well-formed address: no blanks, no empty part, and a domain that ends in letters."""

MAX_LATITUDE = 90
MAX_LONGITUDE = 180

_ADDRESS = (
    "address_line1",
    "address_line2",
    "city",
    "state_region",
    "postcode",
    "country_code",
)


def customer_identity(bronze_customers: pl.LazyFrame) -> pl.LazyFrame:
    """One row per row of the source, with the file that has it; the contract keeps one per id.

    Of the ids with one natural key the one that joined last is kept, of those that joined together
    the greatest. An id without a natural key is its own canonical id.
    """
    rows = bronze_customers.with_columns(null_if_placeholder("natural_key"))
    joined = pl.col("customer_id").sort_by("join_ts", "customer_id", nulls_last=False)
    kept = (
        newest(rows, "customer_id")
        .drop_nulls("natural_key")
        .group_by("natural_key")
        .agg(joined.last().alias("kept_id"))
    )
    return rows.join(kept, on="natural_key", how="left", maintain_order="left").select(
        "customer_id",
        "natural_key",
        pl.coalesce("kept_id", "customer_id").alias("canonical_customer_id"),
        "delivered_at",
        "src_filename",
    )


def customer(
    bronze_customers: pl.LazyFrame, silver_customer_identity: pl.LazyFrame
) -> pl.LazyFrame:
    """One row per kept customer id, sorted by it."""
    kept = silver_customer_identity.filter(pl.col("customer_id") == pl.col("canonical_customer_id"))
    email = null_if_placeholder("email").str.to_lowercase()
    is_possible = impossible_place().not_()
    return (
        newest(bronze_customers, "customer_id")
        .join(kept, on="customer_id", how="semi")
        .select(
            "customer_id",
            *(null_if_placeholder(name) for name in ("natural_key", "first_name", "last_name")),
            email,
            email.str.contains(EMAIL).fill_null(value=False).alias("has_valid_email"),
            null_if_placeholder("phone"),
            *(null_if_placeholder(name) for name in _ADDRESS),
            pl.when(is_possible).then("latitude").alias("latitude"),
            pl.when(is_possible).then("longitude").alias("longitude"),
            birth_on="birth_date",
            joined_at="join_ts",
            is_vip="is_vip",
            has_gdpr_consent="gdpr_consent",
        )
        .sort("customer_id")
    )


def customer_history(
    bronze_customers: pl.LazyFrame, silver_customer_identity: pl.LazyFrame
) -> pl.LazyFrame:
    """One row per customer and moment at which a file of customers arrived.

    Superseded ids have none; ids that are no longer in the source have those of their time.
    """
    superseded = silver_customer_identity.filter(
        pl.col("customer_id") != pl.col("canonical_customer_id")
    )
    columns = [
        *(null_if_placeholder(name) for name in _ADDRESS),
        pl.col("gdpr_consent").alias("has_gdpr_consent"),
        pl.col("is_vip"),
    ]
    known = bronze_customers.join(superseded, on="customer_id", how="anti")
    return states(known, "customer_id", columns)


def impossible_place() -> pl.Expr:
    """Whether latitude or longitude is not on this planet; false where both are missing."""
    return pl.any_horizontal(
        within("latitude", -MAX_LATITUDE, MAX_LATITUDE).not_(),
        within("longitude", -MAX_LONGITUDE, MAX_LONGITUDE).not_(),
    ).fill_null(value=False)


_NAME = "name_in_order"
_FILE = ("src_filename", "delivery_id", "delivered_at")


def newest(rows: pl.LazyFrame, *key: str) -> pl.LazyFrame:
    """One row per key: of several files the one delivered last, then the last by name has it.

    `10.csv` is after `9.csv`. A key that occurs more than once in that file has no row: nobody
    knows which one is right.
    """
    by = list(key)
    return (
        rows.filter(pl.col("delivered_at") == pl.col("delivered_at").max().over(by))
        .with_columns(natural_order("src_filename").alias(_NAME))
        .filter(pl.col(_NAME) == pl.col(_NAME).max().over(by))
        .drop(_NAME)
        .filter(pl.len().over(by) == 1)
    )


def states(rows: pl.LazyFrame, key: str, columns: Sequence[pl.Expr]) -> pl.LazyFrame:
    """One row per key and moment (`delivered_at`) at which a file of it was delivered.

    What was known at a moment is in the newest delivery of each file at that moment, so each
    moment has all keys that were known then. `columns` are the attributes.
    """
    deliveries = rows.select(_FILE).unique()
    known = (
        deliveries.select(pl.col("delivered_at").alias("at"))
        .unique()
        .join(deliveries, how="cross")
        .filter(pl.col("delivered_at") <= pl.col("at"))
        .filter(pl.col("delivery_id") == pl.col("delivery_id").max().over("src_filename", "at"))
        .select("src_filename", "delivery_id", "at")
    )
    held = rows.join(known, on=["src_filename", "delivery_id"])
    return (
        newest(held, key, "at")
        .select(key, pl.col("at").alias("delivered_at"), *columns)
        .sort(key, "delivered_at")
    )
