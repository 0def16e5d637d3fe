"""Arriving files beside their contract and the file before: what is told, and the patch of it."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import polars as pl
import pytest
import xlsxwriter
from helpers import property_, write_contract
from lakes import digest

from carms_lake.catalog import load_catalog
from carms_lake.config import Domain, LakeConfig
from carms_lake.contract.types import parse_type
from carms_lake.errors import SourceError, UsageError
from carms_lake.flows.drift import drift
from carms_lake.flows.drift import files as sampling
from carms_lake.flows.drift.column_checks import NULL_RATE
from carms_lake.flows.drift.compare import RENAME_SCORE
from carms_lake.flows.drift.findings import SYSTEMATIC_SHARE, Severity
from carms_lake.flows.drift.inference import PSI_LIMIT, cast_to
from carms_lake.flows.ingest import ingest
from carms_lake.names import Layer, TableRef
from carms_lake.records import FileStatus
from carms_lake.store import delta, table_path
from carms_lake.store.delta.log import commits
from carms_lake.store.delta.write import append

if TYPE_CHECKING:
    from collections.abc import Sequence

    from carms_lake.contract.model import Contract
    from carms_lake.flows.drift.findings import ContractPatch, DriftReport

REF = TableRef("shop", Layer.BRONZE, "orders")
ORDERS = [
    property_("order_id", "integer", "integer", required=True),
    property_("state", enum=[{"value": "open"}, {"value": "paid"}]),
    property_("city"),
    property_(
        "total", "number", "decimal(12,2)", logicalTypeOptions={"minimum": 0, "maximum": 100}
    ),
    property_("ordered_on", "date", "date"),
]
HEADER = ["order_id", "state", "city", "total", "ordered_on"]
CITIES = ["Berlin", "Paris", "Oslo"]


def order(number: int) -> list[Any]:
    """One order, as a row of the header."""
    day = f"2025-01-{number % 28 + 1:02d}"
    return [number, "open" if number % 3 else "paid", CITIES[number % 3], number % 50 + 0.5, day]


def shop(folder: Path, properties: Sequence[dict[str, Any]] = ORDERS, **rest: Any) -> LakeConfig:
    """A project whose domain has one source, with a contract of its package."""
    given = {"carms.files": ["orders*"], "carms.format": "csv", **rest}
    write_contract(folder / "package", REF, list(properties), **given)
    project = folder / "project"
    own = project / "schemas" / "shop"
    config = LakeConfig(project, Domain("shop", "shop", (folder / "package", own)))
    config.data_raw.mkdir(parents=True)
    return config


def put(config: LakeConfig, name: str, header: list[str], rows: list[list[Any]]) -> Path:
    """Deliver a CSV file; None is an empty cell."""
    lines = [header, *rows]
    text = "".join(",".join("" if c is None else str(c) for c in line) + "\n" for line in lines)
    path = config.data_raw / name
    path.write_text(text, encoding="utf-8", newline="")
    return path


def orders(count: int, start: int = 0) -> list[list[Any]]:
    return [order(number) for number in range(start, start + count)]


def landed(folder: Path, rows: list[list[Any]] | None = None, **rest: Any) -> LakeConfig:
    """A shop whose first file landed."""
    config = shop(folder, **rest)
    put(config, "orders_1.csv", HEADER, rows if rows is not None else orders(300))
    assert ingest(config).files[0].status is FileStatus.LANDED
    return config


def told(report: DriftReport, *severities: Severity) -> list[tuple[str | None, str]]:
    wanted = severities or (Severity.ERROR, Severity.WARNING)
    return [(f.column, f.change) for f in report.findings if f.severity in wanted]


def only_patch(report: DriftReport) -> ContractPatch:
    (patch,) = report.patches
    return patch


def contract_of(config: LakeConfig) -> Contract:
    return load_catalog(config.domain).contracts[REF]


def without(row: list[Any], *columns: str) -> list[Any]:
    return [cell for cell, name in zip(row, HEADER, strict=True) if name not in columns]


def test_files_like_the_ones_before_are_no_drift(tmp_path: Path) -> None:
    config = landed(tmp_path)
    put(config, "orders_2.csv", HEADER, orders(280, 300))
    report = drift(config)
    assert [(f.name, f.compared_with, f.records) for f in report.files] == [
        ("orders_2.csv", "orders_1.csv", 280)
    ]
    assert (report.findings, report.patches, report.has_drift) == ((), (), False)


def test_only_files_that_ingest_would_read_are_looked_at(tmp_path: Path) -> None:
    config = landed(tmp_path)
    copy = put(config, "orders_copy.csv", HEADER, orders(300))
    assert drift(config).files == ()
    assert len(drift(config, every=True).files) == 2
    copy.write_text(copy.read_text(encoding="utf-8") + "9,open,Oslo,1,2025-01-01\n", "utf-8")
    assert [file.name for file in drift(config, ["orders"]).files] == ["orders_copy.csv"]


def change_cell(column: str, value: Any, every: int = 1) -> Any:
    """Rows with another value in every k-th cell of a column."""
    at = HEADER.index(column)

    def changed(rows: list[list[Any]]) -> tuple[list[str], list[list[Any]]]:
        for number, row in enumerate(rows):
            if number % every == 0:
                row[at] = value(row[at]) if callable(value) else value
        return HEADER, rows

    return changed


def added(rows: list[list[Any]]) -> tuple[list[str], list[list[Any]]]:
    return [*HEADER, "Refund €"], [[*row, "1.25"] for row in rows]


def gone(rows: list[list[Any]]) -> tuple[list[str], list[list[Any]]]:
    return [name for name in HEADER if name != "city"], [without(row, "city") for row in rows]


def renamed(rows: list[list[Any]]) -> tuple[list[str], list[list[Any]]]:
    return ["order_id", "state", "town", "total", "ordered_on"], rows


CASES: dict[str, tuple[Any, tuple[str, str], str, str]] = {
    "added": (added, ("Refund €", "added"), "minor", "1.1.0"),
    "gone": (gone, ("city", "gone"), "minor", "1.1.0"),
    "renamed": (renamed, ("city", "renamed"), "major", "2.0.0"),
    "wider whole number": (
        change_cell("order_id", lambda n: n + 3_000_000_000),
        ("order_id", "retyped"),
        "minor",
        "1.1.0",
    ),
    "text where a date was": (
        change_cell("ordered_on", "last week"),
        ("ordered_on", "retyped"),
        "major",
        "2.0.0",
    ),
    "moments where days were": (
        change_cell("ordered_on", lambda day: f"{day}T10:00:00"),
        ("ordered_on", "retyped"),
        "major",
        "2.0.0",
    ),
    "more decimals": (change_cell("total", "1.2345"), ("total", "retyped"), "minor", "1.1.0"),
    "new value": (change_cell("state", "lost", 9), ("state", "new_values"), "minor", "1.1.0"),
    "nulls": (change_cell("order_id", None, 4), ("order_id", "nulls"), "major", "2.0.0"),
    "beyond the maximum": (change_cell("total", 500, 5), ("total", "range"), "minor", "1.1.0"),
    "below the minimum": (change_cell("total", -3, 5), ("total", "range"), "minor", "1.1.0"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_a_change_is_told_and_its_patch_lets_the_file_land(tmp_path: Path, case: str) -> None:
    changed, finding, level, version = CASES[case]
    config = landed(tmp_path)
    header, rows = changed(orders(240, 300))
    put(config, "orders_2.csv", header, rows)
    report = drift(config, write=True)
    assert finding in told(report, Severity.ERROR)
    patch = only_patch(report)
    assert (patch.level, patch.from_version, patch.to_version) == (level, "1.0.0", version)
    assert contract_of(config).version == version
    landing = ingest(config, full_refresh=True)
    second = next(file for file in landing.files if file.name == "orders_2.csv")
    assert (second.status, second.rejected) == (FileStatus.LANDED, 0)
    assert not told(drift(config, every=True), Severity.ERROR) or case == "renamed"


def test_a_renamed_column_keeps_its_name_and_its_rows(tmp_path: Path) -> None:
    config = landed(tmp_path)
    header, rows = renamed(orders(240, 300))
    put(config, "orders_2.csv", header, rows)
    report = drift(config, write=True)
    (finding,) = [f for f in report.findings if f.change == "renamed"]
    assert (finding.expected, finding.found) == ("city", "town")
    assert finding.score is not None
    assert finding.score >= 0.65
    assert ingest(config).files[-1].status is FileStatus.LANDED
    frame = delta.scan(table_path(config, REF)).collect()
    assert frame.group_by("city").len().sort("city").rows() == [
        ("Berlin", 180), ("Oslo", 180), ("Paris", 180)
    ]  # fmt: skip


def test_columns_that_only_look_alike_are_not_renamed(tmp_path: Path) -> None:
    config = landed(tmp_path)
    rows = [[row[0], row[1], f"Ann {row[0]}", row[3], row[4]] for row in orders(240, 300)]
    put(config, "orders_2.csv", ["order_id", "state", "seller", "total", "ordered_on"], rows)
    assert told(drift(config)) == [("city", "gone"), ("seller", "added")]


def test_where_files_have_either_header_the_new_one_is_a_column_of_its_own(tmp_path: Path) -> None:
    config = landed(tmp_path)
    header, rows = renamed(orders(240, 300))
    put(config, "orders_2.csv", header, rows)
    put(config, "orders_3.csv", HEADER, orders(100, 600))
    report = drift(config, write=True)
    assert ("city", "renamed") in told(report)
    assert contract_of(config).column("town").may_be_absent
    statuses = {file.name: file.status for file in ingest(config, full_refresh=True).files}
    assert set(statuses.values()) == {FileStatus.REPLACED, FileStatus.LANDED}


@pytest.mark.parametrize(
    ("changed", "finding"),
    [
        (change_cell("city", None, 2), ("city", "null_rate")),
        (change_cell("city", "Rome", 2), ("city", "new_values")),
        (change_cell("city", "Paris"), ("city", "gone_values")),
        (change_cell("total", lambda total: min(99, total * 3)), ("total", "distribution")),
        (change_cell("state", "paid"), ("state", "distribution")),
    ],
)
def test_what_the_contract_allows_is_told_where_it_is_new(
    tmp_path: Path, changed: Any, finding: tuple[str, str]
) -> None:
    config = landed(tmp_path)
    header, rows = changed(orders(240, 300))
    put(config, "orders_2.csv", header, rows)
    report = drift(config)
    assert finding in told(report, Severity.WARNING)
    assert not told(report, Severity.ERROR)
    assert report.patches == ()


@pytest.mark.parametrize(
    "changed",
    [
        change_cell("order_id", "none", 60),
        change_cell("total", 500, 60),
        change_cell("order_id", None, 60),
    ],
)
def test_single_faults_are_of_their_records_and_no_drift(tmp_path: Path, changed: Any) -> None:
    config = landed(tmp_path)
    header, rows = changed(orders(240, 300))
    put(config, "orders_2.csv", header, rows)
    report = drift(config)
    assert report.findings
    assert (report.has_drift, report.patches) == (False, ())


def test_the_values_of_people_are_not_shown(tmp_path: Path) -> None:
    properties = [{**p, "classification": "personal"} for p in ORDERS]
    config = landed(tmp_path, properties=properties)
    header, rows = change_cell("city", "Rome", 2)(orders(240, 300))
    put(config, "orders_2.csv", header, rows)
    shown = " ".join(f.found + f.expected for f in drift(config).findings)
    assert "Rome" not in shown
    assert "not shown" in shown


def test_another_delimiter_is_read_and_patched(tmp_path: Path) -> None:
    config = landed(tmp_path)
    text = "\n".join(";".join(map(str, row)) for row in [HEADER, *orders(240, 300)])
    (config.data_raw / "orders_2.csv").write_text(text, encoding="utf-8")
    report = drift(config, write=True)
    assert told(report) == [(None, "delimiter")]
    assert ingest(config).files[-1].accepted == 240


def test_a_header_that_stands_twice_and_broken_records_are_told(tmp_path: Path) -> None:
    config = shop(tmp_path)
    put(config, "orders_1.csv", [*HEADER, "city"], [[*row, "x"] for row in orders(9)])
    put(config, "orders_2.csv", HEADER, [row[:3] if row[0] % 2 else row for row in orders(9)])
    assert told(drift(config)) == [("city", "doubled"), (None, "malformed")]


def test_new_columns_that_the_contract_lets_in_are_a_warning(tmp_path: Path) -> None:
    config = shop(tmp_path, **{"carms.newColumns": "accept"})
    header, rows = added(orders(9))
    put(config, "orders_1.csv", header, rows)
    (finding,) = drift(config).findings
    assert (finding.change, finding.severity) == ("added", Severity.WARNING)


def sheet(path: Path, header: list[str], rows: list[list[Any]]) -> None:
    with xlsxwriter.Workbook(path) as workbook:
        page = workbook.add_worksheet("Sheet1")
        for number, row in enumerate([header, *rows]):
            page.write_row(number, 0, row)


def records(header: list[str], rows: list[list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(header, row, strict=True)) for row in rows]


def write_as(form: str, path: Path, header: list[str], rows: list[list[Any]]) -> None:
    """The same rows in any format."""
    if form == "xlsx":
        sheet(path, header, rows)
    elif form == "csv":
        text = "".join(",".join(map(str, row)) + "\n" for row in [header, *rows])
        path.write_bytes(gzip.compress(text.encode()))
    elif form == "jsonl":
        path.write_text("\n".join(map(json.dumps, records(header, rows))), encoding="utf-8")
    elif form == "json":
        path.write_text(json.dumps(records(header, rows)), encoding="utf-8")
    else:
        day = pl.col("ordered_on").str.to_date()
        total = pl.col("total").cast(pl.Decimal(12, 2))
        frame = pl.DataFrame(rows, schema=header, orient="row").with_columns(day, total)
        frame = frame.with_columns(pl.col("order_id").cast(pl.Int32))
        if form == "parquet":
            frame.write_parquet(path)
        else:
            append(path, frame, {})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "ending"),
    [
        ("csv", ".csv.gz"), ("xlsx", ".xlsx"), ("jsonl", ".jsonl"), ("json", ".json"),
        ("parquet", ".parquet"), ("delta", ""),
    ],
)  # fmt: skip
def test_every_format_is_read_by_its_own_columns(tmp_path: Path, form: str, ending: str) -> None:
    config = shop(tmp_path, **{"carms.format": form})
    write_as(form, config.data_raw / f"orders_1{ending}", HEADER, orders(120))
    assert ingest(config).files[0].accepted == 120
    assert not drift(config, every=True).has_drift
    header = ["order_id", "state", "town", "total", "ordered_on", "shop"]
    rows = [[*order(number), "north"] for number in range(120, 240)]
    write_as(form, config.data_raw / f"orders_2{ending}", header, rows)
    report = drift(config, write=True)
    assert told(report) == [("city", "renamed"), ("shop", "added")]
    assert only_patch(report).to_version == "2.0.0"
    landing = ingest(config, full_refresh=True)
    second = next(file for file in landing.files if file.name.startswith("orders_2"))
    assert (second.status, second.accepted, second.rejected) == (FileStatus.LANDED, 120, 0)


def test_numbers_in_a_column_of_text_are_told_in_workbooks_and_json(tmp_path: Path) -> None:
    for form in ("xlsx", "json", "parquet"):
        config = shop(tmp_path / form, [property_("code")], **{"carms.format": form})
        path = config.data_raw / f"orders.{form}"
        if form == "parquet":
            pl.DataFrame({"code": [7, 8, 9]}).write_parquet(path)
        else:
            write_as(form, path, ["code"], [[7], [8], [9]])
        report = drift(config)
        assert told(report) == [("code", "retyped")], form
        assert "bigint fits all" in report.findings[0].found
    mixed = shop(tmp_path / "mixed", [property_("code")], **{"carms.format": "json"})
    write_as("json", mixed.data_raw / "orders.json", ["code"], [[7], ["a"], [9]])
    (finding,) = drift(mixed).findings
    assert (finding.change, finding.found[-19:]) == ("retyped", "; no type fits them")


def test_what_a_workbook_has_computed_is_no_drift_where_it_lands(tmp_path: Path) -> None:
    columns = [
        property_("paid", "number", "decimal(9,2)"),
        property_("count", "integer", "integer"),
    ]
    for folder, paid, found in (("a", 1.1 * 3, []), ("b", 3.305, [("paid", "retyped")])):
        config = shop(tmp_path / folder, columns, **{"carms.format": "xlsx"})
        book = openpyxl.Workbook()
        for row in (["paid", "count"], *[[paid, 4.0000000000000009]] * 3):
            book.active.append(row)
        book.save(config.data_raw / "orders.xlsx")
        assert told(drift(config)) == found


def test_values_of_any_type_are_compared_with_any_type_one_by_one() -> None:
    found = [
        pl.Series([None, None]),
        pl.Series(["a", "b"], dtype=pl.Categorical),
        pl.Series(["a", "b"], dtype=pl.Enum(["a", "b"])),
        pl.Series([[1], [2]]),
        pl.Series([{"a": 1}, {"a": 2}]),
        pl.Series([b"a", b"\xff"]),
        pl.Series([1, 2], dtype=pl.Duration("us")),
        pl.Series([1, 2], dtype=pl.Time),
        pl.Series([True, None]),
    ]
    for values in found:
        for name in ("varchar", "bigint", "date", "timestamp", "boolean", "decimal(9,2)", "blob"):
            assert cast_to(values, parse_type(None, name, where="x")).len() == 2


@pytest.mark.parametrize("depth", [100, 254, 300])
@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_what_is_nested_to_any_depth_is_compared(tmp_path: Path, form: str, depth: int) -> None:
    config = shop(tmp_path, [property_("order_id", "integer")], **{"carms.format": form})
    deep = "[" * depth + "]" * depth
    within = '{"a":' * depth + "1" + "}" * depth
    half = '{"order_id": 2, "big": 1e999, "t": "\\ud800", "\\ud800": 1}'
    records = [f'{{"order_id": 1, "more": {deep}, "other": {within}}}', half]
    text = f"[{','.join(records)}]" if form == "json" else "\n".join(records)
    (config.data_raw / f"orders.{form}").write_text(text, encoding="utf-8")
    report = drift(config)
    assert not report.unreadable
    assert {column for column, _ in told(report)} >= {"more"}


def test_of_whole_records_the_keys_are_compared(tmp_path: Path) -> None:
    line = property_("record", "string", "json", physicalName="$", required=True)
    config = shop(tmp_path, [line], **{"carms.format": "jsonl"})
    old = [{"id": number, "who": {"city": CITIES[number % 3]}} for number in range(200)]
    new = [{"id": number, "who": {"town": CITIES[number % 3]}} for number in range(200, 400)]
    for name, objects in (("orders_1", old), ("orders_2", new)):
        text = "\n".join(map(json.dumps, objects))
        (config.data_raw / f"{name}.jsonl").write_text(text, encoding="utf-8")
        report = drift(config)
        if name == "orders_1":
            assert report.findings == ()
            ingest(config)
    assert told(report) == [("who.city", "renamed")]
    assert report.findings[0].severity is Severity.WARNING
    assert report.patches == ()


def test_a_big_file_is_sampled_and_said_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "HEAD_RECORDS", 50)
    monkeypatch.setattr(sampling, "SPREAD_RECORDS", 100)
    config = landed(tmp_path, orders(1000))
    header, rows = renamed(orders(1000, 1000))
    put(config, "orders_2.csv", header, rows)
    first, second = drift(config), drift(config)
    assert first == second
    assert (first.files[0].records, 100 < first.files[0].sampled <= 150) == (1000, True)
    assert ("city", "renamed") in told(first)


@pytest.mark.slow
def test_a_sample_does_not_depend_on_how_the_file_was_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "HEAD_RECORDS", 7)
    monkeypatch.setattr(sampling, "SPREAD_RECORDS", 10)
    rows = pl.DataFrame({"n": range(1000)})
    samples = []
    for size in (1, 13, 400, 1000):
        sampler = sampling.Sampler()
        for part in rows.iter_slices(size):
            sampler.add(part)
        samples.append(sampler.sample(rows.clear())["n"].to_list())
    assert samples == [sampling.Sampler.positions(1000)] * 4
    assert samples[0][:7] == list(range(7))
    assert samples[0][-1] > 890


@pytest.mark.parametrize("turn", range(2, 12))
def test_a_sample_is_not_in_step_with_values_that_come_in_turns(turn: int) -> None:
    places = pl.Series(sampling.Sampler.positions(1_000_000))
    shares = (places % turn).value_counts(normalize=True)["proportion"]
    assert shares.len() == turn
    assert (shares - 1 / turn).abs().max() < 0.01 / turn  # type: ignore[operator]  # of numbers


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("orders.csv", b"", "EMPTY_FILE"),
        ("orders.csv", b"%PDF-1.7 \x00\x01", "WRONG_FORMAT"),
        ("orders.json", b"{", "UNREADABLE"),
        ("orders.json", b"{}", "WRONG_FORMAT"),
        ("orders.xlsx", b"PK", "UNREADABLE"),
        ("orders.parquet", b"PAR1PAR1", "UNREADABLE"),
    ],
)
def test_what_cannot_be_read_is_named_and_the_others_are_compared(
    tmp_path: Path, name: str, content: bytes, code: str
) -> None:
    form = name.rpartition(".")[2]
    config = shop(tmp_path, **{"carms.format": form})
    (config.data_raw / name).write_bytes(content)
    write_as(form, config.data_raw / f"orders_2.{form}", HEADER, orders(5)) if form != "csv" else (
        put(config, "orders_2.csv", HEADER, orders(5))
    )
    report = drift(config)
    assert [(f.name, f.code) for f in report.files] == [(name, code), (f"orders_2.{form}", "")]
    assert [file.name for file in report.unreadable] == [name]


def test_without_files_or_sources_it_says_so(tmp_path: Path) -> None:
    config = shop(tmp_path)
    assert drift(config).files == ()
    with pytest.raises(UsageError, match="no table"):
        drift(config, ["nothing"])
    with pytest.raises(SourceError, match="no folder"):
        drift(config, from_path=tmp_path / "nowhere")


def test_the_old_version_stays_beside_the_new_one(tmp_path: Path) -> None:
    config = landed(tmp_path)
    packaged = digest(tmp_path / "package")
    header, rows = added(orders(240, 300))
    put(config, "orders_2.csv", header, rows)
    before = drift(config)
    assert before.patches[0].written is None
    patch = only_patch(drift(config, write=True))
    folder = config.project / "schemas" / "shop" / "bronze"
    assert sorted(path.name for path in folder.iterdir()) == [
        "orders.odcs.yaml", "orders.v1.0.0.odcs.yaml"
    ]  # fmt: skip
    assert (patch.written, patch.kept) == (
        folder / "orders.odcs.yaml",
        folder / "orders.v1.0.0.odcs.yaml",
    )
    assert digest(tmp_path / "package") == packaged
    assert contract_of(config).column("refund").source == "Refund €"
    ingest(config, full_refresh=True)
    (log,) = commits(table_path(config, REF))[-1:]
    assert log.metadata["contract_version"] == "1.1.0"
    assert patch.kept is not None
    patch.kept.replace(folder / "orders.odcs.yaml")  # rolled back
    assert contract_of(config).version == "1.0.0"


def test_a_version_that_is_kept_already_is_not_overwritten(tmp_path: Path) -> None:
    config = landed(tmp_path)
    header, rows = added(orders(240, 300))
    put(config, "orders_2.csv", header, rows)
    kept = config.project / "schemas" / "shop" / "bronze" / "orders.v1.0.0.odcs.yaml"
    kept.parent.mkdir(parents=True)
    kept.write_text("another\n", encoding="utf-8")
    with pytest.raises(UsageError, match="another contract of version"):
        drift(config, write=True)
    assert kept.read_text(encoding="utf-8") == "another\n"


def test_the_packages_own_contracts_are_never_changed(tmp_path: Path) -> None:
    config = landed(tmp_path)
    header, rows = added(orders(240, 300))
    put(config, "orders_2.csv", header, rows)
    own = config.project / "schemas" / "shop"
    (tmp_path / "package").rename(config.project / "package")
    own.parent.mkdir(parents=True, exist_ok=True)
    (config.project / "package").rename(own)
    inside = replace(config, domain=replace(config.domain, schemas=(own,)))
    before = digest(own)
    with pytest.raises(UsageError, match="package itself"):
        drift(inside, write=True)
    assert digest(own) == before


def test_limits_of_another_sort_go_with_the_type_that_they_were_for(tmp_path: Path) -> None:
    config = landed(tmp_path)
    header, rows = change_cell("total", "for free")(orders(240, 300))
    put(config, "orders_2.csv", header, rows)
    drift(config, write=True)
    column = contract_of(config).column("total")
    assert (str(column.type), column.bounds) == ("varchar", {})


def test_days_and_running_numbers_have_no_distribution(tmp_path: Path) -> None:
    config = landed(tmp_path)
    late = [[*row[:4], date(2026, 6, row[0] % 28 + 1)] for row in orders(240, 90_000)]
    put(config, "orders_2.csv", HEADER, late)
    assert drift(config).findings == ()


def test_the_thresholds_stand_in_the_documentation() -> None:
    text = (Path(__file__).parents[3] / "docs" / "schema-changes.md").read_text(encoding="utf-8")
    for said in (
        f"score {RENAME_SCORE}",
        f"more than {SYSTEMATIC_SHARE:.0%}".replace("%", " %") + " of the values",
        f"is above {PSI_LIMIT}",
        f"more than {NULL_RATE * 100:.0f} points",
        f"of up to {sampling.HEAD_RECORDS + sampling.SPREAD_RECORDS:,} records",
        f"its first {sampling.HEAD_RECORDS:,} records",
    ):
        assert said in text, said


def test_a_patch_is_tried_on_its_files_and_names_those_that_it_leaves(tmp_path: Path) -> None:
    config = shop(tmp_path)
    rows = [[*order(n), "x"] for n in range(30)]
    put(config, "orders_1.csv", [*HEADER, "note"], rows)
    put(config, "orders_2.csv", [*HEADER, "city"], rows)
    broken = [["a", *row[1:5], "x"] if n % 2 else row for n, row in enumerate(rows)]
    put(config, "orders_3.csv", [*HEADER, "note"], [*broken, *([["1"]] * 30)])
    (patch,) = drift(config, write=True).patches
    assert (patch.tried, patch.accepts) == (3, 1)
    assert set(patch.left) == {"orders_2.csv", "orders_3.csv"}
    assert "duplicate column `city`" in patch.left["orders_2.csv"]
    assert "would be rejected, the first: record" in patch.left["orders_3.csv"]
    assert patch.written is not None


def test_a_patch_that_accepts_none_of_its_files_is_not_written(tmp_path: Path) -> None:
    config = shop(tmp_path)
    put(config, "orders_2.csv", [*HEADER, "city", "note"], [[*order(1), "x", "y"]])
    (patch,) = drift(config, write=True).patches
    assert (patch.accepts, patch.written, patch.kept) == (0, None, None)
    assert not list(config.project.rglob("*.odcs.yaml"))


ODD_HEADERS = (
    "a\x00b", "new\nline", "\u2028x", "*", "'\"`", "src_filename", "src_extra", "run_id", "select",
    "Order-ID", " ", "1", "a\\u0041", "null", "~", "- x", "x: y", "#c", "{a", "[b", "%", "@x", "!t",
    "|", "order_id_2", "\x85k", "\x1b[31m", "yes", "2024-01-01", "0x1", "delivery_id", "\U0001f600",
)  # fmt: skip


def test_headers_of_any_kind_are_compared_and_patched(tmp_path: Path) -> None:
    config = shop(tmp_path, [property_("order_id", "integer")], **{"carms.format": "parquet"})
    columns = {"order_id": [1], **{header: ["t"] for header in ODD_HEADERS}}
    pl.DataFrame(columns).write_parquet(config.data_raw / "orders.parquet")
    (patch,) = drift(config, write=True).patches
    assert patch.accepts == 1, patch.left
    assert ingest(config).files[0].accepted == 1


def test_a_header_that_no_contract_can_name_is_said_to_be_one(tmp_path: Path) -> None:
    config = shop(tmp_path, [property_("order_id", "integer")])
    put(config, "orders.csv", ["order_id", "x" * 5000], [[1, "t"]])
    report = drift(config, write=True)
    assert "added" in {f.change for f in report.findings}
    assert not report.patches
    assert "cannot be patched" in report.notes[0]
