"""The tools about tables of any domain: `tables`, `describe`, `query`."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Literal

import yaml
from pydantic import Field

from carms_lake import Lake, Published
from carms_lake.errors import GoldMissing, LakeError, QueryRefused
from carms_lake.mcp.answers import ColumnEntry, Described, Rows, TableEntry, Tables
from carms_lake.mcp.capped import DEFAULT_ROWS, MOST_ROWS
from carms_lake.mcp.private import may_name_people, private_columns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carms_lake import Contract

Layer = Annotated[
    Literal["gold", "silver", "bronze"], Field(description="Gold alone can be queried.")
]
Name = Annotated[
    str, Field(max_length=200, description="As `gold.fact_program`, or `fact_program`.")
]
Sql = Annotated[
    str,
    Field(
        max_length=20_000,
        description="One SELECT in the SQL of DuckDB, over tables of gold, and of `ops`.",
    ),
]
Limit = Annotated[int, Field(ge=1, le=MOST_ROWS, description="How many rows at most.")]


def tables(lake: Lake, layer: Layer = "gold") -> Tables:
    """The tables of a layer: what one row of each is, and how many there are."""
    of_layer = [one for one in lake.contracts.values() if str(one.ref.layer) == layer]
    counts = _counts(lake, of_layer) if layer == "gold" else {}
    return Tables(
        tables=[
            TableEntry(
                name=one.ref.in_domain,
                kind=one.kind,
                rows=counts.get(one.ref.in_domain),
                grain=one.grain,
                description=one.description,
            )
            for one in of_layer
        ]
    )


def describe(lake: Lake, table: Name) -> Described:
    """What a table promises: grain, columns with meaning and unit, references, caveats.

    Read it before you query a table, and pass its caveats on with the figures.
    """
    contract = lake.contracts[table]
    is_gold = str(contract.ref.layer) == "gold"
    is_withheld = not is_gold and may_name_people(contract, lake.tables_about_people())
    references: dict[str, list[str]] = {}
    for one in contract.relationships:
        for here, there in zip(one.columns, one.target_columns, strict=True):
            references.setdefault(here, []).append(f"{one.target.in_domain}.{there}")
    return Described(
        name=contract.ref.in_domain,
        kind=contract.kind,
        version=contract.version,
        description=contract.description,
        grain=contract.grain,
        primary_key=list(contract.primary_key),
        parameters=list(contract.parameters),
        caveats=list(_caveats(lake, contract)),
        columns=[
            ColumnEntry(
                name=column.name,
                type=str(column.type),
                is_required=column.required,
                description=column.description,
                values=list(column.enum),
                refers_to=references.get(column.name, []),
                classification=column.classification,
                is_withheld=is_withheld or column.is_private,
            )
            for column in contract.columns
        ],
    )


def query(lake: Lake, sql: Sql, limit: Limit = DEFAULT_ROWS) -> Rows:
    """The first rows of one reading SQL statement over gold; it can only read.

    It has the time and the memory that carms.toml allows. Aggregate in SQL: rows beyond `limit` are
    not seen. Bare names are looked for in gold.

    Raises:
        QueryRefused: the SQL is wrong or does more than read, or gold holds classified columns.
        LakeError: as `Published.ask`.
    """
    if private_columns(lake):
        raise QueryRefused(
            "gold has columns that a contract classifies, which SQL could read",
            "`carms query` reads them on this machine",
        )
    try:
        with Published(lake.config) as published:
            columns, rows = published.ask(sql, limit=limit + 1)
    except QueryRefused as error:
        if error.message.startswith("no table"):  # it may well exist, and not be for agents
            raise QueryRefused(error.message, "only gold and ops are here: use `tables`") from None
        raise
    has_more = len(rows) > limit
    notes = [f"only the first {limit} rows; there are more"] if has_more else []
    found = [list(row) for row in rows[:limit]]
    return Rows(columns=list(columns), rows=found, truncated=has_more, notes=notes)


def _counts(lake: Lake, contracts: list[Contract]) -> dict[str, int]:
    """Rows by name of the tables that the published file has."""
    try:
        with Published(lake.config) as published:
            there = {
                name
                for (name,) in published.rows(
                    "select table_name from duckdb_tables() where schema_name = 'gold'"
                )[1]
            }
            tables = [one.ref for one in contracts if one.ref.table in there]
            counts = [
                f"select '{ref.in_domain}', count(*) from gold.\"{ref.table}\"" for ref in tables
            ]
            return dict(published.rows(" union all ".join(counts))[1]) if counts else {}
    except GoldMissing:
        return {}


def _caveats(lake: Lake, contract: Contract) -> Iterator[str]:
    """What limits the meaning of a table: its contract's words, and checks that failed."""
    if contract.path is not None:
        about = yaml.safe_load(contract.path.read_text(encoding="utf-8")).get("description") or {}
        if isinstance(about, dict) and about.get("limitations"):
            yield str(about["limitations"])
    if str(contract.ref.layer) != "gold":
        yield "It is not in the published file: `query` cannot read it."
        return
    with suppress(LakeError), Published(lake.config) as published:
        failed = published.rows("select failed_checks from published.ops.build")[1]
        if failed and failed[0][0]:
            yield "The file was published although checks failed: `status` names them."
