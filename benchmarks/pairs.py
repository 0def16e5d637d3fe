"""Two commands in turn, A B A B: what each takes, and the ratio pair by pair.

Walls on a shared machine spread; a ratio within one pair does not. Processor time and memory, the
largest process's resident peak, are told where the system tells them (not on Windows).
"""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Spent:
    """What one run of a command took."""

    wall_s: float
    peak_mb: float
    cpu_s: float = 0.0
    """User and system time of the command and of what it waited for."""

    def __add__(self, other: Spent) -> Spent:
        """One after the other: times add up, the higher peak counts."""
        peak_mb = max(self.peak_mb, other.peak_mb)
        return Spent(self.wall_s + other.wall_s, peak_mb, self.cpu_s + other.cpu_s)


def run(
    command: Sequence[str],
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    accepted: Sequence[int] = (0,),
) -> Spent:
    """Run a command to its end.

    Raises:
        RuntimeError: it exited with none of the `accepted` codes; the message has what it said.
    """
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=None if env is None else {**os.environ, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    said = process.stdout.read() if process.stdout else ""
    peak_mb = cpu_s = 0.0
    if hasattr(os, "wait4"):
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        peak_mb, cpu_s = usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime
    else:
        process.wait()
    wall_s = time.perf_counter() - started
    if process.stdout:
        process.stdout.close()
    if process.returncode not in accepted:
        raise RuntimeError(f"{' '.join(command)} exited with {process.returncode}: {said}")
    return Spent(wall_s, peak_mb, cpu_s)


def median(runs: Sequence[Spent]) -> Spent:
    """The median wall and processor time, and the highest peak."""
    return Spent(
        statistics.median(r.wall_s for r in runs),
        max(r.peak_mb for r in runs),
        statistics.median(r.cpu_s for r in runs),
    )


def paired(
    first: Callable[[], Spent], second: Callable[[], Spent], rounds: int
) -> tuple[list[Spent], list[Spent], float]:
    """Runs of both, interleaved after one warm-up each, and the median ratio first / second."""
    first()
    second()
    pairs = [(first(), second()) for _ in range(rounds)]
    ratio = statistics.median(a.wall_s / b.wall_s for a, b in pairs)
    return [a for a, _ in pairs], [b for _, b in pairs], ratio
