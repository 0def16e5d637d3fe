"""Customers: who an id stands for, what is known of them, and what was known before."""

from __future__ import annotations

import polars as pl

from carms_lake.domains.retail.silver.deliveries import newest, states
from carms_lake.expressions import null_if_placeholder, within

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
    the greatest. An id without a natural key stands for itself.
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
