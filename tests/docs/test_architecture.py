"""The picture of the house is the house: what the page names exists, and every room is on it."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
NAMED = re.findall(r"^\| `([a-z_]+(?:\.\w+)+)` \|", PAGE, re.MULTILINE)


def found(name: str) -> object:
    """What a dotted name of the package means: the longest module of it, then its attributes."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            there: object = importlib.import_module(".".join(["carms_lake", *parts[:end]]))
        except ModuleNotFoundError:
            continue
        for part in parts[end:]:
            there = getattr(there, part)
        return there
    raise AttributeError(name)


def test_the_page_follows_a_record_through_the_code() -> None:
    assert len(NAMED) >= 15


@pytest.mark.parametrize("name", NAMED)
def test_what_the_page_names_exists(name: str) -> None:
    assert found(name) is not None


def test_every_room_is_in_the_picture() -> None:
    package = ROOT / "src/carms_lake"
    rooms = [p.name for p in package.iterdir() if p.is_dir() and p.name != "__pycache__"]
    rooms += [p.stem for p in package.glob("*.py") if not p.stem.startswith("__")]
    assert [room for room in sorted(rooms) if not re.search(rf"\b{room}\b", PAGE)] == []
