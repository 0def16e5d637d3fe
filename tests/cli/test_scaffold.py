"""`carms domain new` and `contract new`: what they write runs as it is, and replaces nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from command import called

if TYPE_CHECKING:
    from pathlib import Path

ORDERS = "order_id,customer,amount,class\n1,K1,2.50,A\n2,K2,3.50,B\n3,K1,1.00,\n"
CUSTOMERS = "no;name\nK1;Ann\nK2;Bj\u00f6rn\n"


def files(folder: Path) -> list[str]:
    (folder / "orders_2024-01.csv").write_text(ORDERS, encoding="utf-8")
    (folder / "customers.csv").write_text(CUSTOMERS, encoding="cp1252")
    return ["orders_2024-01.csv", "customers.csv"]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    done = called(tmp_path, "domain", "new", "shop", *files(tmp_path))
    assert done.code == 0, done.err
    return tmp_path


@pytest.fixture(scope="module")
def built_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    assert called(folder, "domain", "new", "shop", *files(folder)).code == 0
    run(folder)
    return folder


def run(folder: Path, *options: str) -> None:
    for command in ("ingest", "build", "check"):
        done = called(folder, command, *options)
        assert done.code == 0, done.err


@pytest.mark.slow
def test_a_folder_of_files_is_a_lake_in_one_command_and_three(shop: Path) -> None:
    run(shop)
    sql = "select name, sum(amount)::varchar as amount from orders join customers on no = customer"
    rows = called(shop, "query", f"{sql} group by name order by name").rows
    assert rows == [{"name": "Ann", "amount": "3.50"}, {"name": "Björn", "amount": "3.50"}]
    contract = (shop / "schemas/shop/bronze/orders.odcs.yaml").read_text(encoding="utf-8")
    assert "# 0 of 3 values are missing; all distinct: a key\n  - name: order_id" in contract
    assert 'value: ["orders*.csv"]' in contract
    assert 'domain = "shop"' in (shop / "carms.toml").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_next_file_of_the_same_kind_lands_as_well(shop: Path) -> None:
    (shop / "data_raw/shop/orders_2024-02.csv").write_text(
        "order_id,customer,amount,class\n4,K2,9.00,A\n", encoding="utf-8"
    )
    run(shop)
    assert called(shop, "query", "select count(*) as n from orders").rows == [{"n": "4"}]


@pytest.mark.slow
def test_one_more_source_keeps_what_the_author_wrote(shop: Path) -> None:
    silver = shop / "domains/shop/silver.py"
    silver.write_text(silver.read_text(encoding="utf-8") + "\n# mine\n", encoding="utf-8")
    before = silver.read_text(encoding="utf-8")
    (shop / "regions.csv").write_text("customer,region\nK1,North\nK2,South\n", encoding="utf-8")
    done = called(shop, "contract", "new", "regions.csv")
    assert done.code == 0, done.err
    assert silver.read_text(encoding="utf-8").startswith(before)
    run(shop)
    sql = "select count(*) as n from orders join regions using (customer)"
    assert called(shop, "query", sql).rows == [{"n": "3"}]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["domain", "new", "shop", "customers.csv"], "the domain `shop` is there already"),
        (["domain", "new", "carms", "customers.csv"], "comes with carms"),
        (["domain", "new", "My-Shop", "customers.csv"], "is not a name of a domain"),
        (["domain", "new", "other", "nothing.csv"], "does not exist"),
        (["contract", "new", "customers.csv"], "would be the table `customers`"),
        (["contract", "new", "regions.csv"], "is another file of this name"),
    ],
)
def test_nothing_is_overwritten_and_nothing_half_written(
    shop: Path, words: list[str], said: str
) -> None:
    (shop / "regions.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (shop / "data_raw/shop/regions.csv").write_text("a,b\n3,4\n", encoding="utf-8")
    before = {path: path.read_bytes() for path in shop.rglob("*") if path.is_file()}
    done = called(shop, *words)
    assert done.code == 2
    assert said in done.err
    assert "\nhint: " in done.err
    assert {path: path.read_bytes() for path in shop.rglob("*") if path.is_file()} == before


@pytest.mark.slow
def test_files_that_are_in_their_folder_already_stay_there(tmp_path: Path) -> None:
    for name in ("day 1.csv", "day 2.csv"):
        path = tmp_path / "data_raw/shop/[daily]" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"id,n\n{name[4]},5\n", encoding="utf-8")
    found = sorted(map(str, (tmp_path / "data_raw").rglob("*.csv")))
    done = called(tmp_path, "domain", "new", "shop", *found)
    assert done.code == 0, done.err
    run(tmp_path)
    assert called(tmp_path, "query", "select count(*) as n from day").rows == [{"n": "2"}]
    assert sorted(map(str, (tmp_path / "data_raw").rglob("*.csv"))) == found


@pytest.mark.slow
def test_a_second_domain_leaves_the_first_one_what_commands_work_on(shop: Path) -> None:
    done = called(shop, "domain", "new", "people", "customers.csv")
    assert done.code == 0
    assert "`carms ingest -d people && carms build -d people" in done.err
    run(shop, "-d", "people")
    run(shop)


@pytest.mark.slow
def test_a_project_that_was_made_for_another_domain_and_is_empty_names_the_new_one(
    tmp_path: Path,
) -> None:
    assert called(tmp_path, "init").code == 0
    done = called(tmp_path, "domain", "new", "shop", *files(tmp_path))
    assert "names `shop` now, in place of `carms`" in done.err
    run(tmp_path)


@pytest.mark.slow
def test_a_source_of_a_domain_that_comes_with_carms_is_one_of_bronze(tmp_path: Path) -> None:
    assert called(tmp_path, "init").code == 0
    (tmp_path / "notes.csv").write_text("stream_id,note\n1,good\n", encoding="utf-8")
    done = called(tmp_path, "contract", "new", "notes.csv")
    assert done.code == 0, done.err
    assert called(tmp_path, "ingest").code == 0
    assert called(tmp_path, "query", "select note from bronze.notes").rows == [{"note": "good"}]


@pytest.mark.slow
def test_names_that_are_words_of_python_and_of_sql_are_no_trouble(tmp_path: Path) -> None:
    text = "order,select,From,group\n1,a,b,c\n2,d,e,f\n"
    for name in ("class.csv", "select.csv", "pl.csv"):
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = called(tmp_path, "domain", "new", "odd", "class.csv", "select.csv", "pl.csv")
    assert done.code == 0, done.err
    run(tmp_path)
    assert len(called(tmp_path, "query", 'select "order", "from" from class_table').rows) == 2


@pytest.mark.slow
def test_a_value_with_a_line_break_stays_in_its_comment(tmp_path: Path) -> None:
    rows = "".join(f'{n},"x\n  - name: evil {n % 2}"\n' for n in range(9))
    (tmp_path / "a.csv").write_text(f'id,"no\nte"\n{rows}', encoding="utf-8")
    done = called(tmp_path, "domain", "new", "shop", "a.csv")
    assert done.code == 0, done.err
    run(tmp_path)


def test_what_would_not_land_is_said_at_once(tmp_path: Path) -> None:
    lines = "".join(f"{number},{number}\n" for number in range(200))
    (tmp_path / "a.csv").write_text(f"id,n\n{lines}200,many\n", encoding="utf-8")
    done = called(tmp_path, "domain", "new", "shop", "a.csv")
    assert done.code == 0
    assert "`a.csv`: 1 of 201 records would be rejected" in done.err
    contract = (tmp_path / "schemas/shop/bronze/a.odcs.yaml").read_text(encoding="utf-8")
    assert "1 are not of this type, under 1%: they are rejected" in contract


@pytest.mark.slow
def test_a_select_of_the_author_gets_its_contract(shop: Path) -> None:
    run(shop)
    path = shop / "domains/shop/gold/spent.sql"
    path.write_text(
        "select customer, sum(amount)::decimal(18,2) as amount from silver.orders group by all;\n",
        encoding="utf-8",
    )
    assert "`carms contract new`" in called(shop, "build").err
    done = called(shop, "contract", "new", "domains/shop/gold/spent.sql")
    assert done.code == 0, done.err
    run(shop)
    assert len(called(shop, "query", "from spent").rows) == 2


@pytest.mark.parametrize(
    ("sql", "code", "said"),
    [
        ("select sum(order_id) as n from orders", 3, "the type HUGEINT"),
        ("select count(*) from orders", 3, "column `count_star()`: not a column name"),
        ("selec 1", 3, "Parser Error"),
        ("select 1 as n from nothing", 3, "`nothing`"),
    ],
)
def test_a_select_that_no_contract_can_have_is_named(
    built_shop: Path, sql: str, code: int, said: str
) -> None:
    path = built_shop / "domains/shop/gold/wrong.sql"
    path.write_text(sql, encoding="utf-8")
    done = called(built_shop, "contract", "new", str(path))
    assert done.code == code, done.err
    assert "wrong.sql`" in done.err
    assert said in done.err
    assert "\nhint: " in done.err


def test_a_select_elsewhere_is_not_one_of_the_domain(built_shop: Path) -> None:
    (built_shop / "x.sql").write_text("select 1 as n", encoding="utf-8")
    done = called(built_shop, "contract", "new", "x.sql")
    assert done.code == 2
    assert "is not a SELECT of the domain `shop`" in done.err
