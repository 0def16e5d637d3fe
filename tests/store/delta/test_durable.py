"""A power cut leaves whole commits, or none."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from tiny import SALES, digest, put, rejects, rows, stocked

from carms_lake.api import Lake
from carms_lake.errors import StoreError
from carms_lake.flows.build import build
from carms_lake.flows.check import check
from carms_lake.flows.ingest import ingest
from carms_lake.flows.status import status
from carms_lake.flows.timetravel.restore import restore
from carms_lake.store import delta
from carms_lake.store.delta import write
from carms_lake.store.delta.lock import mend_logs
from carms_lake.store.delta.write import append

TESTS = Path(__file__).parents[2]
TRACED = f"""
import sys
sys.path[:0] = [{str(TESTS)!r}, {str(TESTS / "packages")!r}]
from pathlib import Path
from tiny import stocked
from carms_lake.flows.build import build
from carms_lake.flows.ingest import ingest
config = stocked(Path(sys.argv[1]))
ingest(config)
build(config)
"""
CALL = re.compile(r"^\d+ +(fsync|linkat|rename)\((.*)")
TARGET = re.compile(r'<([^<>]+)>|"([^"]+)"')
"""The last one of a call is what it is done to; another thread may come before its end."""


def traced(folder: Path) -> list[tuple[str, str]]:
    """What a first run synced, linked and renamed, in order: (call, path from the lake)."""
    log = folder / "strace.log"
    command = ["strace", "-f", "-y", "-o", str(log), "-e", "trace=fsync,linkat,rename"]
    command += [sys.executable, "-c", TRACED, str(folder / "project")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"strace may not trace here: {done.stderr[-200:]}")
    lake = f"{folder / 'project' / 'lake'}/"
    calls: list[tuple[str, str]] = []
    for line in log.read_text(encoding="utf-8").splitlines():
        if call := CALL.match(line):
            targets = ["".join(found) for found in TARGET.findall(call[2])]
            targets = [target for target in targets if target.startswith(lake)]
            calls += [(call[1], target.removeprefix(lake)) for target in targets[-1:]]
    return calls


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed: nothing is traced")
def test_a_commit_syncs_its_data_then_its_log_then_the_folder(tmp_path: Path) -> None:
    calls = traced(tmp_path)
    commits = [path for call, path in calls if call == "linkat" and path.endswith(".json")]
    assert len(commits) > 20
    for commit in commits:
        log = str(Path(commit).parent)
        after = calls[calls.index(("linkat", commit)) + 1 :]  # other tables may come in between
        of_log = [(call, path) for call, path in after if path == log or path.startswith(f"{log}/")]
        assert of_log[:2] == [("fsync", commit), ("fsync", log)]
    data = [path for call, path in calls if call == "fsync" and path.endswith(".parquet")]
    assert {path.split("/")[1] for path in data} >= {"bronze", "silver", "ops"}
    for file in data:
        table = str(Path(file).parent)
        after = calls[calls.index(("fsync", file)) + 1 :]
        commit_at = next(n for n, (call, path) in enumerate(after) if path.startswith(f"{table}/_"))
        assert ("fsync", table) in after[:commit_at], f"{file} was synced behind its commit"
        assert after[commit_at][0] == "linkat"
    moved = calls.index(("rename", "tiny.duckdb"))
    assert calls[moved - 1] == ("fsync", ".tiny.building/tiny.duckdb")
    assert calls[moved + 1][0] == "fsync"


@pytest.mark.slow
def test_every_data_file_that_a_log_names_was_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[Path] = set()
    sync = write.sync_files

    def noted(files: object) -> None:
        paths = list(files)  # type: ignore[call-overload]
        synced.update(paths)
        sync(paths)

    monkeypatch.setattr(write, "sync_files", noted)
    config = stocked(tmp_path)
    ingest(config)
    put(config, "sales/day_1.csv", SALES.replace(",1\n", ",x\n"))
    ingest(config)
    build(config)
    tables = [log.parent for log in config.lake.rglob("_delta_log")]
    named = {file for table in tables for file in delta.data_files(table)}
    assert len(named) > 8
    assert named <= synced
    assert {log for table in tables for log in (table / "_delta_log").iterdir()} <= synced


@pytest.mark.slow
@pytest.mark.parametrize("left", [b"", b'{"commitInfo":{"time', b"\0" * 700, b'{"add":{}}\n{"a'])
def test_half_a_commit_is_put_aside_and_the_next_run_does_it_again(
    tmp_path: Path, left: bytes
) -> None:
    config = stocked(tmp_path)
    ingest(config)
    build(config)
    put(config, "sales/day_2.csv", "sale_id,product_id,quantity\ns3,p9,x\ns4,p1,1\n")
    ingest(config)
    before = rejects(config), rows(config, "bronze.sales")
    tables = [config.lake / table for table in ("bronze/sales", "silver/sale", "ops/runs")]
    torn = [max((table / "_delta_log").glob("*.json")) for table in tables]
    for commit in torn:  # the run of bronze had not ended, for its own entry in ops is torn
        commit.write_bytes(left)
    report = ingest(config)
    build(config)
    assert (rejects(config)[1:], len(rows(config, "bronze.sales"))) == (before[0][1:], 3)
    assert [c.with_name(f"{c.name}.torn").read_bytes() for c in torn] == [left] * 3
    assert [note for note in report.notes if "`bronze.sales`" in note]
    assert [note for note in status(config).notes if "`bronze.sales`" in note]
    assert not [c for c in check(config).checks if not c.passed]


@pytest.mark.slow
@pytest.mark.parametrize("left", [b"", b"\0" * 700, b'{"add":{}}\n{"a', None])
def test_an_entry_that_was_damaged_after_its_run_is_never_put_aside_unasked(
    tmp_path: Path, left: bytes | None
) -> None:
    config = stocked(tmp_path)
    ingest(config)
    build(config)
    put(config, "sales/day_2.csv", "sale_id,product_id,quantity\ns4,p1,1\n")
    ingest(config)
    build(config)
    before = digest(config)
    entry = max((config.lake / "bronze/sales/_delta_log").glob("*.json"))
    entry.write_bytes(entry.read_bytes()[:-200] if left is None else left)
    queried: Callable[[], object] = lambda: Lake(config).query("from bronze.sales")  # noqa: E731 - one of several
    for command in (lambda: ingest(config), lambda: build(config), lambda: check(config),
                    lambda: status(config), queried):  # fmt: skip
        with pytest.raises(StoreError, match=r"log of the table `bronze.sales` .* not whole") as e:
            command()
        assert "`carms restore bronze.sales --to 1 --yes`" in e.value.hint
    plan = restore(config, "bronze.sales", "1", yes=False)
    assert (plan.version, plan.to_version, plan.rows, plan.to_rows) == (2, 1, None, 2)
    assert entry.exists()
    restore(config, "bronze.sales", "1", yes=True)
    ingest(config)
    build(config)
    assert digest(config) == before
    assert not [c for c in check(config).checks if not c.passed]


def test_half_a_checkpoint_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "lake" / "bronze" / "t"
    append(path, pl.DataFrame({"value": [1]}), {})
    delta.open_table(path).create_checkpoint()
    (checkpoint,) = (path / "_delta_log").glob("*.parquet")
    checkpoint.write_bytes(checkpoint.read_bytes()[:50])
    (note,) = mend_logs(tmp_path / "lake")
    assert "`bronze.t`: a damaged checkpoint was put aside" in note
    assert checkpoint.with_name(f"{checkpoint.name}.torn").exists()
    assert delta.scan(path).collect().rows() == [(1,)]
    assert mend_logs(tmp_path / "lake") == []
