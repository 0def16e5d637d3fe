"""The semantic model of a domain: tables, columns, measures and relationships, from contracts."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from carms_lake import Contract, Lake

DATE_TABLE = "dim_date"
"""The table that is marked as the calendar."""

_TYPES = {
    "varchar": "string",
    "json": "string",
    "smallint": "int64",
    "integer": "int64",
    "bigint": "int64",
    "double": "double",
    "boolean": "boolean",
    "date": "dateTime",
    "timestamp": "dateTime",
}
"""The type of a contract -> of the model. Lists and bytes have none: they are left out."""
_MOST_DECIMALS = 4
"""What the model's `decimal` holds exactly."""
_SORTED_BY = {"month_name": "calendar_month", "weekday_name": "iso_weekday"}
_VERSIONS = frozenset([
    "valid_from", "valid_to", "applies_from", "applies_to", "is_current", "is_deleted",
    "deleted_on", "created_at", "updated_at",
])  # fmt: skip
"""Columns about the versions of a row: in a folder of their own."""
_SPACE = uuid.UUID("f1cbd2f0-2a0d-5c0e-9d43-6b8f6d0f7e11")


@dataclass(frozen=True)
class ModelColumn:
    """A column of the model."""

    name: str
    type: str
    """string, int64, decimal, double, boolean or dateTime."""
    format: str
    description: str
    folder: str = ""
    is_hidden: bool = False
    is_key: bool = False
    is_day: bool = False
    """A dateTime without a time of day."""
    sort_by: str = ""


@dataclass(frozen=True)
class ModelMeasure:
    """A measure of the model."""

    name: str
    dax: str
    sql: str
    format: str
    description: str
    folder: str


@dataclass(frozen=True)
class ModelTable:
    """A table of the model, under its name in gold."""

    name: str
    description: str
    columns: tuple[ModelColumn, ...]
    measures: tuple[ModelMeasure, ...]
    is_date: bool = False


class Join(NamedTuple):
    """A relationship from many rows to one."""

    table: str
    column: str
    to_table: str
    to_column: str
    is_active: bool = True


@dataclass(frozen=True)
class Model:
    """All that a domain has in gold, without what its author leaves out."""

    domain: str
    tables: tuple[ModelTable, ...]
    joins: tuple[Join, ...]

    def tag(self, *words: str) -> str:
        """An id of an object that is the same whenever the project is written."""
        return str(uuid.uuid5(_SPACE, "\0".join((self.domain, *words))))


def model_of(lake: Lake, left_out: Sequence[str] = ()) -> Model:
    """The model of a lake's domain; `left_out` are names or patterns of tables.

    A column is not in it if a contract of gold classifies one of its name as not public.

    Raises:
        ContractError: a contract is wrong.
    """
    contracts = lake.contracts
    gold = [
        contract
        for name in contracts
        if name.startswith("gold.")
        and (contract := contracts[name]).kind != "macro"
        and not any(fnmatchcase(contract.ref.table, pattern) for pattern in left_out)
    ]
    joins = _joins(gold)
    private = contracts.private_in_gold()
    tables = [_table(contract, joins, private) for contract in gold]
    return Model(lake.config.domain.name, tuple(t for t in tables if t.columns), joins)


def _joins(contracts: Iterable[Contract]) -> tuple[Join, ...]:
    """The references between tables, in the order of the contracts.

    One is inactive if two tables would else be joined in two ways: filters would be ambiguous.
    A reference over several columns has no counterpart in the model.
    """
    keys = {c.ref.table: {x.name for x in c.columns if x.unique} for c in contracts}
    for contract in contracts:
        if len(contract.primary_key) == 1:
            keys[contract.ref.table].update(contract.primary_key)
    found: list[Join] = []
    reached: dict[str, set[str]] = {table: {table} for table in keys}
    for contract in contracts:
        table = contract.ref.table
        for relationship in contract.relationships:
            to, columns = relationship.target.table, relationship.target_columns
            is_single = len(columns) == 1 and relationship.target.layer == contract.ref.layer
            if not is_single or columns[0] not in keys.get(to, ()) or to == table:
                continue
            above = [name for name, tables in reached.items() if table in tables]
            is_active = not any(reached[name] & reached[to] for name in above)
            if is_active:
                for name in above:
                    reached[name] |= reached[to]
            found.append(Join(table, relationship.columns[0], to, columns[0], is_active))
    return tuple(found)


def _table(contract: Contract, joins: Sequence[Join], private: frozenset[str]) -> ModelTable:
    name = contract.ref.table
    measures = tuple(
        ModelMeasure(m.name, m.dax, m.sql, m.format, m.description, m.folder)
        for m in contract.measures
    )
    ends = {join.column for join in joins if join.table == name}
    ends |= {join.to_column for join in joins if join.to_table == name}
    roles = {j.column: j for j in joins if j.table == name and not j.is_active}
    columns = []
    day = next((c.name for c in contract.columns if c.type.name == "date"), None)
    is_date = name == DATE_TABLE and day is not None
    for column in contract.columns:
        kind = _type(column.type.name, column.type.scale)
        if kind is None or column.name in private:
            continue
        is_hidden = column.name in ends or column.name.endswith("_key")
        said = column.description
        if role := roles.get(column.name):
            said += (
                f" Refers to {role.to_table}[{role.to_column}] through an inactive relationship:"
                " a measure uses it with USERELATIONSHIP."
            )
        sort_by = _SORTED_BY.get(column.name, "") if is_date else ""
        columns.append(
            ModelColumn(
                column.name,
                kind,
                _format(column.name, column.type.name, column.type.scale),
                said.strip(),
                folder="Keys" if is_hidden else "Versions" if column.name in _VERSIONS else "",
                is_hidden=is_hidden,
                is_key=is_date and column.name == day,
                is_day=column.type.name == "date",
                sort_by=sort_by if sort_by in contract.column_names else "",
            )
        )
    said = " ".join(
        f"{text.rstrip('.')}." for text in (contract.description, contract.grain) if text
    )
    return ModelTable(name, said, tuple(columns), measures, is_date)


def _type(kind: str, scale: int) -> str | None:
    if kind == "decimal":
        return "decimal" if scale <= _MOST_DECIMALS else "double"
    return _TYPES.get(kind)


def _format(name: str, kind: str, scale: int) -> str:
    """How a column's values are shown; the names say what percentages and years are."""
    if kind in {"date", "timestamp"}:
        return "yyyy-mm-dd" if kind == "date" else "yyyy-mm-dd hh:nn:ss"
    if kind == "double" or (kind == "decimal" and scale):
        return '#,0.0"%"' if name.endswith("_pct") else "#,0.00"
    is_count = not name.endswith(("_key", "_id", "_year", "_code", "_number", "_ordinal"))
    return {"decimal": "#,0"}.get(kind, "#,0" if is_count else "0") if _is_number(kind) else ""


def _is_number(kind: str) -> bool:
    return kind in {"smallint", "integer", "bigint", "decimal"}
