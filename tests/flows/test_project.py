"""A generator's files appear whole or not at all, and its options are checked first."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import polars as pl
import pytest

from carms_lake.errors import UsageError
from carms_lake.flows.project import generate

if TYPE_CHECKING:
    from pathlib import Path

GENERATOR = """
import polars as pl

def generate(*, seed, rows=2):
    if rows < 1:
        raise ValueError("`rows` must be 1 or more")
    return files(seed, rows)

def files(seed, rows):
    yield "day=1/a.csv", (pl.DataFrame({"n": [seed + at]}) for at in range(rows)), "csv", {}
    yield "table", [pl.DataFrame({"n": [1]})], "delta", {}
    if seed == 99:
        yield "b.csv", broken(), "csv", {}
    if seed == 98:
        yield "../c.csv", [], "csv", {}

def broken():
    yield pl.DataFrame({"n": [1]})
    raise RuntimeError("the disk is gone")
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    folder = tmp_path / "packages" / "made_up_domain"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("", encoding="utf-8")
    (folder / "generate.py").write_text(GENERATOR, encoding="utf-8")
    monkeypatch.syspath_prepend(str(folder.parent))
    monkeypatch.delitem(sys.modules, "made_up_domain", raising=False)
    monkeypatch.delitem(sys.modules, "made_up_domain.generate", raising=False)
    return "made_up_domain"


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def test_all_files_are_written_below_the_folder_and_told(package, tmp_path):
    out, told = tmp_path / "out", []
    paths = generate(package, out, {"seed": 5, "rows": 3}, lambda *what: told.append(what))
    assert paths == [out / "day=1" / "a.csv", out / "table"]
    assert paths[0].read_bytes() == b"n\n5\n6\n7\n"
    assert pl.read_delta(str(paths[1])).height == 1
    assert told == [("day=1/a.csv", n, None) for n in (1, 2, 3)] + [("table", 1, None)]


def test_a_second_run_replaces_files_and_tables(package, tmp_path):
    out = tmp_path / "out"
    generate(package, out, {"seed": 5})
    generate(package, out, {"seed": 6, "rows": 1})
    assert (out / "day=1" / "a.csv").read_bytes() == b"n\n6\n"
    assert pl.read_delta(str(out / "table")).height == 1


def test_a_file_that_breaks_off_leaves_nothing_behind(package, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(RuntimeError, match="the disk is gone"):
        generate(package, out, {"seed": 99})
    assert names(out) == {"day=1", "table"}


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        ({"seed": 1, "row": 2}, "has no option `row`", "did you mean `rows`?"),
        ({}, "needs `seed`", ""),
        ({"seed": 1, "rows": 0}, "`rows` must be 1 or more", ""),
        ({"seed": 98}, "names the file `../c.csv`", ""),
    ],
)
def test_wrong_options_and_names_are_refused(package, tmp_path, options, message, hint):
    with pytest.raises(UsageError) as refused:
        generate(package, tmp_path / "out", options)
    assert message in refused.value.message
    assert refused.value.hint == hint
    assert not (tmp_path / "c.csv").exists()


@pytest.mark.parametrize("package_name", ["json", "no_such_domain"])
def test_a_package_without_a_generator_is_refused(tmp_path, package_name):
    with pytest.raises(UsageError, match="has no generator"):
        generate(package_name, tmp_path, {})
