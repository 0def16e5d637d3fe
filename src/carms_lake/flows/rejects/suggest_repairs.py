"""Which repair would let which records land that were rejected for their surplus fields."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import polars as pl

from carms_lake import readers
from carms_lake.catalog import load_catalog
from carms_lake.flows.rejects import tables_named
from carms_lake.flows.rejects.reparse import reparse_raw
from carms_lake.names import SRC_FILENAME, SRC_REPAIR, SRC_ROW_NUMBER
from carms_lake.quality.split import split
from carms_lake.readers.header import spec_of
from carms_lake.records import Provenance, ReasonCode
from carms_lake.store.rejects import live

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carms_lake.config import LakeConfig
    from carms_lake.contract.model import Contract

    Suggestion = tuple[str, str, str, int, int, str]


SCHEMA = {
    "table_name": pl.String,
    SRC_FILENAME: pl.String,
    "repair": pl.String,
    "records": pl.Int64,
    "would_land": pl.Int64,
    "example": pl.String,
}


def suggest_repairs(config: LakeConfig, *, table: str | None = None) -> pl.DataFrame:
    """One row per file and repair that would let some of its rejected records land.

    `records` have surplus fields; `would_land` of them would then conform to the contract;
    `example` is one of these as it would be read. The best repair of a file comes first.

    Raises:
        UsageError: the domain has no such table.
        StoreError: the lake cannot be read.
    """
    rows: list[Suggestion] = []
    catalog = load_catalog(config.domain)
    for ref in tables_named(catalog, [table] if table else []):
        contract = catalog.contracts[ref]
        spec = contract.source
        if spec and "csv" in spec.formats and not spec.merge_surplus_into:
            rows += _suggestions(config, contract)
    rows.sort(key=lambda row: (row[0], row[1], -row[4], row[2]))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


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
    for name in broken[SRC_FILENAME].unique().sort():
        records = broken.filter(pl.col(SRC_FILENAME) == name)
        for column in texts:
            count, landing = _repaired(records, name, contract, column)
            if landing.height:
                example = landing.sort(SRC_ROW_NUMBER)[column][0]
                repair = f"merge_surplus_into: {column}"
                yield contract.ref.table, name, repair, count, landing.height, example


def _repaired(
    records: pl.DataFrame, name: str, contract: Contract, column: str
) -> tuple[int, pl.DataFrame]:
    """How many of a file's records a repair applies to, and those of them that would land."""
    # A source may have files of other formats too; only CSV files have records with surplus fields.
    spec = replace(spec_of(contract), formats=("csv",), merge_surplus_into=column)
    repairing = replace(contract, source=spec)
    chunks = reparse_raw(records, name, repairing, Provenance("", datetime.now(UTC)))
    count, accepted = 0, []
    for tracked in chunks:
        parsed = readers.parse_chunks([tracked.chunk])
        count += parsed.rows[SRC_REPAIR].count() if SRC_REPAIR in parsed.rows.columns else 0
        accepted.append(split(parsed, [tracked], repairing).accepted)
    empty = pl.DataFrame(schema={SRC_ROW_NUMBER: pl.Int64, column: pl.String})
    return count, pl.concat(accepted).filter(
        pl.col(SRC_REPAIR).is_not_null()
    ) if accepted else empty
