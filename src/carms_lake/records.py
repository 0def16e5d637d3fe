"""What flows through the lake: SourceFile, FileChunks, ParsedRows, and the reports of a run.

At every step the records of a file are accepted + rejected.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carms_lake.names import TableRef
from carms_lake.notebook import Shown

if TYPE_CHECKING:
    import polars as pl

Progress = Callable[[str, int, int | None], None]
"""Called while a flow works: what it is at, how much is done, and of how much, where known."""


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


@dataclass(frozen=True)
class Publication:
    """Gold of one build, published somewhere."""

    kind: str
    """What it is published as: `parquet` or `postgres`."""
    target: str
    """Where: a folder, or the URL of a bucket or of a database without a password."""
    gold_run_id: str
    """The build."""
    tables: int
    rows: int
    """Of all tables."""
    digest: str
    """Of all that was published."""


class FileStatus(StrEnum):
    """What a run did with a source file."""

    LANDED = "landed"
    REPLACED = "replaced"
    UNCHANGED = "unchanged"
    RENAMED = "renamed"
    """Its content was loaded under another name, which is gone; its rows have the new name now."""
    COPY = "copy"
    """Skipped: the same content was loaded already under another name."""
    REFUSED = "refused"
    REPLAYED = "replayed"
    FORGOTTEN = "forgotten"


@dataclass(frozen=True)
class SourceFile:
    """One file that a contract's pattern matches.

    `name` is its identity: the path from the folder where the pattern starts to match, with `/`,
    without the ending of a compressed container. `member` is the file of a zip to read. `format` is
    empty where the contract has one only, `sha256` (of the uncompressed content) until it is read.
    """

    table: TableRef
    name: str
    path: Path
    size: int
    mtime_ns: int
    inode: int | None = None
    ctime_ns: int | None = None
    """When the file was changed last, which nobody can set; None where the system does not say."""
    member: str | None = None
    format: str = ""
    sha256: str = ""


@dataclass(frozen=True)
class Chunk:
    """Some records of a source file, in order, as a reader found them."""

    records: int
    content: Any
    """What `readers.parse_chunks` turns into rows."""
    kind: tuple[Hashable, ...]
    """The module that parses it, and what chunks must share to be parsed together."""
    header: str | None = None
    """Of delimited text, as it is in the file; it says what raw records hold."""


CHUNK = "\x00chunk"
"""The column that says which chunk, counted from 0, a row of `ParsedRows` comes from."""


AS_TYPED = "\x00typed:"
"""Before a text of `ParsedRows` that a reader made of a number or a date, in a column whose texts
have a spelling of their own."""


RawTexts = Callable[[Sequence[int]], Mapping[int, str]]
"""Cuts the text of some records out of a chunk, by number: that of all would double the memory."""


@dataclass(frozen=True)
class ParsedRows:
    """The records of one or several chunks in columns.

    `rows` has `CHUNK` (uint32), `src_row_number` (int64, 1-based record after the header; for
    workbooks the sheet row) and the contract's columns that the file has: text (null where the cell
    is a null value) from text formats, the file's own types from Parquet, Delta, JSON scalars and
    sheet cells. `src_repair` says what was repaired; `src_extra` has the values of new columns as
    JSON, where the contract allows them.

    `malformed` are the records that do not fit into columns: `CHUNK`, `src_row_number`, and text:
    `raw_record`, `code` (ReasonCode), `column` and `value` (or null), `message`. `raw` is by chunk.
    """

    rows: pl.DataFrame
    malformed: pl.DataFrame
    raw: Sequence[RawTexts]


@dataclass(frozen=True)
class FileChunks:
    """The records of one source file, chunk by chunk: memory does not grow with the file."""

    source: SourceFile
    chunks: Iterable[Chunk]
    """Of the same columns; read once, in order, which may show what is wrong with the file."""
    notes: Sequence[str] = ()
    """What was accepted though unusual, such as a different column order; complete once the chunks
    are read."""


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
    trace: str = field(default="", metadata={"is_shown": False})
    """Where the error happened on whose account the file was refused, if there was one."""


@dataclass(frozen=True)
class TableReport:
    """What became of one table in one build: counts of rows and keys, whether they reconcile."""

    table: TableRef
    status: str
    """built, copied (as it is in the published file) or unchanged."""
    rows: int | None = None
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
    """One rule on one table; those with a budget may have failed rows and pass."""

    table: TableRef
    rule: str
    severity: str
    passed: bool
    failed_rows: int = 0
    checked_rows: int = 0
    budget_pct: float = 0.0
    message: str = ""
    dimension: str = ""
    counts_rows: bool = True
    """It is about rows; else about the table as a whole, as a sum is."""
    quarantined: bool = False
    """The failed rows are in quarantine instead of in the table."""


@dataclass(frozen=True)
class CheckFailure:
    """One row that breaks a rule, or what a rule about a whole table found."""

    table: TableRef
    rule: str
    severity: str
    column: str | None = None
    row_key: str | None = None
    """As JSON, without personal columns."""
    value: str | None = None
    src_filename: str | None = None
    src_row_number: int | None = None
    message: str = ""


@dataclass(frozen=True)
class Score:
    """How good a table is in one dimension of quality; quarantined rows count."""

    table: TableRef
    dimension: str
    rules: int
    rules_failed: int
    rows: int
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
