"""Events, read out of the JSON of their records, flat or with an envelope."""

from __future__ import annotations

import polars as pl

import carms_lake
from carms_lake.expressions import NULL_TOKENS, null_if, utc

ENVELOPE = ("event_id", "event_ts", "event_type", "user_id", "session_id")
"""What every event says of itself; the rest is its payload."""

_WITHOUT = ", ".join(f'"{name}": null' for name in ENVELOPE)
"""As a patch it removes these keys (RFC 7396)."""
_PATHS = [f"$.{place}{name}" for place in ("", "envelope.") for name in ENVELOPE]
_FIELDS = ", ".join(
    f"coalesce(found[{at}], found[{at + len(ENVELOPE)}]) as {name}"
    for at, name in enumerate(ENVELOPE, start=1)
)
_READ = f"""
    with parsed as (
        select src_event, json_extract_string(src_event, {_PATHS}) as found from rows
    )
    select
        {_FIELDS},
        case
            when json_type(src_event) <> 'OBJECT' then src_event
            when json_type(src_event, '$.payload') <> 'NULL' then src_event -> '$.payload'
            when json_type(src_event, '$.envelope') = 'OBJECT'
                then nullif(json_merge_patch(src_event, '{{{_WITHOUT}, "envelope": null}}'), '{{}}')
            else nullif(json_merge_patch(src_event, '{{{_WITHOUT}}}'), '{{}}')
        end as payload
    from parsed
"""  # noqa: S608 - the names are constants


def event(bronze_events: pl.LazyFrame, silver_customer_identity: pl.LazyFrame) -> pl.LazyFrame:
    """One row per row of the source; what the record does not say is null.

    A user id that is not a number is an unknown user.
    """
    at = utc(pl.col("event_ts"))
    users = silver_customer_identity.select("customer_id", "canonical_customer_id")
    return (
        read(bronze_events.select("src_event"))
        .with_columns(pl.col("user_id").cast(pl.Int64, strict=False).alias("user"))
        .join(users, left_on="user", right_on="customer_id", how="left", maintain_order="left")
        .select(
            "event_id",
            at.alias("event_at"),
            at.dt.date().alias("event_on"),
            "event_type",
            pl.coalesce("canonical_customer_id", "user").alias("user_id"),
            "session_id",
            "payload",
            has_unknown_user=pl.col("user_id").is_not_null()
            & pl.col("canonical_customer_id").is_null(),
        )
    )


def read(events: pl.LazyFrame) -> pl.LazyFrame:
    """One row per row, in its order: the fields of its envelope as text, and its payload as JSON.

    The payload is the key `payload`; without it, the record without its envelope. DuckDB reads the
    JSON, in half of the time that a decoder of Polars takes.
    """
    schema = dict.fromkeys((*ENVELOPE, "payload"), pl.String)
    fields = [null_if(pl.col(name).str.strip_chars(), *NULL_TOKENS) for name in ENVELOPE]
    found = carms_lake.select(events.select("src_event"), _READ, schema)
    return found.with_columns(*fields)
