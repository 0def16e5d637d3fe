"""What files change of a contract -> the patch that accepts them all, written into the project."""

from __future__ import annotations

import os
import re
import tempfile
import unicodedata
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carms_lake.contract.change import joined
from carms_lake.contract.load import SUFFIX, load_contract
from carms_lake.contract.patch import Edit, Patch
from carms_lake.contract.verify import verify
from carms_lake.errors import ContractError, StoreError, UsageError
from carms_lake.flows.drift.findings import ChangeKind
from carms_lake.flows.drift.inference import are_comparable
from carms_lake.names import IDENTIFIER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from carms_lake.config import LakeConfig
    from carms_lake.contract.model import Column, Contract
    from carms_lake.contract.types import ColumnType
    from carms_lake.flows.drift.findings import Compared, ContractChange
    from carms_lake.names import TableRef


def text_of(contract: Contract) -> str:
    """The text of a contract's file.

    Raises:
        ContractError: it was not loaded from a file, or that is gone.
    """
    try:
        return _path(contract).read_text(encoding="utf-8")
    except OSError as error:
        raise ContractError(f"`{contract.path}` cannot be read: {error.strerror}") from error


def loaded(text: str, ref: TableRef) -> Contract:
    """The contract that a text would be.

    Raises:
        ContractError: it is none.
    """
    with tempfile.TemporaryDirectory(prefix="carms-") as folder:
        path = Path(folder) / f"{ref.table}{SUFFIX}"
        path.write_text(text, encoding="utf-8", newline="")
        return load_contract(path, ref)


def write_version(
    config: LakeConfig, contracts: Mapping[TableRef, Contract], old: Contract, text: str
) -> tuple[Path, Path]:
    """Make a text the contract of a table in the project; its file, and that of the old version.

    The contracts of the package are never changed: the project's file wins over the package's.

    Raises:
        UsageError: the project is the folder that the package's own contracts are in, or another
            contract of that version is kept already.
        ContractError: the new text does not go with the other contracts.
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


def _path(contract: Contract) -> Path:
    if contract.path is None:
        raise ContractError(f"`{contract.ref}` was not loaded from a file")
    return contract.path


def _put(path: Path, text: str) -> Path:
    """Write a file whole or not at all."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


_OPTIONAL = "carms.mayBeAbsent"
_LIMITS = {
    ChangeKind.LOWEST: ("minimum", "exclusiveMinimum", min),
    ChangeKind.HIGHEST: ("maximum", "exclusiveMaximum", max),
    ChangeKind.SHORTEST: ("minLength", None, min),
    ChangeKind.LONGEST: ("maxLength", None, max),
}
_OPTIONS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength",
            "pattern")  # fmt: skip


def proposed(contract: Contract, files: Sequence[Compared]) -> Patch:
    """The patch of a contract under which all these files would be read.

    A header that some files have and others do not cannot be another name of the column: the new
    one then becomes a column of its own, and neither is demanded.
    """
    changes = [change for file in files for change in file.changes]
    kept = {name for file in files for name in file.kept}
    delimiters = {c.value for c in changes if c.kind is ChangeKind.DELIMITER}
    edits = [Edit(None, "carms.delimiter", value) for value in sorted(delimiters)[:1]]
    added: dict[str, ColumnType] = {}
    for column in contract.columns:
        own = [change for change in changes if change.column == column.name]
        wanted = [c for c in own if c.kind is not ChangeKind.ADDED]
        headers = {c.value for c in wanted if c.kind is ChangeKind.HEADER}
        is_renamed = len(headers) == 1 and column.name not in kept
        if headers and not is_renamed:
            kind = _kind(wanted, column.type)
            added |= dict.fromkeys(sorted(headers), kind)
            edits.append(Edit(column.name, _OPTIONAL, value=True))
        else:
            edits += _edits(column, wanted)
    for change in changes:
        if change.kind is ChangeKind.ADDED and change.column:
            there = added.get(change.column)
            added[change.column] = joined(there, change.value) if there else change.value
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


def _edits(column: Column, changes: Sequence[ContractChange]) -> Iterator[Edit]:
    by_kind: dict[ChangeKind, list[Any]] = {}
    for change in changes:
        by_kind.setdefault(change.kind, []).append(change.value)
    if ChangeKind.HEADER in by_kind:
        yield Edit(column.name, "physicalName", by_kind[ChangeKind.HEADER][0])
    if ChangeKind.ABSENT in by_kind:
        yield Edit(column.name, _OPTIONAL, value=True)
    if ChangeKind.NULLABLE in by_kind:
        yield Edit(column.name, "required", value=False)
    if ChangeKind.TYPE in by_kind:
        kind = _kind(changes, column.type)
        yield Edit(column.name, "logicalType", kind.logical)
        yield Edit(column.name, "physicalType", str(kind))
        if not are_comparable(kind, column.type):
            yield from _without_rules(column)
            return
    yield from _looser_rules(column, by_kind)


def _looser_rules(column: Column, by_kind: Mapping[ChangeKind, list[Any]]) -> Iterator[Edit]:
    if ChangeKind.ENUM in by_kind:
        values = dict.fromkeys(value for new in by_kind[ChangeKind.ENUM] for value in new)
        entries = [{"value": value} for value in (*column.enum, *values)]
        yield Edit(column.name, "enum", entries)
    if ChangeKind.PATTERN in by_kind:
        yield Edit(column.name, "logicalTypeOptions.pattern", None)
    for limit, (inclusive, exclusive, furthest) in _LIMITS.items():
        if limit in by_kind:
            yield Edit(column.name, f"logicalTypeOptions.{inclusive}", furthest(by_kind[limit]))
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


def _kind(changes: Sequence[ContractChange], own: ColumnType) -> ColumnType:
    """One type for the values of all files."""
    kinds = [change.value for change in changes if change.kind is ChangeKind.TYPE]
    return reduce(joined, kinds) if kinds else own


def _unlike(edits: Iterable[Edit], contract: Contract) -> Iterator[Edit]:
    """The edits that change anything; an exclusive limit that is not there change not go."""
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
