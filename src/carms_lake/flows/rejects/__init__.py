"""What was rejected or quarantined, why, where it is in its file, and which repair would help."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import polars as pl

from carms_lake import readers
from carms_lake.catalog import Catalog, load_catalog
from carms_lake.config import LakeConfig
from carms_lake.contract.model import Contract
from carms_lake.flows.rejects.locate import places
from carms_lake.flows.rejects.reparse import reparse_raw
from carms_lake.names import (
    EXPORT_FILE,
    EXPORT_RAW,
    EXPORT_RECORD,
    RUN_ID,
    SRC_FILENAME,
    SRC_REPAIR,
    SRC_ROW_NUMBER,
    Layer,
    TableRef,
)
from carms_lake.quality.rejected import with_chains
from carms_lake.quality.split import Provenance, split
from carms_lake.readers.header import spec_of
from carms_lake.readers.lines import record_fields
from carms_lake.records import ReasonCode
from carms_lake.store.rejects import live
from carms_lake.store.runs import resolve_run

Suggestion = tuple[str, str, str, int, int, str]


_SORTED_BY = ("layer", "table_name", SRC_FILENAME, SRC_ROW_NUMBER, "row_key")
_SCHEMA = {
    **dict.fromkeys(_SORTED_BY, pl.String),
    SRC_ROW_NUMBER: pl.Int64,
    **dict.fromkeys(("code", "rule", "value", "message", "raw_record", RUN_ID), pl.String),
    **dict.fromkeys(("column", "place"), pl.String),
}
_SUGGESTIONS = {
    **dict.fromkeys(("table_name", SRC_FILENAME, "repair"), pl.String),
    **dict.fromkeys(("records", "would_land"), pl.Int64),
    "example": pl.String,
}


def rejects(
    config: LakeConfig,
    *,
    table: str | None = None,
    layer: str | None = None,
    code: str | None = None,
    column: str | None = None,
    run: str | None = None,
) -> pl.DataFrame:
    """One row per reason of each record or row that is rejected now, by table, file and record.

    Raises:
        UsageError: the domain does not have the table.
        StoreError: the lake cannot be read.
    """
    catalog = load_catalog(config.domain)
    found = current_rejects(config, catalog, table=table, layer=layer, run=run)
    if found is None:
        return pl.DataFrame(schema=_SCHEMA)
    reasons = reasons_of(found, code=code, column=column)
    rows = reasons.select([name for name in _SCHEMA if name != "place"])
    ordered = rows.sort(_SORTED_BY, maintain_order=True).collect()
    return ordered.with_columns(places(config, catalog.contracts, ordered)).select(*_SCHEMA)


def current_rejects(
    config: LakeConfig,
    catalog: Catalog,
    *,
    table: str | None = None,
    layer: str | None = None,
    run: str | None = None,
) -> pl.LazyFrame | None:
    """What is rejected now, one row per record or row; None if nothing ever was.

    Raises:
        UsageError: the table or the run is unknown.
        StoreError: the lake cannot be read.
    """
    chosen = tables_named(catalog, [table] if table else [])
    run = run and resolve_run(config, run)
    frame = live(config, chosen)
    if frame is not None:
        # Whether a parent is quarantined is known from the rejects of all silver tables.
        silver = live(config, catalog.refs(Layer.SILVER))
        names = [ref.table for ref in chosen if ref.layer is Layer.SILVER]
        if silver is not None and names:
            explained = with_chains(silver.collect(), catalog.contracts.values())
            explained = explained.filter(pl.col("table_name").is_in(names))
            frame = pl.concat([frame.filter(pl.col("layer") != Layer.SILVER), explained.lazy()])
    for name, wanted in (("layer", layer), (RUN_ID, run)):
        if wanted and frame is not None:
            frame = frame.filter(pl.col(name) == wanted)
    return frame


def reasons_of(
    rejected: pl.LazyFrame, *, code: str | None = None, column: str | None = None
) -> pl.LazyFrame:
    """One row per reason of rejected records; those with a code, and about a column."""
    reasons = rejected.explode("reasons").unnest("reasons")
    if code:
        reasons = reasons.filter(pl.col("code") == code.upper())
    return reasons.filter(pl.col("column") == column) if column else reasons


def in_source_columns(rows: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """Rejected records in the columns of their source, with place and reason, to be corrected."""
    if "raw_header" not in rows.columns:  # of a lake that an older version wrote
        rows = rows.with_columns(raw_header=pl.lit(None, pl.String))
    raws = rows.select("raw_record", "raw_header").rows()
    fields = [record_fields(raw, header, contract) for raw, header in raws]
    names = list(dict.fromkeys(name for values in fields for name in values or {}))
    if not names and spec_of(contract).formats == ("csv",):
        names = [column.source for column in contract.columns if column.from_path is None]
    columns: list[pl.Series] = []
    for name in names:
        values = [(record or {}).get(name) for record in fields]
        # Values of JSON keep their types, which may differ within a column.
        is_text = all(value is None or isinstance(value, str) for value in values)
        columns.append(pl.Series(name, values, pl.String if is_text else pl.Object))
    columns += rows.select(
        pl.col(SRC_FILENAME).alias(EXPORT_FILE),
        pl.col(SRC_ROW_NUMBER).alias(EXPORT_RECORD),
        pl.col("place").alias("carms_place"),
        pl.col("message").alias("carms_reason"),
    ).get_columns()
    if None in fields:
        raw = [row[0] if record is None else None for row, record in zip(raws, fields, strict=True)]
        columns.append(pl.Series(EXPORT_RAW, raw, pl.String))
    return pl.DataFrame(columns)


def tables_named(catalog: Catalog, names: Sequence[str]) -> list[TableRef]:
    """The tables of bronze and silver that these names may mean; all if none is named.

    Raises:
        UsageError: the domain does not have the table.
    """
    layers = (Layer.BRONZE, Layer.SILVER)
    chosen = {ref for name in names for ref in catalog.named(name, *layers)}
    return [ref for ref in catalog.refs(*layers) if not names or ref in chosen]


def suggest_repairs(config: LakeConfig, *, table: str | None = None) -> pl.DataFrame:
    """One row per file and repair that would let some of its rejected records land.

    `records` have surplus fields; `would_land` of them would then conform to the contract;
    `example` is one of these as it would be read. The best repair of a file comes first.

    Raises:
        UsageError: the domain does not have the table.
        StoreError: the lake cannot be read.
    """
    rows: list[Suggestion] = []
    catalog = load_catalog(config.domain)
    for ref in tables_named(catalog, [table] if table else []):
        spec = catalog.contracts[ref].source
        if spec and "csv" in spec.formats and not spec.merge_surplus_into:
            rows += _suggestions(config, catalog.contracts[ref])
    rows.sort(key=lambda row: (row[0], row[1], -row[4], row[2]))
    return pl.DataFrame(rows, schema=_SUGGESTIONS, orient="row")


def _suggestions(config: LakeConfig, contract: Contract) -> Iterator[Suggestion]:
    found = live(config, [contract.ref])
    if found is None or "raw_header" not in found.collect_schema():
        return
    reason = pl.element().struct
    has_surplus = (reason.field("rule") == "record.structure") & (
        reason.field("code") == str(ReasonCode.MALFORMED_ROW)
    )
    is_broken = pl.col("reasons").list.eval(has_surplus).list.any()
    broken = found.filter(is_broken & pl.col("raw_header").is_not_null()).collect()
    texts = [column.name for column in contract.columns if column.type.name == "varchar"]
    for (name,), records in broken.sort(SRC_FILENAME).group_by(SRC_FILENAME, maintain_order=True):
        for column in texts:
            count, landing = _repaired(records, str(name), contract, column)
            if landing:
                repair = f"merge_surplus_into: {column}"
                yield contract.ref.table, str(name), repair, count, len(landing), landing[0]


def _repaired(
    records: pl.DataFrame, name: str, contract: Contract, column: str
) -> tuple[int, list[str]]:
    """How many records of a file a repair applies to; the column's values of those that land."""
    # A source may have files of other formats too; only CSV files have records with surplus fields.
    spec = replace(spec_of(contract), formats=("csv",), merge_surplus_into=column)
    repairing = replace(contract, source=spec)
    count = 0
    landing: list[str] = []
    for tracked in reparse_raw(records, name, repairing, Provenance("", datetime.now(UTC))):
        parsed = readers.parse_chunks([tracked.chunk])
        count += parsed.rows[SRC_REPAIR].count() if SRC_REPAIR in parsed.rows.columns else 0
        accepted = split(parsed, [tracked], repairing).accepted
        repaired = accepted.filter(pl.col(SRC_REPAIR).is_not_null())
        landing.extend(repaired.sort(SRC_ROW_NUMBER)[column])
    return count, landing
