"""A batch by its contract: accepted + rejected = batch.

Reasons are built for rejected rows only; for all rows they would cost three times the rest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from carms_lake.checks.rowhash import row_hash
from carms_lake.checks.rules import Rule, row_rules
from carms_lake.checks.types import polars_type, typed
from carms_lake.errors import NotBalanced
from carms_lake.names import (
    AUDIT_COLUMNS,
    DELIVERED_AT,
    DELIVERY_COLUMNS,
    DELIVERY_ID,
    INGESTION_TS,
    RUN_ID,
    SRC_FILENAME,
    SRC_ROW_HASH,
    SRC_ROW_NUMBER,
    Layer,
)
from carms_lake.records import Batch, CheckedBatch, ReasonCode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from carms_lake.contract.model import Contract

REASON = pl.Struct(
    {
        "code": pl.String,
        "column": pl.String,
        "rule": pl.String,
        "value": pl.String,
        "message": pl.String,
    }
)
REJECT_SCHEMA = pl.Schema(
    {
        "layer": pl.String(),
        "table_name": pl.String(),
        RUN_ID: pl.String(),
        INGESTION_TS: pl.Datetime("us", "UTC"),
        SRC_FILENAME: pl.String(),
        SRC_ROW_NUMBER: pl.Int64(),
        SRC_ROW_HASH: pl.Binary(),
        DELIVERY_ID: pl.Int64(),
        "row_key": pl.String(),
        "raw_record": pl.String(),
        "reasons": pl.List(REASON),
    }
)
"""A rejected record of bronze, or a quarantined row of silver (`row_key` is its key as JSON)."""

VALUE_CHARACTERS = 200
"""How much of a value a reason repeats; the raw record has all of it."""

_RAW = "\x00raw."
"""Before a column's name: its value as it was read. No contract column can be called so."""
_BAD = "\x00bad."


@dataclass(frozen=True)
class Stamp:
    """What every row of one file in one run is stamped with."""

    run_id: str
    ingestion_ts: datetime
    delivery_id: int | None = None
    """Of a snapshot; None for sources whose files are replaced."""
    delivered_at: datetime | None = None
    """When that delivery first landed, UTC."""


def split(
    batch: Batch,
    contract: Contract,
    stamp: Stamp,
    raw_records: Callable[[Sequence[int]], dict[int, str]],
) -> CheckedBatch:
    """Split a batch into typed rows and rejects with their reasons.

    `raw_records` gives the raw text of records by their number; it is asked only where rows are
    rejected.

    Raises:
        NotBalanced: a record was lost or made; a bug.
        SourceRefused: the file changed while it was read for the second time.
    """
    found = batch.rows.collect_schema()
    fields = [name for name in found.names() if name != SRC_ROW_NUMBER]
    rules = row_rules(contract)
    checked = _checked(batch, contract, rules, fields)
    failing = [name for name in checked.collect_schema().names() if name.startswith(_BAD)]
    is_bad = pl.any_horizontal(failing) if failing else pl.lit(False)
    good, bad, count = pl.collect_all(
        [
            checked.filter(~is_bad).select(*contract.column_names, SRC_ROW_NUMBER, SRC_ROW_HASH),
            checked.filter(is_bad),
            batch.rows.select(pl.len()),
        ],
        engine="streaming",
    )
    malformed = _malformed(batch, contract, stamp)
    broken = _explained(bad, contract, rules, raw_records)
    rejected = pl.concat([malformed, _as_rejects(broken, batch.source.name, contract, stamp)])
    laid_out = int(count.item()) + malformed.height
    # What the reader counted on its own way, where it can, is the law; the frames must agree.
    records = laid_out if batch.records is None else batch.records
    if good.height + rejected.height != records:
        raise NotBalanced(
            f"`{batch.source.name}`: {records} records, but {good.height} accepted and "
            f"{rejected.height} rejected",
            "this is a bug: please report it with the file's contract",
        )
    return CheckedBatch(
        batch.source, _stamped(good, batch, contract, stamp), rejected, records, batch.notes
    )


def _checked(
    batch: Batch, contract: Contract, rules: Sequence[Rule], fields: Sequence[str]
) -> pl.LazyFrame:
    """The rows typed, with their raw values, their hash, and one boolean column per rule."""
    found = batch.rows.collect_schema()
    hashed = batch.rows.with_columns(row_hash(fields).alias(SRC_ROW_HASH))
    values: list[pl.Expr] = []
    raws: list[pl.Expr] = []
    broken: list[pl.Expr] = []
    for column in contract.columns:
        name, target = column.name, polars_type(column.type)
        if name not in fields:
            values.append(_absent(column.from_path, batch.source.name, target, name))
        elif found[name] != target:
            raws.append(pl.col(name).alias(_RAW + name))
            values.append(typed(name, found[name], column.type))
            mismatch = pl.col(_RAW + name).is_not_null() & pl.col(name).is_null()
            broken.append(mismatch.alias(f"{_BAD}{name}.type"))
    kept_raw = {expression.meta.output_name() for expression in raws}
    for rule in rules:
        if (
            rule.kind == "required"
            and rule.column not in fields
            and contract.column(rule.column).may_be_absent
        ):
            continue
        # A value of the wrong type is not a missing value: only its raw text can say which it is.
        raw = _RAW + rule.column
        told_by_raw = rule.kind == "required" and raw in kept_raw
        passes = pl.col(raw).is_not_null() if told_by_raw else rule.passes
        broken.append((~passes).fill_null(value=False).alias(_BAD + rule.name))
    return hashed.with_columns(raws).with_columns(values).with_columns(broken)


def _absent(from_path: str | None, filename: str, dtype: pl.DataType, name: str) -> pl.Expr:
    """A column that the file does not have: a part of its path, or null."""
    match = re.search(from_path, filename) if from_path else None
    return pl.lit(match[1] if match else None).cast(dtype, strict=False).alias(name)


def _stamped(good: pl.DataFrame, batch: Batch, contract: Contract, stamp: Stamp) -> pl.DataFrame:
    audited = good.with_columns(
        pl.lit(stamp.ingestion_ts, pl.Datetime("us", "UTC")).alias(INGESTION_TS),
        pl.lit(batch.source.name).alias(SRC_FILENAME),
        pl.lit(stamp.run_id).alias(RUN_ID),
        pl.lit(stamp.delivery_id, pl.Int64).alias(DELIVERY_ID),
        pl.lit(stamp.delivered_at, pl.Datetime("us", "UTC")).alias(DELIVERED_AT),
    )
    extra = DELIVERY_COLUMNS if stamp.delivery_id is not None else ()
    return audited.select(*contract.column_names, *AUDIT_COLUMNS, *extra)


def _explained(
    bad: pl.DataFrame,
    contract: Contract,
    rules: Sequence[Rule],
    raw_records: Callable[[Sequence[int]], dict[int, str]],
) -> pl.DataFrame:
    """The failing rows with `raw_record` and `reasons`."""
    numbers = bad[SRC_ROW_NUMBER].to_list()
    raw = raw_records(numbers) if numbers else {}
    texts = pl.Series("raw_record", [raw.get(number) for number in numbers], pl.String)
    reasons = (
        reasons_of(bad, contract, rules) if numbers else pl.Series("reasons", [], pl.List(REASON))
    )
    return bad.with_columns(texts, reasons)


def reasons_of(bad: pl.DataFrame, contract: Contract, rules: Sequence[Rule]) -> pl.Series:
    """Why each row fails: a list of reasons per row, from the boolean columns of `_checked`."""
    faults = [
        (f"{c.name}.type", c.name, ReasonCode.TYPE_MISMATCH, f"must be {c.type}")
        for c in contract.columns
    ]
    faults += [(rule.name, rule.column, rule.code, rule.message) for rule in rules]
    reasons = [
        pl.when(pl.col(_BAD + name)).then(
            pl.struct(
                pl.lit(str(code)).alias("code"),
                pl.lit(column).alias("column"),
                pl.lit(name).alias("rule"),
                _shown(bad, column).alias("value"),
                pl.lit(f"`{column}` {message}").alias("message"),
            )
        )
        for name, column, code, message in faults
        if _BAD + name in bad.columns
    ]
    return bad.select(pl.concat_list(reasons).list.drop_nulls().alias("reasons"))["reasons"].cast(
        pl.List(REASON)
    )


def _shown(bad: pl.DataFrame, column: str) -> pl.Expr:
    value = pl.col(_RAW + column) if _RAW + column in bad.columns else pl.col(column)
    if isinstance(bad.schema.get(column), pl.List):
        return pl.lit(None, pl.String)
    return value.cast(pl.String).str.head(VALUE_CHARACTERS)


def _malformed(batch: Batch, contract: Contract, stamp: Stamp) -> pl.DataFrame:
    """The records that the reader could not lay out in columns, one reject per record."""
    reason = pl.struct(
        pl.col("code"),
        pl.col("column"),
        pl.when(pl.col("column").is_not_null())
        .then(pl.concat_str("column", pl.lit(".type")))
        .otherwise(pl.lit("record.structure"))
        .alias("rule"),
        pl.col("value").str.head(VALUE_CHARACTERS),
        pl.col("message"),
    )
    grouped = batch.malformed.group_by(SRC_ROW_NUMBER, maintain_order=True).agg(
        pl.col("raw_record").first(), reason.alias("reasons")
    )
    hashed = grouped.with_columns(row_hash(["raw_record"]).alias(SRC_ROW_HASH))
    return _as_rejects(hashed, batch.source.name, contract, stamp)


def _as_rejects(
    frame: pl.DataFrame, filename: str, contract: Contract, stamp: Stamp
) -> pl.DataFrame:
    return frame.select(
        pl.lit(str(Layer.BRONZE)).alias("layer"),
        pl.lit(contract.ref.table).alias("table_name"),
        pl.lit(stamp.run_id).alias(RUN_ID),
        pl.lit(stamp.ingestion_ts, pl.Datetime("us", "UTC")).alias(INGESTION_TS),
        pl.lit(filename).alias(SRC_FILENAME),
        pl.col(SRC_ROW_NUMBER),
        pl.col(SRC_ROW_HASH),
        pl.lit(stamp.delivery_id, pl.Int64).alias(DELIVERY_ID),
        pl.lit(None, pl.String).alias("row_key"),
        pl.col("raw_record"),
        pl.col("reasons"),
    ).cast(REJECT_SCHEMA)
