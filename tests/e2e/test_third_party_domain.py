"""A domain of another package works through its entry point, without a line of the engine."""

from __future__ import annotations

from pathlib import Path

import pytest
from command import carms
from tiny import PRODUCTS, SALES

PACKAGES = str(Path(__file__).parents[1] / "packages")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    assert carms(tmp_path, "init").code == 0
    (tmp_path / "carms.toml").write_text('domain = "tiny"\n', encoding="utf-8")
    for name, text in (("products.csv", PRODUCTS), ("sales/day_1.csv", SALES)):
        path = tmp_path / "data_raw/tiny" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def test_an_installed_domain_is_ingested_built_and_asked(shop: Path) -> None:
    assert carms(shop, "run", PYTHONPATH=PACKAGES).code == 0
    found = carms(shop, "query", "from sales_by_product", PYTHONPATH=PACKAGES)
    assert found.rows == [{"name": "Jam", "quantity": "1"}, {"name": "Tea", "quantity": "2"}]
    assert (shop / "lake/tiny.duckdb").is_file()
    macro = carms(shop, "query", "from sales_above(2)", PYTHONPATH=PACKAGES)
    assert [row["sale_id"] for row in macro.rows] == ["s1"]


def test_a_domain_that_is_not_installed_is_named(shop: Path) -> None:
    done = carms(shop, "ingest")
    assert done.code == 2
    assert "`tiny`" in done.err
    assert "hint:" in done.err
