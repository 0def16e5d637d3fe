"""The lineage of a record: its file and bronze row, and what silver and gold made of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from carms_lake.config import LakeConfig
from carms_lake.contract.model import Contract
from carms_lake.flows.lineage.context import (
    LineageContext,
    Row,
    TableRows,
    identity,
    lineage_context,
)
from carms_lake.flows.lineage.keys import find_start
from carms_lake.flows.lineage.records import (
    RawText,
    RejectedRecord,
    place_of,
    place_text,
    raw_texts,
    rejects_with_key,
)
from carms_lake.flows.lineage.rows import inputs, outputs
from carms_lake.flows.rejects.locate import LandedFiles
from carms_lake.names import Layer, TableRef
from carms_lake.notebook import Shown
from carms_lake.store.lookup import ROWS

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
    """Its place in the source file; empty outside bronze."""
    values: tuple[TracedValue, ...]
    role: Role = Role.FOUND
    raw: RawText | None = None
    """The record as the file has it; bronze only."""


@dataclass(frozen=True)
class Trace(Shown):
    """The lineage of a record, and the tables that have more rows of it than are shown."""

    steps: tuple[TraceStep, ...]
    cut: tuple[TableRef, ...] = ()
    rejects: tuple[RejectedRecord, ...] = ()
    notes: tuple[str, ...] = ()
    """What could not be followed, and what all rows of a table went into."""


def trace(config: LakeConfig, key: str, *, table: str | None = None) -> Trace:
    """The rows that a key names, what they were made of down to the file, and what they went into.

    The key is a value of a primary key, `column=value,column=value`, or a JSON object. It is looked
    for in `table`, or in every table that has its columns.

    Raises:
        UnknownKey: no row and no reject has it.
        UsageError: the key is ambiguous, or names a table or column that does not exist.
        GoldMissing: gold is not built yet.
        StoreError: the lake cannot be read.
    """
    with lineage_context(config) as context:
        start = find_start(context, key, table)
        rejects = rejects_with_key(context, start)
        if not start.rows and not rejects:
            raise start.unknown(config.domain.name)
        found = _down(context, start.rows)
        results = _up(context, start.rows, set(found))
        notes = []
        if start.rows and not rejects and all(ref.layer is Layer.BRONZE for ref in start.rows):
            notes.append("silver has no row with this key: only bronze has it")
        if len(rejects) > ROWS:
            notes.append(f"only the first {ROWS} rejects are shown: `carms rejects` lists all")
        cut = [ref for ref, rows in {**results, **found}.items() if len(rows) > ROWS]
        return Trace(
            _steps(context, start.rows, found, results),
            tuple(sorted(cut, key=_by_layer)),
            tuple(rejects[:ROWS]),
            (*notes, *context.notes),
        )


def _down(context: LineageContext, start: TableRows) -> TableRows:
    """The rows, and what they were made of, table by table against the order of the build.

    A table that has the key gets no other rows. A row that only contributed is followed no further
    than to what it alone is made of: a calendar's day is made of a year of orders.
    """
    found = dict(start)
    for ref in [*reversed(list(context.gold)), *reversed(list(context.silver))]:
        if ref not in found:
            continue
        below = inputs(context, ref, found[ref])
        for target, rows in below.rows.items():
            is_vague = target in below.more and ref not in start and len(found[ref]) <= ROWS
            if target not in start and not is_vague:
                _add(context.contracts[target], found, target, rows)
        if below.whole and ref in start:
            names = ", ".join(f"`{name}`" for name in sorted(below.whole))
            context.note(f"`{ref.in_domain}` also depends on all rows of {names}")
    for ref, rows in found.items():
        if ref.layer is Layer.BRONZE:
            found[ref] = sorted(rows, key=lambda row: tuple(part or 0 for part in place_of(row)))
    return found


def _up(context: LineageContext, start: TableRows, taken: set[TableRef]) -> TableRows:
    """The rows of other tables that the found ones went into, without those of views.

    What is made of a table whose rows are not shown is computed only if it is kept by record.
    """
    contributors = dict(start)
    results: TableRows = {}
    omitted: set[TableRef] = set()
    for ref in [*context.silver, *context.gold]:
        contract = context.contracts.get(ref)
        if contract is None or ref in taken or contract.kind != "table":
            continue
        if ref.layer is Layer.GOLD and not _is_by_record(context, ref, contributors):
            shared = sorted(
                below.in_domain for below in omitted.intersection(context.gold[ref].reads)
            )
            if shared:
                omitted.add(ref)
                context.note(f"`{ref.in_domain}` is omitted: it is made of `{shared[0]}`")
                continue
        rows = outputs(context, ref, contributors)
        of_these = _made_only_from(context, ref, rows, contributors) if rows else []
        if of_these:
            contributors[ref] = of_these
        if of_these or 0 < len(rows) <= ROWS:
            results[ref] = rows
        elif rows:
            omitted.add(ref)
            context.note(f"`{ref.in_domain}` is omitted: many rows, each made of others too")
    return results


def _is_by_record(context: LineageContext, ref: TableRef, contributors: TableRows) -> bool:
    """Whether a gold table's key holds the key of a table that it reads rows of the record from."""
    key = set(context.contracts[ref].primary_key)
    below = (context.contracts[one] for one in contributors if one in context.gold[ref].reads)
    return any(one.primary_key and key.issuperset(one.primary_key) for one in below)


def _made_only_from(
    context: LineageContext, ref: TableRef, rows: list[Row], contributors: TableRows
) -> list[Row]:
    """Of gold rows those that were made of the given rows of a table alone.

    A row that others share, such as a day or a school, leads to what is not of this record.
    """
    contributions = context.contributions(ref, rows) if ref.layer is Layer.GOLD else None
    if contributions is None:
        return rows
    known = {
        below.in_domain: {
            tuple(row[n] for n in context.contracts[below].primary_key) for row in some
        }
        for below, some in contributors.items()
    }
    names = identity(context.contracts[ref])
    shared = {
        tuple(one.row[n] for n in names)
        for one in contributions
        for table, keys in one.keys.items()
        if table in known and not {tuple(key.values()) for key in keys} <= known[table]
    }
    return [row for row in rows if tuple(row[n] for n in names) not in shared]


def _add(contract: Contract, found: TableRows, ref: TableRef, rows: Iterable[Row]) -> None:
    """Add the rows that are new."""

    def row_id(row: Row) -> tuple[Any, ...]:
        if ref.layer is Layer.BRONZE:
            return place_of(row)
        return tuple(repr(row[name]) for name in identity(contract))

    known = {row_id(row) for row in found.get(ref, [])}
    found[ref] = [*found.get(ref, []), *(row for row in rows if row_id(row) not in known)]


def _by_layer(ref: TableRef) -> tuple[int, TableRef]:
    return [*map(str, Layer)].index(ref.layer), ref


def _steps(
    context: LineageContext, start: TableRows, found: TableRows, results: TableRows
) -> tuple[TraceStep, ...]:
    steps = []
    files = LandedFiles(context.config)
    everything = {**results, **found}
    for ref in sorted(everything, key=_by_layer):
        role = Role.FOUND if ref in start else Role.SOURCE if ref in found else Role.RESULT
        contract = context.contracts[ref]
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
