"""No room, or no right, to write: an error that says so, and the next run finishes the work."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from faults.crash import command, ended, environment, is_mended, said, steps_of
from faults.scale import chosen, tell
from tiny import digest

from carms_lake.errors import LakeError
from carms_lake.flows.ingest import ingest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from faults.subjects import Arranged

    from carms_lake.config import LakeConfig

pytestmark = pytest.mark.slow

FILE_SIZES = (0, 1, 500, 1_500, 4_096, 9_000, 20_000, 262_144, 1_000_000)
"""Bytes beyond which no file may grow: log entries, data files and the gold file are cut off."""

FREE_KB = (0, 4, 12, 24, 48, 96, 400, 1_200, 3_000, 20_000)
"""Room left on a disk of its own."""


def test_a_disk_that_is_full_from_some_write_on_is_named_and_the_next_run_finishes(
    subject: Arranged,
) -> None:
    steps = steps_of(subject)
    wrong: list[str] = []
    for number in (numbers := chosen(len(steps))):
        config = subject.copy()
        done = ended(config.project, subject.subject.name, "full", number)
        what = f"{number} {steps[number - 1]}"
        has_change_log = done.returncode == 5 and "disk" in said(done.stdout)["hint"]
        # What frees room at the very end, or is only tidied up, may be the last step.
        if not has_change_log and done.returncode != 0:
            wrong.append(f"{what}: exit {done.returncode} {done.stdout[-300:]}{done.stderr[-900:]}")
        elif not is_mended(config, subject):
            wrong.append(f"{what}: not repaired in {config.project}")
    tell(
        f"disk full from a named step of {subject.subject.name} on: {len(numbers)} of "
        f"{len(steps)} steps, {len(wrong)} not told or not repaired"
    )
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", ["ingest", "build"])
def test_files_that_cannot_grow_are_named_and_the_next_run_finishes(
    posix: None, arranged: Callable[[str], Arranged], name: str
) -> None:
    subject = arranged(name)
    wrong, told = [], 0
    sizes = [FILE_SIZES[number - 1] for number in chosen(len(FILE_SIZES))]
    for size in sizes:
        config = subject.copy()
        done = ended(config.project, name, "size", size)
        told += done.returncode == 5
        if done.returncode not in (0, 5):
            wrong.append(f"{size} bytes: exit {done.returncode}\n{done.stderr[-900:]}")
        elif not is_mended(config, subject):
            wrong.append(f"{size} bytes: not repaired in {config.project}")
    tell(f"no file of {name} may grow past {sizes} bytes: {told} told, {len(wrong)} wrong")
    assert not wrong, "\n".join(wrong)


def on_own_disk(config: LakeConfig, name: str, disk: str) -> subprocess.CompletedProcess[str]:
    """A victim whose lake is on a disk of its own, which is mounted where only it can see it."""
    lake = config.lake.parent
    kept = config.project / "kept"
    shutil.copytree(lake, kept)
    script = (
        f'set -e; {disk}; rc=0; "$@" || rc=$?; '
        f"rm -rf '{kept}'; mkdir '{kept}'; cp -a '{lake}/.' '{kept}/'; exit $rc"
    )
    done = subprocess.run(
        ["unshare", *unsharing(), "sh", "-c", script, "sh", *command(config.project, name)],
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
    )
    shutil.rmtree(lake)
    kept.rename(lake)
    return done


def unsharing() -> list[str]:
    """The options with which a namespace of its own may be had here; skips where none may."""
    own = ["--mount", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"])]
    if not shutil.which("unshare"):
        pytest.skip("unshare is not installed: no disk of its own can be mounted")
    if subprocess.run(["unshare", *own, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no disk of its own may be mounted here")
    return own


@pytest.mark.parametrize("name", ["ingest", "build"])
def test_a_real_disk_that_fills_up_is_named_and_the_next_run_finishes(
    posix: None, arranged: Callable[[str], Arranged], name: str
) -> None:
    subject = arranged(name)
    wrong, told = [], 0
    rooms = [FREE_KB[number - 1] for number in chosen(len(FREE_KB))]
    for free_kb in rooms:
        config = subject.copy()
        lake, kept = config.lake.parent, config.project / "kept"
        disk = (
            f"mount -t tmpfs -o size=200m tmpfs '{lake}'; cp -a '{kept}/.' '{lake}/'; "
            f"used=$(df -k --output=used '{lake}' | tail -1); "
            f"mount -o remount,size=$((used + {free_kb}))k '{lake}'"
        )
        done = on_own_disk(config, name, disk)
        told += done.returncode == 5
        if done.returncode not in (0, 5):
            wrong.append(f"{free_kb} KB free: exit {done.returncode}\n{done.stderr[-900:]}")
        elif not is_mended(config, subject):
            wrong.append(f"{free_kb} KB free: not repaired in {config.project}")
    tell(f"{name} on a disk with {rooms} KB free: {told} told, {len(wrong)} wrong")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", ["ingest", "build"])
def test_a_disk_that_may_only_be_read_is_named_and_nothing_changes(
    posix: None, arranged: Callable[[str], Arranged], name: str
) -> None:
    subject = arranged(name)
    config = subject.copy()
    before = digest(config)
    lake, kept = config.lake.parent, config.project / "kept"
    disk = (
        f"mount -t tmpfs tmpfs '{lake}'; cp -a '{kept}/.' '{lake}/'; mount -o remount,ro '{lake}'"
    )
    done = on_own_disk(config, name, disk)
    assert done.returncode == 5, done.stderr
    assert "Read-only" in said(done.stdout)["message"]
    assert digest(config) == before
    assert is_mended(config, subject)


@pytest.mark.skipif(
    sys.platform == "win32" or (hasattr(os, "geteuid") and os.geteuid() == 0),
    reason="root and Windows write where the mode forbids it",
)
@pytest.mark.parametrize("folder", ["lake", "lake/tiny", "lake/tiny/bronze/sales"])
def test_a_folder_that_may_only_be_read_is_named(
    arranged: Callable[[str], Arranged], folder: str
) -> None:
    subject = arranged("ingest")
    config = subject.copy()
    locked: Path = config.project / folder
    locked.chmod(0o500)
    try:
        with pytest.raises(LakeError, match="lake"):
            ingest(config)
    finally:
        locked.chmod(0o700)
    assert is_mended(config, subject)
