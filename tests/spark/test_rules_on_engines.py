"""Each rule of translation on an engine: with it the answer is DuckDB's, without it it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest
from spark_cases import CASES, Case

from carms_lake.adapters.spark.server import Refused, Server
from carms_lake.adapters.spark.translation import rules_for, translate
from carms_lake.store.gold.macros import SURROGATE_KEY

if TYPE_CHECKING:
    import pyarrow as pa


def in_duckdb(sql: str) -> pa.Table:
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(SURROGATE_KEY)
        return connection.sql(sql).to_arrow_table()


def told(table: pa.Table) -> tuple[list[str], list[str]]:
    """Types and rows, in no order."""
    types = [str(field.type).replace("large_string", "string") for field in table.schema]
    return types, sorted(map(repr, table.to_pylist()))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_a_rule_makes_the_answer_that_of_duckdb(case: Case, server: Server) -> None:
    wanted = told(in_duckdb(case.sql))
    select = translate(case.sql, {}, server.engine)
    assert told(server.rows(select.sql)) == wanted
    if server.engine not in case.needed_by:
        return
    others = [rule for rule in rules_for(server.engine) if rule.__name__ != case.rule]
    try:
        found = told(server.rows(translate(case.sql, {}, server.engine, rules=others).sql))
    except Refused:
        return
    assert found != wanted
