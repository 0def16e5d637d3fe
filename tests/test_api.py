"""`import carms_lake`: what a notebook does with a lake."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import polars as pl
import pytest
from tiny import built, put, stocked

import carms_lake
from carms_lake import Lake

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from carms_lake.notebook import Shown

MEMBERS = [
    "ConfigError", "Contract", "ContractError", "DataError", "GoldMissing", "Lake", "LakeError",
    "NotReconciled", "Parity", "ParityStatus", "Publication", "Published", "QueryLimit",
    "QueryRefused", "RunReport", "SourceError", "SourceRefused", "StoreError", "StoreLocked",
    "UnknownKey", "UnknownTable", "UsageError", "__version__", "open", "select",
]  # fmt: skip
CALLS = {
    "append", "beside_files", "build", "certify", "check", "checks", "config", "contracts", "diff",
    "drift", "ensure_unlocked", "forget", "history", "ingest", "lineage", "masked", "parity",
    "publications", "publish", "query", "rejects", "replay", "run", "selects", "silver_files",
    "status", "stream", "table", "tables", "tables_about_people", "to_parquet", "trace",
}  # fmt: skip


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return Lake(built(tmp_path_factory.mktemp("lake"), sales=",p1,1\ns4,p9,1\n"))


def test_the_package_exports_these_members() -> None:
    assert carms_lake.__all__ == MEMBERS == dir(carms_lake)
    assert all(getattr(carms_lake, name) is not None for name in MEMBERS)
    with pytest.raises(AttributeError, match="no attribute `opne`"):
        carms_lake.opne  # noqa: B018 - reading it is the test


def test_a_lake_has_these_calls(lake: Lake) -> None:
    assert {name for name in dir(lake) if not name.startswith("_")} == CALLS


def test_a_lake_is_opened_by_its_folder_or_from_within(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "carms.toml").write_text('domain = "retail"', encoding="utf-8")
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert repr(carms_lake.open()) == repr(carms_lake.open(tmp_path))
    assert carms_lake.open(tmp_path, domain="carms").config.domain.name == "carms"
    with pytest.raises(carms_lake.ConfigError, match=r"carms\.toml"):
        carms_lake.open(tmp_path / "notebooks")


def test_a_query_gives_a_frame_with_its_types(lake: Lake) -> None:
    found = lake.query("select sale_id, amount from silver.sale where sale_id = $id", {"id": "s1"})
    assert dict(found.schema) == {"sale_id": pl.String, "amount": pl.Decimal(14, 2)}
    assert found["sale_id"].to_list() == ["s1"]
    with pytest.raises(carms_lake.QueryRefused):
        lake.query("drop table silver.sale")


def test_a_stream_gives_all_rows_in_several_frames(lake: Lake) -> None:
    with lake.stream("select range as n from range(25000)") as frames:
        heights = [frame.height for frame in frames]
    assert (sum(heights), max(heights) < 25000) == (25000, True)


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("bronze.products", 2), ("tiny.silver.sale", 2), ("sale", 2), ("fact_sale", 2),
        ("ops.runs", 2), ("runs", 2), ("rejects", 2),
    ],
)  # fmt: skip
def test_a_table_is_a_lazy_frame(lake: Lake, name: str, rows: int) -> None:
    found = lake.table(name)
    assert isinstance(found, pl.LazyFrame)
    assert found.collect().height == rows


@pytest.mark.slow
def test_a_table_is_read_as_of_a_run_and_stays_at_its_version(tmp_path: Path) -> None:
    lake = Lake(stocked(tmp_path))
    first = lake.ingest().run_id
    pinned = lake.table("bronze.sales")
    put(lake.config, "sales/day_2.csv", "sale_id,product_id,quantity\ns3,p1,1\n")
    second = lake.ingest().run_id
    assert pinned.collect().height == 2
    assert lake.table("sales", as_of=first).collect().height == 2
    assert lake.table("sales", as_of=second).collect().height == 3
    lake.build()
    with pytest.raises(carms_lake.UsageError, match=r"`silver\.sale` did not exist yet"):
        lake.table("silver.sale", as_of=second)
    with pytest.raises(carms_lake.UsageError, match="no table `sail`"):
        lake.table("sail")


def test_contracts_are_found_by_any_spelling(lake: Lake) -> None:
    contracts = lake.contracts
    assert contracts["gold.fact_sale"] is contracts["fact_sale"] is contracts["tiny.gold.fact_sale"]
    assert set(contracts) == {ref.in_domain for ref in (c.ref for c in contracts.values())}
    assert "silver.sale" in contracts
    assert contracts.get("silver.sail") is None
    with pytest.raises(carms_lake.UnknownTable) as caught:
        contracts["silver.sail"]
    assert str(caught.value) == "no table `silver.sail` in the domain `tiny`"
    assert "silver.sale" in caught.value.hint


@pytest.mark.slow
def test_calls_give_frozen_reports_and_frames_and_print_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    lake = Lake(stocked(tmp_path))
    put(lake.config, "sales/day_2.csv", "sale_id,product_id,quantity\n<b>,p1,x\n")
    assert {file.name for file in lake.drift().files}
    ingested, made = lake.run()
    assert (ingested.command, made.command) == ("ingest", "build")
    assert made.published == lake.config.gold_file
    assert lake.check().failed_checks == 0
    assert lake.rejects("sales")["code"].to_list() == ["TYPE_MISMATCH"]
    assert len(lake.replay(dry_run=True).files) == 1
    assert lake.history("silver.sale")["run_id"][0] == made.run_id
    assert {row["table"] for row in lake.tables().to_dicts()} >= {"gold.fact_sale"}
    assert lake.status().domain == "tiny"
    assert lake.trace("s1", table="silver.sale").steps
    assert lake.diff(ingested.run_id, made.run_id).tables
    with pytest.raises(AttributeError):
        made.run_id = "another"  # type: ignore[misc]  # it is frozen
    assert capfd.readouterr() == ("", "")


def reports(lake: Lake) -> dict[str, Callable[[], Shown]]:
    return {
        "run": lake.check,
        "status": lake.status,
        "replay": lambda: lake.replay(dry_run=True),
        "drift": lambda: lake.drift(every=True),
        "trace": lambda: lake.trace("s1", table="silver.sale"),
    }


@pytest.mark.parametrize("name", ["run", "status", "replay", "drift", "trace"])
def test_a_notebook_shows_reports_as_tables(lake: Lake, name: str) -> None:
    shown = reports(lake)[name]()._repr_html_()
    assert shown.startswith("<table>")
    assert shown.count("<table") == shown.count("</table>")


def test_what_a_notebook_shows_is_escaped(tmp_path: Path) -> None:
    lake = Lake(stocked(tmp_path))
    put(lake.config, "sales/<script>.csv", "sale_id,product_id\n1,p1\n")
    shown = lake.ingest()._repr_html_()
    assert "&lt;script&gt;.csv" in shown
    assert "<script>" not in shown


@pytest.mark.slow
def test_threads_read_one_lake_at_once(lake: Lake) -> None:
    def read(number: int) -> tuple[int, int, int, list[str]]:
        return (
            lake.query(f"select count(*) + {number} from fact_sale").item(),
            lake.query("select count(*) from silver.sale, bronze.products").item(),
            lake.table("silver.sale").collect().height,
            sorted(lake.contracts)[:1],
        )

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(read, range(40)))
    assert found == [(2 + number, 4, 2, ["bronze.products"]) for number in range(40)]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds the memory of a process")
def test_queries_that_overlap_leave_no_memory_bound(lake: Lake) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    first, second = lake.stream("select 1"), lake.stream("select 2")
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert resource.getrlimit(resource.RLIMIT_AS) != before
    second.__exit__(None, None, None)
    assert resource.getrlimit(resource.RLIMIT_AS) == before


def test_importing_and_opening_imports_no_data_library(tmp_path: Path) -> None:
    (tmp_path / "carms.toml").write_text("", encoding="utf-8")
    code = (
        "import json, sys, carms_lake\n"
        "lake = carms_lake.open(sys.argv[1])\n"
        "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    heavy = {
        "deltalake",
        "duckdb",
        "numpy",
        "pandera",
        "polars",
        "pyarrow",
        "rich",
        "typer",
        "yaml",
    }
    assert set(json.loads(done.stdout)) & heavy == set()


def test_tables_about_people_are_those_that_a_contract_classifies_and_their_relatives(
    lake: Lake, tmp_path: Path
) -> None:
    assert lake.tables_about_people() == frozenset()
    (tmp_path / "carms.toml").write_text("", encoding="utf-8")
    found = carms_lake.open(tmp_path).tables_about_people()
    assert {"silver.contact", "bronze.markdown_program_descriptions"} <= found
    assert "silver.discipline" not in found
