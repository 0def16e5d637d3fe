"""Where one value comes from: through the SELECTs of gold, the contracts of silver, to the file."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from carms_lake.errors import UsageError, did_you_mean
from carms_lake.flows.lineage import key_of, place_text, unknown
from carms_lake.flows.lineage.context import sight
from carms_lake.flows.lineage.keys import Key, starting_rows
from carms_lake.flows.lineage.records import Files, RawText, place_of, raw_texts, set_aside
from carms_lake.flows.lineage.rows import Inputs, inputs
from carms_lake.names import Layer
from carms_lake.store.lookup import ROWS
from carms_lake.store.sql.column_lineage import LineageUnknown, column_origins

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from carms_lake.config import LakeConfig
    from carms_lake.contract.model import Contract
    from carms_lake.flows.lineage.context import Found, LineageContext, Row
    from carms_lake.flows.lineage.keys import Start
    from carms_lake.names import TableRef
    from carms_lake.store.sql.column_lineage import ColumnOrigin


TREES_SHOWN = 5
"""For how many rows of one key a value's way is shown."""
VALUES_SHOWN = 3
"""How many values of one column are shown on the way."""


class Known(StrEnum):
    """How it is known what a value is made of."""

    SQL = "sql"
    """The SELECT says so."""
    CONTRACT = "contract"
    """The contract says so: silver is made by Python, or the SELECT could not be followed."""
    FILE = "file"
    """It is what the source file has."""


@dataclass(frozen=True)
class Held:
    """A value in one row, and in bronze the record that it was read from."""

    value: Any
    place: str = ""
    raw: RawText | None = None


@dataclass(frozen=True)
class Origin:
    """A column on a value's way: what it has there, and what it is made of."""

    table: str
    column: str
    held: tuple[Held, ...]
    known: Known
    text: str = ""
    """What stands in the SELECT, or the contract's rule."""
    is_cut: bool = False
    """There are more rows than are told."""
    notes: tuple[str, ...] = ()
    made_of: tuple[Origin, ...] = ()


@dataclass(frozen=True)
class ValueTrace:
    """The way of one column's value, for each row of the key."""

    origins: tuple[Origin, ...]
    keys: tuple[tuple[tuple[str, Any], ...], ...]
    """The key of each of these rows, by column."""
    is_cut: bool = False
    notes: tuple[str, ...] = ()


def trace_value(
    config: LakeConfig, key: str, column: str, *, table: str | None = None
) -> ValueTrace:
    """Where the value of a column comes from, in the rows that a key names.

    Raises:
        UnknownKey: no row of a table with that column has the key.
        UsageError: no table of the key has that column, or several have it.
        GoldMissing: there is no gold file yet.
        StoreError: the lake cannot be read.
    """
    with sight(config) as seen:
        ref = seen.resolve(table) if table else None
        wanted = key_of(seen, key, ref)
        start = starting_rows(seen, wanted, ref)
        if not start.rows:
            aside = set_aside(seen, wanted, start.columns, ref)
            error = unknown(seen, wanted, ref)
            if aside:
                error.hint = f"it was set aside: `carms trace {key}` says why"
            raise error
        found = _with_views(seen, wanted, start, column) if ref is None else start.rows
        ref = _table_of(found, seen, column)
        rows = found[ref][:TREES_SHOWN]
        way = _Way(seen, Files(config))
        contract = seen.contracts[ref]
        names = contract.primary_key or tuple(wanted.values) or start.columns
        return ValueTrace(
            tuple(way.origin(ref, column, [row], is_first=True) for row in rows),
            tuple(_named(contract, row, names, wanted) for row in rows),
            len(found[ref]) > TREES_SHOWN,
            tuple(seen.notes),
        )


def _with_views(seen: LineageContext, key: Key, start: Start, column: str) -> Found:
    """The rows of the key, and those of views where no table of it has the column."""
    if any(column in seen.contracts[ref].column_names for ref in start.rows):
        return start.rows
    found = dict(start.rows)
    for ref, contract in seen.contracts.items():
        if contract.kind == "view" and {column, *start.columns} <= set(contract.column_names):
            named = Key(key.text, key.values or dict.fromkeys(start.columns, key.text))
            found |= starting_rows(seen, named, ref).rows
    return found


def _named(
    contract: Contract, row: Row, names: Sequence[str], key: Key
) -> tuple[tuple[str, Any], ...]:
    """What tells a row apart; of a view, which has no key, the columns that have the value."""
    if not contract.primary_key and not key.values:
        names = [name for name in names if str(row[name]) == key.text]
    return tuple((name, row[name]) for name in names)


def _table_of(found: Found, seen: LineageContext, column: str) -> TableRef:
    """The table whose column is meant: gold's before silver's before bronze's.

    Raises:
        UsageError: none has it, or several of one layer.
    """
    having = [ref for ref in found if column in seen.contracts[ref].column_names]
    if not having:
        names = {name for ref in found for name in seen.contracts[ref].column_names}
        hint = did_you_mean(column, names)
        first = min(found)
        raise UsageError(
            f"no table of this key has a column `{column}`",
            hint if hint.startswith("did") else f"`carms describe {first.in_domain}` lists columns",
        )
    layer = max((ref.layer for ref in having), key=list(Layer).index)
    of_layer = [ref for ref in having if ref.layer is layer]
    if len(of_layer) > 1:
        listed = ", ".join(f"`{ref.in_domain}`" for ref in of_layer)
        raise UsageError(
            f"the key has a column `{column}` in several tables: {listed}",
            f"say which: `--table {of_layer[0].in_domain}`",
        )
    return of_layer[0]


@dataclass
class _Way:
    """A walk down from one value; what was looked up is kept."""

    seen: LineageContext
    files: Files
    _inputs: dict[tuple[TableRef, str], Inputs] = field(default_factory=dict)
    _origins: dict[TableRef, Mapping[str, ColumnOrigin]] = field(default_factory=dict)

    def origin(
        self,
        ref: TableRef,
        column: str,
        rows: Sequence[Row],
        *,
        is_cut: bool = False,
        is_first: bool = False,
    ) -> Origin:
        """A column in some rows of a table, and all that it is made of."""
        if ref.layer is Layer.BRONZE:
            return self._of_file(ref, column, rows, is_cut=is_cut)
        contract = self.seen.contracts[ref].column(column)
        held = tuple(Held(row[column]) for row in rows)
        known, text, sources, notes = Known.CONTRACT, contract.rule, contract.sources, []
        if ref.layer is Layer.SILVER and not sources:
            sources, notes = self._by_name(ref, column), ["the contract does not say of what"]
        if ref.layer is Layer.GOLD:
            found, why = self._sql(ref, column)
            if found and (found.columns or not sources):
                known, text, sources = Known.SQL, found.expression, found.columns
            else:
                notes = [why or "the SELECT names no column, as of a count; by the contract, of"]
        below = self._below(ref, rows) if sources else Inputs({})
        made_of = [self._source(below, name, is_first=is_first) for name in sources]
        return Origin(
            ref.in_domain, column, held, known, text, is_cut, tuple(notes), tuple(made_of)
        )

    def _by_name(self, ref: TableRef, column: str) -> tuple[str, ...]:
        """The column of the same name in the table that drives a silver table."""
        driver = self.seen.contracts[ref].silver.driver
        there = self.seen.contracts.get(driver) if driver else None
        return (
            (f"{there.ref.in_domain}.{column}",) if there and column in there.column_names else ()
        )

    def _sql(self, ref: TableRef, column: str) -> tuple[ColumnOrigin | None, str]:
        """What the SELECT says of a column, or why it says nothing."""
        try:
            if ref not in self._origins:
                self._origins[ref] = column_origins(self.seen.select(ref))
        except LineageUnknown as error:
            return None, f"the SELECT cannot be followed: {error}; by the contract, of"
        found = self._origins[ref].get(column)
        if found is None or found.unknown:
            parts = ", ".join(f"`{name}`" for name in found.unknown) if found else f"`{column}`"
            return None, f"the SELECT cannot be followed at {parts}; by the contract, of"
        return found, ""

    def _below(self, ref: TableRef, rows: Sequence[Row]) -> Inputs:
        """What rows were made of; in silver also through tables between."""
        key = (ref, repr(rows))
        if key not in self._inputs:
            direct = inputs(self.seen, ref, rows[:ROWS])
            if ref.layer is Layer.SILVER:
                direct = self._through(direct)
            self._inputs[key] = direct
        return self._inputs[key]

    def _through(self, direct: Inputs) -> Inputs:
        """Add what lies under the silver tables that are known already."""
        rows, more = dict(direct.rows), set(direct.more)
        for target, between in direct.rows.items():
            if target.layer is Layer.SILVER:
                under = self._below(target, between)
                rows = {**under.rows, **rows}
                more |= under.more - set(direct.rows)
        return Inputs(rows, frozenset(more), direct.whole)

    def _source(self, below: Inputs, name: str, *, is_first: bool) -> Origin:
        """A column that a value is made of, in the rows that are known of its table.

        Only the value asked for is followed through many rows: a calendar's day is made of a year
        of orders.
        """
        table, _, column = name.rpartition(".")
        ref = self.seen.ref(table)
        known = Known.FILE if table.startswith(Layer.BRONZE) else Known.CONTRACT
        if ref is None:
            return Origin(table, column, (), known, notes=("a table without traced rows",))
        rows = below.rows.get(ref, [])
        is_many = ref in below.more
        if is_many and not is_first and ref.layer is not Layer.BRONZE:
            held = tuple(Held(row[column]) for row in rows[:ROWS])
            notes = ("not followed further: many rows",)
            return Origin(table, column, held, known, is_cut=True, notes=notes)
        if rows and column in rows[0]:
            return self.origin(ref, column, rows[:ROWS], is_cut=is_many)
        why = "no row of it took part" if below.is_followed else "its row is not known"
        if table in below.whole:
            why = "all its rows took part"
        elif ref.layer is Layer.BRONZE:
            why = "which of its rows cannot be told"
        return Origin(table, column, (), known, notes=(why,))

    def _of_file(self, ref: TableRef, column: str, rows: Sequence[Row], *, is_cut: bool) -> Origin:
        contract = self.seen.contracts[ref]
        some = rows[:VALUES_SHOWN]
        raw = raw_texts(self.files, contract, some)
        held = tuple(
            Held(row[column], place_text(contract, row), raw.get(place_of(row))) for row in rows
        )
        text = ""
        if column in contract.column_names and contract.column(column).source != column:
            text = f"`{contract.column(column).source}` in the file"
        return Origin(ref.in_domain, column, held, Known.FILE, text, is_cut or len(rows) > ROWS)
