"""A power cut leaves whole commits, or none."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from tiny import SALES, digest, put, stocked

from carms_lake.flows.build import build
from carms_lake.flows.ingest import ingest
from carms_lake.store import delta, durable

TESTS = Path(__file__).parents[1]
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
CALL = re.compile(
    r'^\d+ +(fsync|linkat|rename)\(.*?[<"]([^<>"]+)[>"](?:\)|, .*?"([^"]+)"(?:, 0)?\))'
)


def traced(folder: Path) -> list[tuple[str, str]]:
    """What a first run synced, linked and renamed, in order: (call, path from the lake)."""
    log = folder / "strace.log"
    command = ["strace", "-f", "-y", "-o", str(log), "-e", "trace=fsync,linkat,rename"]
    command += [sys.executable, "-c", TRACED, str(folder / "project")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"strace may not trace here: {done.stderr[-200:]}")
    lake = f"{folder / 'project' / 'lake'}/"
    found = [CALL.match(line) for line in log.read_text(encoding="utf-8").splitlines()]
    calls = [(call[1], call[3] or call[2]) for call in found if call]
    return [(name, path.removeprefix(lake)) for name, path in calls if path.startswith(lake)]


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed: nothing is traced")
def test_a_commit_syncs_its_data_then_its_log_then_the_folder(tmp_path: Path) -> None:
    calls = traced(tmp_path)
    commits = [path for call, path in calls if call == "linkat" and path.endswith(".json")]
    assert len(commits) > 20
    for commit in commits:
        at = calls.index(("linkat", commit))
        assert calls[at + 1] == ("fsync", commit)
        assert calls[at + 2] == ("fsync", str(Path(commit).parent))
    data = [path for call, path in calls if call == "fsync" and path.endswith(".parquet")]
    assert {path.split("/")[1] for path in data} >= {"bronze", "silver", "ops"}
    for file in data:
        table = str(Path(file).parent)
        at = calls.index(("fsync", file))
        after = [path for call, path in calls[at:] if call == "linkat" and path.startswith(table)]
        assert calls[at + 1] == ("fsync", table)
        assert after, f"{file} was synced behind its commit"
    moved = calls.index(("rename", "tiny.duckdb"))
    assert calls[moved - 1] == ("fsync", ".tiny.building/tiny.duckdb")
    assert calls[moved + 1][0] == "fsync"


def test_every_data_file_that_a_log_names_was_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[Path] = set()
    sync = durable.sync_files

    def noted(files: object) -> None:
        paths = list(files)  # type: ignore[call-overload]
        synced.update(paths)
        sync(paths)

    monkeypatch.setattr(durable, "sync_files", noted)
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


@pytest.mark.parametrize("left", [b"", b'{"commitInfo":{"time', b"\0" * 700, b'{"add":{}}\n{"a'])
def test_half_a_commit_is_put_aside_and_the_next_run_does_it_again(
    tmp_path: Path, left: bytes
) -> None:
    config = stocked(tmp_path)
    put(config, "sales/day_2.csv", "sale_id,product_id,quantity\ns3,p9,x\n")
    ingest(config)
    build(config)
    before = digest(config)
    tables = [config.lake / table for table in ("bronze/sales", "silver/sale", "ops/runs")]
    torn = [max((table / "_delta_log").glob("*.json")) for table in tables]
    for commit in torn:
        commit.write_bytes(left)
    ingest(config)
    build(config)
    assert digest(config) == before
    assert [c.with_name(f"{c.name}.torn").read_bytes() for c in torn] == [left] * 3


def test_half_a_checkpoint_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "lake" / "bronze" / "t"
    delta.append(path, pl.DataFrame({"value": [1]}), {})
    delta.open_table(path).create_checkpoint()
    (checkpoint,) = (path / "_delta_log").glob("*.parquet")
    checkpoint.write_bytes(checkpoint.read_bytes()[:50])
    assert durable.mend_logs(tmp_path / "lake") == [checkpoint.with_name(f"{checkpoint.name}.torn")]
    assert delta.scan(path).collect().rows() == [(1,)]
    assert durable.mend_logs(tmp_path / "lake") == []
