"""A contract as the engine sees it: frozen, checked, free of YAML and of any dataframe library."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from carms_lake.contract.evidence import EvidenceSpec
from carms_lake.contract.indexes import Index
from carms_lake.contract.limits import Age, DeclaredTotal, QualityRule, RowChange
from carms_lake.contract.measures import Measure
from carms_lake.contract.spelling import Extent, SeriesSpec, Spelling
from carms_lake.contract.types import ColumnType
from carms_lake.names import AUDIT_COLUMNS, DELIVERY_COLUMNS, SRC_EXTRA, SRC_REPAIR, TableRef

BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength")
"""What `logicalTypeOptions` of a column may limit."""


class Delivery(StrEnum):
    """What a file means that arrives again under its name with other content."""

    APPEND = "append"
    """The file's rows are replaced."""
    SNAPSHOT = "snapshot"
    """Every delivery is kept; the newest is current."""


class NewColumns(StrEnum):
    """What happens to a file with a column that its contract does not know."""

    REFUSE = "refuse"
    """The file is refused, with the patch of the contract that would accept it."""
    ACCEPT = "accept"
    """Its rows land; the new values are kept in `src_extra` as JSON."""
    REJECT = "reject"
    """Rows with a value in the new column are rejected, the others land."""


class Balance(StrEnum):
    """How the rows of a silver table relate to the rows of its driver."""

    ONE_TO_ONE = "one_to_one"
    DEDUPLICATE = "deduplicate"
    EXPAND = "expand"
    AGGREGATE = "aggregate"
    NONE = "none"


@dataclass(frozen=True)
class Relationship:
    """A reference: the columns here, the table and the columns there."""

    columns: tuple[str, ...]
    target: TableRef
    target_columns: tuple[str, ...]
    enforced: bool = False
    """Gold: a build of the target builds this table, too."""
    quarantine: bool = False
    """Rows of silver whose reference is unknown are quarantined."""
    budget_pct: float | None = None
    """Percentage of rows with an orphaned reference above which the build's check fails; with
    `quarantine`, of rows that may be quarantined for it (None: they count to the table's)."""

    @property
    def name(self) -> str:
        """The rule's name, as rejects show it."""
        return f"{'+'.join(self.columns)}.relationship"


@dataclass(frozen=True)
class Column:
    """One property of a table."""

    name: str
    type: ColumnType
    source: str
    """The header, or the dotted path, under which a source file has it (`physicalName`)."""
    description: str = ""
    required: bool = False
    unique: bool = False
    primary_key_position: int | None = None
    classification: str | None = None
    enum: tuple[Any, ...] = ()
    pattern: str | None = None
    bounds: Mapping[str, Any] = field(default_factory=dict)
    """The limits of a value or of a text's length, as the standard names them (`BOUNDS`)."""
    sources: tuple[str, ...] = ()
    """`transformSourceObjects`: columns it is derived from (`bronze.program_master.school_id`)."""
    rule: str = ""
    """`transformDescription`: how the value is derived, in words; `trace` shows it."""
    from_path: str | None = None
    """A pattern with one group; the value is that part of `src_filename`."""
    agrees_with_path: str | None = None
    """A pattern with one group; values that do not begin with that part of `src_filename` are
    counted in a note."""
    may_be_absent: bool = False
    """A file without this column is accepted, its values are null."""
    coverage: bool = False
    """An extracted field: how many rows have it is kept in `ops.field_coverage`."""
    aliases: tuple[str, ...] = ()
    """Other headers, or paths, under which a source file may have it."""
    spelling: Spelling | None = None
    """How its values are written; None is the usual way."""
    bytes_encoding: str = "utf-8"
    """Parquet and Delta: the encoding of bytes that are text here."""

    @property
    def is_private(self) -> bool:
        """Whether its values are for those only who may read the lake."""
        return self.classification not in (None, "public")


@dataclass(frozen=True)
class SourceSpec:
    """Where a bronze table's files are and how they are read."""

    files: tuple[str, ...]
    """Glob patterns, from the folder of the domain's files, with `/`; `**` is any depth."""
    formats: tuple[str, ...]
    """Of csv, jsonl, json, xlsx, parquet, delta; or one that a third party added. Several only
    where folders tell them apart: delta and one other."""
    delivery: Delivery = Delivery.APPEND
    series: SeriesSpec | None = None
    """The files are snapshots that follow each other, of which the last is the present."""
    encoding: str = "utf-8"
    encodings: tuple[tuple[str, str], ...] = ()
    """Globs and the encoding of the files that match; the first one counts, else `encoding`."""
    delimiter: str = ","
    quote: str = '"'
    """Empty where a quote is a character like any other."""
    escape: str = ""
    """CSV: before a quote, a delimiter, a line end or itself, it makes that a character."""
    sheet: str | int | None = None
    """A sheet's name, or its number from 1; None is the first one."""
    extent: Extent = field(default_factory=Extent)
    drop_columns: tuple[str, ...] = ()
    """Headers that are expected and dropped; `""` is a column without a name."""
    null_values: tuple[str, ...] = ("",)
    """Cells that are read as null; text sources only."""
    trim: bool = False
    """CSV: cells are read without the spaces around them."""
    new_columns: NewColumns = NewColumns.REFUSE
    may_be_empty: bool = False
    """A file that held rows may come without any; else it is refused, and its rows stay."""
    merge_surplus_into: str | None = None
    """CSV: the column that the surplus fields of a record are joined back into."""


@dataclass(frozen=True)
class SilverSpec:
    """How a silver table is derived from its driver."""

    driver: TableRef | None = None
    balance: Balance = Balance.NONE
    driver_key: tuple[str, ...] = ()
    """The driver's columns that are this table's key; empty: the same names."""
    order: tuple[str, ...] = ()
    """`deduplicate`: the row that is last in this order is kept; `-column` turns it round."""
    history: HistorySpec | None = None
    by_key: bool = True
    """Whether a row depends only on the driver's rows of its own key, so that a build may compute
    the changed keys alone."""


@dataclass(frozen=True)
class HistorySpec:
    """A table of versions (SCD2), derived from every kept delivery.

    Within a `group` each distinct `at` is a complete state: a key that an earlier state had and a
    later one lacks is deleted from then on.
    """

    key: tuple[str, ...]
    group: tuple[str, ...]
    at: str = "delivered_at"
    ignore: tuple[str, ...] = ()
    """Columns that start no new version when only they change."""


_JUDGING = ("name", "type", "source", "required", "enum", "pattern", "from_path", "may_be_absent")
_READING = (
    "encoding",
    "delimiter",
    "quote",
    "sheet",
    "drop_columns",
    "null_values",
    "trim",
    "new_columns",
    "merge_surplus_into",
)
"""What of a column, and of a source, decides about single records."""


@dataclass(frozen=True)
class Contract:
    """The contract of one table."""

    ref: TableRef
    version: str
    columns: tuple[Column, ...]
    grain: str
    description: str = ""
    kind: str = "table"
    """table, view or macro (ODCS `physicalType`)."""
    relationships: tuple[Relationship, ...] = ()
    quality: tuple[QualityRule, ...] = ()
    source: SourceSpec | None = None
    """Bronze only."""
    silver: SilverSpec = field(default_factory=SilverSpec)
    reconcile: tuple[Mapping[str, Any], ...] = ()
    """Gold only: `name`, and two scalar SELECTs, `gold` and `silver`, that must be equal."""
    enforce_key: bool = True
    """Gold: a repeated key stops the build as soon as the table is filled, whatever is asked; else
    it is one of the checks before the publish, which it is in any case."""
    parameters: tuple[str, ...] = ()
    """Of a macro, as its definition writes them: `province := null`."""
    ages: tuple[Age, ...] = ()
    """How old its newest delivery or value may be (`slaProperties`)."""
    quarantine_budget_pct: float | None = None
    """Silver: percentage of the function's rows that may be quarantined before the build's check
    fails; None: the default budget, for what no other budget covers."""
    quarantine_budgets: Mapping[str, float] = field(default_factory=dict)
    """The same per reason code."""
    row_change: RowChange | None = None
    """Silver and gold: how much the number of rows may change."""
    declared_totals: tuple[DeclaredTotal, ...] = ()
    evidence: EvidenceSpec | None = None
    """Where the words are that its values were read from."""
    coverage_by: tuple[str, ...] = ()
    """Columns whose values the coverage of extracted fields is also counted by."""
    written_by: str = ""
    """Own layers only: the command that appends to the table, as `carms match simulate`."""
    measures: tuple[Measure, ...] = ()
    """Gold only: figures that reports share."""
    indexes: tuple[Index, ...] = ()
    """Gold only: those that it has in a database that it is published to."""
    path: Path | None = None
    fingerprint: str = ""
    """SHA-256 of the file."""

    @property
    def max_age(self) -> timedelta | None:
        """How old the newest delivery may be; None where the contract does not say."""
        return min((age.limit for age in self.ages if age.column is None), default=None)

    @property
    def record_rules(self) -> str:
        """SHA-256 of what decides which records of a file are accepted, and as what.

        Contracts that differ in other words, such as descriptions, judge a file alike.
        """
        columns = [
            [
                *(str(getattr(column, name)) for name in _JUDGING),
                str(sorted(column.bounds.items())),
                *(repr(said) for said in (column.aliases, column.spelling) if said),
                *([column.bytes_encoding] if column.bytes_encoding != "utf-8" else ()),
            ]
            for column in self.columns
        ]
        reading = [str(getattr(self.source, name, "")) for name in _READING]
        if (spec := self.source) and (spec.extent != Extent() or spec.encodings or spec.escape):
            reading += [repr(spec.extent), repr(spec.encodings), spec.escape]
        return hashlib.sha256(repr((columns, reading)).encode()).hexdigest()

    @property
    def is_snapshot(self) -> bool:
        """Whether each of its source files is a complete state, every delivery of which is kept."""
        return self.source is not None and self.source.delivery is Delivery.SNAPSHOT

    @property
    def series(self) -> SeriesSpec | None:
        """What orders its source files, where they are snapshots of one thing."""
        return self.source.series if self.source else None

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def audit_columns(self) -> tuple[str, ...]:
        """What the engine adds to each row of this bronze table, in order."""
        added: tuple[str, ...] = AUDIT_COLUMNS
        if self.source and self.source.merge_surplus_into:
            added += (SRC_REPAIR,)
        if self.source and self.source.new_columns is NewColumns.ACCEPT:
            added += (SRC_EXTRA,)
        if self.is_snapshot:
            added += DELIVERY_COLUMNS
        return added

    @property
    def primary_key(self) -> tuple[str, ...]:
        """The columns that identify a row, in their order; empty where none do."""
        keyed = [column for column in self.columns if column.primary_key_position is not None]
        return tuple(c.name for c in sorted(keyed, key=lambda c: c.primary_key_position or 0))

    def column(self, name: str) -> Column:
        """The column of that name.

        Raises:
            KeyError: the contract has none.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)
