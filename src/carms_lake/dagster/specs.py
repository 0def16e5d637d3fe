"""What contracts say of tables and rules, in Dagster's words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, NamedTuple

import dagster as dg

if TYPE_CHECKING:
    from carms_lake import Contract, Lake

_KINDS = {"bronze": {"deltalake"}, "silver": {"deltalake", "python"}, "gold": {"duckdb", "sql"}}
REFUSED = "no_file_refused"
"""A check of ours: a file that cannot be read fails it, and the others land."""


class Specs(NamedTuple):
    """A lake as Dagster sees it; tables are named as in `silver.program`."""

    assets: dict[str, dg.AssetSpec]
    """By table, each after those that it reads."""
    checks: dict[tuple[str, str], dg.AssetCheckSpec]
    """By table and rule."""
    lineage: dict[str, dg.TableColumnLineage]
    """By table."""


def specs(lake: Lake) -> Specs:
    """The assets and checks of a lake.

    Raises:
        ContractError: a contract is wrong.
    """
    domain = lake.config.domain.name
    contracts = {name: c for name, c in lake.contracts.items() if c.ref.layer in _KINDS}
    reads: dict[str, list[str]] = {}
    columns: dict[str, dict[str, list[dg.TableColumnDep]]] = {}
    for table, column, read, there in (
        lake.lineage().select("table", "column", "reads", "reads_column").iter_rows()
    ):
        if read in contracts:
            reads.setdefault(table, []).append(read)
            if column is not None and contracts[read].kind != "macro":
                dep = dg.TableColumnDep(_key(domain, read), there)
                columns.setdefault(table, {}).setdefault(column, []).append(dep)
    tables = {name: c for name, c in contracts.items() if c.kind != "macro"}
    needs = {name: _tables_read(name, reads, tables) for name in tables}
    made = {name: _asset(domain, contracts[name], needs[name]) for name in _in_order(needs)}
    return Specs(
        made, _checks(lake, made), {t: dg.TableColumnLineage(c) for t, c in columns.items()}
    )


def _key(domain: str, name: str) -> dg.AssetKey:
    return dg.AssetKey([domain, *name.split(".")])


def _tables_read(name: str, reads: Mapping[str, list[str]], tables: Iterable[str]) -> list[str]:
    """The tables that a table reads, also through macros, which are not assets."""
    found: dict[str, None] = {}
    for read in reads.get(name, ()):
        found |= dict.fromkeys([read] if read in tables else _tables_read(read, reads, tables))
    return list(found)


def _in_order(needs: Mapping[str, Iterable[str]]) -> list[str]:
    """The tables, each after those that it reads: results are taken in this order alone."""
    return list(TopologicalSorter(needs).static_order())


def _asset(domain: str, contract: Contract, reads: Iterable[str]) -> dg.AssetSpec:
    columns = [
        dg.TableColumn(
            column.name,
            str(column.type),
            column.description or None,
            dg.TableColumnConstraints(
                nullable=not column.required,
                unique=column.unique or contract.primary_key == (column.name,),
            ),
        )
        for column in contract.columns
    ]
    layer = str(contract.ref.layer)
    said = "\n\n".join(filter(None, (contract.description, contract.grain)))
    return dg.AssetSpec(
        _key(domain, contract.ref.in_domain),
        deps=[_key(domain, read) for read in reads],
        description=said or None,
        group_name=layer,
        kinds=_KINDS[layer],
        metadata={
            "dagster/column_schema": dg.TableSchema(columns=columns),
            "dagster/table_name": str(contract.ref),
            "contract_version": contract.version,
        },
    )


def _checks(
    lake: Lake, made: Mapping[str, dg.AssetSpec]
) -> dict[tuple[str, str], dg.AssetCheckSpec]:
    rules = [
        (table, REFUSED, "every file that arrived could be read")
        for table in made
        if table.startswith("bronze.")
    ]
    rules += lake.checks().select("table", "rule", "description").rows()
    found: dict[tuple[str, str], dg.AssetCheckSpec] = {}
    taken: set[tuple[str, str]] = set()
    for table, rule, said in rules:
        name = _identifier(rule)
        while (table, name) in taken:  # `a.b` and `a__b` are two rules
            name += "_"
        taken.add((table, name))
        key = made[table].key
        found[table, rule] = dg.AssetCheckSpec(
            name, asset=key, description=said or None, metadata={"rule": rule}
        )
    return found


def _identifier(rule: str) -> str:
    """The name of a rule as Dagster allows it: `quota.minimum` is `quota__minimum`."""
    return re.sub(r"[^A-Za-z0-9_]+", "__", rule)
