"""What a repair would save of the records that were set aside for their surplus fields."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import polars as pl

from carms_lake.catalog import load_catalog
from carms_lake.errors import SourceError, SourceRefused
from carms_lake.names import SRC_FILENAME, SRC_ROW_NUMBER, Layer
from carms_lake.quality.split import split
from carms_lake.readers.csv_header import grammar_of, opened_at_header
from carms_lake.readers.csv_judge import merged
from carms_lake.readers.csv_records import fields_of
from carms_lake.readers.discover import discover
from carms_lake.readers.frames import (
    RawLines,
    malformed_frame,
    parse_chunks,
    parsed_chunk,
    text_schema,
    without_null_values,
)
from carms_lake.readers.header import parse, spec_of
from carms_lake.records import Provenance, QueryResult, ReasonCode, TrackedChunk
from carms_lake.store.rejects import live

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from carms_lake.config import LakeConfig
    from carms_lake.contract.model import Contract
    from carms_lake.readers.header import Layout
    from carms_lake.records import SourceFile


COLUMNS = ("table_name", SRC_FILENAME, "repair", "records", "would_land", "example")

_STRUCTURE = "record.structure"


def repairs(config: LakeConfig, *, table: str | None = None) -> QueryResult:
    """One row per file and repair that would let some of its set-aside records land.

    `records` are those with surplus fields, `would_land` those of them that would then keep the
    contract, `example` one of them as it would be read. The best repair of a file stands first.

    Raises:
        UsageError: a table that the domain does not have.
        StoreError: the lake cannot be read.
    """
    rows: list[tuple[str, str, str, int, int, str]] = []
    catalog = load_catalog(config.domain)
    for ref in catalog.select([table] if table else [], Layer.BRONZE):
        contract = catalog.contracts[ref]
        spec = contract.source
        if spec and "csv" in spec.formats and not spec.merge_surplus_into:
            rows += _of_table(config, contract)
    rows.sort(key=lambda row: (row[0], row[1], -row[4], row[2]))
    return QueryResult(
        COLUMNS, ("VARCHAR", "VARCHAR", "VARCHAR", *("BIGINT",) * 2, "VARCHAR"), rows
    )


def _of_table(
    config: LakeConfig, contract: Contract
) -> Iterator[tuple[str, str, str, int, int, str]]:
    found = live(config, [contract.ref])
    if found is None:
        return
    is_structure = pl.element().struct.field("rule") == _STRUCTURE
    is_malformed = pl.element().struct.field("code") == str(ReasonCode.MALFORMED_ROW)
    broken = (
        found.filter(pl.col("reasons").list.eval(is_structure & is_malformed).list.any())
        .select(SRC_FILENAME, SRC_ROW_NUMBER, "raw_record")
        .sort(SRC_FILENAME, SRC_ROW_NUMBER)
        .collect()
    )
    if broken.is_empty():
        return
    sources = _sources(config, contract)
    for (name,), records in broken.group_by(SRC_FILENAME, maintain_order=True):
        source = sources.get(str(name))
        layout = _layout(source, contract) if source else None
        if source is None or layout is None:
            continue
        for column, position in layout.positions:
            if contract.column(column).type.name == "varchar":
                merge = _merged(records, contract, layout, position)
                landed = _landing(merge, source, contract, layout, column)
                if landed:
                    example = merge[landed[0]]
                    yield (
                        contract.ref.table,
                        source.name,
                        f"merge_surplus_into: {column}",
                        len(merge),
                        len(landed),
                        example[position],
                    )


def _sources(config: LakeConfig, contract: Contract) -> dict[str, SourceFile]:
    """The table's files that are still there, by name."""
    try:
        return {source.name: source for source in discover(contract, config.data_raw)}
    except SourceError:
        return {}


def _layout(source: SourceFile, contract: Contract) -> Layout | None:
    try:
        return parse(opened_at_header(source, contract).found, contract, source.name)
    except SourceRefused:
        return None


def _merged(
    records: pl.DataFrame, contract: Contract, layout: Layout, position: int
) -> dict[int, list[str]]:
    """The fields of the records with surplus ones, joined back at that position, by number."""
    rules = grammar_of(contract)
    found: dict[int, list[str]] = {}
    for number, raw in records.select(SRC_ROW_NUMBER, "raw_record").iter_rows():
        text = merged(raw.encode(), rules, layout.width, position)
        if text is not None:
            found[number] = [field.decode() for field in fields_of(text, rules)]
    return found


def _landing(
    merge: dict[int, list[str]],
    source: SourceFile,
    contract: Contract,
    layout: Layout,
    column: str,
) -> Sequence[int]:
    """The numbers of the records that would keep the contract."""
    if not merge:
        return []
    names = [name for name, _ in layout.positions]
    values = {name: [row[at] for row in merge.values()] for name, at in layout.positions}
    rows = pl.DataFrame({SRC_ROW_NUMBER: list(merge), **values}, schema=text_schema(names))
    spec = spec_of(contract)
    rows = rows.select(
        SRC_ROW_NUMBER,
        *(without_null_values(name, spec.null_values, is_trimmed=spec.trim) for name in names),
    )
    chunk = parsed_chunk(rows, malformed_frame(()), rows.height, RawLines({}))
    stamp = Provenance("", datetime.now(UTC))
    repaired = replace(contract, source=replace(spec, merge_surplus_into=column))
    checked = split(parse_chunks([chunk]), [TrackedChunk(source, stamp, chunk)], repaired)
    return checked.accepted[SRC_ROW_NUMBER].to_list()
