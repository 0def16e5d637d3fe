"""Answers from the lake: rows, a file, one table, the list of tables, a table's columns."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from carms_lake.errors import StoreError, UsageError
from carms_lake.names import Layer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    import polars as pl

    from carms_lake.config import LakeConfig
    from carms_lake.contract.model import Contract
    from carms_lake.store.query import Answer, Parameters
    from carms_lake.store.query.sandbox import AsOf

FILE_FORMATS = ("parquet", "xlsx")
"""What `query_to_file` writes; text formats are the command's own."""


def query_frame(
    config: LakeConfig, sql: str, parameters: Parameters = None, *, as_of: str | None = None
) -> pl.DataFrame:
    """All rows of one reading statement; `$name` in it takes its value from `parameters`.

    `as_of` is a run or a time: all tables answer as they were together then. Values of types that
    Polars does not have (intervals, unions, bits) are text.

    Raises:
        LakeError: as `Lake.query`.
    """
    import polars as pl

    with query_frames(config, sql, parameters, as_of=as_of) as frames:
        return pl.concat(frames, rechunk=True)


@contextmanager
def query_frames(
    config: LakeConfig, sql: str, parameters: Parameters = None, *, as_of: str | None = None
) -> Iterator[Iterator[pl.DataFrame]]:
    """The rows of one reading statement in frames, the first of which has the columns alone.

    Raises:
        LakeError: as `query_frame`, also while the frames are taken.
    """
    import polars as pl

    from carms_lake.store.query import streaming

    def frames() -> Iterator[pl.DataFrame]:
        yield pl.DataFrame(pl.from_arrow(answer.schema.empty_table()))
        for batch in answer.batches:
            yield pl.DataFrame(pl.from_arrow(batch))

    with streaming(config, sql, parameters, _snapshot(config, as_of)) as answer:
        yield frames()


def table_frame(config: LakeConfig, name: str, *, as_of: str | None = None) -> pl.LazyFrame:
    """A table at one version: a Delta table's newest or that of a run or a time; gold's rows.

    Raises:
        UsageError: the table or the run is unknown, or the table was not there yet.
        GoldMissing: it is one of gold, which is not built yet.
        StoreError: the table is not there yet, or that version was vacuumed.
    """
    from carms_lake.catalog import load_catalog
    from carms_lake.flows.timetravel import find, operations
    from carms_lake.flows.timetravel.as_of import resolve_as_of
    from carms_lake.store import delta, own, table_path
    from carms_lake.store.delta.log import ensure_complete, version_at

    contract = None
    if operations(config, name) is None:
        catalog = load_catalog(config.domain)
        contract = catalog.contracts[catalog.resolve(name)]
        if contract.ref.layer is Layer.GOLD:
            return query_frame(config, f"FROM {contract.ref.in_domain}", as_of=as_of).lazy()
        if contract.written_by and not delta.exists(table_path(config, contract.ref)):
            return _in_columns(contract, None)
    table = find(config, name)
    run_id = None if as_of is None else resolve_as_of(config, as_of).run_id
    if contract and contract.written_by:
        version = own.version(config, contract.ref, run_id)
    else:
        version = delta.version(table.path) if run_id is None else version_at(table.path, run_id)
    if run_id is not None:
        if version < 0:
            raise UsageError(
                f"`{table.name}` did not exist yet as of run `{run_id}`",
                f"`carms history {table.name}` lists its versions",
            )
        ensure_complete(table.path, version, table.name)
    found = delta.scan(table.path, version)
    return _in_columns(contract, found) if contract and contract.written_by else found


def _in_columns(contract: Contract, found: pl.LazyFrame | None) -> pl.LazyFrame:
    """Rows in the contract's columns: null where the table is older than one; no rows for None."""
    import polars as pl

    from carms_lake.quality.types import polars_schema

    wanted = polars_schema(contract)
    if found is None:
        return pl.LazyFrame(schema=wanted)
    there = found.collect_schema()
    nulls = [pl.lit(None, kind).alias(name) for name, kind in wanted.items() if name not in there]
    return found.with_columns(nulls).select(list(wanted))


def query_batches(
    config: LakeConfig,
    sql: str,
    parameters: Parameters = None,
    *,
    as_of: str | None = None,
    damaged: list[StoreError] | None = None,
    first_rows: int | None = None,
    only_published: bool = False,
) -> AbstractContextManager[Answer]:
    """The rows of one reading statement in batches, for results that need not fit into memory.

    `first_rows` is how many rows the first batch has, so that they can be shown at once.

    With `damaged`, a table whose newest commit is damaged answers as of the one before it, and the
    list gets the error. With `only_published`, no table of the lake has a name.

    Raises:
        LakeError: as `query_frame`.
    """
    from carms_lake.store.query import answering

    return answering(
        config,
        sql,
        parameters,
        _snapshot(config, as_of),
        damaged,
        first_rows=first_rows,
        only_published=only_published,
    )


def query_to_file(
    config: LakeConfig, sql: str, path: Path, file_format: str, *, as_of: str | None = None
) -> int:
    """Write the rows of one reading statement as Parquet or as a workbook; how many rows.

    Raises:
        UsageError: the format is neither of the two, or a workbook cannot hold the rows.
        LakeError: as `query_frame`.
    """
    if file_format not in FILE_FORMATS:
        raise UsageError(f"`{file_format}` is not a file format of a query", "`parquet` or `xlsx`")
    if file_format == "xlsx":
        from carms_lake.writers import xlsx

        with query_batches(config, sql, as_of=as_of) as answer:
            return xlsx.write_rows(path, answer.columns, answer.types, answer.batches)
    from carms_lake.store.query import streaming
    from carms_lake.writers import parquet

    with streaming(config, sql, as_of=_snapshot(config, as_of)) as found:
        return parquet.write_batches(path, found.schema, found.batches)


def _snapshot(config: LakeConfig, as_of: str | None) -> AsOf | None:
    """The lake as a run left it; None is now."""
    if as_of is None:
        return None
    from carms_lake.flows.timetravel.as_of import query_as_of, resolve_as_of

    return query_as_of(config, resolve_as_of(config, as_of).run_id)


def table_names(config: LakeConfig) -> tuple[str, ...]:
    """The names of all tables that the domain has contracts for, gold first; reads no data.

    Raises:
        ContractError: a contract is wrong.
    """
    from carms_lake.catalog import load_catalog

    catalog = load_catalog(config.domain)
    return tuple(ref.in_domain for ref in catalog.refs(*catalog.gold_first))


def names_known(config: LakeConfig) -> list[str]:
    """The names that a statement may have: tables, with and without their layer, and columns.

    Raises:
        ContractError: a contract is wrong.
    """
    from carms_lake.catalog import load_catalog

    catalog = load_catalog(config.domain)
    refs = catalog.refs(*catalog.gold_first)
    columns = {column.name for ref in refs for column in catalog.contracts[ref].columns}
    names = [*(ref.in_domain for ref in refs), *(ref.table for ref in refs), *sorted(columns)]
    return list(dict.fromkeys(names))


def tables(config: LakeConfig) -> pl.DataFrame:
    """One row per table of the domain, gold first: name, layer, kind, rows, columns, description.

    `rows` is null where the table is not built yet, for a macro, and for gold while its file cannot
    be opened.

    Raises:
        ContractError: a contract is wrong.
        StoreError: the gold file or a table cannot be read.
    """
    import polars as pl

    from carms_lake.catalog import load_catalog

    catalog = load_catalog(config.domain)
    contracts = [catalog.contracts[ref] for ref in catalog.refs(*catalog.gold_first)]
    counts = _row_counts(config, contracts)
    rows = [
        (
            contract.ref.in_domain,
            str(contract.ref.layer),
            contract.kind,
            counts.get(contract.ref.in_domain),
            len(contract.columns),
            contract.description or contract.grain,
        )
        for contract in contracts
    ]
    schema: dict[str, type] = {"table": str, "layer": str, "kind": str}
    schema |= {"rows": int, "columns": int, "description": str}
    return pl.DataFrame(rows, schema, orient="row")


def describe(config: LakeConfig, name: str) -> tuple[Contract, pl.DataFrame]:
    """A table's contract, and one row per column: its type, its key and what it refers to.

    `name` is `carms.silver.program`, `silver.program` or `program`.

    Raises:
        UsageError: the table is unknown.
        ContractError: a contract is wrong.
    """
    import polars as pl

    from carms_lake.catalog import load_catalog

    catalog = load_catalog(config.domain)
    contract = catalog.contracts[catalog.resolve(name)]
    schema = {"column": str, "type": str, "nullable": bool}
    schema |= dict.fromkeys(("key", "references", "description"), str)
    references = [
        (here, f"{relationship.target.in_domain}.{there}")
        for relationship in contract.relationships
        for here, there in zip(relationship.columns, relationship.target_columns, strict=True)
    ]
    keys = {column.name: "unique" for column in contract.columns if column.unique}
    keys |= dict.fromkeys(contract.primary_key, "primary")
    rows = [
        (
            column.name,
            str(column.type),
            not column.required,
            keys.get(column.name),
            ", ".join(there for here, there in references if here == column.name) or None,
            column.description or None,
        )
        for column in contract.columns
    ]
    return contract, pl.DataFrame(rows, schema, orient="row")


def caveat(config: LakeConfig) -> str:
    """A warning about the published file, where checks failed; empty where none did."""
    from carms_lake.store.gold import build_record, published_although

    build = build_record(config.gold_file)
    return published_although(build.failed_checks) if build and build.failed_checks else ""


def _row_counts(config: LakeConfig, contracts: list[Contract]) -> dict[str, int]:
    """Rows by name, of the tables that are built; counted in one query."""
    if not config.gold_file.is_file() and not config.lake.is_dir():
        return {}
    built = _built(config, contracts)
    wanted = [c.ref.in_domain for c in contracts if c.kind != "macro" and c.ref.in_domain in built]
    if not wanted:
        return {}
    counts = [f"SELECT '{name}', count(*) AS rows FROM {name}" for name in wanted]  # noqa: S608 - names of contracts
    return dict(query_frame(config, " UNION ALL ".join(counts)).iter_rows())


def _built(config: LakeConfig, contracts: list[Contract]) -> set[str]:
    """The names of the existing tables; without gold where another program holds its file."""
    from carms_lake.store import delta, table_path

    try:
        listed = query_frame(
            config, "SELECT table_schema, table_name FROM information_schema.tables"
        )
    except StoreError:
        refs = [c.ref for c in contracts if c.ref.layer is not Layer.GOLD]
        return {ref.in_domain for ref in refs if delta.exists(table_path(config, ref))}
    return {f"{schema}.{table}" for schema, table in listed.iter_rows()}
