"""`carms ingest` of order lines against the reference, in turn, and whether both are right.

`python benchmarks/ingest_lines.py --rows 1000000 --rounds 5` makes the files (kept in `--data`),
runs both in processes of their own on an empty lake, holds the rows of each against what was
written and against each other's, hashes included, and prints what they took. `--rounds 0` only
looks whether they are right.
"""

from __future__ import annotations

import argparse
import platform
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
from make_lines import Truth, make
from pairs import Spent, median, paired, run
from reference_csv import TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

REFERENCE = Path(__file__).with_name("reference_csv.py")
LIMIT = 1.5
LIMIT_MB = 1200
ROWS_PER_FILE = 33_334
_SOURCE = "orders_lines"


def main() -> int:
    """Measure, print a table; 1 where one of both is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--files", type=int, default=0, help="default: one for 33,334 rows")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--data", type=Path, help="where the files are made and kept")
    options = parser.parse_args()
    carms = shutil.which("carms", path=str(Path(sys.executable).parent)) or shutil.which("carms")
    if carms is None:
        print("`carms` is not installed beside this Python", file=sys.stderr)
        return 1
    files = options.files or -(-options.rows // ROWS_PER_FILE)
    data = options.data or Path(tempfile.gettempdir()) / f"carms-lines-{options.rows}-{files}"
    truth = make(options.rows, files, data)
    with tempfile.TemporaryDirectory() as folder:
        return _measure(carms, data, truth, Path(folder), options.rounds)


def _measure(carms: str, data: Path, truth: Truth, folder: Path, rounds: int) -> int:
    project, out = folder / "project", folder / "reference"
    run([carms, "init", str(project)])
    command = [carms, "-q", "-d", "retail", "-p", str(project), "ingest", _SOURCE]

    def ours() -> Spent:
        shutil.rmtree(project / "lake", ignore_errors=True)
        return run([*command, "--from", str(data)])

    def theirs() -> Spent:
        return run([sys.executable, str(REFERENCE), str(data), str(out)])

    spent, reference, ratio = paired(ours, theirs, rounds) if rounds else ([ours()], [theirs()], 0)
    said = f"{truth.rows:,} records in {truth.files} files"
    print(f"{said}; {platform.platform()}, Python {platform.python_version()}\n")
    print("| what | wall | cpu | peak | rows/s |\n|---|---|---|---|---|")
    for what, runs in (("`carms ingest`", spent), ("reference", reference)):
        took = median(runs)
        print(
            f"| {what} | {took.wall_s:.2f} s | {took.cpu_s:.2f} s | {took.peak_mb:.0f} MB "
            f"| {truth.rows / took.wall_s:,.0f} |"
        )
    if rounds:
        print(f"\nratio of walls, pair by pair: {ratio:.2f} (limit {LIMIT})")
    print(f"peak of carms: {median(spent).peak_mb:.0f} MB (limit {LIMIT_MB})")
    lake = project / "lake" / "retail"
    wrong = _wrong("reference", _rows(out / _SOURCE), _reference_rejects(out), truth)
    wrong += _wrong("carms", _rows(lake / "bronze" / _SOURCE), _carms_rejects(lake), truth)
    if _digest(out / _SOURCE) != _digest(lake / "bronze" / _SOURCE):
        wrong.append("the rows of carms and of the reference differ (values, places or hashes)")
    print("\n" + ("\n".join(wrong) or "both are right: rows, sum, rejects by kind, same hashes"))
    return 1 if wrong else 0


def _rows(table: Path) -> pl.LazyFrame:
    return pl.scan_delta(str(table))


def _wrong(
    who: str, rows: pl.LazyFrame, rejects: Mapping[tuple[str, str], int], truth: Truth
) -> list[str]:
    """What does not agree with what was written."""
    counted = rows.select(pl.len(), pl.col("unit_price").sum().cast(pl.String).alias("price"))
    height, price = counted.collect(engine="streaming").row(0)
    expected = {
        ("malformed", ""): truth.faults["short"] + truth.faults["surplus"],
        **{("type", column): n for column, n in truth.bad_cells.items() if n},
        **{("null", column): n for column, n in truth.empty_cells.items() if n},
    }
    pairs: list[tuple[str, object, object]] = [
        ("rows", height, truth.good),
        ("sum of unit_price", price, truth.unit_price_sum),
        *((f"rejects {key}", rejects.get(key, 0), n) for key, n in expected.items()),
        ("all rejects", sum(rejects.values()), truth.rows - truth.good),
    ]
    return [f"{who}: {what} {got}, not {want}" for what, got, want in pairs if got != want]


def _reference_rejects(out: Path) -> dict[tuple[str, str], int]:
    found = pl.read_parquet(out / "rejects.parquet")
    counts = {("malformed", ""): found.filter(pl.col("src_fields") != 0).height}
    for kind, column in (("type", "mismatched"), ("null", "missing")):
        named = found[column].explode(empty_as_null=True).drop_nulls().value_counts(name="n")
        counts |= {(kind, name): n for name, n in named.iter_rows()}
    return counts


def _carms_rejects(lake: Path) -> dict[tuple[str, str], int]:
    kinds = {"MALFORMED_ROW": "malformed", "TYPE_MISMATCH": "type", "REQUIRED_NULL": "null"}
    found = _rows(lake / "rejects").select("reasons").explode("reasons").unnest("reasons")
    named = found.group_by("code", pl.col("column").fill_null("")).len().collect()
    counts: dict[tuple[str, str], int] = {}
    for code, column, n in named.iter_rows():
        kind = kinds.get(code, code)
        key = (kind, "" if kind == "malformed" else column)
        counts[key] = counts.get(key, 0) + n
    return counts


def _digest(table: Path) -> tuple[object, ...]:
    """The same for the same rows in any order."""
    columns = [*TYPES, "src_filename", "src_row_number", "src_row_hash"]
    hashed = pl.struct(pl.col(name) for name in columns).hash()
    return _rows(table).select(hashed.sum()).collect(engine="streaming").row(0)


if __name__ == "__main__":
    sys.exit(main())
