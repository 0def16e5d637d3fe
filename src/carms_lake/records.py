"""What flows through the lake, one frozen object for each step of a record's way.

    SourceFile --readers--> FileChunks, ParsedRows --quality--> Checked --store--> RunReport

Conservation law: the records of a file are accepted + rejected, at every step.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from carms_lake.notebook import Shown

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    import polars as pl

    from carms_lake.names import TableRef


class ReasonCode(StrEnum):
    """Why a record was rejected, or a row quarantined; public."""

    MALFORMED_ROW = "MALFORMED_ROW"
    MISSING_COLUMN = "MISSING_COLUMN"
    UNEXPECTED_COLUMN = "UNEXPECTED_COLUMN"
    ENCODING_ERROR = "ENCODING_ERROR"
    TYPE_MISMATCH = "TYPE_MISMATCH"
    REQUIRED_NULL = "REQUIRED_NULL"
    NOT_IN_ENUM = "NOT_IN_ENUM"
    PATTERN_MISMATCH = "PATTERN_MISMATCH"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    DUPLICATE_KEY = "DUPLICATE_KEY"
    UNKNOWN_REFERENCE = "UNKNOWN_REFERENCE"
    RULE_FAILED = "RULE_FAILED"


class FileStatus(StrEnum):
    """What a run did with a source file."""

    LANDED = "landed"
    REPLACED = "replaced"
    UNCHANGED = "unchanged"
    COPY = "copy"
    """The same content was loaded already under another name; skipped."""
    REFUSED = "refused"
    REPLAYED = "replayed"
    """Rejected records of it were reparsed."""


@dataclass(frozen=True)
class SourceFile:
    """One file that a contract's pattern matches.

    `name` is the path from the folder where the pattern starts to match, with `/`, without the
    ending of a compressed container: the identity of the file. `path` is where its bytes are on
    disk; for a zip, `member` is the member to read.
    """

    table: TableRef
    name: str
    path: Path
    size: int
    mtime_ns: int
    member: str | None = None
    format: str = ""
    """How it is read; empty where the contract has one format only."""
    sha256: str = ""
    """Of the uncompressed content; empty until it is read."""


CHUNK = "\x00chunk"
"""The column that says which chunk, counted from 0, a row of `ParsedRows` comes from."""


@dataclass(frozen=True)
class Chunk:
    """Some records of a source file, in order, as a reader found them.

    Chunks of one `kind` are parsed together, because that of a small file takes a hundred times
    longer alone.
    """

    records: int
    """How many, counted without the frame library where the format lets us."""
    content: Any
    """What `readers.parse_chunks` turns into rows."""
    kind: tuple[Hashable, ...]
    """The module that parses it, and what chunks must share to be parsed together."""
    header: str | None = None
    """Of delimited text, as it is in the file; it says what raw records hold."""


class RawRecords(Protocol):
    """The records of a chunk as they are in the file, cut out of what the chunk holds anyway.

    Nothing is built before a record is rejected: the texts of all would double the memory.
    """

    def texts(self, row_numbers: Sequence[int]) -> Mapping[int, str]:
        """The text of those of these records that the chunk has, by number."""


@dataclass(frozen=True)
class ParsedRows:
    """The records of one or several chunks in columns.

    `rows` has `CHUNK` (uint32), `src_row_number` (int64, 1-based record after the header; for
    workbooks the sheet row) and the contract's columns that the file has, under the contract's
    names: text (`pl.String`, null where the cell is a null value) from text formats, the file's own
    types from Parquet, Delta, JSON scalars and sheet cells. Columns that the contract takes from
    the path or lets be absent are missing. Where the contract names a repair, `src_repair` says
    what was repaired; where it lets a file have new columns, `src_extra` has their values as JSON.

    `malformed` are the records that do not fit into columns: `CHUNK`, `src_row_number` int64,
    `raw_record` string, `code` string (ReasonCode), `column` string or null, `value` string or
    null, `message` string.
    """

    rows: pl.DataFrame
    malformed: pl.DataFrame
    raw: Sequence[RawRecords]
    """Of each chunk."""


@dataclass(frozen=True)
class FileChunks:
    """The records of one source file, chunk by chunk: memory does not grow with the file."""

    source: SourceFile
    chunks: Iterable[Chunk]
    """Read once, in order; what is wrong with the file may show only while they are read. Every
    chunk has the same columns."""
    notes: tuple[str, ...] = ()
    """What was accepted though unusual: a different column order, case or spaces in a header."""


@dataclass(frozen=True)
class Provenance:
    """What every row of one file in one run says of where it comes from."""

    run_id: str
    ingestion_ts: datetime
    delivery_id: int | None = None
    """Of a snapshot; None for sources whose files are replaced."""
    delivered_at: datetime | None = None
    """When that delivery was first loaded, UTC."""


@dataclass(frozen=True)
class TrackedChunk:
    """A chunk of a file, and what its rows say of where they come from."""

    source: SourceFile
    provenance: Provenance
    chunk: Chunk


@dataclass(frozen=True)
class Checked:
    """Chunks split by their contract: accepted + rejected = all their records.

    `accepted` has the contract's columns in order, typed, and the audit columns. `rejected` has the
    columns of the reject store. `disagreeing` counts, by file and column, the accepted rows whose
    value is not what the file's path says.
    """

    accepted: pl.DataFrame
    rejected: pl.DataFrame
    disagreeing: Mapping[tuple[str, str], int]


@dataclass(frozen=True)
class FileReport:
    """What became of one source file in one run."""

    table: TableRef
    name: str
    status: FileStatus
    records: int = 0
    accepted: int = 0
    rejected: int = 0
    seconds: float = 0.0
    bytes: int = 0
    sha256: str = ""
    code: str = ""
    message: str = ""
    hint: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class TableReport:
    """What became of one table in one build: counts of rows and keys, whether they reconcile."""

    table: TableRef
    status: str
    """built, copied (from the published file) or unchanged."""
    rows: int | None = None
    """None where they were not counted: of a view or macro that was not created again."""
    rows_read: int | None = None
    """Of its driver, else of all its inputs; 0 where nothing was computed, None if unknown."""
    driver_keys: int | None = None
    keys: int | None = None
    quarantined: int = 0
    superseded: int = 0
    seconds: float = 0.0
    balanced: bool = True
    message: str = ""


@dataclass(frozen=True)
class CheckResult:
    """One rule on one table."""

    table: TableRef
    rule: str
    severity: str
    passed: bool
    failed_rows: int = 0
    """Of a rule that may have some (a budget), also where it passed."""
    checked_rows: int = 0
    budget_pct: float = 0.0
    message: str = ""
    dimension: str = ""
    """What of the data it is about, in the seven words of ODCS."""
    counts_rows: bool = True
    """Whether it is about rows; else about the table as a whole, as a sum is."""
    quarantined: bool = False
    """Whether the failed rows are in quarantine, and not in the table."""


@dataclass(frozen=True)
class CheckFailure:
    """One row that breaks a rule, or what a rule about a whole table found."""

    table: TableRef
    rule: str
    severity: str
    column: str | None = None
    row_key: str | None = None
    """The row's key as JSON, without personal columns."""
    value: str | None = None
    src_filename: str | None = None
    src_row_number: int | None = None
    message: str = ""


@dataclass(frozen=True)
class Score:
    """How good a table is in one dimension of quality."""

    table: TableRef
    dimension: str
    rules: int
    rules_failed: int
    rows: int
    """In the table and in quarantine."""
    failed_rows: int
    set_aside: int
    score_pct: float


@dataclass(frozen=True)
class RunReport(Shown):
    """What one run did."""

    run_id: str
    command: str
    domain: str
    started_at: datetime
    seconds: float
    files: tuple[FileReport, ...] = ()
    tables: tuple[TableReport, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    published: Path | None = None
    notes: tuple[str, ...] = ()
    failures: tuple[CheckFailure, ...] = field(default=(), metadata={"is_shown": False})
    """Rows that break rules; kept in `ops.check_failures`."""
    scores: tuple[Score, ...] = field(default=(), metadata={"is_shown": False})

    @property
    def failed_checks(self) -> int:
        """How many checks of severity error failed."""
        return sum(c.severity == "error" and not c.passed for c in self.checks)

    @property
    def rejected(self) -> int:
        """Records that this run rejected, and rows that it quarantined."""
        return sum(f.rejected for f in self.files) + sum(t.quarantined for t in self.tables)

    @property
    def refused(self) -> tuple[FileReport, ...]:
        """The files that could not be read."""
        return tuple(f for f in self.files if f.status is FileStatus.REFUSED)

    @property
    def is_balanced(self) -> bool:
        """Nothing was lost and nothing doubled."""
        return all(f.records == f.accepted + f.rejected for f in self.files) and all(
            t.balanced for t in self.tables
        )
