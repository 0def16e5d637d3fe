"""`rejects` and `rejects replay`: what they show, and how they end."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest
from reject_lake import edit, loosen, shop, with_own_contracts
from templates import copy_to
from tiny import PRODUCTS, digest, put
from typer.testing import CliRunner, Result

from carms_lake.cli import make_app
from carms_lake.cli.rejects import draw
from carms_lake.flows.build import build
from carms_lake.flows.ingest import ingest
from carms_lake.flows.rejects import rejects

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.config import LakeConfig


def invoke(config: LakeConfig, *argv: str) -> Result:
    return CliRunner().invoke(make_app(), ["-p", str(config.project), "-d", "tiny", *argv])


def _built(folder: Path) -> None:
    (folder / "carms.toml").write_text("", encoding="utf-8")
    config = shop(folder)
    ingest(config)
    build(config)


@pytest.fixture
def lake(tmp_path: Path) -> LakeConfig:
    copy_to(tmp_path, _built)
    return with_own_contracts(tmp_path)


@pytest.mark.slow
def test_replay_is_a_command_beside_the_list(lake: LakeConfig) -> None:
    loosen(lake)
    dry = invoke(lake, "rejects", "replay", "--dry-run")
    assert dry.exit_code == 0, dry.stderr
    assert dry.stdout.splitlines() == [
        "table_name,src_filename,set_aside,landed,left,read_from,why_not",
        "sales,sales/day_2.csv,4,2,2,raw record,",
    ]
    assert "replay: 2 records would land, 2 still rejected" in dry.stderr
    done = invoke(lake, "rejects", "replay", "sales")
    assert "replay: 2 records landed, 2 still rejected" in done.stderr
    assert "published" in done.stderr, "silver and gold are built"
    after = digest(lake)
    again = invoke(lake, "rejects", "replay", "--strict")
    assert again.exit_code == 1
    assert "replay: 0 records landed" in again.stderr
    assert digest(lake) == after


@pytest.mark.slow
def test_replay_builds_unless_it_is_told_not_to(lake: LakeConfig) -> None:
    put(lake, "sales/day_3.csv", "sale_id,product_id,quantity\nw1,p3,1\n")
    ingest(lake)
    build(lake)
    put(lake, "products.csv", PRODUCTS + "p3,Oil,1.00\n")
    ingest(lake)
    loosen(lake)
    before = invoke(lake, "rejects", "--layer", "silver").stdout
    assert "UNKNOWN_REFERENCE" in before
    told = invoke(lake, "rejects", "replay", "--no-build", "--json")
    assert json.loads(told.stdout)["data"]["build"] is None
    assert invoke(lake, "rejects", "--layer", "silver").stdout == before
    told = invoke(lake, "rejects", "replay", "--json")
    answer = json.loads(told.stdout)
    assert answer["data"]["build"]["published"]
    assert answer["data"]["files"][0]["table"] == "tiny.bronze.sales"
    assert len(invoke(lake, "rejects", "--layer", "silver").stdout.splitlines()) == 1


def test_a_replay_whose_build_fails_says_what_it_did(lake: LakeConfig) -> None:
    loosen(lake)
    edit(
        lake,
        "gold/fact_sale",
        "sum(quantity) from silver.sale",
        "1 + sum(quantity) from silver.sale",
    )
    told = invoke(lake, "rejects", "replay")
    assert told.exit_code == 1
    assert "sales,sales/day_2.csv,4,2,2,raw record," in told.stdout
    assert "reconcile" in told.stderr


def test_what_cannot_be_read_again_is_said_with_the_reason(lake: LakeConfig) -> None:
    edit(lake, "bronze/sales", "name: quantity", "name: amount")
    told = invoke(lake, "rejects", "replay", "--no-build")
    assert told.exit_code == 0
    assert "not reparsed: `sales/day_2.csv`: the contract has other columns" in told.stderr


def test_filters_history_and_export(lake: LakeConfig, tmp_path: Path) -> None:
    rows = list(csv.DictReader(invoke(lake, "rejects", "--column", "quantity").stdout.splitlines()))
    assert [row["code"] for row in rows][:2] == ["OUT_OF_RANGE", "TYPE_MISMATCH"]
    assert rows[0]["place"] == "record 1, line 2"
    history = invoke(lake, "rejects", "sales", "--history")
    assert history.stdout.startswith("layer,table_name,src_filename,src_row_number,row_key,codes")
    assert history.stdout.count("\nbronze,sales,") == 4
    assert invoke(lake, "rejects", "--history", "--strict").exit_code == 1
    target = tmp_path / "export.csv"
    made = invoke(lake, "rejects", "--export", "-o", str(target))
    assert "`sales/day_2_corrected.csv`" in made.stderr
    with target.open(encoding="utf-8", newline="") as stream:
        assert next(csv.reader(stream))[:3] == ["sale_id", "product_id", "quantity"]
    assert json.loads(invoke(lake, "rejects", "--export", "--json").stdout)["data"][0]["sale_id"]
    book = tmp_path / "export.xlsx"
    assert invoke(lake, "rejects", "--export", "-o", str(book)).exit_code == 0
    assert book.stat().st_size
    wrong = (["--export", "--history"], ["--export", "--layer", "silver"])
    for argv in wrong:
        assert invoke(lake, "rejects", *argv).exit_code == 2


def test_corrected_records_go_into_their_file_and_its_rejects_are_gone(
    lake: LakeConfig, tmp_path: Path
) -> None:
    file = tmp_path / "export.csv"
    told = invoke(lake, "rejects", "sales", "--export", "-o", str(file))
    assert "`carms rejects correct sales FILE --out DIR` puts them into their files" in told.stderr
    text = file.read_bytes().decode().replace("s4,p2,x", "s4,p2,4").replace("s5,p1,3,4", "s5,p1,3")
    file.write_bytes(text.replace(",0,sales", ",8,sales").encode())
    out = tmp_path / "corrected"
    done = invoke(lake, "rejects", "correct", "sales", str(file), "--out", str(out))
    assert done.exit_code == 0, done.stderr
    assert done.stdout == f"{out / 'sales' / 'day_2.csv'}\n"
    assert f"deliver them: `carms ingest sales --from {out}`" in done.stderr
    landed = invoke(lake, "ingest", "sales", "--from", str(out))
    assert "sales/day_2.csv,replaced,5,5,0" in landed.stdout
    history = csv.DictReader(io.StringIO(invoke(lake, "rejects", "--history").stdout))
    assert [row["mended_by"] for row in history] == ["delivery"] * 4
    assert invoke(lake, "rejects", "--strict").exit_code == 0
    assert invoke(lake, "rejects", "correct", "sales", str(file), "--out", str(out)).exit_code == 2


def test_a_terminal_shows_each_record_below_its_file(
    lake: LakeConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    draw(rejects(lake))
    lines = capsys.readouterr().out.splitlines()
    assert lines[:4] == [
        "",
        "bronze.sales  sales/day_2.csv",
        "  record 1, line 2",
        "    s3,p1,0",
    ]
    assert lines[4] == "    OUT_OF_RANGE `quantity` must be at least 1: 0"
    assert max(map(len, lines)) <= 100


@pytest.mark.parametrize(
    "argv",
    [
        ["--strict", "replay", "sales", "--dry-run"],
        ["-f", "csv", "replay", "--strict", "--dry-run"],
        ["--dry-run", "--from", "nowhere", "-q", "replay", "--strict"],
    ],
)
def test_options_may_stand_before_the_verb(lake: LakeConfig, argv: list[str]) -> None:
    done = invoke(lake, "rejects", *argv)
    assert done.exit_code == 1, done.stderr
    assert done.stdout.startswith("table_name,src_filename,set_aside,landed,left")


def test_the_list_runs_where_no_verb_is_named(lake: LakeConfig) -> None:
    listed = invoke(lake, "rejects", "list", "sales")
    assert listed.exit_code == 0
    assert listed.stdout.count("\nbronze,sales,") >= 4
    for argv in (["sales"], ["sales", "--layer", "bronze"], ["--layer", "bronze", "sales"]):
        assert invoke(lake, "rejects", *argv).stdout == listed.stdout
    named = invoke(lake, "rejects", "--column", "replay")
    assert named.stdout.count("\n") == 1, "the value of an option is not a verb"


def test_the_help_of_rejects_lists_its_commands() -> None:
    shown = CliRunner().invoke(make_app(), ["rejects", "--help"]).output
    for name in ("list", "correct", "replay"):
        assert f"\n  {name} " in shown


def test_the_spellings_of_the_last_version_still_work(lake: LakeConfig, tmp_path: Path) -> None:
    old, new = (invoke(lake, "rejects", option).stdout for option in ("--to-mend", "--export"))
    assert old == new
    old, new = (invoke(lake, "rejects", option).stdout for option in ("--repairs", "--suggest"))
    assert old == new
    file = tmp_path / "export.csv"
    file.write_text(invoke(lake, "rejects", "--export").stdout, encoding="utf-8")
    done = invoke(lake, "rejects", "mend", "sales", str(file), "--out", str(tmp_path / "out"))
    assert done.exit_code == 0
    told = invoke(lake, "rejects", "--help").stdout
    assert all(f"\n  {verb} " in told for verb in ("list", "correct", "replay"))
    assert "mend" not in told + invoke(lake, "rejects", "list", "--help").stdout


def test_the_list_says_which_repair_would_let_most_records_land(lake: LakeConfig) -> None:
    put(lake, "products.csv", PRODUCTS + "p3,Salt, coarse,1.00\n")
    ingest(lake)
    shown = invoke(lake, "rejects", "products")
    assert (
        "1 record of `products` with surplus fields: `merge_surplus_into: name` would let 1 land: "
        "`carms rejects --suggest`"
    ) in shown.stderr
