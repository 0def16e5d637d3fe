"""What a shell completes, and that it costs no data library."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from lakes import small_lake

if TYPE_CHECKING:
    from pathlib import Path

DATA_LIBRARIES = {"deltalake", "duckdb", "numpy", "pandera", "polars", "pyarrow", "yaml"}
RUNS = ["20250101T000000.000000Z-aaaaaa", "20250102T000000.000000Z-bbbbbb"]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    config = small_lake(folder)
    log = config.lake / "ops" / "runs" / "_delta_log"
    for version, run_id in enumerate(RUNS, start=2):
        info = {"timestamp": 1_735_689_600_000 + version, "operation": "WRITE"}
        commit = {"commitInfo": {**info, "carms": json.dumps({"run_id": run_id})}}
        (log / f"{version:020}.json").write_text(json.dumps(commit) + "\n", encoding="utf-8")
    return folder


def completed(lake: Path, *words: str) -> list[str]:
    """What is offered for the last word, by a command that imports no data library."""
    code = (
        "import sys\nfrom carms_lake.cli import main\n"
        "try:\n    main()\nfinally:\n"
        f"    assert not {DATA_LIBRARIES} & set(sys.modules), set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=lake,
        env=os.environ
        | {
            "COMP_WORDS": " ".join(["carms", *words]),
            "COMP_CWORD": str(len(words)),
            "_CARMS_COMPLETE": "complete_bash",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Error" not in done.stderr, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["rest"], ["restore"]),
        (["rejects", "re"], ["replay"]),
        (["describe", "silver.di"], ["silver.discipline"]),
        (["describe", "program_profile_"], ["program_profile_all_iterations"]),
        (["history", "bronze.disc"], ["bronze.discipline"]),
        (["ingest", "program_m"], ["program_master"]),
        (["rejects", "replay", "disc"], ["discipline"]),
        (["-d", "retail", "ingest", "store"], ["stores"]),
        (["ingest", "-d", "retail", "store"], ["stores"]),
        (["generate", "re"], ["retail"]),
        (["-d", "tick"], ["ticketing"]),
        (["generate", "retail", "--sc"], ["--scale"]),
        (["query", "--as-of", "2025"], RUNS[::-1]),
        (["diff", "20250101"], RUNS[:1]),
        (["-p", "nowhere", "describe", "s"], []),
    ],
)
def test_names_are_completed(lake: Path, words: list[str], offered: list[str]) -> None:
    assert completed(lake, *words) == offered


def test_a_script_for_the_shell_is_shown() -> None:
    command = [sys.executable, "-m", "carms_lake", "--show-completion", "bash"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "_CARMS_COMPLETE" in done.stdout) == (0, True)
