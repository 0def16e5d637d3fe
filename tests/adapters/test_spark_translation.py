"""What DuckDB's SELECTs are for Spark, by sqlglot alone: no engine is started."""

from __future__ import annotations

from pathlib import Path

import pytest
from command import called
from spark_cases import CASES, Case
from tiny import built

import carms_lake
from carms_lake import Lake
from carms_lake.adapters import spark
from carms_lake.adapters.spark.translation import macros_read, rules_for, translate
from carms_lake.config import builtin_domains

SCHEMA = {
    "silver": {
        "customer": {"id": "BIGINT", "email": "VARCHAR"},
        "seen": {"id": "BIGINT", "first_on": "DATE", "last_on": "DATE"},
    }
}


def said(sql: str, engine: str = "sail") -> str:
    return translate(sql, SCHEMA, engine).sql


def problems(sql: str) -> str:
    return "; ".join(translate(sql, SCHEMA, "sail").problems)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_a_rule_changes_its_case(case: Case) -> None:
    engine = case.needed_by[-1]
    everything = translate(case.sql, SCHEMA, engine)
    assert case.says in everything.sql
    assert case.rule in everything.rules
    assert everything.problems == ()
    others = [rule for rule in rules_for(engine) if rule.__name__ != case.rule]
    without = translate(case.sql, SCHEMA, engine, rules=others)
    assert case.rule not in without.rules
    assert case.says not in without.sql


def test_each_rule_has_a_case_and_says_why_it_is_there() -> None:
    rules = {rule.__name__: rule for rule in rules_for("sail")}
    assert {case.rule for case in CASES} == set(rules)
    assert all(rule.__doc__ for rule in rules.values())


def test_rules_of_sail_are_not_used_on_spark() -> None:
    assert "QUALIFY" in said("select 1 as a qualify row_number() over () = 1", "spark")


def test_a_rule_sees_what_is_inside_of_what_it_changes() -> None:
    assert said("select a / b / c as x").count("/") == 2
    assert said("select a / b / c as x").count("AS DOUBLE)") == 4


def test_a_mask_is_a_column_that_is_computed_here() -> None:
    found = translate(
        "select c.id, keyed_hash(lower(c.email)) as a, keyed_hash(lower(c.email)) as b, "
        "case when c.id > 1 then keyed_hash(c.email) end as d from silver.customer as c",
        SCHEMA,
        "spark",
    )
    assert [(m.table, m.column, m.expression) for m in found.masks] == [
        ("silver.customer", "carms_mask_0", "LOWER(email)"),
        ("silver.customer", "carms_mask_1", "email"),
    ]
    assert "keyed_hash" not in found.sql.lower()
    assert found.sql.count("c.carms_mask_0") == 2
    assert found.views == {"carms_silver__customer__masked": "silver.customer"}


def test_a_mask_of_a_query_does_not_travel() -> None:
    text = "with c as (select email from silver.customer) select keyed_hash(c.email) as x from c"
    assert "the key does not leave" in problems(text)


def test_tables_are_views_under_their_old_names() -> None:
    found = translate("select seen.id from silver.seen", SCHEMA, "spark")
    assert found.sql == "SELECT seen.id FROM carms_silver__seen AS seen"
    assert found.views == {"carms_silver__seen": "silver.seen"}


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("select list(id order by id) as x from silver.seen", "an ordered list"),
        ("select nfc_normalize(email) as x from silver.customer", "no function `nfc_normalize`"),
        ("select strip_accents('é') as x", "no function `strip_accents`"),
        ("select unnest([1]) as a, unnest([2]) as b", "`unnest` more than once"),
        ("select unnest([1]) as a order by a", "next to ORDER BY"),
        (
            "select a.id from silver.seen as a asof join silver.seen as b using (id, first_on)",
            "an ASOF join",
        ),
        ("select from where", "it cannot be parsed"),
    ],
)
def test_what_does_not_travel_is_named(sql: str, problem: str) -> None:
    assert problem in problems(sql)


def test_what_travels_has_no_problems() -> None:
    # What a bracket may follow and is no function.
    assert not problems(
        "with t(a) as (values ('b'), ('a')) select string_agg(a, ', ' order by a) as x, "
        "try_cast(min(a) as integer) as y, count(*) filter (where a in ('a')) as z from t"
    )


def test_macros_that_are_read_as_tables_are_found() -> None:
    assert macros_read("select * from gold.words([1]) join gold.sale on true", {"gold.words"}) == [
        "gold.words"
    ]
    assert macros_read("select * from gold.sale", {"gold.words"}) == []


def test_without_the_extra_the_command_says_how_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)

    config = built(tmp_path)
    (tmp_path / "carms.toml").write_text('domain = "tiny"\n', encoding="utf-8")
    monkeypatch.setattr("carms_lake.extras.import_module", missing)
    for words in ([], ["--engine", "sail"]):
        found = called(tmp_path, "certify", *words)
        assert found.code == 2
        assert 'pip install "carms-lake[spark]"' in found.err
    # To lint needs none.
    assert called(tmp_path, "certify", "fact_sale", "--lint").code == 0
    both = called(tmp_path, "certify", "--lint", "--engine", "sail")
    assert (both.code, "`--lint` needs no engine" in both.err) == (2, True)
    assert Lake(config).parity().is_empty()


@pytest.mark.parametrize("domain", builtin_domains())
def test_gold_of_our_domains_travels_but_for_macros(domain: str, tmp_path: Path) -> None:
    (tmp_path / "carms.toml").write_text("", encoding="utf-8")
    lake: Lake = carms_lake.open(tmp_path, domain)
    macros = {name for name, contract in lake.contracts.items() if contract.kind == "macro"}
    found = spark.lint(lake)
    assert all("macro" in finding.problem for finding in found)
    reading = {finding.table_name for finding in found} - {n.partition(".")[2] for n in macros}
    assert reading == ({"search_posting"} if domain == "carms" else set())
    assert spark.lint(lake, f"gold.{lake.selects()[0].contract.ref.table}") == ()
