"""Rejected records: raw text, reasons, the hash that identifies a record, a row of the store.

Reasons are built for rejected rows only; for all rows they would cost three times the rest.
"""

import sys
from array import array
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl
import polars_hash as plh
import pyarrow as pa

from carms_lake.contract.model import Contract, Relationship
from carms_lake.names import (
    DELIVERY_ID,
    INGESTION_TS,
    RUN_ID,
    SRC_EXTRA,
    SRC_FILENAME,
    SRC_ROW_HASH,
    SRC_ROW_NUMBER,
    Layer,
)
from carms_lake.quality.constraints import constraints
from carms_lake.records import CHUNK, RawTexts, ReasonCode

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
        "raw_header": pl.String(),
    }
)
"""A rejected record of bronze, or a quarantined row of silver (`row_key` is its key as JSON).

`raw_header` names what `raw_record` holds: the header line of delimited text, else the columns of
the contract that the file has, as JSON; null for silver, and for rows older than this column.
"""
VALUE_CHARACTERS = 200
"""How much of a value a reason repeats; the raw record has all of it."""
RAW = "\x00raw."
"""Before a column's name: its value as it was read. No contract column can be called so."""
BAD = "\x00bad."
_HASH_BYTES = 16
NEW_COLUMN = "record.newColumns"
DELIVERY = "\x00delivery"
"""The delivery; elsewhere than in a snapshot a column of its usual name is the contract's own."""


def with_reasons(bad: pl.DataFrame, contract: Contract, raw: Sequence[RawTexts]) -> pl.DataFrame:
    """The failing rows with `raw_record` and `reasons`; `raw` has the text of each chunk."""
    if bad.is_empty():
        return bad.with_columns(
            pl.lit(None, pl.String).alias("raw_record"),
            pl.lit(None, pl.List(REASON)).alias("reasons"),
        )
    # Texts are cut out of their chunks for rejected rows alone.
    wanted: dict[int, list[int]] = {}
    for chunk, number in bad.select(CHUNK, SRC_ROW_NUMBER).iter_rows():
        wanted.setdefault(chunk, []).append(number)
    texts = {
        (chunk, number): text
        for chunk, numbers in wanted.items()
        for number, text in raw[chunk](numbers).items()
    }
    keys = bad.select(CHUNK, SRC_ROW_NUMBER).iter_rows()
    found = pl.Series("raw_record", [texts.get(key) for key in keys], pl.String)
    return bad.with_columns(found, reasons_of(bad, contract))


def malformed_records(malformed: pl.DataFrame) -> pl.DataFrame:
    """The records that the reader could not lay out in columns, one row per record."""
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
    return (
        malformed.group_by(CHUNK, SRC_ROW_NUMBER, maintain_order=True)
        .agg(
            pl.col(SRC_FILENAME, DELIVERY, RUN_ID, INGESTION_TS, "raw_record").first(),
            reason.alias("reasons"),
        )
        .with_columns(row_hash(["raw_record"]).alias(SRC_ROW_HASH))
    )


def as_rejects(frame: pl.DataFrame, contract: Contract, headers: Sequence[str]) -> pl.DataFrame:
    """Rows with their provenance, raw record and reasons, in the columns of the reject store.

    `headers` are those of the chunks that the rows come from.
    """
    return frame.select(
        pl.lit(str(Layer.BRONZE)).alias("layer"),
        pl.lit(contract.ref.table).alias("table_name"),
        RUN_ID,
        INGESTION_TS,
        SRC_FILENAME,
        SRC_ROW_NUMBER,
        SRC_ROW_HASH,
        pl.col(DELIVERY).alias(DELIVERY_ID),
        pl.lit(None, pl.String).alias("row_key"),
        "raw_record",
        "reasons",
        pl.Series("raw_header", headers, pl.String).gather(frame[CHUNK]),
    ).cast(REJECT_SCHEMA)


def reasons_of(bad: pl.DataFrame, contract: Contract) -> pl.Series:
    """Why each row fails: a list of reasons per row, from the boolean columns of `_checked`."""
    types_first = sorted(constraints(contract), key=lambda constraint: constraint.kind != "type")
    faults = [(c.name, c.column, c.code, c.message) for c in types_first if c.columns]
    faults.append((NEW_COLUMN, SRC_EXTRA, ReasonCode.UNEXPECTED_COLUMN, "is not in the contract"))
    place = "\x00place"
    numbered = bad.with_row_index(place)
    reasons = [
        numbered.lazy()
        .filter(pl.col(BAD + name))
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
        if BAD + name in bad.columns
    ]
    found = pl.concat(reasons).group_by(place, maintain_order=True).agg("reasons").sort(place)
    return found.collect()["reasons"].cast(pl.List(REASON))


def _shown(bad: pl.DataFrame, column: str) -> pl.Expr:
    value = pl.col(RAW + column) if RAW + column in bad.columns else pl.col(column)
    dtype = bad.schema.get(value.meta.output_name())
    return _text(value, dtype).str.head(VALUE_CHARACTERS)


def row_hash(columns: Sequence[str], types: Mapping[str, pl.DataType] | None = None) -> pl.Expr:
    """The hash of each row over the named columns: the same for the same record, never null.

    XXH3, 128 bits, in its canonical (big-endian) form, over the fields as UTF-8 text in file order,
    joined by U+001F; a null is U+001E. An integer has no leading zeros; a date is ISO 8601. Columns
    that the contract drops and columns taken from the path do not count. Lists, where `types` says
    so, are JSON; bytes are hexadecimal digits.
    """
    known = types or {}
    fields = [_text(pl.col(name), known.get(name)).fill_null("\x1e") for name in columns]
    joined = pl.concat_str(fields, separator="\x1f") if fields else pl.lit("")
    number = plh.concat_str(joined).nchash.xxh3_128()
    return number.map_batches(_big_endian, return_dtype=pl.Binary, is_elementwise=True)


def _text(value: pl.Expr, dtype: pl.DataType | None) -> pl.Expr:
    if dtype is not None and dtype.is_nested():
        as_json = pl.struct(_without_bytes(value, dtype).alias("v")).struct.json_encode()
        text = as_json.str.strip_prefix('{"v":').str.strip_suffix("}")
        return pl.when(value.is_not_null()).then(text)
    return _without_bytes(value, dtype).cast(pl.String)


def _without_bytes(value: pl.Expr, dtype: pl.DataType | None) -> pl.Expr:
    """Bytes, also in lists, as hexadecimal digits: they have no other text."""
    if isinstance(dtype, pl.List):
        inner = pl.Series(dtype=dtype.inner).dtype
        return value.list.eval(_without_bytes(pl.element(), inner))
    return value.bin.encode("hex") if dtype == pl.Binary else value


def _big_endian(numbers: pl.Series) -> pl.Series:
    """The 16 bytes of each number: a view of them, where a text of hex digits costs five times."""
    number, half = pl.col(numbers.name), pl.lit(1 << 64, pl.UInt128)
    halves = numbers.to_frame().select(
        pl.concat_arr((number // half).cast(pl.UInt64), (number % half).cast(pl.UInt64))
    )
    there = halves.to_series().explode().rechunk().to_arrow()
    words = array("Q")
    begin = there.offset * words.itemsize
    words.frombytes(memoryview(there.buffers()[1])[begin : begin + len(numbers) * _HASH_BYTES])
    if sys.byteorder == "little":
        words.byteswap()
    values = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(_HASH_BYTES), len(numbers), [None, pa.py_buffer(words)]
    )
    return pl.Series(numbers.name, values, dtype=pl.Binary)


def of_run(rejects: pl.DataFrame, run_id: str, at: datetime) -> pl.DataFrame:
    """Rejects in the columns of the store, as those of a run that began at a moment.

    They count only under the run that last read their file, or made their table.
    """
    found = rejects.with_columns(
        pl.lit(run_id).alias(RUN_ID), pl.lit(at, REJECT_SCHEMA[INGESTION_TS]).alias(INGESTION_TS)
    )
    return found.match_to_schema(REJECT_SCHEMA, missing_columns="insert", extra_columns="ignore")


_PLACE = "\x00place"
IN_QUARANTINE = "where its row is quarantined"
"""How the message of an unknown reference ends if what it refers to is in quarantine itself."""


def with_chains(rejects: pl.DataFrame, contracts: Iterable[Contract]) -> pl.DataFrame:
    """Rejects of all tables; an orphan whose parent is quarantined says so in its message.

    It is found on reading: a parent may come into quarantine without a build of the child.
    """
    found = rejects.with_row_index(_PLACE)
    silver = found.filter(pl.col("layer") == Layer.SILVER)
    places: dict[int, set[str]] = {}
    for contract in contracts:
        for link in contract.relationships:
            for place in _chained(silver, contract, link) if link.quarantine else ():
                places.setdefault(place, set()).add(link.name)
    if not places:
        return rejects
    explained = found.filter(pl.col(_PLACE).is_in(list(places)))
    reasons = [
        [_with_chain(reason, places[place]) for reason in row]
        for place, row in explained.select(_PLACE, "reasons").iter_rows()
    ]
    explained = explained.with_columns(pl.Series("reasons", reasons, pl.List(REASON)))
    others = found.join(explained, on=_PLACE, how="anti")
    return pl.concat([others, explained]).sort(_PLACE).drop(_PLACE)


def _chained(silver: pl.DataFrame, contract: Contract, link: Relationship) -> pl.Series:
    """The places of a table's orphans that refer to a quarantined row of the target."""
    reason = pl.element().struct
    is_orphan = (reason.field("code") == ReasonCode.UNKNOWN_REFERENCE) & (
        reason.field("rule") == link.name
    )
    orphans = silver.filter(
        pl.col("table_name") == contract.ref.table,
        pl.col("reasons").list.eval(is_orphan).list.any(),
    )
    parents = silver.filter(pl.col("table_name") == link.target.table)
    keys = [f"{_PLACE}.{number}" for number in range(len(link.columns))]
    return orphans.select(_PLACE, *_texts(link.columns, keys)).join(
        parents.select(_texts(link.target_columns, keys)), on=keys, how="semi"
    )[_PLACE]


def _texts(columns: Sequence[str], names: Sequence[str]) -> list[pl.Expr]:
    raw = pl.col("raw_record").str
    pairs = zip(columns, names, strict=True)
    return [raw.json_path_match(f"$.{column}").alias(name) for column, name in pairs]


def _with_chain(reason: dict[str, Any], rules: Collection[str]) -> dict[str, Any]:
    if reason["code"] != ReasonCode.UNKNOWN_REFERENCE or reason["rule"] not in rules:
        return reason
    return {**reason, "message": f"{reason['message']}, {IN_QUARANTINE}"}
