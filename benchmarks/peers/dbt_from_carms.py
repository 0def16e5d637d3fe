"""The dbt project of the retail domain: carms's own gold SELECTs and contracts, in dbt's words.

`make(target)` copies `dbt/` (silver, written for dbt) and adds what carms has: every gold SELECT
with `ref()` in the place of table names, and every promise of the silver and gold contracts as a
test: dbt's own (not_null, unique, accepted_values, relationships) where there is one, else a SELECT
of the rows that break it. So both sides answer the same questions by the same rules.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from carms_lake.config import builtin_schemas
from carms_lake.contract.load import load_contracts
from carms_lake.names import Layer
from carms_lake.quality.table_constraints import sql_checks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from carms_lake.contract.model import Contract, QualityRule, Relationship

SILVER_AND_MACROS = Path(__file__).with_name("dbt")
NOT_IN_DBT = ("audit_ingestion",)
"""It shows what carms kept of each file; dbt keeps nothing of files."""

_TABLE = re.compile(r"\b(silver|gold)\.([a-z_0-9]+)\b")
_REJECTS = re.compile(r"\bops\.rejects\b")
_SOURCES = (
    "customers",
    "products",
    "stores",
    "suppliers",
    "orders_header",
    "orders_lines",
    "events",
    "sensors",
    "exchange_rates",
    "shipments",
    "returns",
    "holidays",
)
_HOLDS = {
    "mustBe": "= {}",
    "mustNotBe": "<> {}",
    "mustBeGreaterThan": "> {}",
    "mustBeGreaterOrEqualTo": ">= {}",
    "mustBeLessThan": "< {}",
    "mustBeLessOrEqualTo": "<= {}",
}
_OWN_TEST = re.compile(r"\.(required|unique|enum)$")
"""Promises for which dbt has a test of its own."""


def make(target: Path, bronze: str) -> dict[str, int]:
    """Make the project anew; how many models and tests it has.

    `bronze` is where dlt's tables are: the folder of their Parquet files, or "" for the database.
    """
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(SILVER_AND_MACROS, target)
    tests = target / "tests"
    tests.mkdir()
    contracts = [
        contract
        for contract in load_contracts([builtin_schemas() / "retail"], "retail").values()
        if contract.ref.layer is not Layer.BRONZE and contract.ref.table not in NOT_IN_DBT
    ]
    count = 0
    described: list[dict[str, Any]] = []
    for contract in contracts:
        if contract.ref.layer is Layer.GOLD:
            _write_gold(target, contract)
        model, own = _described(contract)
        described.append(model)
        count += own
        for name, sql in _own_selects(contract):
            (tests / f"{contract.ref.table}__{name}.sql").write_text(
                _with_refs(sql), encoding="utf-8"
            )
            count += 1
    schema = {"version": 2, "sources": [_source(bronze)], "models": described}
    (target / "models" / "schema.yml").write_text(
        yaml.safe_dump(schema, sort_keys=False), encoding="utf-8"
    )
    models = len(list((target / "models").rglob("*.sql")))
    return {"models": models, "tests": count}


def _source(bronze: str) -> dict[str, Any]:
    source: dict[str, Any] = {"name": "bronze", "schema": "bronze"}
    if bronze:
        files = f"read_parquet('{bronze}/{{name}}/*.parquet', union_by_name = true)"
        source["config"] = {"meta": {"external_location": files}}
    return {**source, "tables": [{"name": name} for name in _SOURCES]}


def _write_gold(target: Path, contract: Contract) -> None:
    package = Path(sys.modules["carms_lake"].__file__ or "").parent
    sql = (package / "domains" / "retail" / "gold" / f"{contract.ref.table}.sql").read_text(
        encoding="utf-8"
    )
    folder = target / "models" / "gold"
    folder.mkdir(exist_ok=True)
    head = "{{ config(materialized='view') }}\n" if contract.kind == "view" else ""
    (folder / f"{contract.ref.table}.sql").write_text(head + _with_refs(sql), encoding="utf-8")


def _with_refs(sql: str) -> str:
    """Names of tables as dbt writes them. Comments go: dbt would read their braces."""
    plain = re.sub(r"^\s*--.*$", "", sql, flags=re.MULTILINE)
    return _REJECTS.sub("{{ ref('rejects') }}", _TABLE.sub(r"{{ ref('\2') }}", plain))


def _described(contract: Contract) -> tuple[dict[str, Any], int]:
    """The model with dbt's own tests on its columns, and how many those are."""
    count = 0
    columns: list[dict[str, Any]] = []
    key = contract.primary_key
    for column in contract.columns:
        tests: list[Any] = []
        if column.required:
            tests.append("not_null")
        if column.unique or key == (column.name,):
            tests.append("unique")
        if column.enum:
            tests.append({"accepted_values": {"arguments": {"values": list(column.enum)}}})
        tests += [_relationship(r) for r in contract.relationships if r.columns == (column.name,)]
        count += len(tests)
        if tests:
            columns.append({"name": column.name, "data_tests": tests})
    return {"name": contract.ref.table, "columns": columns}, count


def _relationship(reference: Relationship) -> dict[str, Any]:
    to = f"ref('{reference.target.table}')"
    arguments = {"to": to, "field": reference.target_columns[0]}
    return {"relationships": {"arguments": arguments}}


def _own_selects(contract: Contract) -> Iterator[tuple[str, str]]:
    """Promises for which dbt has no test: a name, and the SELECT of what breaks them."""
    table = contract.ref.in_domain
    key = contract.primary_key
    if len(key) > 1:
        names = ", ".join(key)
        yield "key", f"select {names} from {table} group by {names} having count(*) > 1"
    for promise in sql_checks(contract):
        if promise.exact is None and not _OWN_TEST.search(promise.rule):
            broken = f"select {promise.count} as n from {table}"
            yield _file_name(promise.rule), f"select * from ({broken}) where n > 0"
    for rule in contract.quality:
        if rule.kind in ("library", "sql"):
            yield _file_name(rule.name), _quality(contract, rule)
    for entry in contract.reconcile:
        yield f"reconcile_{entry['name']}", _reconciled(entry)
    for reference in contract.relationships:
        if reference.quarantine and reference.budget_pct is not None:
            yield f"budget_{'_'.join(reference.columns)}", _budget(contract, reference)


def _quality(contract: Contract, rule: QualityRule) -> str:
    table = contract.ref.in_domain
    if rule.metric == "duplicateValues":
        names = ", ".join(rule.arguments.get("properties") or [rule.column or ""])
        repeated = f"select 1 from {table} group by {names} having count(*) > 1"
        found = f"select count(*) as n from ({repeated})"
    else:
        query = (rule.query or "").replace("${table}", table).replace("{table}", table)
        found = f"select ({query}) as n"
    if rule.unit == "percent":
        found = (
            f"select 100.0 * n / greatest((select count(*) from {table}), 1) as n from ({found})"
        )
    operators: Mapping[str, Any] = rule.operators or {"mustBe": 0}
    holds = " and ".join(f"n {_HOLDS[name].format(limit)}" for name, limit in operators.items())
    return f"select * from ({found}) where not ({holds})"


def _reconciled(entry: Mapping[str, Any]) -> str:
    return f"select 1 where ({entry['gold']}) is distinct from ({entry['silver']})"


def _budget(contract: Contract, reference: Relationship) -> str:
    """More rows set aside for this reference than the budget lets."""
    table = contract.ref.table
    aside = (
        "select count(*) from (select unnest(reasons) as reason from ops.rejects "
        f"where layer = 'silver' and table_name = '{table}') where reason.rule = '{reference.name}'"
    )
    given = f"(select count(*) from silver.{table}) + ({aside})"
    return f"select 1 where ({aside}) > {reference.budget_pct} / 100.0 * ({given})"


def _file_name(rule: str) -> str:
    return re.sub(r"\W+", "_", rule)


if __name__ == "__main__":
    print(json.dumps(make(Path(sys.argv[1]), sys.argv[2])))
