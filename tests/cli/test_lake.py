"""`ingest`, `build`, `run`: what they show, and how they end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl
import pytest
from openpyxl import load_workbook
from tiny import built, put, stocked
from typer.testing import CliRunner, Result

from carms_lake.cli import make_app

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.config import LakeConfig


def invoke(config: LakeConfig, *argv: str) -> Result:
    return CliRunner().invoke(make_app(), ["-p", str(config.project), "-d", "tiny", *argv])


@pytest.fixture
def shop(tmp_path: Path) -> LakeConfig:
    config = stocked(tmp_path)
    (tmp_path / "carms.toml").write_text("", encoding="utf-8")
    return config


def with_a_rejected_record(config: LakeConfig) -> None:
    put(config, "sales/day_2.csv", "sale_id,product_id,quantity\ns3,p1,many\ns4,p1,1\n")


def with_a_refused_file(config: LakeConfig) -> None:
    put(config, "sales/day_3.csv", "sale_id,product,quantity\ns5,p1,1\n")


def test_ingest_has_one_line_per_file_on_stdout_and_its_summary_on_stderr(shop: LakeConfig) -> None:
    result = invoke(shop, "ingest")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines() == [
        "file,status,records,accepted,rejected",
        "products.csv,landed,2,2,0",
        "sales/day_1.csv,landed,2,2,0",
    ]
    assert "2 files, 4 records accepted, 0 rejected" in result.stderr


@pytest.mark.parametrize(("argv", "code"), [([], 0), (["--strict"], 1)])
def test_rejected_records_are_counted_and_end_with_1_only_where_asked(
    shop: LakeConfig, argv: list[str], code: int
) -> None:
    with_a_rejected_record(shop)
    result = invoke(shop, "ingest", *argv)
    assert result.exit_code == code
    assert "sales/day_2.csv,landed,2,1,1" in result.stdout
    assert "1 rejected" in result.stderr


def test_a_refused_file_is_named_with_a_hint_the_others_land_and_4_beats_1(
    shop: LakeConfig,
) -> None:
    with_a_rejected_record(shop)
    with_a_refused_file(shop)
    result = invoke(shop, "ingest", "--strict", "-q")
    assert result.exit_code == 4
    assert "sales/day_1.csv,landed" in result.stdout
    assert "refused: `sales/day_3.csv`" in result.stderr
    assert "hint: " in result.stderr


def test_the_envelope_of_a_run_has_its_id_and_its_refusals(shop: LakeConfig) -> None:
    with_a_refused_file(shop)
    result = invoke(shop, "ingest", "--json")
    envelope = json.loads(result.stdout)
    assert (envelope["status"], envelope["run_id"]) == ("failed", envelope["data"]["run_id"])
    assert [error["code"] for error in envelope["errors"]] == [4]
    assert {file["table"] for file in envelope["data"]["files"]} == {
        "tiny.bronze.products",
        "tiny.bronze.sales",
    }


def test_a_dry_run_writes_nothing(shop: LakeConfig) -> None:
    assert invoke(shop, "ingest", "--dry-run").exit_code == 0
    assert not shop.lake.exists()


@pytest.mark.slow
def test_build_names_its_tables_and_the_published_file(shop: LakeConfig) -> None:
    invoke(shop, "ingest")
    result = invoke(shop, "build")
    assert result.exit_code == 0, result.stderr
    assert "gold.fact_sale,built,2,0,5" in result.stdout.splitlines()
    assert f"published `{shop.gold_file}`" in result.stderr
    assert "unchanged" in invoke(shop, "build").stdout


@pytest.mark.slow
def test_run_is_ingest_and_build_in_one_answer(shop: LakeConfig) -> None:
    result = invoke(shop, "run")
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0] == "name,status,rows,rejected"
    assert "products.csv,landed,2,0" in lines
    assert "gold.fact_sale,built,2,0" in lines
    assert len(json.loads(invoke(shop, "run", "--json").stdout)["data"]) == 2


def test_rejects_are_listed_and_counted_under_strict(shop: LakeConfig) -> None:
    with_a_rejected_record(shop)
    invoke(shop, "ingest")
    assert "TYPE_MISMATCH" in invoke(shop, "rejects").stdout
    assert invoke(shop, "rejects", "--strict").exit_code == 1
    assert invoke(shop, "rejects", "products", "--strict").exit_code == 0


@pytest.mark.slow
def test_check_lists_every_rule_and_trace_leads_from_file_to_gold(shop: LakeConfig) -> None:
    invoke(shop, "run")
    check = invoke(shop, "check")
    assert check.exit_code == 0
    assert check.stdout.startswith("table,rule,severity,passed,failed_rows,checked_rows\n")
    rows = json.loads(invoke(shop, "trace", "s1", "-f", "json").stdout)
    assert [r["table"].split(".")[0] for r in rows] == sorted(
        (r["table"].split(".")[0] for r in rows), key=["bronze", "silver", "gold"].index
    )
    assert "sales/day_1.csv, record 1" in {row["place"] for row in rows}
    shown = invoke(shop, "trace", "s1", "-f", "table").stdout
    assert "bronze.sales  (sales/day_1.csv, record 1)" in shown
    unknown = invoke(shop, "trace", "nobody")
    assert (unknown.exit_code, unknown.stdout) == (1, "")


@pytest.mark.slow
@pytest.mark.parametrize(
    "options", [[], ["-f", "csv"], ["-f", "json"], ["-f", "table"], ["--json"]]
)
def test_a_trace_that_shows_not_all_rows_says_so(tmp_path: Path, options: list[str]) -> None:
    shop = built(tmp_path, "".join(f"x{n},p1,1\n" for n in range(20)))
    (tmp_path / "carms.toml").write_text("", encoding="utf-8")
    told = invoke(shop, "trace", "p1", *options).stderr.splitlines()
    assert told == [
        f"only the first 20 rows of `{table}` are shown"
        for table in ("bronze.sales", "silver.sale", "gold.fact_sale")
    ]
    assert invoke(shop, "trace", "x1", *options).stderr.count("silver.sale") == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "argv",
    [
        ["ingest"], ["build"], ["run"], ["check"], ["tables"], ["describe", "fact_sale"],
        ["rejects"], ["trace", "s1"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_every_command_writes_parquet_and_workbooks_with_the_rows_of_its_csv(
    tmp_path: Path, argv: list[str]
) -> None:
    shop = built(tmp_path, "s3,p1,many\ns4,p1,1\n")
    (tmp_path / "carms.toml").write_text("", encoding="utf-8")
    rows = invoke(shop, *argv).stdout
    assert rows
    for suffix in ("parquet", "xlsx"):
        result = invoke(shop, *argv, "-o", str(tmp_path / f"rows.{suffix}"))
        assert (result.exit_code, result.stdout) == (0, ""), result.stderr
    frame = pl.read_parquet(tmp_path / "rows.parquet")
    assert frame.columns == rows.splitlines()[0].split(",")
    cells = list(load_workbook(tmp_path / "rows.xlsx").active.iter_rows(values_only=True))
    assert cells == [tuple(frame.columns), *frame.rows()]
    assert frame.height


@pytest.mark.slow
def test_numbers_and_truths_keep_their_types_in_parquet(shop: LakeConfig, tmp_path: Path) -> None:
    invoke(shop, "run")
    invoke(shop, "check", "-o", str(tmp_path / "rows.parquet"))
    frame = pl.read_parquet(tmp_path / "rows.parquet")
    assert (frame.schema["passed"], frame.schema["checked_rows"]) == (pl.Boolean, pl.Int64)
    assert frame["passed"].all()
