"""The runbook is what happens: its commands are typed, and show what the page says."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest
from docs.console import Seen, Step, agrees, sections, untrue

pytestmark = pytest.mark.slow

PAGE = Path(__file__).parents[2] / "docs/operations.md"
SECTIONS = sections(PAGE)
PRACTICE = "A lake to practise on"

linux = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("bash") is None,
    reason="the page is typed into bash with the tools of GNU",
)


def typed(title: str, folder: Path) -> None:
    """Type a section's commands; fails with each that shows something else."""
    assert not (wrong := untrue(SECTIONS[title], folder, folder.parent)), "\n".join(wrong)


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("practice") / "project"
    folder.mkdir()
    typed(PRACTICE, folder)
    return folder


@linux
@pytest.mark.parametrize("title", [title for title in SECTIONS if title != PRACTICE])
def test_what_the_page_says_to_type_shows_what_the_page_says(
    practice: Path, tmp_path: Path, title: str
) -> None:
    typed(title, Path(shutil.copytree(practice, tmp_path / "project")))


def test_the_table_at_the_top_leads_to_every_section() -> None:
    text = PAGE.read_text(encoding="utf-8")
    named = re.findall(r"\| \[([^\]]+)\]\(#([a-z-]+)\) \|", text)
    assert [title for title, _ in named] == [title for title in SECTIONS if title != PRACTICE]
    assert all(title.lower().replace(" ", "-") == anchor for title, anchor in named)


@pytest.mark.parametrize(
    ("shown", "seen", "code", "is_so"),
    [
        ("one\ntwo\n", "one\ntwo\n", 0, True),
        ("one\ntwo\n", "one\ntwo", 0, True),
        ("one\n", "one\ntwo\n", 0, False),
        ("...\ntwo\n", "one\ntwo\n", 0, True),
        ("...\ntwo\n", "two\n", 0, True),
        ("one\n...\n", "one\n", 0, True),
        ("...\n", "one\ntwo\n", 0, True),
        ("", "one\n", 0, False),
        ("build: 1.0 s, ...\n", "build: 22.5 s, 3 tables\n", 0, True),
        ("build: 1.0 s, 3 tables\n", "build: 2.5 s, 4 tables\n", 0, False),
        ("one.two\n", "one-two\n", 0, False),
        ("run 20260101T000000.000000Z-abcdef\n", "run 20261121T182759.640955Z-d1bf80\n", 0, True),
        ("one\n", "one\n", 1, False),
    ],
)
def test_a_page_is_believed_only_where_it_is_true(
    shown: str, seen: str, code: int, is_so: bool
) -> None:
    assert agrees(Step("carms", shown, 0), Seen(code, seen)) is is_so


def test_a_command_may_take_several_lines_and_say_its_exit_code(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "## One\n\n```console\n$ a \\\n    b\nsaid\n$ c  # exit 4\n```\n\n```\n$ not this\n```\n"
        "## Two\n\n```console\n$ d\n```\n## Three\n",
        encoding="utf-8",
    )
    assert sections(page) == {
        "One": [Step("a \\\n    b", "said\n", 0), Step("c  # exit 4", "", 4)],
        "Two": [Step("d", "", 0)],
    }
