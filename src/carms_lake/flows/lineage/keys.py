"""The rows that a key names: in gold, silver or bronze."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from carms_lake.contract.model import Contract
from carms_lake.errors import UnknownKey, UsageError, did_you_mean
from carms_lake.flows.lineage.context import LineageContext, TableRows
from carms_lake.names import IDENTIFIER, Layer, TableRef
from carms_lake.store import lookup
from carms_lake.store.lookup import Condition, Match

_PART = re.compile(rf"(?:^|,)\s*({IDENTIFIER.pattern})\s*=")
_LISTED = 8
"""How many meanings of an ambiguous key a message lists."""


@dataclass(frozen=True)
class Key:
    """What a person names a row by: a value, or values by column (None is null)."""

    text: str
    values: Mapping[str, str | None] = field(default_factory=dict)
    """Empty where only a value is given."""

    def value(self, name: str) -> str | None:
        """What a column must be."""
        return self.values.get(name) if self.values else self.text


def read_key(text: str, columns: Iterable[str]) -> Key:
    """A key as it is written: `27447`, `order_id=5,line_number=1`, `{"order_id": 5}`.

    A text with `=` whose words name none of the columns is a value.

    Raises:
        UsageError: it is empty, not a JSON object of plain values, or names an unknown column.
    """
    if not text.strip():
        raise UsageError("the key is empty", "use `carms trace 27447`, or `carms trace order_id=5`")
    known = set(columns)
    if text.lstrip().startswith("{"):
        values = _of_json(text)
    else:
        pieces = _PART.split(text)
        pairs = zip(pieces[1::2], pieces[2::2], strict=True)
        values = {name: value.strip() for name, value in pairs}
        if pieces[0] or not known & set(values):
            return Key(text)
    for name in values:
        if name not in known:
            raise UsageError(f"the key names a column `{name}`", did_you_mean(name, known))
    return Key(text, values)


def _of_json(text: str) -> dict[str, str | None]:
    try:
        found = json.loads(text, parse_float=str, parse_int=str)
    except ValueError as error:
        raise UsageError(
            f"the key is not valid JSON: {error}", 'example: {"order_id": 5}'
        ) from None
    if not found or any(isinstance(value, dict | list) for value in found.values()):
        raise UsageError("the key must be an object of plain values", 'example: {"order_id": 5}')
    return {
        name: value if value is None or isinstance(value, str) else json.dumps(value)
        for name, value in found.items()
    }


@dataclass(frozen=True)
class Start:
    """Where a trace begins."""

    key: Key
    table: TableRef | None
    """The only table that is searched, where one is named."""
    rows: TableRows
    columns: tuple[str, ...]
    """The columns whose values were looked for; empty where nothing has the key."""

    def unknown(self, domain: str) -> UnknownKey:
        """The error for a key that no row has."""
        where = self.table.in_domain if self.table else domain
        return UnknownKey(
            f"no row of `{where}` has the key `{self.key.text}`", "`carms tables` lists the tables"
        )


def find_start(context: LineageContext, text: str, table: str | None) -> Start:
    """The rows that a key, as a person writes it, names in one table or in any.

    Raises:
        UsageError: the key cannot be parsed, is ambiguous, or names an unknown table or column.
    """
    ref = context.resolve(table) if table else None
    contracts = [context.contracts[ref]] if ref else context.contracts.values()
    key = read_key(text, (name for contract in contracts for name in contract.column_names))
    if ref is not None:
        return _in_table(context, key, ref)
    names = tuple(key.values) or _meaning(context, key)
    if not names:
        return Start(key, None, _in_bronze(context, key), ())
    found: TableRows = {}
    for ref, contract in context.contracts.items():
        if ref.layer is Layer.BRONZE or contract.kind == "view":
            continue
        if set(names) <= set(contract.column_names):
            rows = lookup.rows_where(context.connection, ref, [_tests(contract, key, names)])
            if rows:
                found[ref] = rows
    return Start(key, None, found or _in_bronze(context, key), names)


def with_views(context: LineageContext, start: Start, column: str) -> TableRows:
    """The rows of the key, and those of views where no table of it has the column."""
    if any(column in context.contracts[ref].column_names for ref in start.rows):
        return start.rows
    found = dict(start.rows)
    values = start.key.values or dict.fromkeys(start.columns, start.key.text)
    for ref, contract in context.contracts.items():
        if contract.kind == "view" and {column, *start.columns} <= set(contract.column_names):
            found |= _in_table(context, Key(start.key.text, values), ref).rows
    return found


def _tests(contract: Contract, key: Key, names: Iterable[str]) -> list[Condition]:
    types = {name: contract.column(name).type.sql for name in names}
    return [Condition((name,), key.value(name), kind, Match.TEXT) for name, kind in types.items()]


def _in_table(context: LineageContext, key: Key, ref: TableRef) -> Start:
    contract = context.contracts[ref]
    if key.values:
        missing = [name for name in key.values if name not in contract.column_names]
        if missing:
            raise UsageError(
                f"`{ref.in_domain}` has no column `{missing[0]}`",
                did_you_mean(missing[0], contract.column_names),
            )
        wanted = [_tests(contract, key, key.values)]
        names = tuple(key.values)
    else:
        names = contract.primary_key or tuple(
            c.name for c in contract.columns if c.type.name not in ("double", "boolean", "json")
        )
        names = tuple(n for n in names if contract.column(n).type.item is None)
        wanted = [_tests(contract, key, [name]) for name in names]
    rows = lookup.rows_where(context.connection, ref, wanted)
    return Start(key, ref, {ref: rows} if rows else {}, names)


def _meaning(context: LineageContext, key: Key) -> tuple[str, ...]:
    """The key column that has the value; a single-column key is preferred to a part of one."""
    whole: dict[str, TableRef] = {}
    part: dict[str, TableRef] = {}
    for ref, contract in context.contracts.items():
        for name in contract.primary_key if ref.layer is not Layer.BRONZE else ():
            known = whole if len(contract.primary_key) == 1 else part
            if name not in known and lookup.rows_where(
                context.connection, ref, [_tests(contract, key, [name])], limit=1
            ):
                known[name] = ref
    found = whole or part
    # Guessing would show the history of another record.
    if len(found) > 1:
        listed = [f"`{name}` of `{ref.in_domain}`" for name, ref in list(found.items())[:_LISTED]]
        name = next(iter(found))
        raise UsageError(
            f"`{key.text}` is a key in several tables: {', '.join(listed)}",
            f"say which: `carms trace {name}={key.text}`, or `--table`",
        )
    return tuple(found)


def _in_bronze(context: LineageContext, key: Key) -> TableRows:
    """The bronze rows with the key in a column that keys of silver come from."""
    wanted: dict[TableRef, list[list[Condition]]] = {}
    for contract in context.contracts.values():
        names = [n for n in contract.primary_key if not key.values or n in key.values]
        if contract.ref.layer is not Layer.SILVER or (key.values and len(names) < len(key.values)):
            continue
        for name in names:
            word = key.value(name)
            for target, column in context.sources(contract.column(name)):
                if target.layer is not Layer.BRONZE or word is None:
                    continue
                tests = wanted.setdefault(target, [])
                if not tests or not key.values:  # one of several columns may have a lone value
                    tests.append([])
                tests[-1].append(Condition((column,), word, "VARCHAR", Match.NAMES))
    found = {
        ref: lookup.rows_where(context.connection, ref, tests) for ref, tests in wanted.items()
    }
    return {ref: rows for ref, rows in found.items() if rows}
