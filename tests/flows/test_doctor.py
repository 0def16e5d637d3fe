"""`carms doctor`: one broken lake for each finding."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from importlib import metadata
from typing import TYPE_CHECKING

import duckdb
import ledger_lake
import pytest
from command import called
from filelock import FileLock
from templates import copy_to
from tiny import built, project, put, with_contract

from carms_lake.config import load_config
from carms_lake.flows.build import build
from carms_lake.flows.doctor import around, doctor
from carms_lake.flows.doctor.finding import State
from carms_lake.flows.ingest import ingest

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.config import LakeConfig
    from carms_lake.flows.doctor.finding import Finding


@pytest.fixture
def shop(tmp_path: Path) -> LakeConfig:
    config = built(tmp_path)
    (tmp_path / "carms.toml").write_text('domain = "tiny"\n', encoding="utf-8")
    return config


def bad(config: LakeConfig) -> dict[str, Finding]:
    """What is not fine, by subject."""
    return {f.subject: f for f in doctor(lambda: config) if f.state is not State.OK}


def on_disk(config: LakeConfig) -> dict[str, bytes]:
    files = (path for path in config.project.rglob("*") if path.is_file())
    return {str(path): path.read_bytes() for path in files}


def test_a_sound_lake_has_no_finding_and_nothing_of_it_changes(shop: LakeConfig) -> None:
    before = on_disk(shop)
    found = doctor(lambda: shop)
    assert {finding.state for finding in found} == {State.OK}
    assert len({finding.subject for finding in found}) == 10
    assert on_disk(shop) == before


def test_an_empty_project_only_has_no_gold_file_yet(tmp_path: Path) -> None:
    config = project(tmp_path)
    assert bad(config).keys() == {"gold file"}
    assert not (tmp_path / "lake").exists()


def test_wrong_settings_are_a_finding(shop: LakeConfig) -> None:
    (shop.project / "carms.toml").write_text("domian = 'tiny'\n", encoding="utf-8")
    settings = doctor(lambda: load_config(project=shop.project))[-1]
    assert (settings.subject, settings.state) == ("settings", State.PROBLEM)
    assert "unknown key `domian`" in settings.found
    assert "`domain`" in settings.to_do


def test_a_missing_folder_of_sources_is_a_finding(shop: LakeConfig) -> None:
    shutil.rmtree(shop.data_raw)
    assert str(shop.data_raw) in bad(shop)["settings"].found


def test_a_lake_that_may_not_be_written_is_a_problem(
    shop: LakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda _, mode: not mode & os.W_OK)
    assert bad(shop)["settings"].state is State.PROBLEM


def test_a_library_out_of_range_is_a_problem(
    shop: LakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed = ["duckdb<3,>=2.0", "polars>=2.1", 'pytest>=1; extra == "test"', "no-such-thing>=1"]
    versions = {"duckdb": "3.0.0", "polars": "2.1.0rc1"}

    def version(name: str) -> str:
        if name not in versions:
            raise metadata.PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(metadata, "requires", lambda _: needed)
    monkeypatch.setattr(metadata, "version", version)
    monkeypatch.setattr(sys, "version_info", (3, 10, 2, "final", 0))
    found = [f.found for f in around.versions()]
    assert found == [
        "Python is 3.10.2, and carms needs >=3.11",
        "duckdb is 3.0.0, and carms needs <3",
        "no-such-thing is not installed",
    ]


def test_who_holds_the_lake_is_named(shop: LakeConfig) -> None:
    (shop.lake / ".lock.holder").write_text("`carms build`, process 4711", encoding="utf-8")
    with FileLock(shop.lake / ".lock"):
        assert bad(shop)["lock"].found == "`carms build`, process 4711 is writing"
    assert bad(shop)["lock"].found == "`carms build`, process 4711 never ended"


def test_a_lake_and_files_of_the_future_are_found(
    shop: LakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = time.time() + 3600
    os.utime(put(shop, "new.csv", "a\n"), (late, late))
    assert "1 source file changed in the future: `new.csv`" in bad(shop)["clock"].found
    (shop.data_raw / "new.csv").unlink()

    class Earlier(around.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls(2020, 1, 1, tzinfo=tz)

    monkeypatch.setattr(around, "datetime", Earlier)
    for path in shop.data_raw.rglob("*"):
        os.utime(path, (0, 0))
    assert "UTC on 2020-01-01" in bad(shop)["clock"].found


def test_a_lost_data_file_is_a_problem_with_its_cure(shop: LakeConfig) -> None:
    next((shop.lake / "silver" / "sale").glob("*.parquet")).unlink()
    found = bad(shop)["tables"]
    assert (found.state, "`silver.sale`" in found.found) == (State.PROBLEM, True)
    assert "carms build" in found.to_do


def test_a_table_without_contract_is_found(shop: LakeConfig) -> None:
    shutil.copytree(shop.lake / "silver" / "sale", shop.lake / "silver" / "old_sale")
    assert bad(shop)["tables"].found == "`silver.old_sale` has no contract"


def test_a_gold_file_that_old_drivers_cannot_open_is_found(shop: LakeConfig) -> None:
    new = shop.gold_file.with_suffix(".copy")
    with duckdb.connect(config={"storage_compatibility_version": "latest"}) as connection:
        connection.execute(f"attach '{shop.gold_file}' as a (read_only); attach '{new}' as b")
        connection.execute("copy from database a to b")
    new.replace(shop.gold_file)
    assert "cannot open it" in bad(shop)["gold file"].meaning


def test_a_gold_file_that_is_none_is_a_problem(shop: LakeConfig) -> None:
    shop.gold_file.write_bytes(b"half")
    found = bad(shop)["gold file"]
    assert (found.state, "cannot be opened" in found.found) == (State.PROBLEM, True)


def ledger(folder: Path) -> None:
    config = ledger_lake.project(folder)
    ledger_lake.accounts(config, "ab")
    ledger_lake.entries(config, "one", [(1, "a", "2.00")])
    ingest(config)
    build(config)


@pytest.mark.slow
def test_a_key_that_is_lost_open_wrong_or_another_is_found(tmp_path: Path) -> None:
    copy_to(tmp_path, ledger)
    config = ledger_lake.config_of(tmp_path)
    assert "masking key" not in bad(config)
    key = tmp_path / ".carms" / "masking.key"
    if os.name == "posix":
        key.chmod(0o644)
        assert "has the mode 644" in bad(config)["masking key"].found
        key.chmod(0o600)
    key.write_text("ab" * 32, encoding="utf-8")
    assert "another key" in bad(config)["masking key"].found
    key.write_text("abc", encoding="utf-8")
    assert "holds no masking key" in bad(config)["masking key"].found
    key.unlink()
    assert bad(config)["masking key"].state is State.PROBLEM
    assert not key.exists()


def test_files_read_under_an_older_contract_are_found(shop: LakeConfig) -> None:
    config = with_contract(shop, "sales", "required: true", "required: false")
    found = bad(config)["contracts"]
    assert "1 file of `bronze.sales` read under an older contract" in found.found
    assert "carms ingest sales --full-refresh" in found.to_do


def test_tables_older_than_their_contract_are_found(shop: LakeConfig) -> None:
    own = shop.project / "schemas" / "tiny"
    for layer, table in (("silver", "sale"), ("gold", "fact_sale")):
        text = (shop.domain.schemas[0] / layer / f"{table}.odcs.yaml").read_text("utf-8")
        (own / layer).mkdir(parents=True)
        new = text.replace("version: 1.0.0", "version: 9.0.0")
        assert new != text
        (own / layer / f"{table}.odcs.yaml").write_text(new, encoding="utf-8")
    found = bad(load_config(project=shop.project))["contracts"]
    assert found.found.startswith("2 tables older than the contract: ")
    assert "`silver.sale` (built with 1.0.0, now 9.0.0)" in found.found


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("lake/tiny/bronze/sales/stray.parquet", "that no log names"),
        ("lake/tiny/silver/sale/.staging/part-1.parquet", "that no log names"),
        ("lake/tiny/bronze/sales/_delta_log/00000000000000000009.json.torn", "put aside"),
        ("lake/tiny/parquet/bronze/.sales.parquet.0a1b2c3d.part", "half written"),
        ("lake/.tiny.building/tiny.duckdb", "half or never published"),
        ("lake/.tiny.duckdb.part", "half or never published"),
        ("lake/tiny.new.duckdb", "half or never published"),
    ],
)
def test_leftovers_are_found(shop: LakeConfig, name: str, what: str) -> None:
    path = shop.project / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    found = bad(shop)
    assert found.keys() == {"leftovers"}
    assert what in found["leftovers"].found


def test_a_disk_on_which_the_next_build_does_not_fit_is_a_problem(
    shop: LakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 9, 1))
    assert bad(shop)["disk"].state is State.PROBLEM


def test_what_cannot_be_looked_at_is_a_finding(
    shop: LakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(_: object) -> None:
        raise PermissionError(13, "Permission denied", "/dev/disk")

    monkeypatch.setattr(shutil, "disk_usage", denied)
    found = bad(shop)["disk"]
    assert (found.state, "Permission denied" in found.found) == (State.PROBLEM, True)


def test_damage_that_several_looks_meet_is_said_once(shop: LakeConfig) -> None:
    (shop.lake / "ops" / "runs" / "_delta_log" / f"{0:020}.json").unlink()
    found = [finding.found for finding in doctor(lambda: shop)]
    assert len([text for text in found if "ops" in text and "log" in text]) == 1


def test_the_command_ends_with_1_for_a_problem_alone(shop: LakeConfig) -> None:
    folder = shop.project
    (folder / "lake" / "tiny.new.duckdb").write_bytes(b"x")
    warned = called(folder, "doctor", "-f", "table")
    assert warned.code == 0
    assert "warning  leftovers: 1 file" in warned.out
    shop.gold_file.write_bytes(b"half")
    failed = called(folder, "doctor", "--json")
    states = {row["subject"]: row["state"] for row in failed.json["data"]}
    assert (failed.code, states["gold file"], states["lock"]) == (1, "problem", "ok")


def test_outside_of_a_project_it_says_so_and_ends_with_1(tmp_path: Path) -> None:
    done = called(tmp_path, "doctor", "-f", "jsonl")
    last = json.loads(done.out.splitlines()[-1])
    assert (done.code, last["subject"], last["state"]) == (1, "settings", "problem")
    assert "carms init" in last["to_do"]
