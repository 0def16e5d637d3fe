"""Order lines as CSV to a typed Delta table and a table of rejects: the fastest way that was found.

`python benchmarks/reference_csv.py DIR OUT` reads `DIR/orders_lines/**/*.csv` and writes the Delta
table `OUT/orders_lines` and `OUT/rejects.parquet`. `carms ingest` is measured against it.

One streaming pass of Polars over the lines of all files, two sinks. A line is cut at its commas
into one field more than the header has: a field that is missing is null and an empty one is not, so
short and surplus records show for nothing, the line's number is the record's, and the raw text is
at hand. Parsing the CSV with Polars' own reader is no faster, and it pads short records with nulls.

Like the product it finds records with too few or too many fields, cells that are no value of their
column's type (nothing is rounded or trimmed; `1_000` and `5.6` are no integers) and says which
column, and empty keys; keeps the raw text of what it sets aside; and gives each row its number in
its file, the hash of its fields (the one piece of code that it shares with the product), its file,
its run and its time.

What it does NOT do, and `carms ingest` does:

* contracts: columns, types, keys and the dialect stand in this file; headers are not even looked at
* quoted fields, blank lines, other encodings; bytes that are not UTF-8 fail the whole run
* reasons with values and messages; patterns, enums and bounds
* knowing files again: no manifest, no sha256, no copies, no file that grows while it is read
* replacing a file's rows, deliveries of snapshots, a second run
* crash safety: what a killed run leaves is half a folder
* conservation: records are not counted on a second way and held against the result
"""

from __future__ import annotations

import shutil
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
from deltalake import Field, Schema
from deltalake.schema import PrimitiveType
from deltalake.transaction import AddAction, create_table_with_add_actions

from carms_lake.quality.rejected import row_hash

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TYPES: dict[str, pl.DataType] = {
    "order_id": pl.Int64(),
    "line_number": pl.Int32(),
    "product_id": pl.Int64(),
    "qty": pl.Int32(),
    "unit_price": pl.Decimal(12, 4),
    "line_discount_pct": pl.Decimal(5, 4),
    "tax_pct": pl.Decimal(5, 4),
}
KEYS = ("order_id", "line_number")
_DELTA_TYPES = {
    "order_id": "long",
    "line_number": "integer",
    "product_id": "long",
    "qty": "integer",
    "unit_price": "decimal(12,4)",
    "line_discount_pct": "decimal(5,4)",
    "tax_pct": "decimal(5,4)",
    "ingestion_ts": "timestamp",
    "src_filename": "string",
    "src_row_number": "long",
    "src_row_hash": "binary",
    "run_id": "string",
}
_WIDE = pl.Decimal(38, 12)
_TYPED = "typed."
_SURPLUS = "surplus"


def main() -> int:
    """Read the files."""
    source, out = Path(sys.argv[1]), Path(sys.argv[2])
    good, rejected = ingest(source, out)
    print(f"{good} rows, {rejected} rejects")
    return 0


def ingest(source: Path, out: Path) -> tuple[int, int]:
    """Read all order lines below `source` into `out`, which is made anew; how many rows, rejects.

    Raises:
        FileNotFoundError: there are none.
    """
    files = sorted((source / "orders_lines").rglob("*.csv"))
    if not files:
        raise FileNotFoundError(f"no CSV below {source / 'orders_lines'}")
    shutil.rmtree(out, ignore_errors=True)
    table = out / "orders_lines"
    table.mkdir(parents=True)
    data, rejects = table / f"part-{uuid.uuid4()}.parquet", out / "rejects.parquet"
    judged = _judged(_fields(files, source))
    pl.collect_all(
        [
            _accepted(judged).sink_parquet(data, compression="zstd", lazy=True),
            _rejected(judged).sink_parquet(rejects, lazy=True),
        ],
        engine="streaming",
    )
    rows = _height(data)
    create_table_with_add_actions(
        str(table),
        Schema([Field(name, PrimitiveType(kind)) for name, kind in _DELTA_TYPES.items()]),
        [
            AddAction(
                path=data.name,
                size=data.stat().st_size,
                partition_values={},
                modification_time=int(data.stat().st_mtime * 1000),
                data_change=True,
                stats=f'{{"numRecords": {rows}}}',
            )
        ],
    )
    return rows, _height(rejects)


def _fields(files: Sequence[Path], source: Path) -> pl.LazyFrame:
    """One row per record: its file, its number, its text and its fields; an empty one is null.

    `src_fields` is -1 where there are too few, 1 where there are too many, else 0.
    """
    lines = pl.concat(
        pl.scan_lines(file, name="raw_record", row_index_name="src_row_number").with_columns(
            src_filename=pl.lit(file.relative_to(source).as_posix())
        )
        for file in files
    ).filter(pl.col("src_row_number") > 0)
    names = list(TYPES)
    cut = pl.col("raw_record").str.split_exact(",", len(names))
    found = lines.with_columns(cut.struct.rename_fields([*names, _SURPLUS]).alias("cut"))
    fields = found.unnest("cut").with_columns(
        pl.when(pl.col(_SURPLUS).is_not_null())
        .then(1)
        .when(pl.col(names[-1]).is_null())
        .then(-1)
        .otherwise(0)
        .alias("src_fields")
    )
    return fields.with_columns(pl.when(pl.col(name) != "").then(pl.col(name)) for name in names)


def _judged(fields: pl.LazyFrame) -> pl.LazyFrame:
    """The fields typed, each beside its text, and whether the record is set aside."""
    typed = fields.with_columns(_typed(name).alias(_TYPED + name) for name in TYPES)
    is_missing = [pl.col(name).is_null() for name in KEYS]
    return typed.with_columns(
        is_bad=pl.any_horizontal(
            pl.col("src_fields") != 0, *(_mismatch(name) for name in TYPES), *is_missing
        )
    )


def _typed(name: str) -> pl.Expr:
    text, target = pl.col(name), TYPES[name]
    if not target.is_decimal():
        return text.cast(target, strict=False)
    # Polars rounds what has more digits than the scale, so the value is held against a wide one.
    value = text.cast(target, strict=False)
    is_exact = (text.cast(_WIDE, strict=False) == value) & ~text.str.contains("[eE]")
    return pl.when(is_exact).then(value)


def _mismatch(name: str) -> pl.Expr:
    return pl.col(_TYPED + name).is_null() & pl.col(name).is_not_null()


def _accepted(judged: pl.LazyFrame) -> pl.LazyFrame:
    return judged.filter(~pl.col("is_bad")).select(
        *(pl.col(_TYPED + name).alias(name) for name in TYPES),
        pl.lit(datetime.now(UTC)).dt.cast_time_unit("us").alias("ingestion_ts"),
        "src_filename",
        pl.col("src_row_number").cast(pl.Int64),
        row_hash(list(TYPES)).alias("src_row_hash"),
        pl.lit(uuid.uuid4().hex).alias("run_id"),
    )


def _rejected(judged: pl.LazyFrame) -> pl.LazyFrame:
    """One row per record set aside: where it stands, its text, and what is wrong with it."""
    laid_out = pl.col("src_fields") == 0
    return judged.filter("is_bad").select(
        "src_filename",
        pl.col("src_row_number").cast(pl.Int64),
        "raw_record",
        "src_fields",
        _named({name: _mismatch(name) & laid_out for name in TYPES}).alias("mismatched"),
        _named({name: pl.col(name).is_null() & laid_out for name in KEYS}).alias("missing"),
    )


def _named(found: Mapping[str, pl.Expr]) -> pl.Expr:
    """The names under which the expression is true."""
    names = [pl.when(is_found).then(pl.lit(name)) for name, is_found in found.items()]
    return pl.concat_list(names).list.drop_nulls()


def _height(path: Path) -> int:
    return int(pl.scan_parquet(path).select(pl.len()).collect().item())


if __name__ == "__main__":
    sys.exit(main())
