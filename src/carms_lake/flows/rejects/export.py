"""Set-aside records in their source's own columns, with the reason beside: to be mended by hand."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from carms_lake.catalog import load_catalog
from carms_lake.contract.model import Delivery
from carms_lake.errors import UsageError
from carms_lake.flows.rejects import aside, places, with_reason
from carms_lake.names import (
    MEND_COLUMNS,
    MEND_RAW,
    MEND_RECORD,
    SRC_FILENAME,
    SRC_ROW_NUMBER,
    Layer,
)
from carms_lake.readers.csv_header import grammar_of
from carms_lake.readers.csv_records import fields_of, is_unclosed
from carms_lake.readers.discover import matches
from carms_lake.readers.header import spec_of
from carms_lake.records import QueryResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from carms_lake.catalog import Catalog
    from carms_lake.config import LakeConfig
    from carms_lake.contract.model import Contract


@dataclass(frozen=True)
class ToMend:
    """The set-aside records of one source."""

    contract: Contract
    rows: QueryResult
    """One row per record: the source's columns, then `carms_file`, `carms_record`, `carms_place`,
    `carms_reason`; and `carms_raw`, the record as it stood, where one could not be laid out."""
    back: str
    """How the mended records are sent back."""

    def as_source(self) -> bytes | None:
        """The rows in the dialect and the encoding of the source; None where it is no CSV."""
        spec = spec_of(self.contract)
        if spec.formats != ("csv",):
            return None
        sink = io.StringIO(newline="")
        writer = csv.writer(sink, delimiter=spec.delimiter, quotechar=spec.quote)
        writer.writerow(self.rows.columns)
        writer.writerows(["" if cell is None else cell for cell in row] for row in self.rows.rows)
        return sink.getvalue().encode(spec.encoding, "backslashreplace")


def to_mend(
    config: LakeConfig,
    table: str | None = None,
    *,
    code: str | None = None,
    column: str | None = None,
    run: str | None = None,
) -> ToMend:
    """The records of a source that are set aside, for the one who can mend them.

    Without `table` it is the source that has any.

    Raises:
        UsageError: no such source, or several have set-aside records and none is named.
        StoreError: the lake cannot be read.
    """
    catalog = load_catalog(config.domain)
    found = aside(config, catalog, table=table, layer=Layer.BRONZE, run=run)
    records = pl.DataFrame(schema={"table_name": pl.String}) if found is None else found.collect()
    contract = _one(catalog, table, records["table_name"].unique().sort().to_list())
    if records.is_empty():
        return ToMend(contract, QueryResult(MEND_COLUMNS, ("VARCHAR",) * len(MEND_COLUMNS), []), "")
    reasons = records.explode("reasons").unnest("reasons").lazy()
    told = with_reason(reasons, code=code, column=column).collect()
    told = told.with_columns(places(config, catalog.contracts, told))
    by_record = told.group_by(SRC_FILENAME, SRC_ROW_NUMBER).agg(
        pl.col("place").unique(maintain_order=True).str.join("; "),
        pl.col("message").unique(maintain_order=True).str.join("; "),
    )
    rows = records.join(by_record, on=[SRC_FILENAME, SRC_ROW_NUMBER]).sort(
        SRC_FILENAME, SRC_ROW_NUMBER
    )
    return ToMend(contract, _laid_out(rows, contract), _way_back(contract, rows[SRC_FILENAME][0]))


def _one(catalog: Catalog, table: str | None, there: Sequence[str]) -> Contract:
    if table is None and len(there) > 1:
        raise UsageError(
            f"{len(there)} sources have records that are set aside: {', '.join(there)}",
            f"name one, as `carms rejects {there[0]} --to-mend`",
        )
    if table is None and not there:
        raise UsageError(
            "no record of a source is set aside", "`carms rejects` lists what is set aside"
        )
    return catalog.contracts[catalog.resolve(table or there[0], Layer.BRONZE)]


def _laid_out(rows: pl.DataFrame, contract: Contract) -> QueryResult:
    is_csv = spec_of(contract).formats == ("csv",)
    cells = [
        _csv_cells(raw, header, contract) if is_csv else _json_cells(raw)
        for raw, header in rows.select("raw_record", _header(rows)).iter_rows()
    ]
    names = list(dict.fromkeys(name for row in cells for name in row or {}))
    if is_csv and not names:
        names = [column.source for column in contract.columns if column.from_path is None]
    has_raw = any(row is None for row in cells)
    added = MEND_COLUMNS if has_raw else MEND_COLUMNS[: MEND_COLUMNS.index(MEND_RAW)]
    about = rows.select(SRC_FILENAME, SRC_ROW_NUMBER, "place", "message", "raw_record").rows()
    found: list[tuple[Any, ...]] = []
    for row, (*told, raw) in zip(cells, about, strict=True):
        values = [(row or {}).get(name) for name in names]
        found.append((*values, *(*told, raw if row is None else None)[: len(added)]))
    columns = (*names, *added)
    kinds = ["BIGINT" if name == MEND_RECORD else "VARCHAR" for name in columns]
    return QueryResult(columns, tuple(kinds), found)


def _header(rows: pl.DataFrame) -> pl.Expr:
    has_header = "raw_header" in rows.columns
    return pl.col("raw_header") if has_header else pl.lit(None, pl.String).alias("raw_header")


def _csv_cells(raw: str, header: str | None, contract: Contract) -> dict[str, Any] | None:
    """The record's cells by header; None where they are not those of the header."""
    rules = grammar_of(contract)
    if header is None or is_unclosed(raw.encode(), rules):
        return None
    names, cells = (
        [field.decode() for field in fields_of(text.encode(), rules)] for text in (header, raw)
    )
    is_laid_out = len(names) == len(cells) == len(set(names))
    return dict(zip(names, cells, strict=True)) if is_laid_out else None


def _json_cells(raw: str) -> dict[str, Any] | None:
    try:
        found = json.loads(raw)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _way_back(contract: Contract, name: str) -> str:
    """Where the mended records go: into the file they come from, or beside it."""
    spec, table = spec_of(contract), contract.ref.table
    into = f"`carms rejects mend {table} FILE --out DIR` puts them into their files"
    if spec.formats not in (("csv",), ("jsonl",)):
        return f"mend them in `{name}` itself and deliver it again, whole and under the same name"
    folder, slash, file = name.rpartition("/")
    stem, dot, suffix = file.partition(".")
    beside = f"{folder}{slash}{stem}_mended{dot}{suffix}"
    may_stand_alone = (
        spec.delivery is Delivery.APPEND
        and not any(column.from_path for column in contract.columns)
        and matches(contract, beside)
    )
    return f"{into}; alone they land as a file such as `{beside}`" if may_stand_alone else into
