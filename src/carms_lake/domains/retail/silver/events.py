"""Events, read out of the JSON of their records, flat or with an envelope."""

from __future__ import annotations

import polars as pl

from carms_lake.expressions import NULL_TOKENS, null_if, utc

ENVELOPE = ("event_id", "event_ts", "event_type", "user_id", "session_id")
"""What every event says of itself; the rest is its payload."""
_COLUMNS = (*ENVELOPE, "payload")

_FIELDS = pl.Struct(dict.fromkeys(ENVELOPE, pl.String))
_RECORD = pl.Struct([*_FIELDS.fields, pl.Field("envelope", _FIELDS)])

_NAMES = "|".join(ENVELOPE)
_CELL = r'" ?: ?("[ !#-\[\]-~]*"|-?[0-9]{1,15}|null)'
_USUAL = r'^(\{("envelope" ?: ?\{)?"' + ', ?"'.join(name + _CELL for name in ENVELOPE) + ")"
"""The envelope in front, in its order. The groups: all of it, whether it is nested, its values."""
_FLAT_END = r"^\s*[,}]"
_NESTED_END = r'^\}, ?"payload" ?: ?(\{[^{}]*\})\}$'
"""A payload without an object in it, and nothing else."""
_SURPRISE = rf'"(?:{_NAMES}|envelope|payload)"|\\u'
"""Behind a flat envelope: what may be a key that was taken to be in front alone."""

_ODD = "|".join([
    r"^\s*[^{\s]",  # no object at all
    rf'"(?:{_NAMES})"\s*:\s*[\[{{]',  # an object or a list where a text is expected
    r'"envelope"\s*:\s*[^{\s]',
    r"[:,\[]\s*-?\d[\d.]*[eE]",  # numbers that not every JSON reader takes
    r"[:,\[]\s*-?\d{16}",
    r"\\u00[2-7]",  # letters of a key written as escapes
])  # fmt: skip
_VALUE = r'"\s*:\s*(?:"(?:[^"\\]|\\.)*"|[-+.\w]+)\s*,?\s*'


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

    A record that is written as nearly all are is cut by a pattern, in less than half of the time
    that decoding takes; the others are decoded.
    """
    read_again = _cut(events.select("src_event")).map_batches(
        _with_others, schema=dict.fromkeys(_COLUMNS, pl.String), streamable=True
    )
    fields = [null_if(pl.col(name).str.strip_chars(), *NULL_TOKENS) for name in ENVELOPE]
    return read_again.with_columns(*fields, null_if(pl.col("payload"), ""))


def _with_others(cut: pl.DataFrame) -> pl.DataFrame:
    """The records that were cut, and the others, decoded, in their places."""
    numbered = cut.with_row_index("row")
    is_cut = pl.col("payload").is_not_null()
    others = _decoded(numbered.filter(~is_cut).select("row", "src_event"))
    both = [frame.select("row", *_COLUMNS) for frame in (numbered.filter(is_cut), others)]
    return pl.concat(both).sort("row").drop("row")


def _cut(events: pl.LazyFrame) -> pl.LazyFrame:
    """What the pattern finds in each record; a payload that is null where it finds nothing.

    A payload is empty where the record has nothing but the envelope.
    """
    record, tail = pl.col("src_event"), pl.col("tail").str
    groups = record.str.extract_groups(_USUAL)
    rest = tail.strip_chars(", \t\r\n")
    flat = pl.when(rest == "}").then(pl.lit("")).otherwise(pl.lit("{") + rest)
    is_nested = pl.col("nested").is_not_null()
    is_flat = ~is_nested & tail.contains(_FLAT_END) & ~tail.contains(_SURPRISE)
    nested = pl.when(is_nested).then(pl.col("tail")).str.extract(_NESTED_END)
    values = [pl.when(pl.col(n) != "null").then(pl.col(n).str.strip_chars('"')) for n in ENVELOPE]
    return (
        events.with_columns(groups.struct.rename_fields(["head", "nested", *ENVELOPE]).alias("cut"))
        .unnest("cut")
        .with_columns(record.str.strip_prefix(pl.col("head")).alias("tail"), *values)
        .with_columns(pl.when(is_flat).then(flat).otherwise(nested).alias("payload"))
    )


def _decoded(events: pl.DataFrame) -> pl.DataFrame:
    """The fields and the payload of records, by decoding them.

    Decoding into a struct takes a quarter of the time of one path for each field, but one value of
    another shape fails all rows; the few odd records are read by path.
    """
    record = pl.col("src_event")
    is_odd = record.str.contains(_ODD)
    plain = pl.when(~is_odd).then(record).str.json_decode(_RECORD)
    named = pl.when(record.str.contains(r'"payload"|\\u')).then(record)
    has_envelope = record.str.contains(r'"envelope"\s*:')
    return (
        events.with_columns(
            plain.alias("plain"),
            pl.when(is_odd).then(record).alias("odd"),
            named.str.json_path_match("$.payload").alias("named"),
        )
        .with_columns(
            *(_field(name).alias(name) for name in ENVELOPE),
            pl.when(pl.col("named").is_null() & ~has_envelope).then(record).alias("flat"),
        )
        .with_columns(_payload().alias("payload"))
    )


def _field(name: str) -> pl.Expr:
    decoded, odd = pl.col("plain").struct, pl.col("odd").str
    return pl.coalesce(
        decoded.field(name),
        decoded.field("envelope").struct.field(name),
        odd.json_path_match(f"$.{name}"),
        odd.json_path_match(f"$.envelope.{name}"),
    )


def _payload() -> pl.Expr:
    """The key payload; without it, the record without its envelope.

    A record is kept whole where its payload is a text, which a path gives without its quotes, and
    where a field of the envelope could have been read from something deeper in the record.
    """
    record, named, flat = pl.col("src_event"), pl.col("named"), pl.col("flat")
    is_text = record.str.contains(r'"payload"\s*:\s*"') & ~named.str.contains(r"^[\[{]")
    rest = flat.str.replace_all(rf'"(?:{_NAMES}){_VALUE}', "")
    rest = rest.str.strip_chars().str.replace(r",\s*\}$", "}")
    is_deep = flat.str.count_matches("{", literal=True) > 1
    is_unsure = pl.any_horizontal(
        (flat.str.count_matches(rf'"{name}"\s*:') > pl.col(name).is_not_null().cast(pl.UInt32))
        for name in ENVELOPE
    )
    return (
        pl.when(is_text | (is_deep & is_unsure))
        .then(record)
        .when(named.is_not_null())
        .then(named)
        .otherwise(pl.when(rest.str.contains(r"^\{\s*\}$").not_()).then(rest))
    )
