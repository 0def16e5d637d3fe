"""Work that is done in two processes gives what one process gives."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from carms_lake.domains.carms import second_process
from carms_lake.domains.carms.second_process import mapped


def process_of(number: int) -> tuple[int, int]:
    return number, os.getpid()


def fails(number: int) -> int:
    if number == 5:
        raise ValueError(number)
    return number


@pytest.fixture(autouse=True)
def _child_finds_this_module(monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    for function in (process_of, fails):
        monkeypatch.setattr(function, "__module__", Path(__file__).stem)
    monkeypatch.setitem(sys.modules, Path(__file__).stem, sys.modules[__name__])


def test_the_second_half_is_made_in_a_second_process_in_the_order_of_the_parts() -> None:
    made = mapped(process_of, [(number,) for number in range(6)])
    assert [number for number, _ in made] == list(range(6))
    processes = [process for _, process in made]
    assert set(processes[:3]) == {os.getpid()}
    assert os.getpid() not in processes[3:]
    assert len(set(processes[3:])) == 1


@pytest.mark.parametrize("parts", [0, 1, 3])
def test_few_parts_start_no_process(parts: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", pytest.fail)
    made = mapped(process_of, [(number,) for number in range(parts)])
    assert made == [(number, os.getpid()) for number in range(parts)]


def test_on_one_processor_there_is_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    assert {process for _, process in mapped(process_of, [(1,)] * 6)} == {os.getpid()}


@pytest.mark.parametrize("name", ["", str(Path(__file__).with_name("no-such-python"))])
def test_without_a_python_to_start_this_process_does_it_all(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", name)
    assert mapped(process_of, [(n,) for n in range(6)]) == [(n, os.getpid()) for n in range(6)]


def test_a_second_process_that_ends_early_leaves_its_half_to_this_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(second_process, "_PROGRAM", "raise SystemExit(1)")
    assert mapped(process_of, [(n,) for n in range(6)]) == [(n, os.getpid()) for n in range(6)]


def test_what_is_wrong_with_a_part_of_the_second_half_is_raised_here() -> None:
    with pytest.raises(ValueError, match="5"):
        mapped(fails, [(number,) for number in range(6)])
