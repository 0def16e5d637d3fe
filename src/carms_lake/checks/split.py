"""Parts of files by their contract: accepted + rejected = all their records.

Reasons are built for rejected rows only; for all rows they would cost three times the rest.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import polars as pl

from carms_lake.checks.rowhash import row_hash
from carms_lake.checks.rules import Rule, row_rules
from carms_lake.checks.types import polars_schema, polars_type, typed, typed_text
from carms_lake.contract.model import NewColumns
from carms_lake.errors import NotBalanced
from carms_lake.names import (
    DELIVERED_AT,
    DELIVERY_ID,
    INGESTION_TS,
    RUN_ID,
    SRC_EXTRA,
    SRC_FILENAME,
    SRC_REPAIR,
    SRC_ROW_HASH,
    SRC_ROW_NUMBER,
    Layer,
)
from carms_lake.records import Checked, ReasonCode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from carms_lake.contract.model import Contract
    from carms_lake.records import StampedPart

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

AUDIT_SCHEMA: Mapping[str, pl.DataType] = {
    INGESTION_TS: pl.Datetime("us", "UTC"),
    SRC_FILENAME: pl.String(),
    SRC_ROW_NUMBER: pl.Int64(),
    SRC_ROW_HASH: pl.Binary(),
    RUN_ID: pl.String(),
    SRC_REPAIR: pl.String(),
    SRC_EXTRA: pl.String(),
    DELIVERY_ID: pl.Int64(),
    DELIVERED_AT: pl.Datetime("us", "UTC"),
}
"""Every column that the engine may add to a bronze row."""

VALUE_CHARACTERS = 200
"""How much of a value a reason repeats; the raw record has all of it."""

_RAW = "\x00raw."
"""Before a column's name: its value as it was read. No contract column can be called so."""
_BAD = "\x00bad."
_IS_BAD = "\x00is_bad"
_NEW_COLUMN = "record.newColumns"
_NO_FIELDS = (SRC_ROW_NUMBER, SRC_REPAIR, SRC_EXTRA)
"""What a reader gives that is no field of the record."""

_PATH = "\x00path."
"""Before a column's name: what the file's path says of it."""


def landed_schema(contract: Contract) -> dict[str, pl.DataType]:
    """The columns of a bronze table and their types, in order."""
    audit = {name: AUDIT_SCHEMA[name] for name in contract.audit_columns}
    return {**polars_schema(contract), **audit}


def split(parts: Sequence[StampedPart], contract: Contract) -> Checked:
    """Split parts, whose rows have the same columns, into typed rows and rejects with reasons.

    Raises:
        NotBalanced: a record was lost or made; a bug.
    """
    found = parts[0].part.rows.schema
    fields = [name for name in found.names() if name not in _NO_FIELDS]
    rules = row_rules(contract)
    rows = pl.concat([_stamped(piece, contract) for piece in parts])
    checked = _checked(rows, contract, rules, fields, found).collect(engine="streaming")
    is_bad = checked[_IS_BAD]
    kept = [*contract.column_names, *contract.audit_columns]
    kept += [name for name in checked.columns if name.startswith(_PATH)]
    good = checked.select(kept) if not is_bad.any() else checked.select(kept).filter(~is_bad)
    bad = checked.filter(is_bad)
    rejected = pl.concat(
        [
            *(_malformed(piece, contract) for piece in parts if piece.part.malformed.height),
            _as_rejects(_explained(bad, contract, rules, parts), contract),
        ]
    )
    records = sum(piece.part.records for piece in parts)
    if good.height + rejected.height != records:
        names = ", ".join(sorted({f"`{piece.source.name}`" for piece in parts}))
        raise NotBalanced(
            f"{names}: {records} records, but {good.height} accepted and "
            f"{rejected.height} rejected",
            "this is a bug: please report it with the file's contract",
        )
    disagreeing = _disagreeing(good, contract)
    accepted = good.select(*contract.column_names, *contract.audit_columns)
    return Checked(accepted, rejected, disagreeing)


def _stamped(piece: StampedPart, contract: Contract) -> pl.DataFrame:
    """The rows of a part with what is the same for all of them: its stamp, and its path's parts."""
    name, rows = piece.source.name, piece.part.rows
    audit: dict[str, Any] = {
        INGESTION_TS: piece.stamp.ingestion_ts,
        SRC_FILENAME: name,
        RUN_ID: piece.stamp.run_id,
        DELIVERY_ID: piece.stamp.delivery_id,
        DELIVERED_AT: piece.stamp.delivered_at,
        SRC_REPAIR: None,
        SRC_EXTRA: None,
    }
    wanted = {*contract.audit_columns, SRC_EXTRA} - set(rows.columns)
    constants = [
        pl.lit(value, AUDIT_SCHEMA[added]).alias(added)
        for added, value in audit.items()
        if added in wanted
    ]
    for column in contract.columns:
        if column.name not in rows.columns:
            said = _said(column.from_path, name)
            constants.append(typed_text(said, column.type).alias(column.name))
        if column.agrees_with_path:
            said = _said(column.agrees_with_path, name)
            constants.append(pl.lit(said, pl.String).alias(_PATH + column.name))
    return rows.with_columns(constants)


def _said(pattern: str | None, filename: str) -> str | None:
    """What a file's path says: the group of the pattern."""
    match = re.search(pattern, filename) if pattern else None
    return match[1] if match else None


def _checked(
    rows: pl.DataFrame,
    contract: Contract,
    rules: Sequence[Rule],
    fields: Sequence[str],
    found: pl.Schema,
) -> pl.LazyFrame:
    """The rows typed, with their raw values, their hash, and one boolean column per rule."""
    hashed = rows.lazy().with_columns(row_hash(fields).alias(SRC_ROW_HASH))
    values: list[pl.Expr] = []
    raws: list[pl.Expr] = []
    broken: list[pl.Expr] = []
    for column in contract.columns:
        name, target = column.name, polars_type(column.type)
        if name in fields and found[name] != target:
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
    if contract.source and contract.source.new_columns is NewColumns.SET_ASIDE:
        broken.append(pl.col(SRC_EXTRA).is_not_null().alias(_BAD + _NEW_COLUMN))
    names = [expression.meta.output_name() for expression in broken]
    is_bad = pl.any_horizontal(names) if names else pl.lit(value=False)
    return (
        hashed.with_columns(raws)
        .with_columns(values)
        .with_columns(broken)
        .with_columns(is_bad.alias(_IS_BAD))
    )


def _disagreeing(good: pl.DataFrame, contract: Contract) -> dict[tuple[str, str], int]:
    """How many rows of each file have another value than the file's path says, by column."""
    counts: dict[tuple[str, str], int] = {}
    for column in contract.columns:
        said = _PATH + column.name
        if said not in good.columns or good[said].null_count() == good.height:
            continue
        text = pl.col(column.name).cast(pl.String)
        is_day = column.type.name in ("date", "timestamp")
        agrees = text.str.starts_with(pl.col(said)) if is_day else text == pl.col(said)
        other = good.filter(~agrees).group_by(SRC_FILENAME).len()
        counts |= {(name, column.name): count for name, count in other.iter_rows()}
    return counts


def _explained(
    bad: pl.DataFrame, contract: Contract, rules: Sequence[Rule], parts: Sequence[StampedPart]
) -> pl.DataFrame:
    """The failing rows with `raw_record` and `reasons`."""
    if bad.is_empty():
        return bad.with_columns(
            pl.lit(None, pl.String).alias("raw_record"),
            pl.lit(None, pl.List(REASON)).alias("reasons"),
        )
    wanted: dict[str, list[int]] = {}
    for name, number in bad.select(SRC_FILENAME, SRC_ROW_NUMBER).iter_rows():
        wanted.setdefault(name, []).append(number)
    raw = {
        (piece.source.name, number): text
        for piece in parts
        if piece.source.name in wanted
        for number, text in piece.part.raw_records(_within(piece, wanted)).items()
    }
    keys = bad.select(SRC_FILENAME, SRC_ROW_NUMBER).iter_rows()
    texts = pl.Series("raw_record", [raw.get(key) for key in keys], pl.String)
    return bad.with_columns(texts, reasons_of(bad, contract, rules))


def _within(piece: StampedPart, wanted: Mapping[str, Sequence[int]]) -> list[int]:
    """The wanted numbers of the part's file that can be in the part."""
    numbers = piece.part.rows[SRC_ROW_NUMBER]
    if numbers.is_empty():
        return []
    first, last = int(numbers[0]), int(numbers[-1])
    return [number for number in wanted[piece.source.name] if first <= number <= last]


def reasons_of(bad: pl.DataFrame, contract: Contract, rules: Sequence[Rule]) -> pl.Series:
    """Why each row fails: a list of reasons per row, from the boolean columns of `_checked`."""
    faults = [
        (f"{c.name}.type", c.name, ReasonCode.TYPE_MISMATCH, f"must be {c.type}")
        for c in contract.columns
    ]
    faults += [(rule.name, rule.column, rule.code, rule.message) for rule in rules]
    faults.append((_NEW_COLUMN, SRC_EXTRA, ReasonCode.UNEXPECTED_COLUMN, "is not in the contract"))
    place = "\x00place"
    numbered = bad.with_row_index(place)
    reasons = [
        numbered.lazy()
        .filter(pl.col(_BAD + name))
        .select(
            place,
            pl.struct(
                pl.lit(str(code)).alias("code"),
                pl.lit(column).alias("column"),
                pl.lit(name).alias("rule"),
                _shown(bad, column).alias("value"),
                pl.lit(f"`{column}` {message}").alias("message"),
            ).alias("reasons"),
        )
        for name, column, code, message in faults
        if _BAD + name in bad.columns
    ]
    found = pl.concat(reasons).group_by(place, maintain_order=True).agg("reasons").sort(place)
    return found.collect()["reasons"].cast(pl.List(REASON))


def _shown(bad: pl.DataFrame, column: str) -> pl.Expr:
    value = pl.col(_RAW + column) if _RAW + column in bad.columns else pl.col(column)
    if isinstance(bad.schema.get(column), pl.List):
        return pl.lit(None, pl.String)
    return value.cast(pl.String).str.head(VALUE_CHARACTERS)


def _malformed(piece: StampedPart, contract: Contract) -> pl.DataFrame:
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
    grouped = piece.part.malformed.group_by(SRC_ROW_NUMBER, maintain_order=True).agg(
        pl.col("raw_record").first(), reason.alias("reasons")
    )
    stamp = piece.stamp
    return _as_rejects(
        grouped.with_columns(
            row_hash(["raw_record"]).alias(SRC_ROW_HASH),
            pl.lit(stamp.run_id).alias(RUN_ID),
            pl.lit(stamp.ingestion_ts, pl.Datetime("us", "UTC")).alias(INGESTION_TS),
            pl.lit(piece.source.name).alias(SRC_FILENAME),
            pl.lit(stamp.delivery_id, pl.Int64).alias(DELIVERY_ID),
        ),
        contract,
    )


def _as_rejects(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """Rows with their stamp, raw record and reasons, in the form of the reject store."""
    no_delivery = pl.lit(None, pl.Int64).alias(DELIVERY_ID)
    return frame.select(
        pl.lit(str(Layer.BRONZE)).alias("layer"),
        pl.lit(contract.ref.table).alias("table_name"),
        RUN_ID,
        INGESTION_TS,
        SRC_FILENAME,
        SRC_ROW_NUMBER,
        SRC_ROW_HASH,
        # Elsewhere a column of that name is the contract's own.
        pl.col(DELIVERY_ID) if DELIVERY_ID in contract.audit_columns else no_delivery,
        pl.lit(None, pl.String).alias("row_key"),
        "raw_record",
        "reasons",
    ).cast(REJECT_SCHEMA)
