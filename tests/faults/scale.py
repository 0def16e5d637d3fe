"""How long the tests of faults, fuzz and attacks go on, and where they tell what they did.

`make test` runs a few of each; `tools/torture.py` sets the variables for a long run.
"""

from __future__ import annotations

import os
from pathlib import Path


def _number(name: str, usual: int) -> int:
    return int(os.environ.get(f"CARMS_TORTURE_{name}", usual))


SEED = _number("SEED", 20261121)
"""Of everything that is drawn; a tally prints it."""

SUBJECTS_TRIED = _number("SUBJECTS", 2)
"""How many of the subjects, from the first, are killed and starved."""

MOMENTS = _number("MOMENTS", 1)
"""Random moments at which each subject is killed."""

STEPS = _number("STEPS", 2)
"""Named steps of each subject at which it is killed, and at which the disk is full; 0 means all."""

CASES = _number("CASES", 25)
"""Fuzzed files of each format."""

ROWS = _number("ROWS", 2)
"""Rows of the tables that are being written when a subject is killed."""

AT_ONCE = [2, 4, 8][: _number("AT_ONCE", 2)]
"""How many processes run at once."""

SECONDS = _number("SECONDS", 1)
"""How long a second process keeps changing a file while it is read."""


SEQUENCES = _number("SEQUENCES", 1)
"""Random histories of each domain."""


def chosen(count: int) -> list[int]:
    """Which of so many steps are tried, from 1; spread evenly where not all are."""
    wanted = min(STEPS or count, count)
    return sorted({1 + (SEED + round(n * count / wanted)) % count for n in range(wanted)})


def tell(line: str) -> None:
    """Add a line to the tally."""
    print(line)  # noqa: T201 - pytest shows it with -s
    target = os.environ.get("CARMS_TORTURE_TALLY")
    if target:
        with Path(target).open("a", encoding="utf-8") as file:
            file.write(line + "\n")
