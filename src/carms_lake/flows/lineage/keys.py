"""The rows that a key names: in gold, silver or bronze."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from carms_lake.errors import UsageError, did_you_mean
from carms_lake.names import IDENTIFIER, Layer, TableRef
from carms_lake.store import lookup
from carms_lake.store.lookup import Condition, Match

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from carms_lake.contract.model import Contract
    from carms_lake.flows.lineage.context import LineageContext, TableRows


_PART = re.compile(rf"(?:^|,)\s*({IDENTIFIER.pattern})\s*=")
_LISTED = 8
"""How many meanings of an ambiguous key a message lists."""


@dataclass(frozen=True)
class Key:
    """What a person names a row by: a value, or values by column (None is null)."""

    text: str
    values: Mapping[str, str | None] = field(default_factory=dict)
    """Empty where only a value is given."""

    @property
    def words(self) -> list[str]:
        """The values, as texts."""
        return [v for v in self.values.values() if v is not None] or [self.text]


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
        pairs = dict(zip(pieces[1::2], pieces[2::2], strict=True))
        values = {name: value.strip() for name, value in pairs.items()}
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

    rows: TableRows
    columns: tuple[str, ...]
    """The columns whose values were looked for; empty where nothing has the key."""


def starting_rows(context: LineageContext, key: Key, table: TableRef | None) -> Start:
    """The rows that have the key: in one table, or in every table that has its columns.

    Raises:
        UsageError: the value is a key of several tables.
    """
    if table is not None:
        return _in_table(context, key, table)
    names = tuple(key.values) or _meaning(context, key)
    if not names:
        return Start(_in_bronze(context, key), ())
    found: TableRows = {}
    for ref, contract in context.contracts.items():
        if ref.layer is Layer.BRONZE or contract.kind == "view":
            continue
        if set(names) <= set(contract.column_names):
            rows = lookup.rows_where(context.connection, ref, [_tests(contract, key, names)])
            if rows:
                found[ref] = rows
    return Start(found or _in_bronze(context, key), names)


def _tests(contract: Contract, key: Key, names: Iterable[str]) -> list[Condition]:
    return [
        _test(contract, name, key.values.get(name) if key.values else key.text) for name in names
    ]


def _test(contract: Contract, name: str, value: str | None) -> Condition:
    return Condition((name,), value, contract.column(name).type.sql, Match.TEXT)


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
        wanted = [[_test(contract, name, key.text)] for name in names]
    rows = lookup.rows_where(context.connection, ref, wanted)
    return Start({ref: rows} if rows else {}, names)


def _meaning(context: LineageContext, key: Key) -> tuple[str, ...]:
    """The key column that has the value; a single-column key is preferred to a part of one."""
    whole: dict[str, TableRef] = {}
    part: dict[str, TableRef] = {}
    for ref, contract in context.contracts.items():
        for name in contract.primary_key if ref.layer is not Layer.BRONZE else ():
            known = whole if len(contract.primary_key) == 1 else part
            if name not in known and lookup.rows_where(
                context.connection, ref, [[_test(contract, name, key.text)]], limit=1
            ):
                known[name] = ref
    found = whole or part
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
    found: TableRows = {}
    for ref, columns in _key_sources(context, key).items():
        wanted = [
            [Condition((column,), word, "VARCHAR", Match.NAMES) for column, word in test]
            for test in columns
        ]
        rows = lookup.rows_where(context.connection, ref, wanted)
        if rows:
            found[ref] = rows
    return found


def _key_sources(context: LineageContext, key: Key) -> dict[TableRef, list[list[tuple[str, str]]]]:
    """By bronze table: its columns that keys come from, with the word that they should have."""
    found: dict[TableRef, list[list[tuple[str, str]]]] = {}
    for contract in context.contracts.values():
        names = [n for n in contract.primary_key if contract.ref.layer is Layer.SILVER]
        wanted = [n for n in names if not key.values or n in key.values]
        for name in wanted if not key.values or len(wanted) == len(key.values) else []:
            for text in contract.column(name).sources:
                table, _, column = text.rpartition(".")
                target = context.ref(table)
                word = key.values.get(name) if key.values else key.text
                if target and target.layer is Layer.BRONZE and word is not None:
                    tests = found.setdefault(target, [[]] if key.values else [])
                    if key.values:
                        tests[0].append((column, word))
                    else:
                        tests.append([(column, word)])
    return found
