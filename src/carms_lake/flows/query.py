"""Answers from the lake: rows, a file, the list of tables, what a table promises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carms_lake.catalog import GOLD_FIRST, load_catalog
from carms_lake.errors import UsageError
from carms_lake.records import QueryResult as QueryResult  # noqa: PLC0414  # for commands of domains

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from carms_lake.config import LakeConfig
    from carms_lake.contract.model import Column, Contract
    from carms_lake.store.query.sandbox import AsOf
    from carms_lake.store.query.session import Answer


FILE_FORMATS = ("parquet", "xlsx")
"""What `query_to_file` writes; text formats are the command's own."""


def query_rows(
    config: LakeConfig,
    sql: str,
    parameters: Mapping[str, Any] | Sequence[Any] | None = None,
    *,
    as_of: str | None = None,
) -> QueryResult:
    """All rows of one reading statement; `$name` in it takes its value from `parameters`.

    `as_of` is a run or a time: all tables answer as they stood together then.

    Raises:
        UsageError: `as_of` names no run, or a time before the first one.
        QueryRefused: SQL that is wrong, or that does more than read.
        QueryLimit: it took longer, or more memory, than allowed.
        GoldMissing: it names gold, and there is no gold file yet.
        StoreError: the gold file or a table cannot be read.
    """
    with query_batches(config, sql, parameters, as_of=as_of) as answer:
        return QueryResult(
            answer.columns, answer.types, [row for batch in answer.batches for row in batch]
        )


def query_batches(
    config: LakeConfig,
    sql: str,
    parameters: Mapping[str, Any] | Sequence[Any] | None = None,
    *,
    as_of: str | None = None,
) -> AbstractContextManager[Answer]:
    """The rows of one reading statement in batches, for results that need not fit into memory.

    Raises:
        QueryRefused: SQL that is wrong, or that does more than read.
        QueryLimit: it took longer, or more memory, than allowed.
        GoldMissing: it names gold, and there is no gold file yet.
        StoreError: the gold file or a table cannot be read.
    """
    from carms_lake.store.query.session import answering

    return answering(config, sql, parameters, _then(config, as_of))


def query_to_file(
    config: LakeConfig, sql: str, path: Path, file_format: str, *, as_of: str | None = None
) -> int:
    """Write the rows of one reading statement as Parquet or as a workbook; how many rows.

    Raises:
        QueryRefused: SQL that is wrong, or that does more than read.
        QueryLimit: it took longer, or more memory, than allowed.
        GoldMissing: it names gold, and there is no gold file yet.
        StoreError: the gold file or a table cannot be read.
        UsageError: the format is none of the two, or a workbook cannot hold the rows.
    """
    import polars as pl

    from carms_lake.store.query.session import streaming
    from carms_lake.writers import write

    if file_format not in FILE_FORMATS:
        raise UsageError(f"`{file_format}` is no file format of a query", "`parquet` or `xlsx`")
    rows = 0

    def frames() -> Iterator[pl.DataFrame]:
        nonlocal rows
        yield pl.DataFrame(pl.from_arrow(answer.schema.empty_table()))
        for batch in answer.batches:
            rows += batch.num_rows
            yield pl.DataFrame(pl.from_arrow(batch))

    with streaming(config, sql, _then(config, as_of)) as answer:
        write(path, frames(), file_format)
    return rows


def _then(config: LakeConfig, text: str | None) -> AsOf | None:
    """The lake as it stood then; None is now."""
    if text is None:
        return None
    from carms_lake.flows.timetravel.as_of import query_as_of, resolve_as_of

    return query_as_of(config, resolve_as_of(config, text).run_id)


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

    `name` is `carms.silver.program`, `silver.program` or `program`.

    Raises:
        UsageError: there is no such table.
        ContractError: a contract is wrong.
    """
    catalog = load_catalog(config.domain)
    contract = catalog.contracts[catalog.resolve(name)]
    return contract, QueryResult(
        ("column", "type", "nullable", "key", "references", "description"),
        ("VARCHAR", "VARCHAR", "BOOLEAN", "VARCHAR", "VARCHAR", "VARCHAR"),
        [_column_row(contract, column) for column in contract.columns],
    )


def caveat(config: LakeConfig) -> str:
    """What is to be known of the published file: that checks failed; empty where none did."""
    from carms_lake.store.gold.published import build_record, published_although

    build = build_record(config.gold_file)
    return published_although(build.failed_checks) if build and build.failed_checks else ""


def _contracts(config: LakeConfig) -> list[Contract]:
    catalog = load_catalog(config.domain)
    return [catalog.contracts[ref] for ref in catalog.refs(*GOLD_FIRST)]


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
