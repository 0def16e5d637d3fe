"""Killed at any point, the next run repairs it: the same tables as if nothing had happened."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from faults.crash import begun, ended, is_mended, steps_of
from faults.scale import MOMENTS, SEED, chosen, tell

if TYPE_CHECKING:
    from faults.subjects import Arranged

KILLED = (-9, 137)
"""SIGKILL; what a victim exits with where there is none."""


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
    config = subject.copy()
    with begun(config.project, name) as process:
        started = time.monotonic()
        assert process.stdout is not None
        process.stdout.readline()
        whole_s = time.monotonic() - started
        process.communicate()
    moments = random.Random(f"{SEED} {name}")
    broken: list[str] = []
    killed = 0
    for _ in range(MOMENTS):
        config = subject.copy()
        moment_s = moments.uniform(0, whole_s)
        with begun(config.project, name) as process:
            time.sleep(moment_s)
            process.kill()
            process.communicate()
        killed += process.returncode in KILLED
        if not is_mended(config, subject):
            broken.append(f"after {moment_s:.3f} s: {config.project}")
    tell(
        f"killed at random moments of {name}: {MOMENTS} moments of {whole_s:.2f} s (seed {SEED}), "
        f"{killed} hit it alive, {len(broken)} not repaired"
    )
    assert not broken
