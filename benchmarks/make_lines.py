"""Order lines as CSV files, with faults, the same bytes for the same arguments.

`python benchmarks/make_lines.py --rows 1000000 --files 30 --out DIR` writes
`DIR/orders_lines/order_dt=D/part-000.csv`, one file a day, and `DIR/truth.json`: how many records
of each kind there are, and the sum of the good prices. About 0.5 % of the records have each fault;
a record has one at most.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import polars as pl

COLUMNS = (
    "order_id",
    "line_number",
    "product_id",
    "qty",
    "unit_price",
    "line_discount_pct",
    "tax_pct",
)
FIRST_DAY = date(2024, 1, 1)
_FAULTS = ("type", "short", "surplus", "empty_key")
_OF = 200
"""One record in so many has each fault."""

_BAD_CELLS = (
    ("qty", "5.6"),
    ("qty", "1_000"),
    ("product_id", "P17"),
    ("unit_price", "12.34567"),
    ("line_number", "3000000000"),
    ("tax_pct", "free"),
    ("line_discount_pct", "10.00000"),
    ("order_id", "0x1F"),
)
"""The last column's digits do not fit; 3000000000 is no 32-bit integer."""

_KEYS = ("order_id", "line_number")


@dataclass(frozen=True)
class Truth:
    """What was written."""

    rows: int
    files: int
    good: int
    faults: dict[str, int]
    bad_cells: dict[str, int]
    empty_cells: dict[str, int]
    unit_price_sum: str


def main() -> int:
    """Write the files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--files", type=int, default=30)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    print(make(options.rows, options.files, options.out))
    return 0


def make(rows: int, files: int, out: Path) -> Truth:
    """Write `rows` records in `files` files below `out`, and what is in them; keep what is there.

    The folder is taken as it is when its `truth.json` says the same rows and files.
    """
    told = out / "truth.json"
    if told.exists():
        found = Truth(**json.loads(told.read_text(encoding="utf-8")))
        if (found.rows, found.files) == (rows, files):
            return found
    parts: list[pl.DataFrame] = []
    for number in range(files):
        first, last = rows * number // files, rows * (number + 1) // files
        frame = _records(first, last)
        folder = out / "orders_lines" / f"order_dt={FIRST_DAY + timedelta(days=number)}"
        folder.mkdir(parents=True, exist_ok=True)
        text = "\n".join([",".join(COLUMNS), *frame["line"].to_list(), ""])
        (folder / "part-000.csv").write_bytes(text.encode())
        parts.append(_counted(frame))
    truth = _truth(rows, files, pl.concat(parts))
    told.write_text(json.dumps(truth.__dict__, indent=2), encoding="utf-8")
    return truth


def _records(first: int, last: int) -> pl.DataFrame:
    """Records `first` to `last`: the line, its fault, and what tells the faults apart."""
    index = pl.int_range(first, last, dtype=pl.UInt64)
    frame = pl.select(i=index).with_columns(r=_mixed(pl.col("i"), 1), s=_mixed(pl.col("i"), 2))
    cells = {
        "order_id": pl.lit(202_400_000_000, pl.UInt64) + pl.col("i") // 4,
        "line_number": pl.col("i") % 4 + 1,
        "product_id": pl.col("r") % 25_000 + 1,
        "qty": pl.col("s") % 9 + 1,
        "unit_price": _decimal(pl.col("r") // 7 % 5_000_000, 4),
        "line_discount_pct": _decimal(pl.col("s") // 11 % 4 * 500, 4),
        "tax_pct": _decimal(pl.col("r") // 13 % 3 * 500, 4),
    }
    frame = frame.with_columns(
        *(value.cast(pl.String).alias(name) for name, value in cells.items()),
        fault=_fault(_mixed(pl.col("i"), 3) % _OF),
        kind=_mixed(pl.col("i"), 4) % len(_BAD_CELLS),
    )
    price = pl.col("r") // 7 % 5_000_000
    frame = frame.with_columns(
        *(_cell(name) for name in COLUMNS),
        price=pl.when(pl.col("fault").is_null()).then(price.cast(pl.Int64)).otherwise(0),
    )
    fields = pl.concat_str([pl.col(name) for name in COLUMNS], separator=",")
    short = pl.concat_str([pl.col(name) for name in COLUMNS[:5]], separator=",")
    line = (
        pl.when(pl.col("fault") == "short")
        .then(short)
        .when(pl.col("fault") == "surplus")
        .then(fields + ",9")
        .otherwise(fields)
    )
    return frame.select(line.alias("line"), "fault", "kind", "price")


def _mixed(value: pl.Expr, salt: int) -> pl.Expr:
    """A number of 32 bits that looks drawn and depends on nothing but the value and the salt."""
    mask = pl.lit(0xFFFF_FFFF, pl.UInt64)
    for factor in (0x9E37_79B1, 0x85EB_CA77):
        value = ((value + salt * 0x2545_F491) & mask) * factor & mask
        value = value.xor(value // 32_768)
    return value & mask


def _decimal(value: pl.Expr, digits: int) -> pl.Expr:
    scale = 10**digits
    fraction = (value % scale).cast(pl.String).str.zfill(digits)
    return pl.concat_str([(value // scale).cast(pl.String), fraction], separator=".")


def _fault(drawn: pl.Expr) -> pl.Expr:
    return drawn.replace_strict(dict(enumerate(_FAULTS)), default=None, return_dtype=pl.String)


def _cell(name: str) -> pl.Expr:
    """A column's text with the faults that the record has in it."""
    value = pl.col(name)
    for kind, (column, text) in enumerate(_BAD_CELLS):
        if column == name:
            is_bad = (pl.col("fault") == "type") & (pl.col("kind") == kind)
            value = pl.when(is_bad).then(pl.lit(text)).otherwise(value)
    if name in _KEYS:
        is_empty = pl.col("kind") % len(_KEYS) == _KEYS.index(name)
        is_bad = (pl.col("fault") == "empty_key") & is_empty
        value = pl.when(is_bad).then(pl.lit("")).otherwise(value)
    return value.alias(name)


def _counted(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.group_by("fault", "kind").agg(records=pl.len(), price=pl.col("price").sum())


def _truth(rows: int, files: int, counts: pl.DataFrame) -> Truth:
    def of(fault: str) -> dict[int, int]:
        found = counts.filter(pl.col("fault") == fault).group_by("kind").agg(pl.sum("records"))
        return dict(found.iter_rows())

    types, empty = of("type"), of("empty_key")
    bad_cells = dict.fromkeys(COLUMNS, 0)
    for kind, (column, _) in enumerate(_BAD_CELLS):
        bad_cells[column] += types.get(kind, 0)
    empty_cells = {
        key: sum(n for kind, n in empty.items() if kind % len(_KEYS) == place)
        for place, key in enumerate(_KEYS)
    }
    price = int(counts["price"].sum())
    return Truth(
        rows=rows,
        files=files,
        good=int(counts.filter(pl.col("fault").is_null())["records"].sum()),
        faults={fault: sum(of(fault).values()) for fault in _FAULTS},
        bad_cells=bad_cells,
        empty_cells=empty_cells,
        unit_price_sum=f"{price // 10_000}.{price % 10_000:04d}",
    )


if __name__ == "__main__":
    sys.exit(main())
