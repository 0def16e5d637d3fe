"""What became of one file of a run, before all files are read and when they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from carms_lake.errors import SourceRefused, trace_of
from carms_lake.flows.ingest.batches import FileCounts
from carms_lake.records import FileReport, FileStatus
from carms_lake.store.delta.manifest import FileEntry


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
