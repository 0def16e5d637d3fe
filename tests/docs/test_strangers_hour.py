"""The guides' quick ways are what happens: their commands make a domain of three messy files."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from docs.console import sections, untrue
from docs.messy import write_messy

GUIDES = Path(__file__).parents[2] / "docs/guides"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        sys.platform != "linux" or shutil.which("bash") is None, reason="pages are typed into bash"
    ),
]


@pytest.mark.parametrize("page", ["add-a-domain.md", "bring-your-own-csv.md"])
def test_what_a_guide_says_to_type_shows_what_the_guide_says(tmp_path: Path, page: str) -> None:
    write_messy(tmp_path)
    steps = [step for some in sections(GUIDES / page).values() for step in some]
    assert len(steps) >= 5
    assert not (wrong := untrue(steps, tmp_path, tmp_path)), "\n".join(wrong)
