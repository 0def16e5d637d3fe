"""Victims started, watched and outlived."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tiny import digest

if TYPE_CHECKING:
    from faults.subjects import Arranged

    from carms_lake.config import LakeConfig

VICTIM = Path(__file__).with_name("victim.py")
PATIENCE_S = 120


def environment() -> dict[str, str]:
    """The variables with which a process of its own finds the tests' modules and packages."""
    tests = VICTIM.parents[1]
    # The caller's path comes first: it may name the checkout whose code is under test.
    found = [os.environ.get("PYTHONPATH"), str(tests), str(tests / "packages")]
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, found))}


def command(project: Path, subject: str, how: str = "kill", step: int = 0) -> list[str]:
    """The command line of a victim."""
    return [sys.executable, str(VICTIM), str(project), subject, how, str(step)]


def started(*arguments: Any) -> subprocess.Popen[str]:
    """A victim that imports what it needs, and then starts to work."""
    return subprocess.Popen(
        command(*arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )


def begun(*arguments: Any) -> subprocess.Popen[str]:
    """A victim that has imported everything and starts to work."""
    process = started(*arguments)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    return process


def ended(*arguments: Any) -> subprocess.CompletedProcess[str]:
    """A victim that came to its end."""
    return subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
        env=environment(),
    )


def said(out: str) -> Any:
    """What a victim printed last, read."""
    return json.loads(out.splitlines()[-1])


def steps_of(arranged: Arranged) -> list[str]:
    """The names of a subject's steps, in their order."""
    config = arranged.copy()
    done = ended(config.project, arranged.subject.name)
    assert done.returncode == 0, done.stderr
    arranged.done_with(config)
    names: list[str] = said(done.stdout)
    return names


def is_mended(config: LakeConfig, arranged: Arranged) -> bool:
    """Whether one normal run gives the tables of an undisturbed lake, and leaves no litter."""
    is_whole = arranged.mend(config)
    litter = [*config.lake.rglob(".staging"), *config.lake.parent.glob(".*.building")]
    is_so = is_whole and digest(config) == arranged.expected and not litter
    if is_so:
        arranged.done_with(config)
    return is_so
