"""The rows that break a rule: looked for only where a check failed, and only so many.

A row is named by its key. Values of columns about people are not kept: the key, or the place in the
source file, leads to them in silver.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import duckdb

from carms_lake.errors import ContractError
from carms_lake.names import DELIVERY_ID, SRC_FILENAME, SRC_ROW_NUMBER
from carms_lake.quality.metrics import is_of_faults
from carms_lake.quality.row_rules import rule_select
from carms_lake.quality.table_constraints import (
    SqlCheck,
    metric_check,
    reference_check,
    sql_checks,
)
from carms_lake.records import CheckFailure
from carms_lake.store.sql import quoted
from carms_lake.store.sql.row_condition import rows_counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from carms_lake.contract.model import Contract
    from carms_lake.records import CheckResult


MOST_ROWS = 1000
"""So many rows are kept of each rule that failed."""
_VALUE_CHARACTERS = 200


@dataclass(frozen=True)
class Origin:
    """Where the rows of a silver table come from: its driver, if that is of bronze."""

    select: str
    """Of the driver's rows."""
    columns: tuple[str, ...]
    """The driver's columns that hold the key, in the order of `key`."""
    key: tuple[str, ...]
    has_deliveries: bool


@dataclass(frozen=True)
class Sources:
    """What is known of rows in addition to the tables that the connection reads."""

    origin: Callable[[Contract], Origin | None]
    quarantined: Callable[[Contract, str], list[CheckFailure]]
    """The quarantined rows that a budget counts, at most `MOST_ROWS`."""


def failures(
    connection: duckdb.DuckDBPyConnection,
    contracts: Sequence[Contract],
    results: Sequence[CheckResult],
    sources: Sources,
) -> list[CheckFailure]:
    """The rows of each failed check, with the place in the source file where it is known.

    A check about a whole table gives one entry, which says what it found.

    Raises:
        ContractError: the rows cannot be found.
    """
    by_table = defaultdict(list)
    for result in results:
        if not result.passed:
            by_table[result.table].append(result)
    found: list[CheckFailure] = []
    for contract in contracts:
        failed = by_table.pop(contract.ref, [])
        try:
            found += _of_table(connection, contract, failed, sources) if failed else []
        except duckdb.Error as error:
            raise ContractError(f"a rule of `{contract.ref}` cannot be run: {error}") from error
    return [*found, *(of_whole(result) for rest in by_table.values() for result in rest)]


def _of_table(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    failed: Sequence[CheckResult],
    sources: Sources,
) -> list[CheckFailure]:
    selects = dict(_selects(contract))
    found: list[CheckFailure] = []
    for result in failed:
        rows: list[CheckFailure] = []
        if result.quarantined:
            found_rows = sources.quarantined(contract, result.rule)
            rows = [replace(r, rule=result.rule, severity=result.severity) for r in found_rows]
        elif result.counts_rows and result.rule in selects:
            rows = _rows(connection, contract, result, selects[result.rule])
        found += rows or [of_whole(result)]
    return _with_places(connection, found, sources.origin(contract))


def _selects(contract: Contract) -> Iterator[tuple[str, tuple[str, tuple[str, ...], str]]]:
    """For each rule about rows: the SELECT of those that break it, its columns, and in words."""
    table = contract.ref.in_domain
    told: list[SqlCheck] = list(sql_checks(contract))
    told += [reference_check(contract, relationship) for relationship in contract.relationships]
    for rule in contract.quality:
        if rule.kind == "sql" and is_of_faults(rule):
            columns = (rule.column,) if rule.column else ()
            select = rows_counted(rule_select(contract, rule))
            if select:
                yield rule.name, (select, columns, rule.description or rule.name)
        elif rule.kind == "library" and (promise := metric_check(contract, rule)):
            told.append(replace(promise, message=rule.description or rule.metric or ""))
    for promise in told:
        if promise.failing:
            select = f"select * from {table} as here where {promise.failing}"
            yield promise.rule, (select, promise.columns, promise.message)


def _rows(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    result: CheckResult,
    told: tuple[str, tuple[str, ...], str],
) -> list[CheckFailure]:
    """The first rows of a SELECT in the order of their keys."""
    select, columns, message = told
    there = [row[0] for row in connection.execute(f"describe {select}").fetchall()]
    key = [name for name in _key(contract) if name in there]
    shown = [name for name in columns if name in there and not _is_private(contract, name)]
    wanted = [*key, *shown]
    listed = ", ".join(quoted(name) for name in wanted) or "null"
    found = connection.execute(
        f"select {listed} from ({select}) order by all limit {MOST_ROWS}"
    ).fetchall()
    return [
        CheckFailure(
            contract.ref,
            result.rule,
            result.severity,
            "+".join(columns) or None,
            as_json(dict(zip(key, row, strict=False))),
            _text(row[len(key) :]) if shown else None,
            message=message,
        )
        for row in found
    ]


def _key(contract: Contract) -> list[str]:
    """What names a row: its key, or where it has none all its columns; none about people."""
    names = contract.primary_key or contract.column_names
    return [name for name in names if not _is_private(contract, name)]


def _is_private(contract: Contract, name: str) -> bool:
    kinds = {c.name: c.classification for c in contract.columns}
    return kinds.get(name) not in (None, "public")


def as_json(key: Mapping[str, Any]) -> str | None:
    """A row's key as it is kept; None where nothing of it may be."""
    return json.dumps(key, ensure_ascii=False, default=str) if key else None


def _text(values: Sequence[Any]) -> str:
    return ", ".join("null" if v is None else str(v) for v in values)[:_VALUE_CHARACTERS]


def of_whole(result: CheckResult) -> CheckFailure:
    """What a check about a whole table found, as one entry."""
    return CheckFailure(result.table, result.rule, result.severity, message=result.message)


def _with_places(
    connection: duckdb.DuckDBPyConnection, found: list[CheckFailure], origin: Origin | None
) -> list[CheckFailure]:
    """The same entries with the file and the record that each row's key comes from."""
    if origin is None:
        return found
    keys: dict[tuple[str, ...], None] = {}
    for entry in found:
        key = _key_texts(entry, origin)
        if key is not None:
            keys[key] = None
    places = _places(connection, origin, list(keys))
    return [
        replace(entry, src_filename=place[0], src_row_number=place[1])
        if (place := places.get(_key_texts(entry, origin) or ()))
        else entry
        for entry in found
    ]


def _key_texts(entry: CheckFailure, origin: Origin) -> tuple[str, ...] | None:
    """The key of an entry in the order of its origin; None where a part of it is not known."""
    key = json.loads(entry.row_key or "{}")
    if any(key.get(name) is None for name in origin.key):
        return None
    return tuple(_as_sql_text(key[name]) for name in origin.key)


def _as_sql_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _places(
    connection: duckdb.DuckDBPyConnection, origin: Origin, keys: Sequence[tuple[str, ...]]
) -> dict[tuple[str, ...], tuple[str, int]]:
    """The file and record of each key; of several the newest delivery's last one."""
    if not keys:
        return {}
    texts = [f"{quoted(name)}::varchar" for name in origin.columns]
    names = [f"k{i}" for i in range(len(texts))]
    parameters = {name: [key[i] for key in keys] for i, name in enumerate(names)}
    wanted = ", ".join(f"unnest(${name}::varchar[]) as {name}" for name in names)
    held = ", ".join(f"{text} as {name}" for text, name in zip(texts, names, strict=True))
    delivery = DELIVERY_ID if origin.has_deliveries else "0"
    place = f"{{'file': {SRC_FILENAME}, 'record': {SRC_ROW_NUMBER}}}"
    rows = connection.execute(
        f"with wanted as (select {wanted}), held as (select {held}, {delivery} as delivery, "
        f"{SRC_FILENAME}, {SRC_ROW_NUMBER} from ({origin.select})) "
        f"select {', '.join(names)}, max({{'delivery': delivery, 'place': {place}}}) from held "
        f"semi join wanted using ({', '.join(names)}) group by {', '.join(names)}",
        parameters,
    ).fetchall()
    return {tuple(key): (found["place"]["file"], found["place"]["record"]) for *key, found in rows}
