"""One file never ends a run: what is raised on its account refuses it, and the others land."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from tiny import SALES, project, put, rejects, rows, stocked

from carms_lake.errors import ContractError, NotReconciled
from carms_lake.flows import drift as drifting
from carms_lake.flows.drift import drift
from carms_lake.flows.ingest import batches, ingest
from carms_lake.flows.status import status
from carms_lake.records import FileStatus

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.records import RunReport

HEADER = "sale_id,product_id,quantity\n"


class PanicException(BaseException):
    """What a library written in Rust raises when it gives up."""


FAULTS = (
    ValueError("zip() argument 2 is longer than argument 1"),
    KeyError("id"),
    IndexError(),
    UnicodeEncodeError("utf-8", "\udce9", 0, 1, "surrogates not allowed"),
    MemoryError(),
    RecursionError("maximum recursion depth exceeded"),
    AssertionError(),
    NotImplementedError("a feature"),
    PanicException("out-of-range date"),
)


def fail_at(
    patched: pytest.MonkeyPatch, error: BaseException, quantity: int = 99, where: str = "split"
) -> None:
    """Have whatever checks or parses records of this quantity raise an error."""
    module = batches if where == "split" else batches.readers
    usual = getattr(module, where)

    def failing(first: object, *others: object) -> object:
        parsed = first if where == "split" else usual(first)
        if str(quantity) in parsed.rows["quantity"].to_list():
            raise error
        return usual(first, *others)

    patched.setattr(module, where, failing)


def told(report: RunReport) -> dict[str, str]:
    return {file.name: str(file.status) for file in report.files}


@pytest.mark.parametrize(
    ("error", "where"),
    [*((error, "split") for error in FAULTS), (FAULTS[0], "parse_chunks")],
    ids=lambda given: given if isinstance(given, str) else type(given).__name__,
)
def test_of_files_that_are_checked_together_the_one_that_raises_is_refused(
    error: BaseException, where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_at(monkeypatch, error, where=where)
    config = project(tmp_path)
    for day in range(1, 8):
        last = "99" if day in (3, 7) else "many" if day == 5 else "2"
        put(config, f"sales/day_{day}.csv", f"{HEADER}a{day},p1,1\nb{day},p1,{last}\n")
    report = ingest(config, ["sales"])
    refused = ["sales/day_3.csv", "sales/day_7.csv"]
    assert [file.name for file in report.refused] == refused
    for file in report.refused:
        assert (file.code, file.records) == ("UNREADABLE", 0)
        assert file.name in file.message
        assert type(error).__name__ in file.trace
        assert file.hint
    assert report.is_balanced
    landed = {row[0] for row in rows(config, "bronze.sales", "sale_id")}
    assert landed == {f"{k}{d}" for k in "ab" for d in (1, 2, 4, 5, 6)} - {"b5"}
    assert [row[1] for row in rejects(config)] == ["sales/day_5.csv"]
    assert told(ingest(config, ["sales"]))["sales/day_3.csv"] == "refused"


def test_of_a_file_that_fails_at_its_end_nothing_lands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = stocked(tmp_path)
    ingest(config)
    before = rows(config, "bronze.sales", "sale_id", "quantity")
    fail_at(monkeypatch, ValueError("late"))
    monkeypatch.setattr(batches, "BATCH_RECORDS", 2)
    monkeypatch.setattr("carms_lake.readers.csv.records.PIECE_BYTES", 40)
    long = "".join(f"x{n},p1,{'many' if n == 5 else n}\n" for n in range(40))
    put(config, "sales/day_1.csv", f"{HEADER}{long}y,p1,99\n")
    put(config, "sales/day_2.csv", f"{HEADER}z,p1,1\n")
    report = ingest(config)
    assert told(report)["sales/day_1.csv"] == "refused"
    assert told(report)["sales/day_2.csv"] == "landed"
    assert rows(config, "bronze.sales", "sale_id", "quantity") == [*before, ("z", 1)]
    assert rejects(config) == []


def test_a_copy_of_a_file_that_is_refused_late_is_refused_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_at(monkeypatch, ValueError("late"))
    config = project(tmp_path)
    for name in ("sales/day_1.csv", "sales/same.csv"):
        put(config, name, f"{HEADER}a,p1,99\n")
    report = ingest(config, ["sales"])
    assert set(told(report).values()) == {"refused"}
    assert all(file.code and file.hint for file in report.files)


def test_a_snapshot_that_fails_is_refused_and_its_earlier_rows_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = stocked(tmp_path)
    ingest(config)
    before = rows(config, "bronze.products", "product_id", "price")

    def failing(*_: object) -> None:
        raise PanicException("no more")

    monkeypatch.setattr(batches, "split", failing)
    put(config, "products.csv", "product_id,name,price\np1,Tea,3.50\n")
    (file,) = ingest(config, ["products"]).files
    assert (file.status, file.code) == (FileStatus.REFUSED, "UNREADABLE")
    assert "PanicException: no more" in file.message
    assert rows(config, "bronze.products", "product_id", "price") == before


def test_a_dry_run_refuses_what_a_run_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_at(monkeypatch, ValueError("late"), quantity=2)
    config = stocked(tmp_path)
    put(config, "sales/day_2.csv", f"{HEADER}z,p1,1\n")
    tried = ingest(config, ["sales"], dry_run=True)
    assert told(tried) == told(ingest(config, ["sales"]))
    assert [file.name for file in tried.refused] == ["sales/day_1.csv"]


def test_records_that_do_not_add_up_refuse_their_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_at(monkeypatch, NotReconciled("2 records, but 1 accepted", "please report it"), 2)
    config = stocked(tmp_path)
    put(config, "sales/day_2.csv", f"{HEADER}z,p1,1\n")
    report = ingest(config, ["sales"])
    assert [(f.name, f.hint) for f in report.refused] == [("sales/day_1.csv", "please report it")]
    assert rows(config, "bronze.sales", "sale_id") == [("z",)]


@pytest.mark.parametrize("error", [ContractError("a pattern"), KeyboardInterrupt(), SystemExit(3)])
def test_a_wrong_contract_and_ctrl_c_end_the_run(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_at(monkeypatch, error, quantity=2)
    with pytest.raises(type(error)):
        ingest(stocked(tmp_path), ["sales"])


def test_drift_and_status_name_a_file_that_cannot_be_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = stocked(tmp_path)
    put(config, "sales/day_2.csv", SALES.replace("s1", "s3"))

    def failing(contract: object, file: str, *_: object) -> object:
        if file == "sales/day_2.csv":
            raise PanicException("a category")
        return usual(contract, file, *_)

    usual = drifting.compare
    monkeypatch.setattr(drifting, "compare", failing)
    report = drift(config)
    assert [(f.name, bool(f.hint)) for f in report.unreadable] == [("sales/day_2.csv", True)]
    assert {file.name for file in report.files} == {
        "products.csv", "sales/day_1.csv", "sales/day_2.csv"
    }  # fmt: skip
    found = status(config).drift.filter(change="unreadable")
    assert found["file"].to_list() == ["sales/day_2.csv"]
    assert "a category" in found["found"][0]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_file_whose_name_is_no_text_is_refused_by_its_name_in_escapes(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    for folder in ("sales", "."):
        name = f"{config.data_raw}/{folder}/caf\udce9.csv"
        with open(name, "w", encoding="utf-8") as stream:  # noqa: PTH123 - as it is
            stream.write(SALES.replace("s", "t"))
    tried, report = ingest(config, dry_run=True), ingest(config)
    assert told(tried) == told(report)
    (refused,) = report.refused
    assert refused.name == r"sales/caf\xe9.csv"
    assert "rename" in refused.hint
    assert told(report)["sales/day_1.csv"] == "landed"
    assert any(r"`caf\xe9.csv`" in note for note in report.notes)
    assert [file.name for file in drift(config).unreadable] == [refused.name]
    assert status(config).refused["file"].to_list() == [refused.name]
    assert told(ingest(config, full_refresh=True))["sales/day_1.csv"] == "replaced"
