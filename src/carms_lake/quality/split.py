"""Parts of files by their contract: accepted + rejected = all their records."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from urllib.parse import unquote

import polars as pl

from carms_lake.contract.model import Column, Contract, NewColumns
from carms_lake.errors import ContractError, NotReconciled
from carms_lake.names import (
    DELIVERED_AT,
    DELIVERY_ID,
    INGESTION_TS,
    RUN_ID,
    SRC_EXTRA,
    SRC_FILENAME,
    SRC_REPAIR,
    SRC_ROW_HASH,
    SRC_ROW_NUMBER,
)
from carms_lake.quality.constraints import Constraint, value_constraints
from carms_lake.quality.rejected import (
    BAD,
    DELIVERY,
    NEW_COLUMN,
    RAW,
    as_rejects,
    malformed_records,
    row_hash,
    with_reasons,
)
from carms_lake.quality.types import is_json, json_is_read, polars_schema, polars_type, typed
from carms_lake.records import AS_TYPED, CHUNK, Chunk, ParsedRows, SourceFile

AUDIT_SCHEMA: Mapping[str, pl.DataType] = {
    INGESTION_TS: pl.Datetime("us", "UTC"),
    SRC_FILENAME: pl.String(),
    SRC_ROW_NUMBER: pl.Int64(),
    SRC_ROW_HASH: pl.Binary(),
    RUN_ID: pl.String(),
    SRC_REPAIR: pl.String(),
    SRC_EXTRA: pl.String(),
    DELIVERY_ID: pl.Int64(),
    DELIVERED_AT: pl.Datetime("us", "UTC"),
}
"""Every column that the engine may add to a bronze row."""


_IS_BAD = "\x00is_bad"
_EXTRA = (SRC_REPAIR, SRC_EXTRA)
_NO_FIELDS = (CHUNK, SRC_ROW_NUMBER, *_EXTRA)
"""What a reader gives that is not a field of the record."""

_READ = "\x00read."
"""Before a column's name: its value, where its texts have a spelling of their own."""
_HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"

_PATH = "\x00path."
"""Before a column's name: what the file's path says of it."""


class Provenance(NamedTuple):
    """What every row of one file in one run says of where it comes from."""

    run_id: str
    ingestion_ts: datetime
    delivery_id: int | None = None
    """Of a snapshot; None for sources whose files are replaced."""
    delivered_at: datetime | None = None


class TrackedChunk(NamedTuple):
    """A chunk of a file, and what its rows say of where they come from."""

    source: SourceFile
    provenance: Provenance
    chunk: Chunk


class Checked(NamedTuple):
    """Chunks split by their contract: accepted + rejected = all their records."""

    accepted: pl.DataFrame
    """The contract's columns in order, typed, and the audit columns."""
    rejected: pl.DataFrame
    """The columns of the reject store."""
    disagreeing: Mapping[tuple[str, str], int]
    """By file and column, how many accepted rows have another value than the file's path says."""


def landed_schema(contract: Contract) -> dict[str, pl.DataType]:
    """The columns of a bronze table and their types, in order."""
    audit = {name: AUDIT_SCHEMA[name] for name in contract.audit_columns}
    return {**polars_schema(contract), **audit}


def split(parsed: ParsedRows, chunks: Sequence[TrackedChunk], contract: Contract) -> Checked:
    """Split the rows of chunks into typed rows and rejects with their reasons.

    Raises:
        NotReconciled: a record was lost or made; a bug.
    """
    found = parsed.rows.schema
    fields = [name for name in found.names() if name not in _NO_FIELDS]
    rules = value_constraints(contract)
    files = _files(chunks, contract, set(found.names()))
    rows = _with_provenance(parsed.rows, files, chunks)
    checked = _checked(rows, contract, rules, fields, found).collect(engine="streaming")
    is_bad = checked[_IS_BAD]
    kept = [*contract.column_names, *contract.audit_columns]
    for column in contract.columns:
        if column.agrees_with_path:
            kept += [n for n in (_PATH + column.name, RAW + column.name) if n in checked.columns]
    good = checked.select(kept) if not is_bad.any() else checked.select(kept).filter(~is_bad)
    broken = with_reasons(checked.filter(is_bad), contract, parsed.raw)
    malformed = malformed_records(_with_provenance(parsed.malformed, files, chunks))
    headers = [tracked.chunk.header or json.dumps(fields) for tracked in chunks]
    rejected = pl.concat([as_rejects(frame, contract, headers) for frame in (malformed, broken)])
    records = sum(tracked.chunk.records for tracked in chunks)
    if good.height + rejected.height != records:
        names = ", ".join(sorted({f"`{tracked.source.name}`" for tracked in chunks}))
        raise NotReconciled(
            f"{names}: {records} records, but {good.height} accepted and "
            f"{rejected.height} rejected",
            "this is a bug: please report it with the file's contract",
        )
    accepted = good.select(*contract.column_names, *contract.audit_columns)
    return Checked(accepted, rejected, _disagreeing(good, contract))


def _files(
    chunks: Sequence[TrackedChunk], contract: Contract, there: Collection[str]
) -> pl.DataFrame:
    """One row per chunk: what its rows have in common, of its file, delivery and path."""
    names = [tracked.source.name for tracked in chunks]
    columns: dict[str, pl.Series] = {
        SRC_FILENAME: pl.Series(names, dtype=pl.String),
        DELIVERY: pl.Series([tracked.provenance.delivery_id for tracked in chunks], dtype=pl.Int64),
    }
    if DELIVERED_AT in contract.audit_columns:
        columns[DELIVERY_ID] = columns[DELIVERY]
        moments = [tracked.provenance.delivered_at for tracked in chunks]
        columns[DELIVERED_AT] = pl.Series(moments, dtype=AUDIT_SCHEMA[DELIVERED_AT])
    for column in contract.columns:
        if column.name not in there:
            columns[column.name] = _as_typed(said_by_path(column.from_path, names), column)
        if column.agrees_with_path:
            found = said_by_path(column.agrees_with_path, names)
            columns[_PATH + column.name] = found if _is_day(column) else _as_typed(found, column)
    return pl.DataFrame(columns)


def _with_provenance(
    rows: pl.DataFrame, files: pl.DataFrame, chunks: Sequence[TrackedChunk]
) -> pl.DataFrame:
    """Rows with what is known of their file and of the run."""
    provenance = chunks[0].provenance
    added = [
        pl.lit(provenance.ingestion_ts, AUDIT_SCHEMA[INGESTION_TS]).alias(INGESTION_TS),
        pl.lit(provenance.run_id).alias(RUN_ID),
        *(pl.lit(None, pl.String).alias(name) for name in _EXTRA if name not in rows.columns),
    ]
    return rows.with_columns(*files[rows[CHUNK]].get_columns(), *added)


def said_by_path(pattern: str | None, names: Sequence[str]) -> pl.Series:
    """What the path of each file says: the group of the pattern.

    Of a folder `column=value`, as Hive and Spark name them, it is the value: `%3A` is a colon, and
    what stands for null is null.

    Raises:
        ContractError: the pattern is not a regular expression of Rust's `regex`, which never takes
            long, as Python's may.
    """
    if pattern is None:
        return pl.Series([None] * len(names), dtype=pl.String)
    try:
        found = pl.Series(names, dtype=pl.String).str.extract(pattern, 1)
    except pl.exceptions.PolarsError as error:
        said = " ".join(str(error).split())
        raise ContractError(
            f"the pattern for paths `{pattern}` cannot be used: {said}",
            "see Rust's `regex`: it has neither lookaround nor backreferences",
        ) from None
    values = [_unescaped(text, name) for text, name in zip(found, names, strict=True)]
    return pl.Series(values, dtype=pl.String)


def _unescaped(text: str | None, name: str) -> str | None:
    if text is None or not ("%" in text or text == _HIVE_NULL):
        return text
    folders = name.split("/")[:-1]
    if not any("=" in folder and text in folder.partition("=")[2] for folder in folders):
        return text
    return None if text == _HIVE_NULL else unquote(text, errors="replace")


def _as_typed(said: pl.Series, column: Column) -> pl.Series:
    frame = said.alias(column.name).to_frame()
    return frame.select(typed(column.name, pl.String(), column.type, column.spelling)).to_series()


def _checked(
    rows: pl.DataFrame,
    contract: Contract,
    rules: Sequence[Constraint],
    fields: Sequence[str],
    found: pl.Schema,
) -> pl.LazyFrame:
    """The rows typed, with their raw values, their hash, and one boolean column per rule."""
    spelled = [c for c in contract.columns if c.spelling and c.name in fields]
    read = rows.lazy().with_columns(
        typed(c.name, found[c.name], c.type, c.spelling).alias(_READ + c.name) for c in spelled
    )
    unmarked = read.with_columns(
        pl.col(c.name).str.strip_prefix(AS_TYPED) for c in spelled if found[c.name] == pl.String
    )
    hashed = unmarked.with_columns(row_hash(fields, found).alias(SRC_ROW_HASH))
    values: list[pl.Expr] = []
    raws: list[pl.Expr] = []
    broken: list[pl.Expr] = []
    for column in contract.columns:
        name, target = column.name, polars_type(column.type)
        if name in fields and found[name] != target:
            raws.append(pl.col(name).alias(RAW + name))
            is_spelled = column.spelling is not None
            is_read = pl.col(_READ + name).alias(name)
            values.append(is_read if is_spelled else typed(name, found[name], column.type))
            mismatch = pl.col(RAW + name).is_not_null() & pl.col(name).is_null()
            broken.append(mismatch.alias(f"{BAD}{name}.type"))
        elif name in fields and column.type.name == "json" and not json_is_read(contract):
            mismatch = (~is_json(pl.col(name))).fill_null(value=False)
            broken.append(mismatch.alias(f"{BAD}{name}.type"))
    kept_raw = {expression.meta.output_name() for expression in raws}
    for rule in rules:
        is_required = rule.kind == "required"
        if is_required and rule.column not in fields and contract.column(rule.column).may_be_absent:
            continue
        # A value of the wrong type is not a missing value: only its raw text can say which it is.
        raw = RAW + rule.column
        passes = pl.col(raw).is_not_null() if is_required and raw in kept_raw else rule.passes
        broken.append((~passes).fill_null(value=False).alias(BAD + rule.name))
    if contract.source and contract.source.new_columns is NewColumns.REJECT:
        broken.append(pl.col(SRC_EXTRA).is_not_null().alias(BAD + NEW_COLUMN))
    names = [expression.meta.output_name() for expression in broken]
    is_bad = pl.any_horizontal(names) if names else pl.lit(value=False)
    return (
        hashed.with_columns(raws)
        .with_columns(values)
        .with_columns(broken)
        .with_columns(is_bad.alias(_IS_BAD))
    )


def _is_day(column: Column) -> bool:
    return column.type.name in ("date", "timestamp")


def _disagreeing(good: pl.DataFrame, contract: Contract) -> dict[tuple[str, str], int]:
    """How many rows of each file have another value than the file's path says, by column.

    A day or a moment agrees where it begins as the path says, as it was written.
    """
    counts: dict[tuple[str, str], int] = {}
    for column in contract.columns:
        said = _PATH + column.name
        if said not in good.columns or good[said].null_count() == good.height:
            continue
        raw = RAW + column.name
        value = pl.col(column.name)
        is_as_written = raw in good.columns and column.spelling is None
        text = pl.col(raw) if is_as_written else value.cast(pl.String)
        agrees = text.str.starts_with(pl.col(said)) if _is_day(column) else value == pl.col(said)
        other = good.filter(~agrees).group_by(SRC_FILENAME).len()
        counts |= {(name, column.name): count for name, count in other.iter_rows()}
    return counts
