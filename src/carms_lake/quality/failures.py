"""The rows that break a rule: looked for only where a check failed, and only so many.

A row is named by its key. Values of columns about people are not kept: the key, or the place in the
source file, leads to them in silver.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import duckdb

from carms_lake.contract.model import Contract
from carms_lake.names import DELIVERY_ID, SRC_FILENAME, SRC_ROW_NUMBER
from carms_lake.quality.audit import cannot_be_run, is_of_faults
from carms_lake.quality.constraints import rule_select
from carms_lake.quality.table_constraints import metric_check, reference_check, sql_checks
from carms_lake.records import CheckFailure, CheckResult
from carms_lake.store.sql import quoted, rows_counted

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


def failures(
    connection: duckdb.DuckDBPyConnection,
    contracts: Sequence[Contract],
    results: Sequence[CheckResult],
    origin: Callable[[Contract], Origin | None],
    quarantined: Callable[[Contract, str], list[CheckFailure]],
) -> list[CheckFailure]:
    """The rows of each failed check, with the place in the source file where it is known.

    A check about a whole table gives one entry, which says what it found. `quarantined` gives the
    quarantined rows that a budget counts, at most `MOST_ROWS`.

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
        if not failed:
            continue
        try:
            broken = list(_of_table(connection, contract, failed, quarantined))
            found += _with_places(connection, broken, origin(contract))
        except duckdb.Error as error:
            raise cannot_be_run(contract, error) from error
    return [*found, *(of_whole(result) for rest in by_table.values() for result in rest)]


def _of_table(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    failed: Sequence[CheckResult],
    quarantined: Callable[[Contract, str], list[CheckFailure]],
) -> Iterator[CheckFailure]:
    selects = dict(_selects(contract))
    for result in failed:
        rows: list[CheckFailure] = []
        if result.quarantined:
            found = quarantined(contract, result.rule)
            rows = [replace(r, rule=result.rule, severity=result.severity) for r in found]
        elif result.counts_rows and result.rule in selects:
            rows = _rows(connection, contract, result, selects[result.rule])
        yield from rows or [of_whole(result)]


def _selects(contract: Contract) -> Iterator[tuple[str, tuple[str, tuple[str, ...], str]]]:
    """For each rule about rows: the SELECT of those that break it, its columns, and in words."""
    table = contract.ref.in_domain
    checks = list(sql_checks(contract))
    checks += [reference_check(contract, relationship) for relationship in contract.relationships]
    for rule in contract.quality:
        if rule.kind == "sql" and is_of_faults(rule):
            columns = (rule.column,) if rule.column else ()
            select = rows_counted(rule_select(contract, rule))
            if select:
                yield rule.name, (select, columns, rule.description or rule.name)
        elif rule.kind == "library" and (check := metric_check(contract, rule)):
            checks.append(replace(check, message=rule.description or rule.metric or ""))
    for check in checks:
        if check.failing:
            select = f"select * from {table} as here where {check.failing}"
            yield check.rule, (select, check.columns, check.message)


def _rows(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    result: CheckResult,
    broken: tuple[str, tuple[str, ...], str],
) -> list[CheckFailure]:
    """The first rows of a SELECT in the order of their keys."""
    select, columns, message = broken
    there = [row[0] for row in connection.execute(f"describe {select}").fetchall()]
    is_private = {c.name: c.is_private for c in contract.columns}
    # What names a row is its key, or all its columns where it has none; none about people.
    names = contract.primary_key or contract.column_names
    key = [name for name in names if name in there and not is_private.get(name)]
    shown = [name for name in columns if name in there and not is_private.get(name)]
    listed = ", ".join(quoted(name) for name in [*key, *shown]) or "null"
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


def as_json(key: Mapping[str, Any]) -> str | None:
    """A row's key as it is kept; None where nothing of it may be."""
    return json.dumps(key, ensure_ascii=False, default=_plain) if key else None


def _text(values: Sequence[Any]) -> str:
    return ", ".join("null" if v is None else _plain(v) for v in values)[:_VALUE_CHARACTERS]


def _plain(value: Any) -> str:
    """A value as text; a decimal has all its digits and no exponent."""
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def of_whole(result: CheckResult) -> CheckFailure:
    """What a check about a whole table found, as one entry."""
    return CheckFailure(result.table, result.rule, result.severity, message=result.message)


def _with_places(
    connection: duckdb.DuckDBPyConnection, found: list[CheckFailure], origin: Origin | None
) -> list[CheckFailure]:
    """The same entries with the file and the record that each row's key comes from."""
    if origin is None:
        return found
    keys = [_key_texts(entry, origin) for entry in found]
    places = _places(connection, origin, list(dict.fromkeys(filter(None, keys))))
    return [
        replace(entry, src_filename=place[0], src_row_number=place[1])
        if (place := places.get(key))
        else entry
        for entry, key in zip(found, keys, strict=True)
    ]


def _key_texts(entry: CheckFailure, origin: Origin) -> tuple[str, ...]:
    """The key of an entry in the order of its origin; empty where a part of it is not known."""
    row = json.loads(entry.row_key or "{}")
    key = [row.get(name) for name in origin.key]
    if None in key:
        return ()
    return tuple(str(v).lower() if isinstance(v, bool) else str(v) for v in key)


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
