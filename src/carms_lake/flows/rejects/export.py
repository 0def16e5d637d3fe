"""Rejected records in their source's own columns, with the reasons, to be corrected by hand."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from carms_lake.catalog import load_catalog
from carms_lake.contract.model import Delivery
from carms_lake.errors import UsageError
from carms_lake.flows.rejects import current_rejects, reasons_of
from carms_lake.flows.rejects.locate import places
from carms_lake.names import (
    EXPORT_COLUMNS,
    EXPORT_FILE,
    EXPORT_RAW,
    EXPORT_RECORD,
    SRC_FILENAME,
    SRC_ROW_NUMBER,
    Layer,
)
from carms_lake.readers.discover import matches
from carms_lake.readers.header import spec_of
from carms_lake.readers.lines import record_fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from carms_lake.catalog import Catalog
    from carms_lake.config import LakeConfig
    from carms_lake.contract.model import Contract


@dataclass(frozen=True)
class Export:
    """The rejected records of one source."""

    contract: Contract
    rows: pl.DataFrame
    """One row per record: the source's columns, then `carms_file`, `carms_record`, `carms_place`,
    `carms_reason`; and `carms_raw`, the text of records that do not match their header."""
    next_step: str
    """How the corrected records are sent back."""

    def as_source(self) -> bytes | None:
        """The rows in the dialect and the encoding of the source; None if it is not CSV."""
        spec = spec_of(self.contract)
        if spec.formats != ("csv",):
            return None
        sink = io.StringIO(newline="")
        writer = csv.writer(sink, delimiter=spec.delimiter, quotechar=spec.quote)
        writer.writerow(self.rows.columns)
        writer.writerows(["" if cell is None else cell for cell in row] for row in self.rows.rows())
        return sink.getvalue().encode(spec.encoding, "backslashreplace")


def export(
    config: LakeConfig,
    table: str | None = None,
    *,
    code: str | None = None,
    column: str | None = None,
    run: str | None = None,
) -> Export:
    """The rejected records of a source; without `table`, of the one source that has any.

    Raises:
        UsageError: no such source, or several have rejected records and none is named.
        StoreError: the lake cannot be read.
    """
    catalog = load_catalog(config.domain)
    found = current_rejects(config, catalog, table=table, layer=Layer.BRONZE, run=run)
    records = pl.DataFrame(schema={"table_name": pl.String}) if found is None else found.collect()
    contract = _source(catalog, table, records["table_name"].unique().sort().to_list())
    if records.is_empty():
        return Export(contract, pl.DataFrame(schema=dict.fromkeys(EXPORT_COLUMNS, pl.String)), "")
    reasons = reasons_of(records.lazy(), code=code, column=column).collect()
    reasons = reasons.with_columns(places(config, catalog.contracts, reasons))
    by_record = reasons.group_by(SRC_FILENAME, SRC_ROW_NUMBER).agg(
        pl.col("place", "message").unique(maintain_order=True).str.join("; ")
    )
    key = [SRC_FILENAME, SRC_ROW_NUMBER]
    rows = records.join(by_record, on=key).sort(key)
    return Export(
        contract, _in_columns(rows, contract), _next_step(contract, rows[SRC_FILENAME][0])
    )


def _source(catalog: Catalog, table: str | None, rejecting: Sequence[str]) -> Contract:
    if table is None and len(rejecting) > 1:
        raise UsageError(
            f"{len(rejecting)} sources have rejected records: {', '.join(rejecting)}",
            f"name one, as in `carms rejects {rejecting[0]} --export`",
        )
    if table is None and not rejecting:
        raise UsageError(
            "no source has rejected records", "`carms rejects` lists what is quarantined"
        )
    return catalog.contracts[catalog.resolve(table or rejecting[0], Layer.BRONZE)]


def _in_columns(rows: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    if "raw_header" not in rows.columns:  # of a lake that an older version wrote
        rows = rows.with_columns(raw_header=pl.lit(None, pl.String))
    raws = rows.select("raw_record", "raw_header").rows()
    fields = [record_fields(raw, header, contract) for raw, header in raws]
    names = list(dict.fromkeys(name for values in fields for name in values or {}))
    if not names and spec_of(contract).formats == ("csv",):
        names = [column.source for column in contract.columns if column.from_path is None]
    columns = [_series(name, [(values or {}).get(name) for values in fields]) for name in names]
    columns += rows.select(
        pl.col(SRC_FILENAME).alias(EXPORT_FILE),
        pl.col(SRC_ROW_NUMBER).alias(EXPORT_RECORD),
        pl.col("place").alias("carms_place"),
        pl.col("message").alias("carms_reason"),
    ).get_columns()
    if any(values is None for values in fields):
        raw = [row[0] if values is None else None for row, values in zip(raws, fields, strict=True)]
        columns.append(pl.Series(EXPORT_RAW, raw, pl.String))
    return pl.DataFrame(columns)


def _series(name: str, values: list[Any]) -> pl.Series:
    """Values of JSON keep their types, which may differ within a column."""
    is_text = all(value is None or isinstance(value, str) for value in values)
    return pl.Series(name, values, pl.String if is_text else pl.Object)


def _next_step(contract: Contract, name: str) -> str:
    """Where the corrected records go: into the file they come from, or into a file of their own."""
    spec, table = spec_of(contract), contract.ref.table
    into = f"`carms rejects correct {table} FILE --out DIR` puts them into their files"
    if spec.formats not in (("csv",), ("jsonl",)):
        return f"correct `{name}` itself and deliver it again, complete and under the same name"
    folder, slash, file = name.rpartition("/")
    stem, dot, suffix = file.partition(".")
    own_file = f"{folder}{slash}{stem}_corrected{dot}{suffix}"
    may_stand_alone = (
        spec.delivery is Delivery.APPEND
        and not any(column.from_path for column in contract.columns)
        and matches(contract, own_file)
    )
    return f"{into}; or deliver them as a file such as `{own_file}`" if may_stand_alone else into
