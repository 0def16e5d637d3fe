"""The patch of a contract that accepts all its files, written as a new version."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from itertools import chain, count
from pathlib import Path
from typing import Any

from carms_lake.config import LakeConfig
from carms_lake.contract.change import bumped, joined, level_of
from carms_lake.contract.diff import diff
from carms_lake.contract.load import SUFFIX, parse_contract
from carms_lake.contract.model import Column, Contract
from carms_lake.contract.patch import Edit, Patch, applied, as_yaml
from carms_lake.contract.types import ColumnType
from carms_lake.contract.verify import verify
from carms_lake.errors import ContractError, StoreError, UsageError
from carms_lake.files import whole
from carms_lake.flows.drift.findings import ChangeKind, Compared, ContractPatch
from carms_lake.flows.drift.inference import are_comparable
from carms_lake.names import IDENTIFIER, TableRef
from carms_lake.quality.constraints import value_constraints
from carms_lake.records import ReasonCode

_OPTIONAL = "carms.mayBeAbsent"
_OPTIONS = "logicalTypeOptions."
_FLAGS = {ChangeKind.ABSENT: (_OPTIONAL, True), ChangeKind.NULLABLE: ("required", False)}
_LIMITS = (ChangeKind.MINIMUM, ChangeKind.MAXIMUM, ChangeKind.MIN_LENGTH, ChangeKind.MAX_LENGTH)


class NoPatch(ContractError):
    """No contract takes what files have: a header that no contract can name, for instance."""


def contract_patch(contract: Contract, compared: Sequence[Compared]) -> ContractPatch | None:
    """The patch, with the version that its changes require; None if no change is needed.

    Raises:
        NoPatch: the patched contract would be invalid.
        ContractError: the contract's file is gone.
    """
    patch = proposed(contract, compared)
    if not patch:
        return None
    text, path, ref = text_of(contract), contract.path or Path(), contract.ref
    try:
        changes = diff(contract, parse_contract(applied(text, patch).encode(), path, ref))
        level = level_of(changes)
        version = bumped(contract.version, level)
        patch = replace(patch, version=version)
        text = applied(text, patch)
    except (ContractError, ValueError) as error:
        raise NoPatch(
            f"`{contract.path}` cannot be patched: {error}", "change the contract by hand"
        ) from error
    old = contract.version
    title = f"{ref}: {old} -> {version} ({level.word})"
    shown = as_yaml(ref.table, patch, [title, *map(str, changes)])
    return ContractPatch(ref, level.word, old, version, changes, shown, text)


def text_of(contract: Contract) -> str:
    """The text of a contract's file.

    Raises:
        ContractError: it was not loaded from a file, or that file is gone.
    """
    if contract.path is None:
        raise ContractError(
            f"`{contract.ref}` was not loaded from a file",
            "only contracts that are files can be patched",
        )
    try:
        return contract.path.read_text(encoding="utf-8")
    except OSError as error:
        raise ContractError(
            f"`{contract.path}` cannot be read: {error.strerror}",
            "check that it is there, and its permissions",
        ) from error


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
    written, kept = (folder / f"{ref.table}{v}{SUFFIX}" for v in ("", f".v{old.version}"))
    verify({**contracts, ref: parse_contract(text.encode(), written, ref)})
    before = text_of(old)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if kept.exists() and kept.read_text(encoding="utf-8") != before:
            raise UsageError(
                f"`{kept}` holds another contract of version {old.version} already",
                f"give `{old.path}` a version of its own, or move that file away",
            )
        for path, content in ((kept, before), (written, text)):
            with whole(path) as partial:
                partial.write_text(content, encoding="utf-8", newline="")
    except OSError as error:
        raise StoreError(
            f"`{folder}` cannot be written: {error.strerror}", "check its permissions and the disk"
        ) from error
    return written, kept


def proposed(contract: Contract, files: Sequence[Compared]) -> Patch:
    """The patch of a contract under which all these files would be read.

    If some files have a new header and others the old one, the column is not renamed: the new
    header becomes a column of its own, and both are optional.
    """
    values: dict[str | None, dict[ChangeKind, list[Any]]] = defaultdict(lambda: defaultdict(list))
    new: dict[str, list[ColumnType]] = defaultdict(list)
    changes = [change for file in files for change in file.changes]
    if not changes:
        return Patch()
    for change in changes:
        if change.kind is ChangeKind.ADDED and change.column:
            new[change.column].append(change.value)
        else:
            values[change.column][change.kind].append(change.value)
    delimiters = sorted(values[None][ChangeKind.DELIMITER])
    # A contract has one delimiter: files with another one stay refused.
    edits = [Edit(None, "carms.delimiter", value) for value in delimiters[:1]]
    rules: dict[str, list[str]] = defaultdict(list)
    for rule in value_constraints(contract):
        if rule.code is not ReasonCode.REQUIRED_NULL:
            rules[rule.column].append(rule.kind)
    added: dict[str, list[ColumnType]] = defaultdict(list)
    for column in contract.columns:
        needed = values[column.name]
        headers = set(needed.get(ChangeKind.HEADER, ()))
        if headers and (len(headers) > 1 or any(column.name in file.kept for file in files)):
            kind = reduce(joined, needed.get(ChangeKind.TYPE, [column.type]))
            for header in sorted(headers):
                added[header] = [kind]
            edits.append(Edit(column.name, _OPTIONAL, value=True))
        else:
            edits += _edits(column, needed, rules[column.name])
    for header, kinds in new.items():
        added[header] += kinds
    return Patch(tuple(edits), tuple(_new_columns(contract, added)))


def column_name(header: str, taken: Collection[str]) -> str:
    """A name for a column with this header that is not taken yet.

    >>> column_name("Refund €", []), column_name("orderDate", []), column_name("2nd", ["c_2nd"])
    ('refund', 'order_date', 'c_2nd_2')
    """
    plain = unicodedata.normalize("NFKD", header).encode("ascii", "ignore").decode()
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", plain).lower()
    name = re.sub(r"[^a-z0-9]+", "_", words).strip("_") or "new_column"
    if not IDENTIFIER.fullmatch(name):
        name = f"c_{name}"
    numbered = chain([name], (f"{name}_{number}" for number in count(2)))
    return next(free for free in numbered if free not in taken)


def _edits(
    column: Column, needed: Mapping[ChangeKind, list[Any]], rules: Sequence[str]
) -> Iterator[Edit]:
    name = column.name
    if ChangeKind.HEADER in needed:
        yield Edit(name, "physicalName", needed[ChangeKind.HEADER][0])
    for flag, (key, is_set) in _FLAGS.items():
        if flag in needed:
            yield Edit(name, key, value=is_set)
    if ChangeKind.TYPE in needed:
        kind = reduce(joined, needed[ChangeKind.TYPE])
        yield Edit(name, "logicalType", kind.logical)
        yield Edit(name, "physicalType", str(kind))
        if not are_comparable(kind, column.type):  # limits of numbers make no sense for text
            for rule in rules:
                yield Edit(name, rule if rule == "enum" else f"{_OPTIONS}{rule}", None)
            return
    yield from _looser_rules(column, needed, rules)


def _looser_rules(
    column: Column, needed: Mapping[ChangeKind, list[Any]], rules: Sequence[str]
) -> Iterator[Edit]:
    name = column.name
    if ChangeKind.ENUM in needed:
        new = dict.fromkeys(chain.from_iterable(needed[ChangeKind.ENUM]))
        yield Edit(name, "enum", [{"value": value} for value in (*column.enum, *new)])
    if ChangeKind.PATTERN in needed:
        yield Edit(name, f"{_OPTIONS}pattern", None)
    for limit in _LIMITS:
        if limit in needed:
            furthest = min if limit.startswith("min") else max
            yield Edit(name, f"{_OPTIONS}{limit}", furthest(needed[limit]))
            exclusive = f"exclusive{limit.capitalize()}"
            if exclusive in rules:
                yield Edit(name, f"{_OPTIONS}{exclusive}", None)


def _new_columns(
    contract: Contract, added: Mapping[str, Sequence[ColumnType]]
) -> Iterator[Mapping[str, Any]]:
    taken = {*contract.column_names, *contract.audit_columns}
    for header, kinds in added.items():
        name = column_name(header, taken)
        taken.add(name)
        kind = reduce(joined, kinds)
        yield {
            "name": name,
            **({} if name == header else {"physicalName": header}),
            "logicalType": kind.logical,
            "physicalType": str(kind),
            "customProperties": [{"property": _OPTIONAL, "value": True}],
        }
