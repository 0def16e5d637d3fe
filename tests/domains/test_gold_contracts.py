"""What the gold contracts and SELECTs of every shipped domain promise alike."""

from __future__ import annotations

from functools import cache

import pytest
from domains.kit import DOMAINS, Kit

from carms_lake.names import Layer
from carms_lake.quality.audit import audit

RULE_IS_ENOUGH = {"retail"}
"""Where a column may be explained by a rule alone, such as the row numbers of a calendar; so may
those of a macro, which are made of its arguments."""


@cache
def kit(domain: str) -> Kit:
    return Kit(domain)


GOLD = [
    (domain, table) for domain in DOMAINS for table in sorted(kit(domain).contracts(Layer.GOLD))
]
TABLES = [(d, t) for d, t in GOLD if kit(d).contracts(Layer.GOLD)[t].kind == "table"]


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_select_delivers_its_contract_on_empty_tables(tmp_path, domain):
    gold = kit(domain).contracts(Layer.GOLD)
    with kit(domain).gold({}, folder=tmp_path) as warehouse:
        names = warehouse.connection.execute(
            "select table_name from information_schema.tables where table_schema = 'gold'"
        ).fetchall()
        checks = audit(warehouse.connection, list(gold.values()))
    assert {name for (name,) in names} == {n for n, c in gold.items() if c.kind != "macro"}
    assert checks
    assert [check for check in checks if not check.passed] == []


@pytest.mark.parametrize(("domain", "table"), GOLD)
def test_a_select_says_its_grain_and_its_question_first(domain, table):
    first, second, *_ = kit(domain).gold_texts()[table].splitlines()
    assert first.startswith("-- Grain: one row per ")
    assert second.startswith("-- Question: ")
    assert second.endswith("?")


@pytest.mark.parametrize(("domain", "table"), GOLD)
def test_a_contract_says_what_its_table_and_columns_are(domain, table):
    contract = kit(domain).contracts(Layer.GOLD)[table]
    assert contract.description
    assert contract.grain
    assert contract.columns
    assert [column.name for column in contract.columns if not column.description] == []
    by_rule = domain in RULE_IS_ENOUGH or contract.kind == "macro"
    unexplained = [c.name for c in contract.columns if not (c.sources or (by_rule and c.rule))]
    assert unexplained == []


@pytest.mark.parametrize(("domain", "table"), GOLD)
def test_the_sources_of_a_column_are_columns(domain, table):
    known = {
        f"{layer}.{name}.{column}"
        for layer in (Layer.SILVER, Layer.GOLD)
        for name, contract in kit(domain).contracts(layer).items()
        for column in contract.column_names
    }
    contract = kit(domain).contracts(Layer.GOLD)[table]
    named = {source for column in contract.columns for source in column.sources}
    assert named - known == set()


@pytest.mark.parametrize(("domain", "table"), TABLES)
def test_a_table_has_a_primary_key(domain, table):
    assert kit(domain).contracts(Layer.GOLD)[table].primary_key
