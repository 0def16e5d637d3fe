"""Arriving files compared with their contracts and with the previous file; writes no data.

A file that its contract refuses is still read, by its own columns: that is what drift is for. The
changes that a contract needs to accept its files make one patch, and the patch's version follows
from what it breaks. `status` compares the newest file of each source alone, by its first records,
and only where it is cheap to open.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

import polars as pl

from carms_lake.catalog import load_catalog
from carms_lake.config import LakeConfig
from carms_lake.contract.model import Contract
from carms_lake.errors import SourceError, SourceRefused, trace_of
from carms_lake.flows.drift.compare import compare, landed_rows, matched
from carms_lake.flows.drift.files import HEAD_RECORDS, RawFile, document_column, read_raw
from carms_lake.flows.drift.findings import (
    Compared,
    ContractPatch,
    DriftReport,
    FileDrift,
    Finding,
    Severity,
)
from carms_lake.flows.drift.inference import cast_to
from carms_lake.flows.drift.proposal import NoPatch, contract_patch, write_version
from carms_lake.flows.drift.spelled import in_usual_spelling
from carms_lake.flows.drift.trial import not_accepted
from carms_lake.names import Layer, natural_key
from carms_lake.readers.content import digest, is_packed, readable
from carms_lake.readers.discover import discover, listing
from carms_lake.readers.header import spec_of
from carms_lake.records import Progress, SourceFile
from carms_lake.store import table_path
from carms_lake.store.delta.log import commits
from carms_lake.store.delta.manifest import FileEntry, Manifest, read_manifest

OF_ALL = frozenset({"distribution", "null_rate", "gone_values"})
"""Changes that the first records of a sorted or partitioned file cannot show."""
READ_WHOLE = frozenset({"json", "xlsx"})
"""Formats that give no record before the whole file is read."""
SMALL_BYTES = 2 << 20
"""Newest files of these formats, and compressed ones, are compared up to this size."""
EXPECTED = 10
"""A key of whole records is new only if the previous file should have had it this often."""
FEW_ROWS = 200_000
"""Of a source with more landed rows, an earlier delivery is not looked up."""
DRIFT = dict.fromkeys(
    ("source", "file", "beside", "change", "column", "severity", "expected", "found"), pl.String()
)
"""Drift of newest files, each with the file that it was compared with; null if with none.

`change` is as `carms drift` calls it, or unreadable; `severity` is error or warning."""


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

    With `every`, unchanged files too. With `write`, each patch that accepts one of its files, which
    is tried, becomes a new version of its contract in the project's `schemas/`.

    Raises:
        UsageError: the domain does not have the source, or the contracts may not be written.
        ContractError: a contract is invalid, or would be after its patch.
        SourceError: the folder to read from does not exist.
        StoreError: the lake cannot be read, or the contract cannot be written.
    """
    catalog = load_catalog(config.domain)
    chosen = [catalog.contracts[ref] for ref in catalog.select(sources, Layer.BRONZE)]
    base = from_path or config.data_raw
    if not base.exists():
        hint = "put the source files there, or name another with `--from`"
        raise SourceError(f"no folder `{base}`", hint)
    available = listing(base)
    files: list[FileDrift] = []
    findings: list[Finding] = []
    patches: list[ContractPatch] = []
    notes: list[str] = []
    for contract in chosen:
        path = table_path(config, contract.ref)
        manifest = read_manifest(commits(path))
        found = discover(contract, available)
        arriving = [one for one in found if every or _is_arriving(one, contract, manifest)]
        # Most files of a source are compared with the same rows.
        rows_of = lru_cache(maxsize=1)(partial(landed_rows, path, contract))
        compared: list[Compared] = []
        for number, source in enumerate(arriving):
            if progress:
                progress(source.name, number, len(arriving))
            before = _previous_file(manifest, source.name)
            file, result = _compared(source, contract, before, rows_of)
            files.append(file)
            compared.append(result)
            findings += result.findings
        unread = {file.name for file in files if file.table == contract.ref and file.code}
        readable_ones = [source for source in arriving if source.name not in unread]
        try:
            patch = _tried_patch(contract, compared, readable_ones)
        except NoPatch as error:  # files are compared all the same
            notes.append(f"{error.message}: {error.hint}")
            continue
        if patch and write and patch.accepts:
            written, kept = write_version(config, catalog.contracts, contract, patch.text)
            patch = replace(patch, written=written, kept=kept)
        patches += [patch] if patch else []
    return DriftReport(tuple(files), tuple(findings), tuple(patches), tuple(notes))


def _tried_patch(
    contract: Contract, compared: Sequence[Compared], files: Sequence[SourceFile]
) -> ContractPatch | None:
    """The patch that the findings ask for, tried on the files; None where they ask for none.

    Raises:
        NoPatch: no contract can name what was found.
    """
    patch = contract_patch(contract, compared)
    if patch is None:
        return None
    left = not_accepted(patch.text, contract, files)
    return replace(patch, tried=len(files), left=left)


def _has_landed(source: SourceFile, entry: FileEntry | None) -> bool:
    if entry is None:
        return False
    try:
        return entry.is_surely(source) or digest(source) == entry.sha256
    except SourceRefused:
        return False


def _is_arriving(source: SourceFile, contract: Contract, manifest: Manifest) -> bool:
    """Whether ingest would read the file: it is new, or its content has changed."""
    known = manifest.current.get(source.name)
    if _has_landed(source, known):
        return False
    try:
        sha256 = digest(source)
    except SourceRefused:
        return True
    if known:
        return known.sha256 != sha256
    # Under another path the same content is other rows where a column comes from the path.
    return any(column.from_path for column in contract.columns) or all(
        entry.sha256 != sha256 for entry in manifest.current.values()
    )


def _compared(
    source: SourceFile,
    contract: Contract,
    before: FileEntry | None,
    rows_of: Callable[[FileEntry], pl.DataFrame],
) -> tuple[FileDrift, Compared]:
    ref, name = contract.ref, source.name
    try:
        raw = in_usual_spelling(read_raw(source, contract), contract)
        old = rows_of(before) if before else None
        with readable(source):
            found = compare(contract, name, raw, old)
    except SourceRefused as error:
        refused = FileDrift(
            ref,
            name,
            code=error.code,
            message=error.message,
            hint=error.hint,
            trace=trace_of(error),
        )
        return refused, Compared()
    return FileDrift(ref, name, raw.records, raw.compared, before.name if before else None), found


def _previous_file(manifest: Manifest, name: str) -> FileEntry | None:
    """The landed file to compare with: the last delivery of the same name, else the newest."""
    entries = [entry for entry in manifest.current.values() if entry.accepted and not entry.copy_of]
    return max(entries, key=lambda entry: (entry.name == name, entry.run_id), default=None)


def newest(
    found: Sequence[SourceFile], manifest: Manifest
) -> tuple[SourceFile, SourceFile | FileEntry | None] | None:
    """The newest of the source files, landed or not, and what it is compared with, if anything.

    That is the previous delivery of the same name, else the file that landed before it.
    """
    known = manifest.current
    arriving = [source for source in found if not _has_landed(source, known.get(source.name))]
    by_name = {source.name: source for source in found}
    landed = sorted(
        (entry for entry in known.values() if entry.name in by_name and not entry.copy_of),
        key=lambda entry: (entry.run_id, natural_key(entry.name)),
    )
    if arriving:
        source = max(arriving, key=lambda one: one.mtime_ns)
        deliveries = manifest.deliveries.get(source.name, ())
    elif landed:
        source = by_name[landed[-1].name]
        deliveries = manifest.deliveries[source.name][:-1]
    else:
        return None
    same = [entry for entry in deliveries if entry.accepted and not entry.copy_of]
    if same:
        return source, same[-1]
    others = [entry for entry in landed if entry.name != source.name]
    return source, by_name[others[-1].name] if others else None


def drift_of(
    path: Path, contract: Contract, source: SourceFile, before: SourceFile | FileEntry | None
) -> list[tuple[str | None, ...]] | None:
    """The drift of a source's newest file, as rows; None where it is too large to compare.

    `path` is the table's; `before` is another source file, or a delivery whose rows have landed.

    Raises:
        ContractError: a pattern of the contract is not a regular expression.
        StoreError: the landed rows cannot be read.
    """
    table, file = contract.ref.table, source.name
    if _is_large(source, contract):
        return None
    old = _rows_before(path, contract, before) if before else None
    compared_with = before.name if before and old is not None else None
    try:
        with readable(source):
            raw = _first_records(source, contract)
            found = compare(contract, file, raw, old)
    except SourceRefused as error:
        return [(table, file, None, "unreadable", None, "error", "", error.message)]
    return [
        (table, file, compared_with, f.change, f.column, str(f.severity), f.expected, f.found)
        for f in found.findings
        if f.severity is not Severity.NOTE
        and f.change not in OF_ALL
        and not (f.change == "added" and _is_chance(contract, raw, old, f.column or ""))
    ]


def _is_large(source: SourceFile, contract: Contract) -> bool:
    name = source.format or spec_of(contract).formats[0]
    return (name in READ_WHOLE or is_packed(source)) and source.size > SMALL_BYTES


def _first_records(source: SourceFile, contract: Contract) -> RawFile:
    raw = in_usual_spelling(read_raw(source, contract, most=HEAD_RECORDS), contract)
    return replace(raw, sample=raw.sample.head(HEAD_RECORDS))


def _is_chance(contract: Contract, raw: RawFile, old: pl.DataFrame | None, key: str) -> bool:
    """Whether a key of whole records is so rare that the previous file may lack it by chance."""
    if document_column(contract) is None or old is None:
        return False
    values = raw.sample[key]
    return (1 - values.null_count() / values.len()) * old.height < EXPECTED


def _rows_before(
    path: Path, contract: Contract, before: SourceFile | FileEntry
) -> pl.DataFrame | None:
    """The rows to compare the newest file with, under the contract's names and types."""
    if isinstance(before, FileEntry):
        return landed_rows(path, contract, before) if before.accepted <= FEW_ROWS else None
    if _is_large(before, contract):
        return None
    try:
        with readable(before):
            raw = _first_records(before, contract)
            if document_column(contract) is not None:
                return raw.sample
            return pl.DataFrame(
                {
                    name: cast_to(raw.sample[header], contract.column(name).type)
                    for name, header in matched(contract, raw, None).present.items()
                }
            )
    except SourceRefused:  # the run that read the file has reported what is wrong with it
        return None
