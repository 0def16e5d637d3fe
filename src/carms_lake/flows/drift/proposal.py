"""The patch of a contract that accepts all its files, written as a new version."""

from __future__ import annotations

import re
import tempfile
import unicodedata
from functools import reduce
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carms_lake.contract.change import joined
from carms_lake.contract.load import SUFFIX, load_contract
from carms_lake.contract.patch import Edit, Patch
from carms_lake.contract.verify import verify
from carms_lake.errors import ContractError, StoreError, UsageError
from carms_lake.files import whole
from carms_lake.flows.drift.findings import ChangeKind
from carms_lake.flows.drift.inference import are_comparable
from carms_lake.names import IDENTIFIER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from carms_lake.config import LakeConfig
    from carms_lake.contract.model import Column, Contract
    from carms_lake.contract.types import ColumnType
    from carms_lake.flows.drift.findings import Compared
    from carms_lake.names import TableRef


def text_of(contract: Contract) -> str:
    """The text of a contract's file.

    Raises:
        ContractError: it was not loaded from a file, or that file is gone.
    """
    if contract.path is None:
        raise ContractError(f"`{contract.ref}` was not loaded from a file")
    try:
        return contract.path.read_text(encoding="utf-8")
    except OSError as error:
        raise ContractError(f"`{contract.path}` cannot be read: {error.strerror}") from error


def loaded(text: str, ref: TableRef) -> Contract:
    """Parse the text of a contract.

    Raises:
        ContractError: it is not a contract.
    """
    with tempfile.TemporaryDirectory(prefix="carms-") as folder:
        path = Path(folder) / f"{ref.table}{SUFFIX}"
        path.write_text(text, encoding="utf-8", newline="")
        return load_contract(path, ref)


def write_version(
    config: LakeConfig, contracts: Mapping[TableRef, Contract], old: Contract, text: str
) -> tuple[Path, Path]:
    """Write a new version of a contract into the project; its path, and that of the old version.

    The contracts of the package are never changed: the project's file wins over the package's.

    Raises:
        UsageError: the project is the folder that the package's own contracts are in, or another
            contract of that version is kept already.
        ContractError: the new text does not fit the other contracts.
        StoreError: the folder cannot be written.
    """
    ref = old.ref
    folder = config.project / "schemas" / ref.domain / ref.layer
    packaged = config.domain.schemas[0] / ref.layer
    if folder.resolve() == packaged.resolve():
        raise UsageError(
            f"`{folder}` holds the contracts of the package itself, which are not changed here",
            "make a project of its own with `carms init DIR`, and use it with `-p DIR`",
        )
    verify({**contracts, ref: loaded(text, ref)})
    kept = folder / f"{ref.table}.v{old.version}{SUFFIX}"
    before = text_of(old)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if kept.exists() and kept.read_text(encoding="utf-8") != before:
            raise UsageError(
                f"`{kept}` holds another contract of version {old.version} already",
                f"give `{old.path}` a version of its own, or move that file away",
            )
        _put(kept, before)
        return _put(folder / f"{ref.table}{SUFFIX}", text), kept
    except OSError as error:
        raise StoreError(
            f"`{folder}` cannot be written: {error.strerror}", "check its permissions and the disk"
        ) from error


def _put(path: Path, text: str) -> Path:
    with whole(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="")
    return path


_OPTIONAL = "carms.mayBeAbsent"
_OPTIONS = "logicalTypeOptions."
_LIMITS: dict[ChangeKind, Callable[[list[Any]], Any]] = {
    ChangeKind.MINIMUM: min,
    ChangeKind.MAXIMUM: max,
    ChangeKind.MIN_LENGTH: min,
    ChangeKind.MAX_LENGTH: max,
}
"""Which of several values is the furthest."""


def proposed(contract: Contract, files: Sequence[Compared]) -> Patch:
    """The patch of a contract under which all these files would be read.

    If some files have a new header and others the old one, the column is not renamed: the new
    header becomes a column of its own, and both are optional.
    """
    changes = [change for file in files for change in file.changes]
    kept = {name for file in files for name in file.kept}
    delimiters = {change.value for change in changes if change.kind is ChangeKind.DELIMITER}
    edits = [Edit(None, "carms.delimiter", value) for value in sorted(delimiters)[:1]]
    added: dict[str, ColumnType] = {}
    for column in contract.columns:
        values: dict[ChangeKind, list[Any]] = {}
        for change in changes:
            if change.column == column.name and change.kind is not ChangeKind.ADDED:
                values.setdefault(change.kind, []).append(change.value)
        headers = set(values.get(ChangeKind.HEADER, ()))
        if headers and (len(headers) > 1 or column.name in kept):
            kind = reduce(joined, values.get(ChangeKind.TYPE, [column.type]))
            added |= dict.fromkeys(sorted(headers), kind)
            edits.append(Edit(column.name, _OPTIONAL, value=True))
        else:
            edits += _edits(column, values)
    for change in changes:
        if change.kind is ChangeKind.ADDED and change.column:
            known = added.get(change.column)
            added[change.column] = joined(known, change.value) if known else change.value
    return Patch(tuple(edits), tuple(_new_columns(contract, added)))


def column_name(header: str, taken: Iterable[str]) -> str:
    """A name for a column with this header that is not taken yet.

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


def _edits(column: Column, values: Mapping[ChangeKind, list[Any]]) -> Iterator[Edit]:
    name, rules = column.name, _rules_of(column)
    if ChangeKind.HEADER in values:
        yield Edit(name, "physicalName", values[ChangeKind.HEADER][0])
    if ChangeKind.ABSENT in values:
        yield Edit(name, _OPTIONAL, value=True)
    if ChangeKind.NULLABLE in values:
        yield Edit(name, "required", value=False)
    if ChangeKind.TYPE in values:
        kind = reduce(joined, values[ChangeKind.TYPE])
        yield Edit(name, "logicalType", kind.logical)
        yield Edit(name, "physicalType", str(kind))
        if not are_comparable(kind, column.type):  # limits of numbers make no sense for text
            yield from (Edit(name, rule, None) for rule in rules)
            return
    yield from _looser_rules(column, values, rules)


def _looser_rules(
    column: Column, values: Mapping[ChangeKind, list[Any]], rules: Sequence[str]
) -> Iterator[Edit]:
    if ChangeKind.ENUM in values:
        new = dict.fromkeys(chain.from_iterable(values[ChangeKind.ENUM]))
        yield Edit(column.name, "enum", [{"value": value} for value in (*column.enum, *new)])
    if ChangeKind.PATTERN in values:
        yield Edit(column.name, f"{_OPTIONS}pattern", None)
    for limit, furthest in _LIMITS.items():
        if limit in values:
            yield Edit(column.name, f"{_OPTIONS}{limit}", furthest(values[limit]))
            exclusive = f"{_OPTIONS}exclusive{limit.capitalize()}"
            if exclusive in rules:
                yield Edit(column.name, exclusive, None)


def _rules_of(column: Column) -> list[str]:
    """The contract keys of the column's value list, limits and pattern."""
    bounds = column.bounds
    options = {
        "minimum": bounds.minimum,
        "maximum": bounds.maximum,
        "exclusiveMinimum": bounds.exclusive_minimum,
        "exclusiveMaximum": bounds.exclusive_maximum,
        "minLength": bounds.min_length,
        "maxLength": bounds.max_length,
        "pattern": column.pattern,
    }
    used = [f"{_OPTIONS}{key}" for key, value in options.items() if value is not None]
    return [*(["enum"] if column.enum else []), *used]


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
