"""Pages link to what is there, and the guide's code is that of a domain that tests run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
TINY_SHOP = ROOT / "tests/packages/tiny_shop"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_link_to_a_file_leads_to_one(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_code_of_the_guide_is_the_tiny_shop_s() -> None:
    text = (ROOT / "docs/guides/add-a-domain.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```(?:python|sql|yaml)\n(.*?)```", text, flags=re.DOTALL)
    files = [p for p in TINY_SHOP.rglob("*") if p.suffix in (".py", ".sql", ".yaml")]
    shop = [path.read_text(encoding="utf-8") for path in files]
    assert len(blocks) == 7
    assert [block for block in blocks if not any(block in file for file in shop)] == []
