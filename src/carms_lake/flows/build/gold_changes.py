"""Which rows of the tables that gold is made from changed since the published build.

A gold table whose SELECT and contract are the same is recomputed for the keys that these rows
touch; where that cannot be proved, as a whole, and the build says why.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from carms_lake.catalog import Catalog, GoldStep
from carms_lake.flows.build.plan import Made
from carms_lake.flows.run import Run
from carms_lake.names import Layer, TableRef
from carms_lake.quality.rejected import REJECT_SCHEMA
from carms_lake.store import delta, ops, table_path
from carms_lake.store.delta.inspection import are_undamaged
from carms_lake.store.delta.log import mark_at
from carms_lake.store.gold import inputs_kept
from carms_lake.store.gold.changes import ByKey, NotByKey, RowChange, row_change
from carms_lake.store.gold.file import Warehouse
from carms_lake.store.sql import PUBLISHED, qualified, quoted, read_pinned

SMALL_ROWS = 100_000
"""A table that is made from no more rows is computed as a whole: to look for keys takes longer."""

MOST_COMPARED = 2_000_000
"""So many rows of two states of a table are compared with each other, where nothing else says what
changed."""


@dataclass
class GoldChanges:
    """What changed since the published build, as far as the tables so far were looked at."""

    run: Run
    catalog: Catalog
    warehouse: Warehouse
    last: Mapping[TableRef, Made]
    """What the tables of the published file were made from."""
    made: Mapping[TableRef, Made]
    """What they are made from now."""
    found: dict[TableRef, RowChange | None] = field(default_factory=dict)
    """By table: the rows that came and went, None where none did."""
    _since: dict[TableRef, Any] = field(default_factory=dict)
    """By silver table: the state to which its changes are relative."""

    def may_update(self, step: GoldStep) -> bool:
        """Whether the published table was made by the same SELECT and contract."""
        last = self.last.get(step.contract.ref)
        is_same = last and last.definition == self.made[step.contract.ref].definition
        return bool(is_same) and step.contract.kind == "table"

    def update(self, step: GoldStep, rows_read: int | None) -> int:
        """Compute the touched keys of a table again; how many there are.

        Raises:
            NotByKey: it has to be computed as a whole.
            ContractError: its rows break a constraint of the contract.
        """
        ref = step.contract.ref
        if not self.may_update(step):
            raise NotByKey("its SELECT or its contract changed")
        if rows_read is not None and rows_read <= SMALL_ROWS:
            raise NotByKey("it is made from few rows")
        changed: dict[str, str] = {}
        unknown: dict[str, str] = {}
        for read in step.reads:
            try:
                change = self._change_of(read, ref)
            except NotByKey as why:
                unknown[read.in_domain] = str(why)
                continue
            if change:
                changed[read.in_domain] = change.both
        plan = self._plan(step, changed, unknown)
        count, self.found[ref] = self.warehouse.update(step.contract, step.sql, plan, step.where)
        return count

    def _plan(
        self, step: GoldStep, changed: Mapping[str, str], unknown: Mapping[str, str]
    ) -> ByKey:
        """How the touched keys of a table are found and computed.

        Raises:
            NotByKey: that cannot be proved.
        """
        # 0.2 s to import, which most builds do not need.
        from carms_lake.store.gold.by_key import by_key
        from carms_lake.store.sql.column_lineage import LineageUnknown, prepared

        try:
            select = prepared(step.sql, self._schema)
        except LineageUnknown as why:
            raise NotByKey(f"its SELECT cannot be followed: {why}") from None
        return by_key(select, step.contract.primary_key, changed, unknown)

    @cached_property
    def _schema(self) -> dict[str, dict[str, list[str]]]:
        """By layer and table: the columns that a SELECT may read."""
        of_ops = {**ops.OPS_SCHEMAS, "rejects": REJECT_SCHEMA}
        found = {"ops": {table: list(columns) for table, columns in of_ops.items()}}
        for ref, contract in self.catalog.contracts.items():
            found.setdefault(ref.layer, {})[ref.table] = list(contract.column_names)
        return found

    def _change_of(self, ref: TableRef, table: TableRef) -> RowChange | None:
        """What changed in a table since another one was made of it."""
        last, now = (made[table].inputs.get(ref.in_domain) for made in (self.last, self.made))
        if last == now:
            return None
        if ref.layer is Layer.SILVER:
            since = self._since.setdefault(ref, last)
            is_same = since == last
        else:
            is_same = ref in self.last and self.last[ref].fingerprint == last
        if not is_same:
            raise NotByKey(f"`{ref.in_domain}` was another one when it was built")
        if ref not in self.found:
            self.found[ref] = (
                self._of_silver(ref, last) if ref in self._since else self._of_gold(ref)
            )
        return self.found[ref]

    def since(self, ref: TableRef, state: Any) -> RowChange | None:
        """What changed in a table since a state that the published file was checked at.

        Raises:
            NotByKey: nobody knows.
        """
        if ref.layer is Layer.SILVER:
            mark, version, *_ = state
            last = [version, mark]
            if self._since.setdefault(ref, last) != last:
                raise NotByKey(f"`{ref.in_domain}` was another one when it was built")
            if ref not in self.found:
                self.found[ref] = self._of_silver(ref, last)
        elif ref not in self.found:
            self.found[ref] = self._of_gold(ref)
        return self.found[ref]

    def _of_silver(self, ref: TableRef, last: Any) -> RowChange | None:
        name, path = ref.in_domain, table_path(self.run.config, ref)
        version, mark = last or (-1, None)
        if version < 0 or mark_at(path, version) != mark:
            raise NotByKey(f"`{name}` is not the table that it was")
        update = self.run.silver_changes.get(ref)
        if update and update.since == version:
            return self.warehouse.change_of(ref, update.removed, update.added)
        before, now = delta.pinned(path, version), delta.pinned(path)
        gone, new = set(before.files) - set(now.files), set(now.files) - set(before.files)
        if before.columns != now.columns:
            raise NotByKey(f"`{name}` has other columns")
        if not are_undamaged(path, version, {Path(file).name for file in gone}):
            raise NotByKey(f"files with earlier rows of `{name}` were vacuumed or are damaged")
        sides = [
            read_pinned(replace(pinned, files=tuple(sorted(files))))
            for pinned, files in ((before, gone), (now, new))
        ]
        return self._compared(ref, *sides)

    def _of_gold(self, ref: TableRef) -> RowChange | None:
        made = self.made[ref].definition
        last = self.last.get(ref)
        if self.catalog.contracts[ref].kind != "table" or not last or last.definition != made:
            raise NotByKey(f"`{ref.in_domain}` is another one now")
        name = qualified(ref)
        columns = ", ".join(map(quoted, self.catalog.contracts[ref].column_names))
        return self._compared(
            ref, *(f"from {place} select {columns}" for place in (f"{PUBLISHED}.{name}", name))
        )

    def _compared(self, ref: TableRef, before: str, now: str) -> RowChange | None:
        rows = sum(self.warehouse.rows_in(side) for side in (before, now))
        if rows > MOST_COMPARED:
            raise NotByKey(f"nothing says which rows of `{ref.in_domain}` changed")
        return row_change(self.warehouse.connection, ref, before, now)


def last_made(path: Path, catalog: Catalog) -> dict[TableRef, Made]:
    """What the tables of a gold file were made from, by table."""
    return {
        TableRef(catalog.domain.name, Layer.GOLD, table): Made(definition, json.loads(inputs))
        for table, definition, inputs in inputs_kept(path)
    }
