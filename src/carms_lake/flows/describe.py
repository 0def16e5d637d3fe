"""What tables there are, and what each promises, from the contracts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carms_lake.contract.load import load_contracts
from carms_lake.errors import UsageError, did_you_mean
from carms_lake.flows.query import QueryResult, query_rows
from carms_lake.names import Layer, TableRef

if TYPE_CHECKING:
    from collections.abc import Iterable

    from carms_lake.config import LakeConfig
    from carms_lake.contract.model import Column, Contract


def table_names(config: LakeConfig) -> tuple[str, ...]:
    """The names of all tables that the domain's contracts promise, gold first; reads no data.

    Raises:
        ContractError: a contract is wrong.
    """
    return tuple(contract.ref.in_domain for contract in _contracts(config))


def tables(config: LakeConfig) -> QueryResult:
    """One row per table of the domain, gold first: name, layer, kind, rows, columns, description.

    `rows` is null where the table is not there yet, and for a macro.

    Raises:
        ContractError: a contract is wrong.
        StoreError: the gold file or a table cannot be read.
    """
    contracts = _contracts(config)
    rows = _row_counts(config, contracts)
    return QueryResult(
        ("table", "layer", "kind", "rows", "columns", "description"),
        ("VARCHAR", "VARCHAR", "VARCHAR", "BIGINT", "BIGINT", "VARCHAR"),
        [
            (
                c.ref.in_domain,
                str(c.ref.layer),
                c.kind,
                rows.get(c.ref.in_domain),
                len(c.columns),
                _about(c),
            )
            for c in contracts
        ],
    )


def describe(config: LakeConfig, name: str) -> tuple[Contract, QueryResult]:
    """A table's contract, and one row per column: its type and what it promises.

    `name` is `silver.program`, or `program` where gold, silver or bronze has it, in this order.

    Raises:
        UsageError: there is no such table.
        ContractError: a contract is wrong.
    """
    contract = _find(_contracts(config), name.lower(), config.domain.name)
    return contract, QueryResult(
        ("column", "type", "nullable", "key", "references", "description"),
        ("VARCHAR", "VARCHAR", "BOOLEAN", "VARCHAR", "VARCHAR", "VARCHAR"),
        [_column_row(contract, column) for column in contract.columns],
    )


def caveat(config: LakeConfig) -> str:
    """What is to be known of the published file: that checks failed; empty where none did."""
    from carms_lake.store.published import failed_checks, published_although

    failed = failed_checks(config.gold_file)
    return published_although(failed) if failed else ""


def _contracts(config: LakeConfig) -> list[Contract]:
    found = load_contracts(list(config.domain.schemas), config.domain.name)
    order = list(reversed(Layer))
    return sorted(found.values(), key=lambda c: (order.index(c.ref.layer), c.ref.table))


def _find(contracts: list[Contract], name: str, domain: str) -> Contract:
    ref = TableRef.parse(name, domain=domain)
    for contract in contracts:
        if contract.ref == ref or (ref is None and contract.ref.table == name):
            return contract
    known = {c.ref.in_domain if "." in name else c.ref.table for c in contracts}
    raise UsageError(f"no table `{name}` in domain `{domain}`", did_you_mean(name, known))


def _about(contract: Contract) -> str:
    return contract.description or contract.grain


def _column_row(contract: Contract, column: Column) -> tuple[Any, ...]:
    references = [
        f"{relationship.target.in_domain}.{there}"
        for relationship in contract.relationships
        for here, there in zip(relationship.columns, relationship.target_columns, strict=False)
        if here == column.name
    ]
    key = (
        "primary"
        if column.primary_key_position is not None
        else "unique"
        if column.unique
        else None
    )
    return (
        column.name,
        str(column.type),
        not column.required,
        key,
        ", ".join(references) or None,
        column.description or None,
    )


def _row_counts(config: LakeConfig, contracts: Iterable[Contract]) -> dict[str, int]:
    """Rows by name, of the tables that are there; counted in one query."""
    if not config.gold_file.is_file() and not config.lake.is_dir():
        return {}
    listed = query_rows(config, "SELECT table_schema, table_name FROM information_schema.tables")
    there = {f"{schema}.{table}" for schema, table in listed.rows}
    wanted = [c.ref for c in contracts if c.kind != "macro" and c.ref.in_domain in there]
    if not wanted:
        return {}
    counted = " UNION ALL ".join(
        f"SELECT '{ref.in_domain}', count(*) FROM {ref.in_domain}"  # noqa: S608 - names of contracts
        for ref in wanted
    )
    return dict(query_rows(config, counted).rows)
