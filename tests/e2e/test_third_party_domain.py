"""A domain of another package works through its entry point, without a line of the engine."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from command import carms
from tiny import laid

pytestmark = pytest.mark.slow

INFO = "tiny_shop-0.1.0.dist-info"
GENERATOR = """
from typing import Annotated

def generate(*, rows: Annotated[int, "How many sales."] = 2):
    import polars as pl
    yield "sales.csv", [pl.DataFrame({"n": range(rows)})], "csv", {}
"""
PACKAGES = Path(__file__).parents[1] / "packages"


def path_with(folder: Path) -> str:
    """A PYTHONPATH where the packages of a folder are installed."""
    return os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    assert carms(tmp_path, "init").code == 0
    laid(tmp_path)
    return tmp_path


def test_an_installed_domain_is_ingested_built_and_asked(shop: Path) -> None:
    assert carms(shop, "run", PYTHONPATH=path_with(PACKAGES)).code == 0
    found = carms(shop, "query", "from sales_by_product", PYTHONPATH=path_with(PACKAGES))
    assert found.rows == [{"name": "Jam", "quantity": "1"}, {"name": "Tea", "quantity": "2"}]
    assert (shop / "lake/tiny.duckdb").is_file()
    macro = carms(shop, "query", "from sales_above(2)", PYTHONPATH=path_with(PACKAGES))
    assert [row["sale_id"] for row in macro.rows] == ["s1"]


def test_a_domain_that_is_not_installed_is_named(shop: Path) -> None:
    done = carms(shop, "ingest")
    assert done.code == 2
    assert "`tiny`" in done.err
    assert "hint:" in done.err


def test_the_commands_of_an_installed_domain_are_the_project_s(shop: Path) -> None:
    assert carms(shop, "run", PYTHONPATH=path_with(PACKAGES)).code == 0
    assert carms(shop, "sold", "Tea", PYTHONPATH=path_with(PACKAGES)).rows == [
        {"name": "Tea", "quantity": "2"}
    ]
    assert "The tiny domain:\n  sold " in carms(shop, "--help", PYTHONPATH=path_with(PACKAGES)).out
    (shop / "carms.toml").write_text("", encoding="utf-8")
    without = carms(shop, "--help", PYTHONPATH=path_with(PACKAGES))
    assert "sold" not in without.out
    assert "\n  sold " in carms(shop, "-d", "tiny", "--help", PYTHONPATH=path_with(PACKAGES)).out
    assert carms(shop, "sold", "Tea", "-d", "tiny", PYTHONPATH=path_with(PACKAGES)).code == 0
    (shop / "carms.toml").write_text('domains = ["tiny"]\n', encoding="utf-8")
    assert "\n  sold " in carms(shop, "--help", PYTHONPATH=path_with(PACKAGES)).out


def test_a_command_of_an_installed_domain_keeps_what_it_found(shop: Path) -> None:
    path = path_with(PACKAGES)
    assert carms(shop, "run", PYTHONPATH=path).code == 0
    kept = carms(shop, "count", "p1=3", "p2=4", PYTHONPATH=path)
    assert (kept.code, "kept as run" in kept.err) == (0, True)
    wrong = carms(shop, "count", "p1=-3", PYTHONPATH=path)
    assert wrong.code == 1
    assert "`stock.shelf`, nothing is kept" in wrong.err
    sql = "select product_id, quantity from stock.shelf order by all"
    found = [{"product_id": "p1", "quantity": "3"}, {"product_id": "p2", "quantity": "4"}]
    assert carms(shop, "query", sql, PYTHONPATH=path).rows == found
    history = carms(shop, "history", "shelf", PYTHONPATH=path).rows
    assert [row["command"] for row in history] == ["count", "create table"]
    built = carms(shop, "build", PYTHONPATH=path)
    assert (built.code, "published" in built.err) == (0, True)
    assert carms(shop, "check", PYTHONPATH=path).code == 0


def test_the_options_of_generate_are_those_of_the_domain(shop: Path, tmp_path: Path) -> None:
    package = tmp_path / "packages" / "tiny_shop"
    shutil.copytree(PACKAGES / "tiny_shop", package)
    shutil.copytree(PACKAGES / INFO, package.parent / INFO)
    (package / "generate.py").write_text(GENERATOR, encoding="utf-8")
    path = path_with(package.parent)
    for argv in (["generate"], ["generate", "tiny"], ["-d", "tiny", "generate"]):
        shown = carms(shop, *argv, "--help", PYTHONPATH=path).out
        assert "--rows" in shown
        assert "How many sales." in shown
        assert "--programs" not in shown
    assert carms(shop, "generate", "--rows", "1", "--yes", PYTHONPATH=path).code == 0
    assert (shop / "data_raw/tiny/sales.csv").read_text(encoding="utf-8") == "n\n0\n"
    assert carms(shop, "generate", "--programs", "1", PYTHONPATH=path).code == 2


def test_commands_that_cannot_be_loaded_are_named_and_the_others_work(
    shop: Path, tmp_path: Path
) -> None:
    package = tmp_path / "packages" / "tiny_shop"
    shutil.copytree(PACKAGES / "tiny_shop", package)
    shutil.copytree(PACKAGES / INFO, package.parent / INFO)
    (package / "commands.py").write_text("import no_such_module\n", encoding="utf-8")
    done = carms(shop, "tables", "--names", PYTHONPATH=path_with(package.parent))
    assert done.code == 0
    assert "the commands of domain `tiny` cannot be loaded: " in done.err
    assert "commands.py`, line 1: ModuleNotFoundError: No module named 'no_such" in done.err


def test_a_command_that_carms_has_already_is_ignored_with_a_warning(
    shop: Path, tmp_path: Path
) -> None:
    package = tmp_path / "packages" / "tiny_shop"
    shutil.copytree(PACKAGES / "tiny_shop", package)
    shutil.copytree(PACKAGES / INFO, package.parent / INFO)
    code = (package / "commands.py").read_text(encoding="utf-8")
    code += '''

@command(app)
def tables(call: Call) -> None:
    """Take the place of a command."""
    raise RuntimeError

rejects = Typer(name="rejects")
app.add_typer(rejects)
'''
    (package / "commands.py").write_text(code, encoding="utf-8")
    done = carms(shop, "tables", "--names", PYTHONPATH=path_with(package.parent))
    assert done.code == 0
    assert "bronze.sales" in done.out
    assert "warning: `tables` of domain `tiny` is ignored: carms has this command" in done.err
    assert "warning: `rejects` of domain `tiny` is ignored" in done.err
    shown = carms(shop, "--help", PYTHONPATH=path_with(package.parent)).out
    assert "\n  sold " in shown
    assert "Take the place" not in shown
