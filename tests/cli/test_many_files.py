"""A terminal shows what became of many files, source by source; a pipe gets each of them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from carms_lake.cli.reports import LISTED_FILES, by_source, file_names
from carms_lake.names import Layer, TableRef
from carms_lake.records import FileReport, FileStatus, RunReport, TableReport


def report() -> RunReport:
    sales, shops = (TableRef("tiny", Layer.BRONZE, name) for name in ("sales", "shops"))
    files = [FileReport(sales, f"sales/{n}.csv", FileStatus.LANDED, 10, 9, 1) for n in range(3)]
    files += [
        FileReport(sales, "sales/old.csv", FileStatus.UNCHANGED),
        FileReport(shops, "shops.csv", FileStatus.REFUSED),
    ]
    tables = (TableReport(TableRef("tiny", Layer.SILVER, "sale"), "built", rows=27, quarantined=2),)
    at = datetime(2025, 1, 1, tzinfo=UTC)
    return RunReport("r1", "run", "tiny", at, 1.0, tuple(files), tables)


def test_files_are_counted_by_source_and_status() -> None:
    found = by_source([report()])
    assert found.columns == ["name", "status", "files", "rows", "rejected"]
    assert found.rows() == [
        ("bronze.sales", "landed", 3, 27, 3),
        ("bronze.sales", "unchanged", 1, 0, 0),
        ("bronze.shops", "refused", 1, 0, 0),
        ("silver.sale", "built", None, 27, 2),
    ]


def test_many_files_that_were_made_are_counted_by_folder() -> None:
    folder = Path("data")
    few = [folder / "a.csv", folder / "days" / "1.csv"]
    assert file_names(few, folder) == [f"`{path}`" for path in few]
    many = [folder / "a.csv", *(folder / "days" / f"{n}.csv" for n in range(LISTED_FILES))]
    assert file_names(many, folder) == [
        f"`{folder / 'a.csv'}`",
        f"`{folder / 'days'}`: {LISTED_FILES} files",
    ]
