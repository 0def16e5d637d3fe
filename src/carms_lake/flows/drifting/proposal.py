"""What files need of a contract -> the patch that accepts them all."""

from __future__ import annotations

import re
import unicodedata
from functools import reduce
from typing import TYPE_CHECKING, Any

from carms_lake.contract.patch import Edit, Patch
from carms_lake.contract.widening import joined
from carms_lake.flows.drifting.findings import Promise
from carms_lake.flows.drifting.fitting import means_the_same
from carms_lake.names import IDENTIFIER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from carms_lake.contract.model import Column, Contract
    from carms_lake.contract.types import ColumnType
    from carms_lake.flows.drifting.findings import Compared, Need

_OPTIONAL = "carms.mayBeAbsent"
_LIMITS = {
    Promise.LOWEST: ("minimum", "exclusiveMinimum", min),
    Promise.HIGHEST: ("maximum", "exclusiveMaximum", max),
    Promise.SHORTEST: ("minLength", None, min),
    Promise.LONGEST: ("maxLength", None, max),
}
_OPTIONS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength",
            "pattern")  # fmt: skip


def proposed(contract: Contract, files: Sequence[Compared]) -> Patch:
    """The patch of a contract under which all these files would be read.

    A header that some files have and others do not cannot be another name of the column: the new
    one then becomes a column of its own, and neither is demanded.
    """
    needs = [need for file in files for need in file.needs]
    kept = {name for file in files for name in file.kept}
    delimiters = {n.value for n in needs if n.promise is Promise.DELIMITER}
    edits = [Edit(None, "carms.delimiter", value) for value in sorted(delimiters)[:1]]
    added: dict[str, ColumnType] = {}
    for column in contract.columns:
        own = [need for need in needs if need.column == column.name]
        wanted = [n for n in own if n.promise is not Promise.ADDED]
        headers = {n.value for n in wanted if n.promise is Promise.HEADER}
        is_renamed = len(headers) == 1 and column.name not in kept
        if headers and not is_renamed:
            kind = _kind(wanted, column.type)
            added |= dict.fromkeys(sorted(headers), kind)
            edits.append(Edit(column.name, _OPTIONAL, value=True))
        else:
            edits += _edits(column, wanted)
    for need in needs:
        if need.promise is Promise.ADDED and need.column:
            there = added.get(need.column)
            added[need.column] = joined(there, need.value) if there else need.value
    return Patch(tuple(_unlike(edits, contract)), tuple(_new_columns(contract, added)))


def column_name(header: str, taken: Iterable[str]) -> str:
    """What a column with this header may be called beside those that are taken.

    >>> column_name("Refund €", []), column_name("orderDate", []), column_name("2nd", ["c_2nd"])
    ('refund', 'order_date', 'c_2nd_2')
    """
    plain = unicodedata.normalize("NFKD", header).encode("ascii", "ignore").decode()
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", plain).lower()
    name = re.sub(r"[^a-z0-9]+", "_", words).strip("_") or "new_column"
    if not IDENTIFIER.fullmatch(name):
        name = f"c_{name}"
    known, number, found = set(taken), 1, name
    while found in known:
        number += 1
        found = f"{name}_{number}"
    return found


def _edits(column: Column, needs: Sequence[Need]) -> Iterator[Edit]:
    by_promise: dict[Promise, list[Any]] = {}
    for need in needs:
        by_promise.setdefault(need.promise, []).append(need.value)
    if Promise.HEADER in by_promise:
        yield Edit(column.name, "physicalName", by_promise[Promise.HEADER][0])
    if Promise.ABSENT in by_promise:
        yield Edit(column.name, _OPTIONAL, value=True)
    if Promise.NULLABLE in by_promise:
        yield Edit(column.name, "required", value=False)
    if Promise.TYPE in by_promise:
        kind = _kind(needs, column.type)
        yield Edit(column.name, "logicalType", kind.logical)
        yield Edit(column.name, "physicalType", str(kind))
        if not means_the_same(kind, column.type):
            yield from _without_rules(column)
            return
    yield from _looser_rules(column, by_promise)


def _looser_rules(column: Column, by_promise: Mapping[Promise, list[Any]]) -> Iterator[Edit]:
    if Promise.ENUM in by_promise:
        values = dict.fromkeys(value for new in by_promise[Promise.ENUM] for value in new)
        entries = [{"value": value} for value in (*column.enum, *values)]
        yield Edit(column.name, "enum", entries)
    if Promise.PATTERN in by_promise:
        yield Edit(column.name, "logicalTypeOptions.pattern", None)
    for promise, (inclusive, exclusive, furthest) in _LIMITS.items():
        if promise in by_promise:
            yield Edit(
                column.name, f"logicalTypeOptions.{inclusive}", furthest(by_promise[promise])
            )
            if exclusive:
                yield Edit(column.name, f"logicalTypeOptions.{exclusive}", None)


def _without_rules(column: Column) -> Iterator[Edit]:
    """Limits of numbers say nothing of texts, nor patterns of numbers."""
    if column.enum:
        yield Edit(column.name, "enum", None)
    bounds = column.bounds
    given = {
        "minimum": bounds.minimum,
        "maximum": bounds.maximum,
        "exclusiveMinimum": bounds.exclusive_minimum,
        "exclusiveMaximum": bounds.exclusive_maximum,
        "minLength": bounds.min_length,
        "maxLength": bounds.max_length,
        "pattern": column.pattern,
    }
    for option in _OPTIONS:
        if given[option] is not None:
            yield Edit(column.name, f"logicalTypeOptions.{option}", None)


def _kind(needs: Sequence[Need], own: ColumnType) -> ColumnType:
    """One type for the values of all files."""
    kinds = [need.value for need in needs if need.promise is Promise.TYPE]
    return reduce(joined, kinds) if kinds else own


def _unlike(edits: Iterable[Edit], contract: Contract) -> Iterator[Edit]:
    """The edits that change anything; an exclusive limit that is not there need not go."""
    columns = {column.name: column for column in contract.columns}
    for edit in edits:
        bounds = columns[edit.column].bounds if edit.column else None
        if bounds is not None and edit.value is None and edit.key.endswith("Minimum"):
            if bounds.exclusive_minimum is not None:
                yield edit
        elif bounds is not None and edit.value is None and edit.key.endswith("Maximum"):
            if bounds.exclusive_maximum is not None:
                yield edit
        else:
            yield edit


def _new_columns(
    contract: Contract, added: Mapping[str, ColumnType]
) -> Iterator[Mapping[str, Any]]:
    taken = {*contract.column_names, *contract.audit_columns}
    for header, kind in added.items():
        name = column_name(header, taken)
        taken.add(name)
        named = {} if name == header else {"physicalName": header}
        optional = [{"property": _OPTIONAL, "value": True}]
        yield {
            "name": name,
            **named,
            "logicalType": kind.logical,
            "physicalType": str(kind),
            "customProperties": optional,
        }
