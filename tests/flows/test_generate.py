"""A generator's files appear all or not at all, and never in place of the user's."""

from __future__ import annotations

import shutil
import sys
import zipfile
from typing import TYPE_CHECKING

import polars as pl
import pytest

from carms_lake.contract.model import Contract, SourceSpec
from carms_lake.errors import UsageError
from carms_lake.flows.generate import RECORD, generate, holds_only_generated
from carms_lake.names import Layer, TableRef

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
    assert names(out) == set()


def own_file(out: Path) -> None:
    (out / "day=1").mkdir(parents=True)
    (out / "day=1" / "a.csv").write_text("mine\n", encoding="utf-8")


def notes_in_the_table(out: Path) -> None:
    (out / "table").mkdir(parents=True)
    (out / "table" / "notes.txt").write_text("mine\n", encoding="utf-8")


def file_for_a_folder(out: Path) -> None:
    out.mkdir()
    (out / "day=1").write_text("mine\n", encoding="utf-8")


def link(out: Path) -> None:
    out.mkdir()
    (out / "table").symlink_to(out.parent / "elsewhere", target_is_directory=True)


def edited(out: Path) -> None:
    generate("made_up_domain", out, {"seed": 5})
    (out / "day=1" / "a.csv").write_text("n\n6\n", encoding="utf-8")


def added_to_the_table(out: Path) -> None:
    generate("made_up_domain", out, {"seed": 5})
    (out / "table" / "part-9.parquet").write_bytes(b"mine")


def contents(out: Path) -> dict[str, bytes]:
    return {p.relative_to(out).as_posix(): p.read_bytes() for p in out.rglob("*") if p.is_file()}


@pytest.mark.parametrize(
    "before", [own_file, notes_in_the_table, file_for_a_folder, link, edited, added_to_the_table]
)
def test_what_no_generator_made_is_never_replaced(package, tmp_path, before):
    out = tmp_path / "out"
    before(out)
    there = contents(out)
    with pytest.raises(UsageError, match="would be lost"):
        generate(package, out, {"seed": 7}, yes=True)
    assert contents(out) == there


def test_a_file_that_would_be_the_same_is_not_in_the_way(package, tmp_path):
    out = tmp_path / "out"
    generate(package, out, {"seed": 5})
    (out / RECORD).unlink()
    shutil.rmtree(out / "table")  # its bytes differ each time
    generate(package, out, {"seed": 5})
    generate(package, out, {"seed": 6})
    assert (out / "day=1" / "a.csv").read_bytes() == b"n\n6\n7\n"


@pytest.mark.parametrize("name", ["shop.csv", "sales.csv.gz", "old.zip"])
def test_beside_other_files_of_a_source_it_needs_yes(package, tmp_path, name):
    out = tmp_path / "out"
    out.mkdir()
    if name.endswith(".zip"):
        with zipfile.ZipFile(out / name, "w") as archive:
            archive.writestr("shop.csv", "n\n1\n")
    else:
        (out / name).write_bytes(b"n\n1\n")
    sources = [source("*.csv")]
    with pytest.raises(UsageError, match="has files that `generate` did not make"):
        generate(package, out, {"seed": 5}, sources=sources)
    assert names(out) == {name}
    assert not holds_only_generated(sources, out)
    generate(package, out, {"seed": 5}, sources=sources, yes=True)
    assert {name, "day=1", "table"} <= names(out)


def test_files_that_belong_to_no_source_are_no_obstacle(package, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "README.md").write_text("mine\n", encoding="utf-8")
    sources = [source("*/*.csv")]
    for seed in (5, 6):  # the second time beside what it made itself
        generate(package, out, {"seed": seed}, sources=sources)
        assert holds_only_generated(sources, out)


def source(pattern: str) -> Contract:
    spec = SourceSpec(files=(pattern,), formats=("csv",))
    return Contract(TableRef("made_up", Layer.BRONZE, "a"), "1.0.0", (), "", source=spec)


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        ({"seed": 1, "row": 2}, "has no option `row`", "did you mean `rows`?"),
        ({}, "needs `seed`", "give them as options"),
        ({"seed": 1, "rows": 0}, "`rows` must be 1 or more", "change the options"),
        ({"seed": 98}, "names the file `../c.csv`", ""),
    ],
)
def test_wrong_options_and_names_are_refused(package, tmp_path, options, message, hint):
    with pytest.raises(UsageError) as refused:
        generate(package, tmp_path / "out", options)
    assert message in refused.value.message
    assert hint in refused.value.hint
    assert refused.value.hint
    assert not (tmp_path / "c.csv").exists()


@pytest.mark.parametrize("package_name", ["json", "no_such_domain"])
def test_a_package_without_a_generator_is_refused(tmp_path, package_name):
    with pytest.raises(UsageError, match="has no generator"):
        generate(package_name, tmp_path, {})
