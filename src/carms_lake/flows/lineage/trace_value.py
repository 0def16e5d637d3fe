"""Where one value comes from: by the SELECTs of gold and the contracts of silver, to the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from carms_lake.config import LakeConfig
from carms_lake.errors import UsageError, did_you_mean
from carms_lake.flows.lineage.columns import Evidence
from carms_lake.flows.lineage.context import LineageContext, Row, TableRows, lineage_context
from carms_lake.flows.lineage.keys import find_start, with_views
from carms_lake.flows.lineage.passages import Passage, passages
from carms_lake.flows.lineage.records import (
    RawText,
    place_of,
    place_text,
    raw_texts,
    rejects_with_key,
)
from carms_lake.flows.lineage.rows import Inputs, inputs
from carms_lake.flows.rejects.locate import LandedFiles
from carms_lake.names import Layer, TableRef
from carms_lake.store.lookup import ROWS

TREES_SHOWN = 5
"""For how many rows of one key a value's way is shown."""
VALUES_SHOWN = 3
"""How many values of one column are shown on the way."""


@dataclass(frozen=True)
class ValueAtStep:
    """The value in one row, and in bronze the record that it was read from."""

    value: Any
    place: str = ""
    raw: RawText | None = None
    read_from: tuple[Passage, ...] = ()
    """The words of a text that it was read from, where the contract knows a table of them."""


@dataclass(frozen=True)
class Origin:
    """A column on the way to a value: its values there, and what it is made of."""

    table: str
    column: str
    values: tuple[ValueAtStep, ...]
    evidence: Evidence
    text: str = ""
    """The expression of the SELECT, or the rule of the contract."""
    is_cut: bool = False
    """There are more rows than are listed."""
    notes: tuple[str, ...] = ()
    made_of: tuple[Origin, ...] = ()


@dataclass(frozen=True)
class ValueTrace:
    """The origin of one column's value, for each row of the key."""

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
        GoldMissing: gold is not built yet.
        StoreError: the lake cannot be read.
    """
    with lineage_context(config) as context:
        start = find_start(context, key, table)
        if not start.rows:
            error = start.unknown(config.domain.name)
            if rejects_with_key(context, start):
                error.hint = f"it was rejected or quarantined: `carms trace {key}` says why"
            raise error
        found = start.rows if start.table else with_views(context, start, column)
        ref = _table_of(found, context, column)
        rows = found[ref][:TREES_SHOWN]
        walk = _ValueWalk(context, LandedFiles(config))
        contract = context.contracts[ref]
        names = contract.primary_key or tuple(start.key.values)
        # A view has no key: what identifies its rows is the columns that have the value.
        columns, text = names or start.columns, start.key.text
        return ValueTrace(
            tuple(walk.origin(ref, column, [row], is_first=True) for row in rows),
            tuple(
                tuple((n, row[n]) for n in columns if names or str(row[n]) == text) for row in rows
            ),
            len(found[ref]) > TREES_SHOWN,
            tuple(context.notes),
        )


def _table_of(found: TableRows, context: LineageContext, column: str) -> TableRef:
    """The table whose column is meant: gold's before silver's before bronze's."""
    having = [ref for ref in found if column in context.contracts[ref].column_names]
    if not having:
        names = {name for ref in found for name in context.contracts[ref].column_names}
        hint = did_you_mean(column, names)
        first = min(found)
        raise UsageError(
            f"no table of this key has a column `{column}`",
            hint if hint.startswith("did") else f"`carms describe {first.in_domain}` lists columns",
        )
    layer = max((ref.layer for ref in having), key=[*map(str, Layer)].index)
    of_layer = _of_views(context, [ref for ref in having if ref.layer is layer])
    if len(of_layer) > 1:
        listed = ", ".join(f"`{ref.in_domain}`" for ref in of_layer)
        raise UsageError(
            f"the key has a column `{column}` in several tables: {listed}",
            f"say which: `--table {of_layer[0].in_domain}`",
        )
    return of_layer[0]


def _of_views(context: LineageContext, refs: list[TableRef]) -> list[TableRef]:
    """Of a view and another that only selects rows of it, the latter, which people read."""
    names = {ref: context.contracts[ref].column_names for ref in refs}
    if any(context.contracts[ref].kind != "view" for ref in refs):
        return refs
    read = {
        below
        for ref in refs
        for below in context.gold[ref].reads
        if set(names[ref]) == set(names.get(below, ()))
    }
    return [ref for ref in refs if ref not in read]


@dataclass
class _ValueWalk:
    """A walk down from one value, with a cache of what was looked up."""

    context: LineageContext
    files: LandedFiles
    _inputs: dict[tuple[TableRef, str], Inputs] = field(default_factory=dict)

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
        values = tuple(
            ValueAtStep(row[column], read_from=passages(self.context, ref, column, row))
            for row in rows
        )
        made = self.context.columns.made_of(ref, column)
        below = self._below(ref, rows) if made.columns else Inputs({})
        made_of = tuple(self._source(below, name, is_first=is_first) for name in made.columns)
        return Origin(
            ref.in_domain, column, values, made.evidence, made.text, is_cut, made.notes, made_of
        )

    def _below(self, ref: TableRef, rows: Sequence[Row]) -> Inputs:
        """What rows were made of; of silver also the inputs of the silver tables among these."""
        key = (ref, repr(rows))
        if key not in self._inputs:
            direct = inputs(self.context, ref, rows[:ROWS])
            found, more = dict(direct.rows), set(direct.more)
            for target, between in direct.rows.items():
                if ref.layer is target.layer is Layer.SILVER:
                    under = self._below(target, between)
                    found = {**under.rows, **found}
                    more |= under.more - set(direct.rows)
            self._inputs[key] = replace(direct, rows=found, more=frozenset(more))
        return self._inputs[key]

    def _source(self, below: Inputs, name: str, *, is_first: bool) -> Origin:
        """A column that a value is made of, in the known rows of its table.

        Only the value asked for is followed through many rows: a calendar's day is made of a year
        of orders.
        """
        table, _, column = name.rpartition(".")
        ref = self.context.ref(table)
        rows = below.rows.get(ref, [])[:ROWS] if ref else []
        is_many = ref in below.more
        values: tuple[ValueAtStep, ...] = ()
        if ref is None:
            note = "a table without traced rows"
        elif is_many and not is_first and ref.layer is not Layer.BRONZE:
            values = tuple(ValueAtStep(row[column]) for row in rows)
            note = "not followed further: many rows"
        elif rows and column in rows[0]:
            return self.origin(ref, column, rows, is_cut=is_many)
        elif table in below.whole:
            note = "all its rows contributed"
        elif ref.layer is Layer.BRONZE:
            note = "it is unknown which of its rows contributed"
        else:
            note = "none of its rows contributed" if below.is_followed else "its row is unknown"
        evidence = Evidence.FILE if table.startswith(Layer.BRONZE) else Evidence.CONTRACT
        return Origin(table, column, values, evidence, is_cut=bool(values), notes=(note,))

    def _of_file(self, ref: TableRef, column: str, rows: Sequence[Row], *, is_cut: bool) -> Origin:
        contract = self.context.contracts[ref]
        raw = raw_texts(self.files, contract, rows[:VALUES_SHOWN])
        values = tuple(
            ValueAtStep(row[column], place_text(contract, row), raw.get(place_of(row)))
            for row in rows
        )
        text = ""
        if column in contract.column_names and contract.column(column).source != column:
            text = f"`{contract.column(column).source}` in the file"
        return Origin(
            ref.in_domain, column, values, Evidence.FILE, text, is_cut or len(rows) > ROWS
        )
