"""A project's own folders are a domain, without a package; an author's mistakes are told."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from command import called, carms
from own_domain import own_shop, rewrite

from carms_lake.catalog import load_catalog
from carms_lake.config import load_config
from carms_lake.errors import ContractError
from carms_lake.flows.build import build
from carms_lake.flows.ingest import ingest

if TYPE_CHECKING:
    from carms_lake.config import LakeConfig


@pytest.mark.slow
def test_folders_of_a_project_are_a_domain_with_checks_and_commands(tmp_path: Path) -> None:
    shop, path = own_shop(tmp_path), list(sys.path)
    assert called(shop, "ingest").code == 0
    done = called(shop, "build")
    assert done.code == 0, done.err
    assert called(shop, "check").code == 0
    assert called(shop, "query", "from sales_by_product").rows == [
        {"name": "Jam", "quantity": "1"},
        {"name": "Tea", "quantity": "2"},
    ]
    assert called(shop, "sold", "Tea").rows == [{"name": "Tea", "quantity": "2"}]
    assert "The shop domain:\n  sold " in called(shop, "--help").out
    assert sys.path == path
    assert not list(shop.rglob("__pycache__"))


@pytest.mark.slow
def test_a_row_that_a_project_s_check_refuses_is_quarantined(tmp_path: Path) -> None:
    shop = own_shop(tmp_path)
    rewrite(shop / "data_raw/shop/products.csv", "p2,Jam,4.00", "p2,Jam,0.00")
    assert called(shop, "ingest").code == 0
    config = load_config(project=shop)
    build(config)
    assert "sale_is_paid" in called(shop, "rejects", "list", "-f", "csv").out


@pytest.mark.slow
def test_two_projects_with_a_domain_of_one_name_do_not_mix(tmp_path: Path) -> None:
    one, other = own_shop(tmp_path / "one"), own_shop(tmp_path / "other")
    rewrite(other / "domains/shop/silver.py", '("quantity") * pl', '("quantity") * 10 * pl')
    for shop in (one, other):
        config = load_config(project=shop)
        ingest(config)
        build(config)
    sql = "select sum(amount)::integer as amount from fact_sale"
    assert [called(shop, "query", sql).rows for shop in (one, other, one)] == [
        [{"amount": "9"}],
        [{"amount": "90"}],
        [{"amount": "9"}],
    ]


@pytest.mark.slow
def test_code_that_changed_is_read_again_in_a_process_that_lives_on(tmp_path: Path) -> None:
    config = load_config(project=own_shop(tmp_path))
    ingest(config)
    build(config)
    rewrite(tmp_path / "domains/shop/silver.py", '("quantity") * pl', '("quantity") * 3 * pl')
    built = {table.table.table: table.status for table in build(config).tables}
    assert built["sale"] == "built"
    sql = "select sum(amount)::integer as amount from fact_sale"
    assert called(tmp_path, "query", sql).rows == [{"amount": "27"}]


@pytest.mark.slow
def test_a_module_of_helpers_beside_silver_is_imported_from_there(tmp_path: Path) -> None:
    shop = own_shop(tmp_path)
    silver = shop / "domains/shop/silver.py"
    (shop / "domains/shop/words.py").write_text("NAME = 'name'\n", encoding="utf-8")
    rewrite(silver, "import polars as pl\n", "import polars as pl\n\nfrom .words import NAME\n")
    rewrite(silver, '"product_id", "name", "price")', '"product_id", NAME, "price")')
    assert called(shop, "run").code == 0
    rewrite(silver, "from .words", "from words")
    done = called(shop, "build")
    assert done.code == 3
    assert "silver.py`, line 7: ModuleNotFoundError: No module named 'words'" in done.err
    assert "from .words import" in done.err


def test_a_domain_of_contracts_alone_is_ingested(tmp_path: Path) -> None:
    shop = own_shop(tmp_path)
    for path in (shop / "domains", shop / "schemas/shop/silver", shop / "schemas/shop/gold"):
        path.rename(tmp_path / f"gone-{path.name}")
    done = called(shop, "ingest")
    assert done.code == 0, done.err
    assert called(shop, "query", "from bronze.sales").rows[0]["sale_id"] == "s1"


def test_a_domain_that_is_not_there_is_told_with_the_ones_that_are(tmp_path: Path) -> None:
    shop = own_shop(tmp_path)
    done = called(shop, "ingest", "-d", "shopp")
    assert done.code == 2
    assert "did you mean `shop`?; `carms domain new shopp FILE...`" in done.err


SILVER = "domains/shop/silver.py"
SALE = "    priced = bronze_sales"
MISTAKES = {
    "syntax": (SILVER, "def sale(", "def sale((", "silver.py`, line 20: SyntaxError: "),
    "indentation": (SILVER, SALE, "  priced = bronze_sales", "silver.py`, line 22: Indent"),
    "a name at import": (
        SILVER,
        "import polars as pl",
        "import polars as pl\n\nRATE = rate",
        "silver.py`, line 7: NameError: name 'rate' is not defined",
    ),
    "leaving at import": (SILVER, "import polars as pl", "exit(4)", "silver.py`, line 5: System"),
    "a name": (
        SILVER,
        SALE,
        "    priced = sales",
        "`silver.sale`: `{}/domains/shop/silver.py`, line 22: NameError: name 'sales'",
    ),
    "an exception": (
        SILVER,
        SALE,
        "    _ = 1 / 0\n    priced = bronze_sales",
        "`silver.sale`: `{}/domains/shop/silver.py`, line 22: ZeroDivisionError: division by zero",
    ),
    "an exception without words": (
        SILVER,
        SALE,
        "    raise ValueError\n    priced = bronze_sales",
        "line 22: ValueError\n",
    ),
    "a file that is not there": (
        SILVER,
        SALE,
        "    open('rates.csv')\n    priced = bronze_sales",
        "line 22: FileNotFoundError: ",
    ),
    "an exception while it is computed": (
        SILVER,
        "    amount = ",
        """    bad = pl.col('quantity').map_elements(lambda n: n / 0, return_dtype=pl.Float64)
    priced = priced.filter(bad > 1)
    amount = """,
        "`silver.sale`: `{}/domains/shop/silver.py`, line ",
    ),
    "nothing": (
        SILVER,
        "    return priced.select(",
        "    priced.select(",
        "`silver.sale`: `{}/domains/shop/silver.py`, line 20: the function gives nothing",
    ),
    "a list": (SILVER, "    return priced", "    return [1]\n    return priced", "gives a `list`"),
    "an unknown column": (SILVER, '"sale_id", "product_id", "q', '"id", "q', "reads `id`, which"),
    "another column": (SILVER, '"quantity", amount=', '"quantity", amonut=', "`amount` is missing"),
    "another type": (
        SILVER,
        "pl.Decimal(14, 2)",
        "pl.Float64",
        "`amount` is Float64, the contract says Decimal",
    ),
    "a parameter": (
        SILVER,
        "bronze_sales: pl.LazyFrame, s",
        "bronze_sale: pl.LazyFrame, s",
        "`silver.sale`: `{}/domains/shop/silver.py`, line 20: no table for the parameter `bronze_s",
    ),
    "any parameters": (
        SILVER,
        "bronze_sales: pl.LazyFrame, s",
        "*bronze_sales: pl.LazyFrame, s",
        "line 20: the parameter `*bronze_sales",
    ),
    "no contract": (SILVER, "def sale(", "def sales(", "line 20: silver function `sales` has no"),
    "no function": (SILVER, "def product(", "def _product(", "no silver function for the contract"),
    "not utf-8": (SILVER, "One row per sale", "One \x00 row", "domains/shop/silver.py"),
    "__all__": (SILVER, "def sale(", "__all__ = ['sole']\ndef sale(", "`__all__` names `sole`"),
    "checks syntax": (
        "domains/shop/checks.py",
        "def sale(",
        "def sale(:",
        "checks.py`, line 9: Sy",
    ),
    "checks raise": (
        "domains/shop/checks.py",
        "    paid = ",
        "    raise KeyError('x')\n    paid = ",
        "checks of `silver.sale`: `{}/domains/shop/checks.py`, line 11: KeyError: 'x'",
    ),
    "checks give nothing": ("domains/shop/checks.py", "    return [", "    [", "no list of checks"),
    "a check fails": (
        "domains/shop/checks.py",
        "data.lazyframe.select(paid)",
        "data.lazyfame",
        "they are in `{}/domains/shop/checks.py`, line 12",
    ),
    "a check has no table": (
        "domains/shop/checks.py",
        "def sale(",
        "def sold(",
        "not a silver tab",
    ),
    "sql does not parse": (
        "domains/shop/gold/fact_sale.sql",
        "from silver.sale",
        "form silver.sale",
        "`{}/domains/shop/gold/fact_sale.sql`",
    ),
    "sql reads no table": (
        "domains/shop/gold/fact_sale.sql",
        "er.sale",
        "er.sole",
        "`silver.sole`",
    ),
    "sql does not bind": (
        "domains/shop/gold/fact_sale.sql",
        "    amount\n",
        "    amonut\n",
        "fact_sale.sql`",
    ),
    "sql fails": (
        "domains/shop/gold/fact_sale.sql",
        "    amount\n",
        "    (sale_id::integer)::decimal(14,2) as amount\n",
        "fact_sale.sql`",
    ),
    "sql of two statements": (
        "domains/shop/gold/fact_sale.sql",
        "-- One",
        "select 1; -- One",
        "sql",
    ),
    "yaml": ("schemas/shop/silver/sale.odcs.yaml", "  properties:", "  properties", "is not YAML"),
    "yaml value": ("schemas/shop/silver/sale.odcs.yaml", "one_to_one", "one_to_two", "one_to_two"),
    "yaml shape": (
        "schemas/shop/gold/fact_sale.odcs.yaml",
        "  properties:\n",
        "  properties:\n  - 7\n",
        "fact_sale.odcs.yaml`",
    ),
}


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Path:
    shop = own_shop(tmp_path_factory.mktemp("author"))
    assert called(shop, "ingest").code == 0
    return shop


def build_or_refuse(config: LakeConfig) -> None:
    """What is wrong before anything is built takes no build, which lasts a second."""
    catalog = load_catalog(config.domain)
    assert catalog.silver_steps, catalog.gold_steps
    build(config)


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_of_the_author_is_told_with_its_place_and_never_called_a_bug(
    ingested: Path, name: str
) -> None:
    file, old, new, said = MISTAKES[name]
    path = ingested / file
    before = path.read_bytes()
    config = load_config(project=ingested)
    try:
        rewrite(path, old, new)
        with pytest.raises(ContractError) as caught:
            build_or_refuse(config)
    finally:
        path.write_bytes(before)
    assert said.replace("{}", str(ingested)) in f"{caught.value.message}\n"
    assert caught.value.hint
    assert Path(file).name in f"{caught.value.message}{caught.value.hint}"


def test_a_mistake_of_the_author_ends_with_exit_code_3(ingested: Path) -> None:
    path = ingested / "domains/shop/silver.py"
    before = path.read_bytes()
    try:
        rewrite(path, SALE, "    raise RuntimeError('no rates')")
        done = called(ingested, "build", "--json")
    finally:
        path.write_bytes(before)
    assert (done.code, done.json["errors"][0]["kind"]) == (3, "ContractError")
    assert "bug in carms" not in done.err


def test_gold_without_its_file_names_the_file_to_write(ingested: Path) -> None:
    path = ingested / "domains/shop/gold/price_history.sql"
    text = path.read_text(encoding="utf-8")
    path.unlink()
    try:
        done = called(ingested, "build")
    finally:
        path.write_text(text, encoding="utf-8")
    assert done.code == 3
    assert "no gold SELECT for the contract" in done.err
    assert "price_history" in done.err


BROKEN = {
    "app = Typer(": "commands.py`, line ",
    "import no_such_module": "commands.py`, line 1: ModuleNotFoundError",
    "raise SystemExit(3)": "commands.py`, line 1: SystemExit",
    "app = 3": "it has no `app = Typer()`",
    "from carms_lake.cli.command import Typer\napp = Typer()\n@app.command()\n"
    "def sell(n: 'Nothing') -> None: ...": "commands.py`",
}


@pytest.mark.parametrize("code", BROKEN)
def test_commands_that_are_broken_are_a_warning_and_the_others_work(
    ingested: Path, code: str
) -> None:
    path = ingested / "domains/shop/commands.py"
    before = path.read_bytes()
    try:
        path.write_text(code, encoding="utf-8")
        for words in (["--help"], ["tables", "--names"]):
            done = called(ingested, *words)
            assert done.code == 0
            assert "warning: " in done.err
            assert BROKEN[code] in done.err
    finally:
        path.write_bytes(before)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("    sql = ", "    _ = {}['x']\n    sql = ", "commands.py`, line 19: KeyError: 'x'"),
        ("product: Product", "product: Produkt", "name 'Produkt' is not defined"),
        ("call: Call, to: Target, product: Product", "", "its first parameter is the `Call`"),
    ],
)
def test_a_command_that_fails_is_its_author_s_mistake(
    ingested: Path, old: str, new: str, said: str
) -> None:
    path = ingested / "domains/shop/commands.py"
    before = path.read_bytes()
    try:
        rewrite(path, old, new)
        done = called(ingested, "sold", "Tea")
    finally:
        path.write_bytes(before)
    assert (done.code, "bug in carms" in done.err) == (3, False), done.err
    assert said in done.err


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("    yield 1", "line 1: the generator gives a `int`"),
        ("    return None", "line 1: the generator gives a `NoneType`"),
        ("    raise KeyError('x')\n    yield 1", "line 2: KeyError: 'x'"),
    ],
)
def test_a_generator_that_fails_is_its_author_s_mistake(
    ingested: Path, body: str, said: str
) -> None:
    path = ingested / "domains/shop/generate.py"
    path.write_text(f"def generate():\n{body}\n", encoding="utf-8")
    try:
        done = called(ingested, "generate", "--yes")
    finally:
        path.unlink()
    assert (done.code, "bug in carms" in done.err) == (3, False), done.err
    assert f"generate.py`, {said}" in done.err


@pytest.mark.slow
def test_a_project_s_domain_works_in_a_process_of_its_own(tmp_path: Path) -> None:
    shop = own_shop(tmp_path)
    inner = shop / "data_raw"
    assert carms(inner, "run").code == 0
    assert carms(inner, "sold", "Tea").rows == [{"name": "Tea", "quantity": "2"}]
