"""The quickstart is what happens: its commands are typed in order, and show what the page says."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from docs.console import sections, untrue

PAGE = Path(__file__).parents[2] / "docs/quickstart.md"


@pytest.mark.slow
@pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("bash") is None, reason="the page is typed into bash"
)
def test_what_the_page_says_to_type_shows_what_the_page_says(tmp_path: Path) -> None:
    steps = [step for some in sections(PAGE).values() for step in some]
    assert len(steps) >= 5
    assert not (wrong := untrue(steps, tmp_path, tmp_path)), "\n".join(wrong)
