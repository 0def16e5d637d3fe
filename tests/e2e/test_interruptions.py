"""Ctrl-C, two at once, no room to write: the exit code says so, and nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from command import carms, executable

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


@pytest.fixture
def project(tmp_path: Path) -> Path:
    assert carms(tmp_path, "init").code == 0
    assert carms(tmp_path, "generate", "carms", "--programs", "60").code == 0
    return tmp_path


def begun(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """A command that holds the lake."""
    process = subprocess.Popen(
        [executable(), *arguments],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    holder = folder / "lake/carms/.lock.holder"
    for _ in range(500):
        if holder.exists() or process.poll() is not None:
            return process
        time.sleep(0.01)
    return process


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_ends_with_130_and_the_next_run_finishes(project: Path) -> None:
    with begun(project, "run") as process:
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert carms(project, "run").code == 0
    found = carms(project, "query", "select count(*) as n from program_profile")
    assert found.rows == [{"n": "60"}]


def test_two_at_once_both_end_well_one_after_the_other(project: Path) -> None:
    with begun(project, "run") as first:
        second = carms(project, "run")
        first.communicate(timeout=120)
    assert first.returncode == 0
    assert second.code in (0, 5)
    if second.code == 5:
        assert "carms ingest" in second.err or "carms build" in second.err
    found = carms(project, "query", "select count(*) as n from bronze.program_master")
    assert found.rows == [{"n": "60"}]


def test_queries_are_answered_while_a_build_runs(project: Path) -> None:
    assert carms(project, "run").code == 0
    with begun(project, "build", "--full-refresh") as process:
        found = carms(project, "query", "select count(*) as n from program_profile")
        assert found.rows == [{"n": "60"}]
        process.communicate(timeout=120)
    assert process.returncode == 0


@pytest.mark.skipif(
    sys.platform == "win32" or (hasattr(os, "geteuid") and os.geteuid() == 0),
    reason="root and Windows write where the mode forbids it",
)
def test_a_lake_that_cannot_be_written_ends_with_5(project: Path) -> None:
    (project / "lake").chmod(0o500)
    try:
        done = carms(project, "ingest")
    finally:
        (project / "lake").chmod(0o700)
    assert done.code == 5
    assert "lake" in done.err
