"""A source changes: the command tells, the contract gets a version, the files land, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest
import yaml
from command import called as carms

from carms_lake.config import builtin_schemas

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

REASONS = ["Damaged", "Wrong size", "Changed my mind", "Late"]
SHOPS = ["Lyon", "Turin", "Bern", "Ulm"]


def returns(first: int, count: int = 200) -> pl.DataFrame:
    """Returns as the first version of the source has them."""
    numbers = range(first, first + count)
    start = pl.datetime(2025, 1, 1, time_unit="us")
    return pl.DataFrame({"return_id": numbers}).select(
        pl.col("return_id").cast(pl.Int64),
        (pl.col("return_id") // 2).alias("order_id"),
        (pl.col("return_id") % 17).alias("product_id"),
        (start + pl.duration(minutes=pl.col("return_id"))).alias("return_ts"),
        (pl.col("return_id") % 4 + 1).cast(pl.Int32).alias("qty"),
        pl.Series("reason", [REASONS[n % 4] for n in numbers]),
    )


def with_shops(frame: pl.DataFrame) -> pl.DataFrame:
    """The second version of the source: its new column is one that no table of silver reads yet."""
    return frame.with_columns(pl.Series("shop", [SHOPS[n % 4] for n in frame["return_id"]]))


def deliver(project: Path, name: str, frame: pl.DataFrame, form: str) -> None:
    path = project / "data_raw" / "retail" / f"{name}.{form}"
    path.parent.mkdir(parents=True, exist_ok=True)
    if form == "csv":
        frame.write_csv(path, datetime_format="%Y-%m-%dT%H:%M:%S")
    else:
        frame.write_parquet(path)


@pytest.fixture(params=["csv", "parquet"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str]:
    """A project with the first version of the contract, and a file of it that landed."""
    form = request.param
    assert carms(tmp_path, "init", ".").code == 0
    packaged = builtin_schemas() / "retail" / "bronze" / "returns.odcs.yaml"
    text = packaged.read_text(encoding="utf-8")
    first = text.replace("parquet, delta", form)
    first = first.replace('"returns*.parquet"', f'"returns*.{form}"')
    assert "shop" not in first
    own = tmp_path / "schemas" / "retail" / "bronze" / "returns.odcs.yaml"
    own.parent.mkdir(parents=True)
    own.write_text("# ours, for now\n" + first, encoding="utf-8")
    deliver(tmp_path, "returns_v1", returns(1), form)
    assert carms(tmp_path, "-d", "retail", "ingest", "returns").code == 0
    return tmp_path, form


def test_returns_get_a_shop(project: tuple[Path, str]) -> None:
    folder, form = project
    deliver(folder, "returns_v2", with_shops(returns(500)), form)
    assert carms(folder, "-d", "retail", "ingest", "returns").code == 4

    found = carms(folder, "-d", "retail", "drift", "returns")
    assert found.code == 1
    (row,) = found.rows
    assert (row["column"], row["change"], row["severity"], row["found"]) == (
        "shop", "added", "error", "varchar, filled in 100 %"
    )  # fmt: skip
    assert "1.1.0 -> 1.2.0 (minor)" in found.err

    shown = carms(folder, "-d", "retail", "drift", "returns", "--patch")
    patch = yaml.safe_load(shown.out)
    assert patch["version"] == "1.2.0"
    assert patch["schema"][0]["properties"] == [
        {
            "name": "shop",
            "logicalType": "string",
            "physicalType": "varchar",
            "customProperties": [{"property": "carms.mayBeAbsent", "value": True}],
        }
    ]

    own = folder / "schemas" / "retail" / "bronze" / "returns.odcs.yaml"
    before = own.read_text(encoding="utf-8")
    assert carms(folder, "-d", "retail", "drift", "returns", "--write").code == 1
    kept = own.with_name("returns.v1.1.0.odcs.yaml")
    assert kept.read_text(encoding="utf-8") == before
    assert own.read_text(encoding="utf-8").startswith("# ours, for now\n")

    assert carms(folder, "-d", "retail", "ingest", "--full-refresh", "returns").code == 0
    sql = "select count(*) n, count(shop) shops from bronze.returns"
    assert carms(folder, "-d", "retail", "query", sql).rows == [{"n": "400", "shops": "200"}]
    assert carms(folder, "-d", "retail", "drift", "returns").code == 0
    again = carms(folder, "-d", "retail", "drift", "returns", "--all", "--json")
    assert (again.code, again.json["data"]["patches"]) == (0, [])


def test_a_renamed_column_lands_under_its_old_name(project: tuple[Path, str]) -> None:
    folder, form = project
    renamed = returns(500).rename({"qty": "quantity", "reason": "why"})
    deliver(folder, "returns_v2", renamed, form)
    found = carms(folder, "-d", "retail", "drift", "returns", "--json")
    assert found.code == 1
    told = found.json["data"]["findings"]
    assert [(f["column"], f["change"], f["expected"], f["found"]) for f in told] == [
        ("qty", "renamed", "qty", "quantity"),
        ("reason", "renamed", "reason", "why"),
    ]
    assert all(0.65 <= f["score"] <= 1 for f in told)
    (patch,) = found.json["data"]["patches"]
    assert (patch["level"], patch["to_version"]) == ("major", "2.0.0")
    assert [change["kind"] for change in patch["changes"]] == ["header", "header"]

    assert carms(folder, "-d", "retail", "drift", "returns", "--write").code == 1
    assert carms(folder, "-d", "retail", "ingest", "returns").code == 0
    sql = "select count(*) n, count(qty) qty, count(reason) reason from bronze.returns"
    assert carms(folder, "-d", "retail", "query", sql).rows == [
        {"n": "400", "qty": "400", "reason": "400"}
    ]


@pytest.mark.parametrize("project", ["csv"], indirect=True)
def test_a_file_that_cannot_be_read_ends_it_with_four(project: tuple[Path, str]) -> None:
    folder, form = project
    deliver(folder, "returns_v2", with_shops(returns(500)), form)
    (folder / "data_raw" / "retail" / f"returns_v3.{form}").write_bytes(b"")
    found = carms(folder, "-d", "retail", "drift")
    assert found.code == 4
    assert [row["change"] for row in found.rows] == ["added"]
    assert f"unreadable: `returns_v3.{form}`" in found.err


@pytest.mark.parametrize("project", ["csv"], indirect=True)
def test_the_rows_and_the_patch_are_not_mixed(project: tuple[Path, str]) -> None:
    folder, _ = project
    wrong = carms(folder, "-d", "retail", "drift", "--patch", "-f", "csv")
    assert (wrong.code, wrong.out) == (2, "")
    file = folder / "patch.yaml"
    deliver(folder, "returns_v2", with_shops(returns(500)), project[1])
    assert carms(folder, "-d", "retail", "drift", "--patch", "-o", str(file)).code == 1
    assert yaml.safe_load(file.read_text(encoding="utf-8"))["version"] == "1.2.0"
