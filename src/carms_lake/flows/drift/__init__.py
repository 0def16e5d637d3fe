"""Arriving files compared with their contracts and with the previous file; writes no data.

A file that its contract refuses is still read, by its own columns: that is what drift is for. The
changes that a contract needs to accept its files make one patch, and the patch's version follows
from what it breaks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from carms_lake.catalog import load_catalog
from carms_lake.contract.change import bumped, level_of
from carms_lake.contract.diff import diff
from carms_lake.contract.patch import applied, as_yaml
from carms_lake.errors import ContractError, SourceError, SourceRefused
from carms_lake.flows.drift.compare import compare
from carms_lake.flows.drift.files import baseline, previous_file, read_raw
from carms_lake.flows.drift.findings import Compared, Finding, Severity
from carms_lake.flows.drift.proposal import loaded, proposed, text_of, write_version
from carms_lake.names import Layer, TableRef
from carms_lake.notebook import Shown
from carms_lake.readers.content import digest
from carms_lake.readers.discover import discover, listing
from carms_lake.store import table_path
from carms_lake.store.delta.log import commits
from carms_lake.store.delta.manifest import Manifest, read_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from carms_lake.config import LakeConfig
    from carms_lake.contract.change import Change
    from carms_lake.contract.model import Contract
    from carms_lake.flows.drift.files import Baseline
    from carms_lake.records import SourceFile

    Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True)
class FileDrift:
    """One file that was compared."""

    table: TableRef
    name: str
    records: int = 0
    sampled: int = 0
    """How many of the records were compared."""
    compared_with: str | None = None
    """The previous file; None if none has landed yet."""
    code: str = ""
    """Why it cannot be read; empty if it was read."""
    message: str = ""
    hint: str = ""


@dataclass(frozen=True)
class ContractPatch:
    """The changes of one contract under which it accepts its files."""

    table: TableRef
    level: str
    """patch, minor or major."""
    from_version: str
    to_version: str
    changes: tuple[Change, ...]
    yaml: str
    """The changes, in the contract's own YAML shape."""
    text: str
    """The whole new contract."""
    written: Path | None = None
    kept: Path | None = None
    """Where the old version is kept."""


@dataclass(frozen=True)
class DriftReport(Shown):
    """What the comparison of arriving files found."""

    files: tuple[FileDrift, ...] = ()
    findings: tuple[Finding, ...] = ()
    patches: tuple[ContractPatch, ...] = ()

    @property
    def unreadable(self) -> tuple[FileDrift, ...]:
        """The files that could not be read at all."""
        return tuple(file for file in self.files if file.code)

    @property
    def has_drift(self) -> bool:
        """Whether anything has drifted; notes do not count."""
        return any(finding.severity is not Severity.NOTE for finding in self.findings)


def drift(
    config: LakeConfig,
    sources: Sequence[str] = (),
    *,
    from_path: Path | None = None,
    every: bool = False,
    write: bool = False,
    progress: Progress | None = None,
) -> DriftReport:
    """Compare the files that ingest would read with their contracts and with the previous file.

    With `every`, unchanged files too. With `write`, each patch becomes a new version of its
    contract in the project's `schemas/`.

    Raises:
        UsageError: the domain has no such source, or the contracts may not be written.
        ContractError: a contract is invalid, or would be after its patch.
        SourceError: the folder to read from does not exist.
        StoreError: the lake cannot be read, or the contract cannot be written.
    """
    catalog = load_catalog(config.domain)
    chosen = [catalog.contracts[ref] for ref in catalog.select(sources, Layer.BRONZE)]
    base = from_path or config.data_raw
    if not base.exists():
        raise SourceError(
            f"no folder `{base}`",
            "put the source files there, or name another with `--from`",
        )
    available = listing(base)
    files: list[FileDrift] = []
    findings: list[Finding] = []
    patches: list[ContractPatch] = []
    for contract in chosen:
        source_files = _SourceFiles(config, contract)
        found = discover(contract, available)
        arriving = (
            found if every else [source for source in found if source_files.is_arriving(source)]
        )
        compared: list[Compared] = []
        for number, source in enumerate(arriving):
            if progress:
                progress(source.name, number, len(arriving))
            file, result = source_files.compare(source)
            files.append(file)
            compared.append(result)
            findings += result.findings
        patch = _patch(contract, compared)
        if patch is not None:
            patches.append(_written(config, catalog.contracts, patch) if write else patch)
    return DriftReport(tuple(files), tuple(findings), tuple(patches))


class _SourceFiles:
    """One source: its contract, and the files of it that have landed."""

    def __init__(self, config: LakeConfig, contract: Contract) -> None:
        self.contract = contract
        self.path = table_path(config, contract.ref)
        self.manifest: Manifest = read_manifest(commits(self.path))
        self._baseline: Baseline | None = None

    def is_arriving(self, source: SourceFile) -> bool:
        """Whether ingest would read the file: it is new, or its content has changed."""
        known = self.manifest.current.get(source.name)
        if known and (known.size, known.mtime_ns) == (source.size, source.mtime_ns):
            return False
        try:
            sha256 = digest(source).sha256
        except SourceRefused:
            return True
        if known:
            return known.sha256 != sha256
        if any(column.from_path for column in self.contract.columns):
            return True
        return all(entry.sha256 != sha256 for entry in self.manifest.current.values())

    def compare(self, source: SourceFile) -> tuple[FileDrift, Compared]:
        """Read a file and compare it.

        Raises:
            ContractError: the contract's dialect or a pattern is invalid.
            StoreError: the landed rows cannot be read.
        """
        ref = self.contract.ref
        try:
            raw = read_raw(source, self.contract)
        except SourceRefused as error:
            refused = FileDrift(
                ref, source.name, code=error.code, message=error.message, hint=error.hint
            )
            return refused, Compared()
        before = self._before(source.name)
        old = before.rows if before else None
        compared = compare(self.contract, source.name, raw, old)
        sampled = raw.sample.height if raw.is_sampled else raw.records
        file = FileDrift(ref, source.name, raw.records, sampled, before.file if before else None)
        return file, compared

    def _before(self, name: str) -> Baseline | None:
        """The rows to compare with; cached, since most files of a source have the same."""
        entry = previous_file(self.manifest, name)
        if entry is None:
            return None
        if self._baseline is None or self._baseline.file != entry.name:
            self._baseline = baseline(self.path, self.contract, entry)
        return self._baseline


def _patch(contract: Contract, compared: Sequence[Compared]) -> ContractPatch | None:
    """The patch, with the version that its changes require; None if no change is needed.

    Raises:
        ContractError: the patched contract would be invalid.
    """
    patch = proposed(contract, compared)
    if not patch:
        return None
    text = text_of(contract)
    try:
        changes = diff(contract, loaded(applied(text, patch), contract.ref))
        level = level_of(changes)
        version = bumped(contract.version, level)
        patch = replace(patch, version=version)
        new_text = applied(text, patch)
    except ValueError as error:
        raise ContractError(f"`{contract.path}` cannot be patched: {error}") from error
    title = f"{contract.ref}: {contract.version} -> {version} ({level.word})"
    return ContractPatch(
        table=contract.ref,
        level=level.word,
        from_version=contract.version,
        to_version=version,
        changes=changes,
        yaml=as_yaml(contract.ref.table, patch, [title, *map(str, changes)]),
        text=new_text,
    )


def _written(
    config: LakeConfig, contracts: Mapping[TableRef, Contract], patch: ContractPatch
) -> ContractPatch:
    written, kept = write_version(config, contracts, contracts[patch.table], patch.text)
    return replace(patch, written=written, kept=kept)
