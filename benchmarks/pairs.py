"""Two commands in turn, A B A B: what each takes, and the ratio pair by pair.

Walls on a shared machine spread; a ratio within one pair does not. Memory is the largest process's
resident peak, where the system tells it (not on Windows).
"""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Spent:
    """What one run of a command took."""

    wall_s: float
    peak_mb: float


def run(command: Sequence[str], cwd: Path | None = None) -> Spent:
    """Run a command to its end.

    Raises:
        RuntimeError: it failed; the message has what it said.
    """
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    said = process.stderr.read() if process.stderr else ""
    peak_mb = 0.0
    if hasattr(os, "wait4"):
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        peak_mb = usage.ru_maxrss / 1024
    else:
        process.wait()
    wall_s = time.perf_counter() - started
    if process.stderr:
        process.stderr.close()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} exited with {process.returncode}: {said}")
    return Spent(wall_s, peak_mb)


def median(runs: Sequence[Spent]) -> Spent:
    """The median wall time and the highest peak."""
    return Spent(statistics.median(r.wall_s for r in runs), max(r.peak_mb for r in runs))


def paired(
    first: Callable[[], Spent], second: Callable[[], Spent], rounds: int
) -> tuple[list[Spent], list[Spent], float]:
    """Runs of both, interleaved after one warm-up each, and the median ratio first / second."""
    first()
    second()
    pairs = [(first(), second()) for _ in range(rounds)]
    ratio = statistics.median(a.wall_s / b.wall_s for a, b in pairs)
    return [a for a, _ in pairs], [b for _, b in pairs], ratio
