"""SQL of contracts and domains reads the lake and does nothing else: strangers may write it."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
import yaml
from tiny import built, gold

from carms_lake.config import Domain, LakeConfig
from carms_lake.errors import ContractError
from carms_lake.flows.build import build
from carms_lake.flows.check import check
from carms_lake.flows.check.mutation import mutate
from carms_lake.store.gold import reading
from carms_lake.store.gold.file import building
from carms_lake.store.sql.statement import only_reads, tables_read

if TYPE_CHECKING:
    from collections.abc import Callable

STOPPED_WHEN_RUN = {"missing_extension_function.sql", "python_variable.sql"}
"""Their names could be a macro's and a table's: no parser can tell."""
ATTACKS = [p for p in sorted(Path(__file__).parent.glob("*.sql")) if p.name not in STOPPED_WHEN_RUN]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda path: path.stem)
def test_a_contract_may_do_no_more_than_a_query(attack: Path) -> None:
    text = attack.read_text(encoding="utf-8").replace("{", "/").replace("}", "")
    with pytest.raises(ContractError, match=r"`rule`"):
        only_reads(text, "`rule`")


@pytest.mark.parametrize(
    "text",
    [
        "select count(*) from silver.product where price < 0 -- of every day",
        "with t as (from silver.sale) select count(*) from t join gold.dim_product using (name)",
        "values (0)",
        "select coalesce(sum(q), 0) from (pivot silver.sale on day in ('a') using sum(q) as q)",
        "select count(*) from gold.sales_above(3), unnest([1, 2]), range(3)",
    ],
)
def test_what_reads_may_be_in_a_contract(text: str) -> None:
    assert only_reads(text, "`rule`") == text


def test_a_select_of_gold_may_not_read_files_through_a_macro() -> None:
    with pytest.raises(ContractError, match=r"`gold/all\.sql` must only read.*`read_text`"):
        tables_read("select * from silver.a, read_text(path)", where="`gold/all.sql`")


@pytest.mark.parametrize("depth", [2_000, 40_000])
def test_a_select_that_is_nested_deeply_is_an_error_of_the_contract(depth: int) -> None:
    with pytest.raises(ContractError):
        only_reads("select " + "(" * depth + "1" + ")" * depth, "`rule`")


def hostile(config: LakeConfig, table: str, change: Callable[[dict[str, Any]], None]) -> LakeConfig:
    """The project with a changed contract of its own."""
    source = Path(str(files("tiny_shop"))) / "schemas" / f"{table}.odcs.yaml"
    document = yaml.safe_load(source.read_text(encoding="utf-8"))
    change(document["schema"][0])
    own = config.project / "schemas" / f"{table}.odcs.yaml"
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text(yaml.safe_dump(document), encoding="utf-8")
    domain = Domain("tiny", "tiny_shop", (*config.domain.schemas, config.project / "schemas"))
    return LakeConfig(config.project, domain)


def rule(sql: str) -> Callable[[dict[str, Any]], None]:
    entry = {"name": "harmless", "type": "sql", "query": sql, "mustBe": 0, "severity": "info"}
    return lambda table: table.update(quality=[entry])


def own_key(key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda table: table.update(customProperties=[{"property": key, "value": value}])


SUM = "carms.reconcile"
UPDATE = "select 0; update gold.dim_product set name = 'changed by a rule'; select 0"
COPY = "with x as (copy (select 1) to '{out}') select 0"
WAYS = [
    rule("select 0; copy (from read_text('{secret}')) to '{out}'; select 0"),
    rule(COPY),
    rule(UPDATE),
    rule("select count(*) from read_text('{secret}')"),
    rule("select count(*) from main.'{secret}'"),
    own_key(SUM, {"name": "n", "gold": UPDATE, "silver": "select 0"}),
    own_key(SUM, {"name": "n", "gold": "select 0", "silver": COPY}),
]


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(WAYS)))
def test_a_contract_of_a_stranger_writes_nothing_and_reads_no_file(
    number: int, tmp_path: Path
) -> None:
    config = built(tmp_path / "project")
    secret, out = tmp_path / "secret.txt", tmp_path / "stolen.csv"
    secret.write_text("a secret", encoding="utf-8")

    def change(table: dict[str, Any]) -> None:
        WAYS[number](table)
        text = yaml.safe_dump(table).replace("{secret}", secret.as_posix())
        table.update(yaml.safe_load(text.replace("{out}", out.as_posix())))

    evil = hostile(config, "gold/dim_product", change)
    for verb in (build, check, mutate):
        with pytest.raises(ContractError, match=r"dim_product\.odcs\.yaml|a SELECT of a contract"):
            verb(evil)
    assert not out.exists()
    assert gold(config, "select name from gold.dim_product order by 1") == [
        ("Jam",),
        ("Tea",),
        ("unknown",),
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    "parameter", ["n) as table (select 1); --", "n := (select count(*) from read_text('x'))", "N"]
)
def test_a_macro_has_names_as_parameters(parameter: str, tmp_path: Path) -> None:
    config = built(tmp_path)
    with pytest.raises(ContractError, match=r"carms\.parameters"):
        build(hostile(config, "gold/sales_above", own_key("carms.parameters", [parameter])))


def test_where_sql_of_a_contract_runs_nothing_outside_of_the_lake_can_be_read(
    tmp_path: Path,
) -> None:
    """Though no parser had looked at it."""
    outside = tmp_path / "outside.csv"
    outside.write_text("a\n1\n", encoding="utf-8")
    config = built(tmp_path / "project")
    ways = [f"from '{outside.as_posix()}'", "from config", "set enable_external_access = true"]
    with reading(config, []) as connection:
        for sql in ways:
            with pytest.raises(duckdb.Error):
                connection.execute(sql)
    with building(config) as warehouse:
        warehouse.seal()
        for sql in ways:
            with pytest.raises(duckdb.Error):
                warehouse.connection.execute(sql)
            warehouse.connection.execute("rollback; begin")
