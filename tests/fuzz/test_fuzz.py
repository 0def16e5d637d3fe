"""Any bytes in a file: its rows balance, or it is refused with a reason; no traceback, no hang."""

from __future__ import annotations

import faulthandler
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from faults.crash import environment
from faults.scale import CASES, SEED, tell
from fuzz.targets import TARGETS, case, outcome, valid, wrong
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

pytestmark = pytest.mark.slow

WORKER = Path(__file__).with_name("worker.py")
CASE_S = 60
"""Longer than this no file of a few kilobytes may take, on a busy machine either."""


@pytest.mark.parametrize("name", TARGETS)
def test_a_valid_file_lands(name: str, tmp_path: Path) -> None:
    target = TARGETS[name]
    data = valid(target)
    if name.endswith(".gz"):
        import gzip

        data = gzip.compress(data)
    assert outcome(target, data, tmp_path).startswith("landed")


def test_a_case_is_the_same_whenever_it_is_made() -> None:
    for target in TARGETS.values():
        assert case(target, 7) == case(target, 7)
        assert len({case(target, number) for number in range(20)}) > 15


@pytest.mark.parametrize("depth", [254, 255, 1000, 1023, 1024, 100_000])
@pytest.mark.parametrize("name", ["json", "json with paths", "jsonl", "jsonl with new keys"])
def test_values_nested_to_any_depth_are_read_or_refused(
    name: str, depth: int, tmp_path: Path
) -> None:
    deep = b"[" * depth + b"]" * depth
    record = b'{"name":' + deep + b',"more":{"deep":' + deep + b"}}"
    data = b"[%s]" % record if TARGETS[name].ending == "json" else record
    assert not outcome(TARGETS[name], data, tmp_path).startswith("FINDING")


@pytest.mark.parametrize("name", TARGETS)
def test_wrong_bytes_are_read_or_refused(name: str, tmp_path: Path) -> None:
    seen: Counter[str] = Counter()
    findings: list[str] = []
    for number, result in read_cases(name, tmp_path):
        seen[result.split("\n")[0]] += 1
        if result.startswith("FINDING"):
            findings.append(f"case {number} of {name!r}, seed {SEED}: {result}")
    shown = ", ".join(f"{count} {what}" for what, count in seen.most_common())
    tell(f"fuzz {name}: {seen.total()} cases (seed {SEED}), {len(findings)} findings: {shown}")
    assert seen.total() == CASES
    assert not findings, "\n".join(findings[:5])


@pytest.mark.parametrize("name", TARGETS)
def test_wrong_bytes_that_hypothesis_finds_are_read_or_refused(
    name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    target = TARGETS[name]
    folder = tmp_path_factory.mktemp("fuzz")

    @settings(max_examples=max(15, CASES // 20), suppress_health_check=list(HealthCheck))
    @given(st.randoms(use_true_random=False))
    def read_or_refused(chance: Random) -> None:
        result = outcome(target, wrong(target, chance), folder)
        assert not result.startswith("FINDING")

    faulthandler.dump_traceback_later(30 * CASE_S, exit=True)
    try:
        read_or_refused()
    finally:
        faulthandler.cancel_dump_traceback_later()


def read_cases(name: str, folder: Path) -> Iterator[tuple[int, str]]:
    """Every case and its result; workers that a case kills or hangs are replaced."""
    first = 0
    while first < CASES:
        for number, result in _worked(name, folder, first):
            yield number, result
            first = number + 1


def _worked(name: str, folder: Path, first: int) -> Iterator[tuple[int, str]]:
    """What one worker comes to: all the cases that are left, or those up to its end."""
    log = folder / "stderr.txt"
    command = [sys.executable, str(WORKER), str(folder), name, str(first), str(CASES - first)]
    with (
        log.open("w", encoding="utf-8") as errors,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment()
        ) as worker,
    ):
        lines: Queue[str | None] = Queue()
        Thread(target=_listen, args=(worker, lines), daemon=True).start()
        number = first
        while True:
            try:
                line = lines.get(timeout=CASE_S)
            except Empty:
                worker.kill()
                yield number, f"FINDING hang of more than {CASE_S} s"
                return
            if line is None:
                break
            if line[0].isdigit():
                number = int(line)
            else:
                yield number, json.loads(line)
                number += 1
        worker.wait()
    if worker.returncode:
        said = log.read_text(encoding="utf-8", errors="replace")[-1500:]
        yield number, f"FINDING crash with {worker.returncode}\n{said}"


def _listen(worker: subprocess.Popen[str], lines: Queue[str | None]) -> None:
    assert worker.stdout is not None
    for line in worker.stdout:
        lines.put(line)
    lines.put(None)
