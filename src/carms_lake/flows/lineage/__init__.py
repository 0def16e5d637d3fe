"""A record's way: where it stands in its file, its bronze row, what silver and gold made of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from carms_lake.errors import UnknownKey
from carms_lake.flows.lineage.context import identity, sight
from carms_lake.flows.lineage.keys import read_key, starting_rows
from carms_lake.flows.lineage.records import (
    Files,
    RawText,
    SetAside,
    place_of,
    raw_texts,
    set_aside,
)
from carms_lake.flows.lineage.rows import inputs, outputs, own
from carms_lake.names import Layer
from carms_lake.notebook import Shown
from carms_lake.store.lookup import ROWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from carms_lake.config import LakeConfig
    from carms_lake.contract.model import Contract
    from carms_lake.flows.lineage.context import Found, LineageContext, Row
    from carms_lake.flows.lineage.keys import Key
    from carms_lake.names import TableRef


ROWS_SHOWN = ROWS
"""How many rows of one table a trace shows."""


class Role(StrEnum):
    """What a row has to do with the key."""

    FOUND = "found"
    """It has the key."""
    SOURCE = "source"
    """One that has the key was made of it."""
    RESULT = "result"
    """It was made of one that has the key."""


@dataclass(frozen=True)
class TracedValue:
    """One value of a row: the columns that it was made of, and the rule, from the contract."""

    column: str
    value: Any
    made_of: tuple[str, ...] = ()
    rule: str = ""


@dataclass(frozen=True)
class TraceStep:
    """One row of one table on the record's way."""

    table: TableRef
    place: str
    """Where it stands in its source file; empty outside bronze."""
    values: tuple[TracedValue, ...]
    role: Role = Role.FOUND
    raw: RawText | None = None
    """The record as it stands in the file; bronze only."""


@dataclass(frozen=True)
class Trace(Shown):
    """A record's way, and the tables that have more rows of it than are shown."""

    steps: tuple[TraceStep, ...]
    cut: tuple[TableRef, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    notes: tuple[str, ...] = ()
    """What could not be followed, and what all rows of a table went into."""


def trace(config: LakeConfig, key: str, *, table: str | None = None) -> Trace:
    """The rows that a key names, what they were made of down to the file, and what of them.

    The key is a value of a primary key, `column=value,column=value`, or a JSON object; `table`
    says where it is looked for, else wherever its columns stand.

    Raises:
        UnknownKey: no row has it, and none that was set aside.
        UsageError: the key is of several things, or names what is not there.
        GoldMissing: there is no gold file yet.
        StoreError: the lake cannot be read.
    """
    with sight(config) as seen:
        ref = seen.resolve(table) if table else None
        wanted = key_of(seen, key, ref)
        start = starting_rows(seen, wanted, ref)
        aside = set_aside(seen, wanted, start.columns, ref)
        if not start.rows and not aside:
            raise unknown(seen, wanted, ref)
        found = _down(seen, start.rows)
        results = _up(seen, start.rows, set(found))
        everything = {**results, **found}
        return Trace(
            _steps(seen, start.rows, found, results),
            tuple(ref for ref in _ordered(everything) if len(everything[ref]) > ROWS),
            tuple(aside[:ROWS]),
            (*_notes(start.rows, aside), *seen.notes),
        )


def key_of(seen: LineageContext, text: str, ref: TableRef | None) -> Key:
    """The key as it is meant for one table, or for any.

    Raises:
        UsageError: it cannot be read, or names a column that is not there.
    """
    contracts = [seen.contracts[ref]] if ref else seen.contracts.values()
    return read_key(text, (name for contract in contracts for name in contract.column_names))


def unknown(seen: LineageContext, key: Key, ref: TableRef | None) -> UnknownKey:
    """The error of a key that nothing has."""
    where = f"`{ref.in_domain}`" if ref else f"`{seen.config.domain.name}`"
    return UnknownKey(
        f"no row of {where} has the key `{key.text}`", "`carms tables` lists the tables"
    )


def _down(seen: LineageContext, start: Found) -> Found:
    """The rows, and what they were made of, table after table against the order of the build.

    A table in which the key was looked for gets no other rows. A row that only took part gets no
    further than to what it alone is made of: a calendar's day is made of a year of orders.
    """
    found = dict(start)
    for ref in [*reversed(list(seen.gold)), *reversed(list(seen.silver))]:
        if ref not in found:
            continue
        below = inputs(seen, ref, found[ref])
        for target, rows in below.rows.items():
            is_vague = target in below.more and ref not in start and len(found[ref]) <= ROWS
            if target not in start and not is_vague:
                _add(seen.contracts[target], found, target, rows)
        if below.whole and ref in start:
            names = ", ".join(f"`{name}`" for name in sorted(below.whole))
            seen.note(f"`{ref.in_domain}` also depends on all rows of {names}")
    return {
        ref: sorted(rows, key=_by_place) if ref.layer is Layer.BRONZE else rows
        for ref, rows in found.items()
    }


def _by_place(row: Row) -> tuple[str, int, int]:
    name, delivery, number = place_of(row)
    return name, delivery or 0, number


def _up(seen: LineageContext, start: Found, taken: set[TableRef]) -> Found:
    """The rows of other tables that the found ones went into; views are not looked through."""
    made_of = dict(start)
    results: Found = {}
    for ref in [*seen.silver, *seen.gold]:
        contract = seen.contracts.get(ref)
        if contract is None or ref in taken or contract.kind != "table":
            continue
        rows = outputs(seen, ref, made_of)
        of_these = own(seen, ref, rows, made_of) if rows else []
        if of_these:
            made_of[ref] = of_these
        if of_these or 0 < len(rows) <= ROWS:
            results[ref] = rows
        elif rows:
            seen.note(f"`{ref.in_domain}` is left out: many rows, each made of others too")
    return results


def _add(contract: Contract, found: Found, ref: TableRef, rows: Iterable[Row]) -> None:
    """Add rows that are not there yet."""
    names = identity(contract)
    if ref.layer is Layer.BRONZE:
        known = {place_of(row) for row in found.get(ref, [])}
        new = [row for row in rows if place_of(row) not in known]
    else:
        keys = {tuple(repr(row[n]) for n in names) for row in found.get(ref, [])}
        new = [row for row in rows if tuple(repr(row[n]) for n in names) not in keys]
    found[ref] = [*found.get(ref, []), *new]


def _ordered(found: Iterable[TableRef]) -> list[TableRef]:
    refs = sorted(found)
    return [ref for layer in Layer for ref in refs if ref.layer is layer]


def _steps(
    seen: LineageContext, start: Found, found: Found, results: Found
) -> tuple[TraceStep, ...]:
    steps = []
    files = Files(seen.config)
    everything = {**results, **found}
    for ref in _ordered(everything):
        role = Role.FOUND if ref in start else Role.SOURCE if ref in found else Role.RESULT
        contract = seen.contracts[ref]
        rows = everything[ref][:ROWS]
        raw = raw_texts(files, contract, rows) if ref.layer is Layer.BRONZE else {}
        for row in rows:
            values = tuple(
                TracedValue(column.name, row[column.name], column.sources, column.rule)
                for column in contract.columns
            )
            text = raw.get(place_of(row)) if raw else None
            steps.append(TraceStep(ref, place_text(contract, row), values, role, text))
    return tuple(steps)


def place_text(contract: Contract, row: Row) -> str:
    """Where a bronze row stands in its source file; empty outside bronze."""
    if contract.source is None:
        return ""
    name, delivery, number = place_of(row)
    noun = "row" if contract.source.formats == ("xlsx",) else "record"
    return f"{name}, {noun} {number}" + (f", delivery {delivery}" if delivery is not None else "")


def _notes(start: Found, aside: Sequence[SetAside]) -> list[str]:
    """That only bronze has the key, and that more was set aside than is shown."""
    notes = []
    if start and not aside and all(ref.layer is Layer.BRONZE for ref in start):
        notes.append("silver has no row of this key: only bronze has it")
    if len(aside) > ROWS:
        notes.append(f"only {ROWS} of what was set aside are shown: `carms rejects` lists all")
    return notes
