"""The newest file of each source compared with its contract and the file before it, quickly.

It is the comparison of `drift` on the first records of two files. Only files that are cheap to open
are inspected; `drift` inspects the others, and the whole of a file.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from carms_lake.errors import SourceRefused
from carms_lake.flows.drift.compare import compare, matched
from carms_lake.flows.drift.files import baseline, document_column, read_raw
from carms_lake.flows.drift.findings import Severity
from carms_lake.flows.drift.inference import cast_to
from carms_lake.flows.drift.sample import HEAD_RECORDS
from carms_lake.readers.content import is_packed
from carms_lake.readers.discover import natural_key
from carms_lake.readers.header import spec_of
from carms_lake.store.delta.manifest import FileEntry

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from carms_lake.contract.model import Contract
    from carms_lake.flows.drift.files import RawFile
    from carms_lake.records import SourceFile
    from carms_lake.store.delta.manifest import Manifest


OF_ALL = frozenset({"distribution", "null_rate", "gone_values"})
"""Changes that the first records of a sorted or partitioned file cannot show."""

READ_WHOLE = frozenset({"json", "xlsx"})
"""Formats that give no record before the whole file is read."""

SMALL_BYTES = 2 << 20
"""Files of these formats, and compressed ones, are inspected up to this size."""

EXPECTED = 10
"""A key of whole records is new only if the previous file should have had it this often."""

FEW_ROWS = 200_000
"""Of a source with more landed rows, an earlier delivery is not looked up."""


DRIFT = dict.fromkeys(
    ("source", "file", "beside", "change", "column", "severity", "expected", "found"), pl.String()
)
"""A row of drift; the file was compared with `beside`, or with its contract alone if that is null.

`change` is as `carms drift` calls it, or unreadable; `severity` is error or warning."""


class Newest(NamedTuple):
    """The newest file of a source, and what it is compared with."""

    source: SourceFile
    before: SourceFile | FileEntry | None
    """Another source file, or a delivery whose rows have landed, if there is one."""


def newest(found: Sequence[SourceFile], manifest: Manifest) -> Newest | None:
    """The newest of the source files, landed or not, if there is one.

    It is compared with the previous delivery of the same name, else with the file that landed
    before it.
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
        return Newest(source, same[-1])
    others = [entry for entry in landed if entry.name != source.name]
    return Newest(source, by_name[others[-1].name] if others else None)


def drift_of(path: Path, contract: Contract, files: Newest) -> list[tuple[str | None, ...]] | None:
    """The drift of the newest file of a source, as rows; None where it is too large to inspect.

    `path` is the table's.

    Raises:
        ContractError: a pattern of the contract is not a regular expression.
        StoreError: the landed rows cannot be read.
    """
    table, file, before = contract.ref.table, files.source.name, files.before
    if _is_large(files.source, contract):
        return None
    try:
        raw = _first_records(files.source, contract)
    except SourceRefused as error:
        return [(table, file, None, "unreadable", None, "error", "", error.message)]
    old = _rows_before(path, contract, before)
    compared_with = before.name if old is not None and before is not None else None
    return [
        (table, file, compared_with, f.change, f.column, str(f.severity), f.expected, f.found)
        for f in compare(contract, file, raw, old).findings
        if f.severity is not Severity.NOTE
        and f.change not in OF_ALL
        and not (f.change == "added" and _is_chance(contract, raw, old, f.column or ""))
    ]


def _has_landed(source: SourceFile, entry: FileEntry | None) -> bool:
    return entry is not None and (entry.size, entry.mtime_ns) == (source.size, source.mtime_ns)


def _is_large(source: SourceFile, contract: Contract) -> bool:
    name = source.format or spec_of(contract).formats[0]
    return (name in READ_WHOLE or is_packed(source)) and source.size > SMALL_BYTES


def _first_records(source: SourceFile, contract: Contract) -> RawFile:
    raw = read_raw(source, contract, most=HEAD_RECORDS)
    return replace(raw, sample=raw.sample.head(HEAD_RECORDS))


def _is_chance(contract: Contract, raw: RawFile, old: pl.DataFrame | None, key: str) -> bool:
    """Whether a key of whole records is so rare that the previous file may lack it by chance."""
    if document_column(contract) is None or old is None:
        return False
    values = raw.series(key)
    share = 1 - values.null_count() / values.len()
    return share * old.height < EXPECTED


def _rows_before(
    path: Path, contract: Contract, before: SourceFile | FileEntry | None
) -> pl.DataFrame | None:
    """The rows to compare the newest file with, under the contract's names and types."""
    if before is None:
        return None
    if isinstance(before, FileEntry):
        few = before.accepted <= FEW_ROWS
        return baseline(path, contract, before).rows if few else None
    if _is_large(before, contract):
        return None
    try:
        raw = _first_records(before, contract)
    except SourceRefused:  # the run that read the file has reported what is wrong with it
        return None
    if document_column(contract) is not None:
        return pl.DataFrame([raw.series(name).alias(name) for name in raw.headers])
    headers = matched(contract, raw, None).present
    return pl.DataFrame(
        [
            cast_to(raw.series(header), contract.column(name).type).alias(name)
            for name, header in headers.items()
        ]
    )
