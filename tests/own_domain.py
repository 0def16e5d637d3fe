"""A domain that is in its project: the tiny shop, as folders and not as a package."""

from __future__ import annotations

import shutil
from pathlib import Path

from tiny import PRODUCTS, SALES

TINY_SHOP = Path(__file__).parent / "packages/tiny_shop"


def own_shop(folder: Path, name: str = "shop") -> Path:
    """A project with the domain in `schemas/` and `domains/`, and a file of each source."""
    ignored = shutil.ignore_patterns("schemas", "__pycache__", "__init__.py", "pipes.py", "test_*")
    shutil.copytree(TINY_SHOP, folder / "domains" / name, ignore=ignored)
    shutil.copytree(TINY_SHOP / "schemas", folder / "schemas" / name)
    (folder / "carms.toml").write_text(f'domain = "{name}"\n', encoding="utf-8")
    for file, text in (("products.csv", PRODUCTS), ("sales/day_1.csv", SALES)):
        path = folder / "data_raw" / name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def rewrite(path: Path, old: str, new: str) -> None:
    """Replace a part of a file."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
