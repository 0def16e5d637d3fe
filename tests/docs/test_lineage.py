"""The page on lineage is what happens: its commands are typed, and show what the page says."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from docs.console import sections, untrue

pytestmark = pytest.mark.slow

PAGE = Path(__file__).parents[2] / "docs/lineage.md"


@pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("bash") is None,
    reason="the page is typed into bash with the tools of GNU",
)
def test_what_the_page_says_to_type_shows_what_the_page_says(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    steps = [step for some in sections(PAGE).values() for step in some]
    assert not (wrong := untrue(steps, folder, tmp_path)), "\n".join(wrong)
