"""Killed at any point, the next run repairs it: the same tables as if nothing had happened."""

from __future__ import annotations

import random
import sys
import time
from typing import TYPE_CHECKING

import pytest
from faults.crash import begun, ended, is_mended, steps_of
from faults.scale import MOMENTS, SEED, chosen, tell

if TYPE_CHECKING:
    from faults.subjects import Arranged

pytestmark = pytest.mark.slow

KILLED = (-9, 137)
"""SIGKILL; what a victim exits with where there is none."""

KILLED_FROM_OUTSIDE = (1,) if sys.platform == "win32" else (-9,)
"""What `Popen.kill` makes of it."""

RETRIES = 20
"""How many moments may come too late before the test fails."""


def test_a_run_killed_at_a_step_is_repaired_by_the_next(subject: Arranged) -> None:
    steps = steps_of(subject)
    kinds = {step.split()[0] for step in steps}
    assert kinds >= {"open", "os.mkdir", "before", "after"}
    broken: list[str] = []
    for number in (numbers := chosen(len(steps))):
        config = subject.copy()
        done = ended(config.project, subject.subject.name, "kill", number)
        assert done.returncode in KILLED, done.stderr
        if not is_mended(config, subject):
            broken.append(f"{number} {steps[number - 1]}: {config.project}")
    tell(
        f"killed at named steps of {subject.subject.name}: {len(numbers)} of {len(steps)} steps, "
        f"{len(broken)} not repaired"
    )
    assert not broken


def test_a_run_killed_at_a_random_moment_is_repaired_by_the_next(subject: Arranged) -> None:
    name = subject.subject.name
    latest_s = measured_s = _seconds_of(subject)
    moments = random.Random(f"{SEED} {name}")
    broken: list[str] = []
    killed = tried = 0
    while killed < MOMENTS:
        assert tried < MOMENTS + RETRIES, f"{killed} of {tried} moments came in time"
        tried += 1
        config = subject.copy()
        moment_s = moments.uniform(0, latest_s)
        with begun(config.project, name) as process:
            time.sleep(moment_s)
            process.kill()
            out, err = process.communicate()
        if out:
            # Its work was done by then, as when the machine was busier while it was measured.
            latest_s = moment_s
            subject.done_with(config)
            continue
        assert process.returncode in KILLED_FROM_OUTSIDE, err
        killed += 1
        if not is_mended(config, subject):
            broken.append(f"after {moment_s:.3f} s: {config.project}")
    tell(
        f"killed at random moments of {name}: {killed} of {tried} moments hit it at work "
        f"(measured {measured_s:.2f} s, seed {SEED}), {len(broken)} not repaired"
    )
    assert not broken


def _seconds_of(subject: Arranged) -> float:
    """How long a subject works, from `begun` to its last line."""
    config = subject.copy()
    with begun(config.project, subject.subject.name) as process:
        started = time.monotonic()
        assert process.stdout is not None
        assert process.stdout.readline()
        seconds = time.monotonic() - started
        process.communicate()
    subject.done_with(config)
    return seconds
