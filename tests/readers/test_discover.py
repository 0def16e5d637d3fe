"""Which files a contract's patterns match, and under which names."""

from __future__ import annotations

import gzip
import os
import re
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sources import bronze

from carms_lake.errors import ContractError, SourceError, SourceRefused
from carms_lake.readers.content import digest
from carms_lake.readers.discover import discover, matches, natural_key

ORDERS = ("initial/orders.csv", "incremental/orders/batch_*.csv")


def laid(base: Path, *names: str) -> Path:
    for name in names:
        path = base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"a\n1\n")
    return base


def names(base: Path, *patterns: str, **spec) -> list[str]:
    return [file.name for file in discover(bronze("a", files=patterns, **spec), base)]


@pytest.mark.parametrize(
    ("pattern", "matched"),
    [
        ("*.csv", ["B.csv", "a.csv"]),
        ("?.csv", ["B.csv", "a.csv"]),
        ("[a-c].csv", ["a.csv"]),
        ("[!a].csv", ["B.csv"]),
        ("b.csv", []),
        ("*/*.csv", ["d/c.csv"]),
        ("**/*.csv", ["B.csv", "a.csv", "d/c.csv", "d/e/f.csv"]),
        ("d/**/f.csv", ["d/e/f.csv"]),
        ("d/**", ["d/c.csv", "d/e/f.csv"]),
        ("**", ["B.csv", "a.csv", "d/c.csv", "d/e/f.csv"]),
        ("a+.csv", []),
    ],
)
def test_patterns_match_paths_from_the_base_case_sensitively(tmp_path, pattern, matched):
    laid(
        tmp_path,
        "a.csv",
        "B.csv",
        "d/c.csv",
        "d/e/f.csv",
        ".h.csv",
        ".git/x.csv",
        "~$a.csv",
        "d/.e/x.csv",
    )
    assert names(tmp_path, pattern) == matched


def test_numbers_in_names_count_as_numbers(tmp_path):
    laid(tmp_path, *(f"incremental/orders/batch_{n}.csv" for n in (10, 9, 1, 100)))
    assert [n[-7:] for n in names(tmp_path, *ORDERS)] == [
        "h_1.csv",
        "h_9.csv",
        "_10.csv",
        "100.csv",
    ]


@given(st.lists(st.text(max_size=6), max_size=6))
def test_natural_order_is_an_order(texts):
    assert sorted(texts, key=natural_key) == sorted(sorted(texts), key=natural_key)


@pytest.mark.parametrize(
    "inside", ["", "incremental", "incremental/orders", "incremental/orders/batch_1.csv"]
)
def test_a_base_inside_the_layout_gives_the_same_names(tmp_path, inside):
    laid(tmp_path, "incremental/orders/batch_1.csv")
    assert names(tmp_path / inside, *ORDERS) == ["incremental/orders/batch_1.csv"]


def test_a_relative_base_gives_the_same_names(tmp_path, monkeypatch):
    laid(tmp_path, "incremental/orders/batch_1.csv")
    monkeypatch.chdir(tmp_path / "incremental" / "orders")
    assert names(Path(), *ORDERS) == ["incremental/orders/batch_1.csv"]
    assert names(Path("batch_1.csv"), *ORDERS) == ["incremental/orders/batch_1.csv"]


def test_a_file_in_another_folder_than_the_pattern_says_is_not_matched(tmp_path):
    laid(tmp_path, "sample/1503_program_master.xlsx")
    assert names(tmp_path, "*_program_master.xlsx") == []
    assert names(tmp_path / "sample", "*_program_master.xlsx") == ["1503_program_master.xlsx"]


def test_a_gzip_file_goes_by_the_name_of_its_content(tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"a\n"))
    laid(tmp_path, "a.csv")
    assert names(tmp_path, "*.csv") == ["a.csv", "a.csv"]


def test_a_zip_counts_as_a_folder_and_its_members_by_path_and_by_name(tmp_path):
    (tmp_path / "in").mkdir()
    with zipfile.ZipFile(tmp_path / "in" / "all.zip", "w") as archive:
        for member in (
            "export/b.csv",
            "c.csv",
            "__MACOSX/._c.csv",
            "../up.csv",
            "export/",
            ".x.csv",
            "w\\d.csv",
        ):
            archive.writestr(member, b"a\n")
    assert names(tmp_path, "in/*.csv") == ["in/b.csv", "in/c.csv", "in/d.csv"]
    assert names(tmp_path, "in/export/*.csv") == ["in/export/b.csv"]
    assert names(tmp_path / "in" / "all.zip", "in/*.csv") == ["in/b.csv", "in/c.csv", "in/d.csv"]
    files = discover(bronze("a", files=("in/export/*.csv",)), tmp_path)
    assert files[0].member == "export/b.csv"


def test_a_broken_zip_is_a_candidate_under_its_own_name_only(tmp_path):
    (tmp_path / "a.csv.zip").write_bytes(b"PK no zip")
    assert names(tmp_path, "a.csv") == ["a.csv"]
    assert names(tmp_path, "b.csv") == []


def test_folders_named_like_files_are_no_files(tmp_path):
    laid(tmp_path, "a.csv/inner.txt")
    assert names(tmp_path, "*.csv") == []


@pytest.mark.skipif(os.name == "nt", reason="symbolic links need a privilege there")
def test_loops_of_links_end(tmp_path):
    laid(tmp_path, "d/a.csv")
    (tmp_path / "d" / "loop").symlink_to(tmp_path)
    assert names(tmp_path, "**/*.csv") == ["d/a.csv"]


@pytest.mark.skipif(os.name == "nt", reason="symbolic links need a privilege there")
def test_a_link_to_nothing_is_refused_by_its_name_and_a_pipe_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "to_a_pipe.csv").symlink_to(tmp_path / "pipe.csv")
    (tmp_path / "gone.csv").symlink_to(tmp_path / "nowhere")
    (tmp_path / "self.csv").symlink_to(tmp_path / "self.csv")
    found = discover(bronze("a", files=("*.csv",)), tmp_path)
    assert [source.name for source in found] == ["gone.csv", "self.csv"]
    for source, words in zip(found, ("nowhere", "symbolic links"), strict=True):
        with pytest.raises(SourceRefused, match=words):
            digest(source)


def test_delta_tables_are_found_as_folders_and_their_files_are_no_sources(tmp_path):
    laid(tmp_path, "returns/_delta_log/0.json", "returns/part.parquet", "loose/p.parquet")
    assert names(tmp_path, "returns", format="delta") == ["returns"]
    assert names(tmp_path / "returns", "returns", format="delta") == ["returns"]
    assert names(tmp_path, "**/*.parquet", format="parquet") == ["loose/p.parquet"]


def test_a_base_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SourceError, match="nowhere"):
        names(tmp_path / "nowhere", "*.csv")


def test_size_and_time_are_the_files(tmp_path):
    laid(tmp_path, "a.csv")
    (file,) = discover(bronze("a"), tmp_path)
    facts = (tmp_path / "a.csv").stat()
    assert (file.size, file.mtime_ns, file.path) == (
        facts.st_size,
        facts.st_mtime_ns,
        tmp_path / "a.csv",
    )


@pytest.mark.parametrize("base", ["..", "../../initial", "../../incremental/../initial"])
def test_a_base_that_goes_up_is_the_folder_that_it_leads_to(tmp_path, monkeypatch, base):
    laid(tmp_path, "initial/orders.csv", "initial/sub/x.csv", "incremental/x.csv")
    monkeypatch.chdir(tmp_path / "initial" / "sub")
    assert names(Path(base), "initial/orders.csv") == ["initial/orders.csv"]


GLOBS = st.lists(
    st.sampled_from(["a", "b", "*", "?", "**", "**/", "[ab]", "[!a]", "/"]), max_size=7
)
NAMES = st.lists(st.text("ab", min_size=1, max_size=4), min_size=1, max_size=4).map("/".join)


def fits(glob: list[str], name: str) -> bool:
    """What a glob means, told as slowly as it is simple."""
    if not glob:
        return not name
    first, rest = glob[0], glob[1:]
    if first in ("**", "**/", "*"):
        stops = [i for i in range(len(name) + 1) if first != "*" or "/" not in name[:i]]
        if first == "**/":
            stops = [i for i in stops if not i or (i > 1 and name[i - 1] == "/" != name[0])]
        return any(fits(rest, name[i:]) for i in stops)
    some = {"?": "ab", "[ab]": "ab", "[!a]": "b"}.get(first, first)
    return bool(name) and name[0] in some and fits(rest, name[1:])


@given(GLOBS, NAMES)
def test_a_glob_matches_what_it_says(glob: list[str], name: str) -> None:
    # Two stars in a row are one of another kind, and so is one before a slash.
    text = "".join(glob)
    parts = re.findall(r"\*\*/|\*\*|\[!?\w+\]|.", text)
    try:
        found = matches(bronze("a", files=[text or "x"]), name)
    except ContractError:
        return
    assert found == fits(parts or ["x"], name)


@pytest.mark.parametrize(
    ("glob", "name"),
    [
        ("**/" * 11 + "*a" * 12 + "!.csv", "a/" * 13 + "a" * 40 + ".csv"),
        ("**a*a" * 20 + "x", "a/aaa" * 60),
        ("**/?*/" * 30 + "b", "a/" * 120 + "c"),
        ("*a" * 60 + "b", "a" * 250),
    ],
)
def test_no_glob_takes_long(glob: str, name: str) -> None:
    """Python's `re` would try every way to divide the name among the stars, for years."""
    assert not matches(bronze("a", files=[glob]), name)


@pytest.mark.parametrize("glob", ["[z-a].csv", "a**/b**/c.csv"])
def test_what_is_no_pattern_is_an_error_of_the_contract(glob: str, tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"carms\.files"):
        names(laid(tmp_path, "a.csv"), glob)


def test_numbers_of_any_length_are_ordered() -> None:
    wanted = ["a9", "a010", "a10", "a" + "1" * 5000, "a" + "9" * 5000]
    assert sorted([*wanted[2:], *wanted[:2]], key=natural_key) == wanted
