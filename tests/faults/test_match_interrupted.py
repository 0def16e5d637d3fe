"""`match simulate` interrupted or killed: nothing of it is left, no process and no file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from domains.carms.gold_lake import published, silver_of, version

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="a terminal's Ctrl-C cannot be sent there"),
]

VICTIM = """
import sys
from carms_lake.cli import main
from carms_lake.domains.carms.match import export, simulation
whole, moment = simulation.repetitions, sys.argv.pop(1)

def say(word):
    global moment
    if word == moment:
        print(word, file=sys.stderr, flush=True)
        moment = None

def repetitions(plan, number, done):
    say("before any process")
    return whole(plan, number, lambda n: (say("at work"), done(n)))

def written(frame, path, write=export.pl.DataFrame.write_csv):
    write(frame, path)
    if moment == "while it exports" and path.name == "programs.csv":
        say("while it exports")
        sys.stdin.read()  # until the interrupt

simulation.repetitions, export.pl.DataFrame.write_csv = repetitions, written
main()
"""
"""The command, which says on stderr, once, when the moment has come."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    silver = silver_of(version("27447", quota=4), version("27448", quota=2))
    return published(tmp_path_factory.mktemp("project"), silver)


def ended_at(moment: str, project: Path, folder: Path, how: int, reps: int) -> tuple[int, str]:
    """Exit code and stderr; it waits for all that hold stderr, so for the processes too."""
    command = [
        sys.executable, "-c", VICTIM, moment, "-p", str(project), "match", "simulate",
        "--reps", str(reps), "--export", str(folder / "new" / "market"), "-o",
        str(folder / "rows.csv"),
    ]  # fmt: skip
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline().strip() == moment
        (os.killpg if how == signal.SIGINT else os.kill)(process.pid, how)
        _, said = process.communicate(timeout=60)
    return process.returncode, said.removeprefix("stopping ...\n")  # said where it takes longer


@pytest.mark.parametrize("moment", ["before any process", "at work"])
def test_ctrl_c_leaves_no_process_no_file_and_no_traceback(moment, project, tmp_path) -> None:
    code, said = ended_at(moment, project, tmp_path, signal.SIGINT, reps=10_000)
    assert (code, said) == (130, "interrupted: everything is as it was\n")
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_leaves_no_half_market(project, tmp_path) -> None:
    code, said = ended_at("while it exports", project, tmp_path, signal.SIGINT, reps=2)
    assert (code, said) == (130, "interrupted: everything is as it was\n")
    assert [path for path in tmp_path.rglob("*") if path.name != "new"] == []


def test_the_processes_of_a_killed_command_end(project, tmp_path) -> None:
    code, _ = ended_at("at work", project, tmp_path, signal.SIGKILL, reps=10_000)
    assert code == -9
    assert list(tmp_path.iterdir()) == []
