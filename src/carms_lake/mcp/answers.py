"""What the tools answer, as declared models: a client reads their schemas before it asks."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field


class Answer(BaseModel):
    """What every answer has."""

    truncated: bool = Field(default=False, description="Whether there is more than is shown.")
    notes: list[str] = Field(
        default_factory=list, description="What was cut or left out, and other remarks."
    )


class TableEntry(BaseModel):
    """A table of the domain."""

    name: str = Field(description="As `gold.fact_program`.")
    kind: str = Field(description="table, view or macro.")
    rows: int | None = Field(description="Of a table of gold; null of others.")
    grain: str = Field(description="What one row is.")
    description: str


class Tables(Answer):
    """The tables of one layer."""

    tables: list[TableEntry]


class ColumnEntry(BaseModel):
    """A column of a table; its unit, where it has one, is in the description."""

    name: str
    type: str
    is_required: bool
    description: str
    values: list[Any] = Field(description="The only values it may have; empty: any.")
    refers_to: list[str] = Field(description="Columns of other tables, as `gold.dim_school.key`.")
    classification: str | None
    is_withheld: bool = Field(description="Whether its values are not for agents.")


class Described(Answer):
    """What a table promises."""

    name: str
    kind: str
    version: str = Field(description="Of its contract.")
    description: str
    grain: str = Field(description="What one row is.")
    primary_key: list[str]
    parameters: list[str] = Field(description="Of a macro, as `province := null`.")
    caveats: list[str] = Field(
        description="Limits of what the table says, and checks that failed when it was published."
    )
    columns: list[ColumnEntry]


class Rows(Answer):
    """The rows of a query."""

    columns: list[str]
    rows: list[list[Any]] = Field(
        description="Days and times are text; so is a number that JSON would round."
    )


class TracedValue(BaseModel):
    """A value of a row, and what it was made of."""

    column: str
    value: Any = None
    made_of: list[str] = Field(description="Columns, as `silver.program.quota`.")
    rule: str = Field(description="How it is derived, in words.")


class Step(BaseModel):
    """A row on the way of a record."""

    table: str
    role: str = Field(description="found: it has the key; source, result: made into, made of it.")
    place: str = Field(description="Its place in the source file; empty outside bronze.")
    values: list[TracedValue]
    raw: str | None = Field(default=None, description="The record as its file has it; bronze only.")
    is_withheld: bool = Field(description="Whether values are left out: they may name people.")


class Traced(Answer):
    """The way of a record, from its file to gold."""

    steps: list[Step]
    rejects: list[str] = Field(description="Where records with this key were rejected.")


class RejectCount(BaseModel):
    """How many reasons of one kind a table has."""

    table: str
    code: str
    column: str | None
    reasons: int


class Reject(BaseModel):
    """One reason why a record is rejected, or a row quarantined."""

    table: str
    code: str
    column: str | None
    rule: str | None
    place: str | None = Field(description="File and record.")
    run_id: str
    message: str | None = Field(description="Null where it may name people.")
    value: str | None = Field(description="The same.")


class Rejects(Answer):
    """What is rejected or quarantined now."""

    total: int = Field(description="Reasons; a record may have several.")
    counts: list[RejectCount]
    rejects: list[Reject]


class Source(BaseModel):
    """A source of the lake."""

    source: str
    files: int
    newest_at: str | None = Field(description="When a file landed last, in UTC.")
    is_late: bool = Field(description="Whether it is older than its contract allows.")
    rejected: int = Field(description="Rejected records of its files.")


class RunEntry(BaseModel):
    """A run; its message is left out, it may quote a record."""

    run_id: str
    command: str
    status: str
    started_at: str | None
    rejected: int | None


class State(Answer):
    """The state of the lake."""

    domain: str
    published_run: str | None = Field(description="The run whose file is published.")
    failed_checks: int = Field(description="Checks that failed for what is published.")
    sources: list[Source]
    runs: list[RunEntry] = Field(description="The last ones, the newest first.")
    refused: list[str] = Field(description="Files that the last ingest did not accept, and why.")
    checks_passed: int
    checks_failed: list[str]
    damage: list[str] = Field(description="Damaged files of the lake.")
