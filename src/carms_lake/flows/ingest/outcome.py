"""What became of the files of a run: counted while they are read, settled when all are.

Of a dry run, which writes nothing, what it keeps of the records that it checks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import polars as pl

from carms_lake.errors import SourceRefused, counted, trace_of
from carms_lake.names import SRC_FILENAME, SRC_ROW_HASH, SRC_ROW_NUMBER
from carms_lake.quality.split import Checked
from carms_lake.records import FileReport, FileStatus
from carms_lake.store.delta.manifest import FileEntry

_SHOWN = 5
"""How many reasons are reported of a file."""
_WHY = ("code", "column", "message")


@dataclass
class FileCounts:
    """What became of the records of one file, so far."""

    records: int = 0
    accepted: int = 0
    rejected: int = 0
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)
    first_fault: str = ""
    """Where the first record was rejected, and why."""


@dataclass(frozen=True)
class Loaded:
    """A file that the commit names; what was counted is known when all files are read."""

    report: FileReport
    entry: FileEntry
    counts: FileCounts = field(default_factory=FileCounts)
    """Zero for a copy, which is not read."""

    def settled(self, refused: Mapping[str, SourceRefused]) -> Loaded | FileReport:
        """The file with its counts; or its refusal, which is also that of its copies."""
        entry = self.entry
        holder = entry.copy_of if entry.copy_of and not entry.is_outdated else entry.name
        if holder in refused:
            return refused_report(replace(self.report, notes=()), refused[holder])
        counts = self.counts
        report = replace(
            self.report,
            records=counts.records,
            accepted=counts.accepted,
            rejected=counts.rejected,
            seconds=round(self.report.seconds + counts.seconds, 3),
            notes=(*self.report.notes, *counts.notes),
        )
        entry = replace(
            self.entry, records=counts.records, accepted=counts.accepted, rejected=counts.rejected
        )
        return Loaded(report, entry)


def refused_report(report: FileReport, error: SourceRefused) -> FileReport:
    """The report of a file that is refused, whatever was expected of it."""
    return replace(
        report,
        status=FileStatus.REFUSED,
        code=error.code,
        message=error.message,
        hint=error.hint,
        trace=trace_of(error),
    )


class Tried:
    """The records of a dry run: hashes of the accepted ones, reasons of the rejected ones."""

    def __init__(self) -> None:
        self._hashes = [pl.DataFrame(schema={SRC_FILENAME: pl.String, SRC_ROW_HASH: pl.Binary})]
        self._reasons: list[pl.DataFrame] = []

    def add(self, checked: Checked) -> None:
        """Keep what is reported, and compared, of a batch."""
        self._hashes.append(checked.accepted.select(SRC_FILENAME, SRC_ROW_HASH))
        reasons = checked.rejected.select(SRC_FILENAME, SRC_ROW_NUMBER, "reasons")
        without_number = pl.col("message").str.replace(r"^record \d+: ", "")
        found = reasons.explode("reasons").unnest("reasons").with_columns(without_number)
        of_batch = found.group_by(SRC_FILENAME, *_WHY, maintain_order=True)
        self._reasons.append(of_batch.agg(pl.len(), pl.col(SRC_ROW_NUMBER).min()))

    def hashes_of(self, name: str) -> pl.LazyFrame:
        """The hashes of the accepted records of a file."""
        of_file = pl.concat(self._hashes).lazy().filter(pl.col(SRC_FILENAME) == name)
        return of_file.select(SRC_ROW_HASH)

    def reasons(self) -> Iterator[tuple[str, str]]:
        """Each file with a reason for which its records would be rejected, most frequent first."""
        if not self._reasons:
            return
        found = pl.concat(self._reasons).group_by(SRC_FILENAME, *_WHY, maintain_order=True)
        counts = found.agg(pl.col("len").sum(), pl.col(SRC_ROW_NUMBER).min())
        for (name, *_), of_file in counts.group_by(SRC_FILENAME, maintain_order=True):
            ordered = of_file.sort("len", SRC_ROW_NUMBER, descending=[True, False])
            for row in ordered.head(_SHOWN).iter_rows(named=True):
                many = f"{row['code']} in {counted(row['len'], 'record')}"
                yield str(name), f"{many}, first in record {row[SRC_ROW_NUMBER]}: {row['message']}"
            if ordered.height > _SHOWN:
                yield str(name), f"and {ordered.height - _SHOWN} other reasons"
