"""The retail files for dlt: where they are, what their columns are, and how they are read.

Runs in dlt's environment, without carms. A cell that is no value of its column's type fails the
load, and a record of another length is left out (stores and suppliers apart, which are repaired);
nothing says so afterwards.
"""

from __future__ import annotations

import csv
import json
from datetime import date
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from columns import CSV, DATE, LINE, MOMENT, REPAIRED, RETURNS, SHIPMENTS, SNAPSHOTS, TEXT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

BATCH_ROWS = 250_000
"""dlt works per table that it is given: small ones cost more than their rows."""


def files_of(root: Path) -> dict[str, list[Path]]:
    """The files of each source below `root`, sorted."""
    found = {name: _csv_files(root, name) for name in (*CSV, *REPAIRED)}
    found["events"] = sorted((root / "events").rglob("*.jsonl"))
    found["exchange_rates"] = sorted(root.glob("exchange_rates*.xlsx"))
    found["shipments"] = sorted(root.glob("shipments*.parquet"))
    found["returns"] = [*sorted(root.glob("returns_changes*.parquet"))]
    if (root / "returns" / "_delta_log").is_dir():
        found["returns"].insert(0, root / "returns")
    return found


def _csv_files(root: Path, name: str) -> list[Path]:
    return [*sorted(root.glob(f"{name}*.csv")), *sorted((root / name).rglob("*.csv"))]


def tables(source: str, files: Sequence[Path], loaded_at: datetime) -> Iterator[pa.Table]:
    """The rows of a source's files as Arrow tables; `src_filename` says which file has each."""
    if source in CSV:
        for table in _dataset(files, CSV[source], _layout(files[0], CSV[source])):
            yield _delivered(table, loaded_at) if source in SNAPSHOTS else table
    elif source == "events":
        yield from _dataset(files, {LINE: TEXT}, _lines())
    else:
        for file in files:
            yield _small(source, file)


def _small(source: str, file: Path) -> pa.Table:
    if source in REPAIRED:
        return _repaired(file, REPAIRED[source])
    if source == "exchange_rates":
        return _rates(file)
    if source == "shipments":
        return _utc(pq.read_table(file, partitioning=None)).cast(SHIPMENTS)
    return _returns(file)


def holidays() -> pa.Table:
    """National holidays of three countries, which a library knows."""
    import holidays as library

    years = range(2015, 2036)
    days = [
        {"holiday_on": day, "country_code": country, "name": name}
        for country in ("AU", "GB", "US")
        for day, name in library.country_holidays(country, years=years, language="en_US").items()
    ]
    return pa.Table.from_pylist(days)


def _layout(file: Path, types: dict[str, pa.DataType]) -> ds.CsvFileFormat:
    """How a CSV is read; its timestamps are with a zone where those of its first records are."""
    with file.open(encoding="utf-8") as opened:
        start = opened.read(4096)
    moment = pa.timestamp("us", "UTC") if any(z in start for z in ("Z,", "+00:00,")) else MOMENT
    return ds.CsvFileFormat(
        parse_options=pc.ParseOptions(invalid_row_handler=lambda _: "skip"),
        convert_options=pc.ConvertOptions(
            column_types={n: moment if t == MOMENT else t for n, t in types.items()},
            null_values=[""],
            strings_can_be_null=True,
        ),
    )


def _lines() -> ds.CsvFileFormat:
    return ds.CsvFileFormat(
        parse_options=pc.ParseOptions(delimiter="\x01", quote_char=False),
        convert_options=pc.ConvertOptions(column_types={LINE: TEXT}),
        read_options=pc.ReadOptions(column_names=[LINE]),
    )


def _dataset(
    files: Sequence[Path], types: dict[str, pa.DataType], layout: ds.CsvFileFormat
) -> Iterator[pa.Table]:
    """Many small files are read on all cores and handed on in large tables."""
    dataset = ds.dataset([str(file) for file in files], format=layout)
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in dataset.to_batches(columns=[*types, "__filename"]):
        held.append(batch)
        count += batch.num_rows
        if count >= BATCH_ROWS:
            yield _named(held)
            held, count = [], 0
    if held:
        yield _named(held)


def _named(batches: Sequence[pa.RecordBatch]) -> pa.Table:
    table = _utc(pa.Table.from_batches(batches))
    return table.rename_columns([*table.column_names[:-1], "src_filename"])


def _utc(table: pa.Table) -> pa.Table:
    """Moments without their zone, which is UTC: dbt's models and carms's gold are the same then."""
    kinds = [pa.field(f.name, MOMENT) if pa.types.is_timestamp(f.type) else f for f in table.schema]
    return table.cast(pa.schema(kinds))


def _delivered(table: pa.Table, loaded_at: datetime) -> pa.Table:
    moments = pa.repeat(pa.scalar(loaded_at.replace(tzinfo=None), MOMENT), table.num_rows)
    return table.append_column("delivered_at", moments)


def _repaired(file: Path, types: dict[str, pa.DataType]) -> pa.Table:
    """A small file with surplus fields joined back into the name."""
    place, width = list(types).index("name"), len(types)
    rows: list[list[str]] = []
    repaired: list[str | None] = []
    with file.open(encoding="utf-8", newline="") as opened:
        records = csv.reader(opened)
        next(records)
        for record in records:
            surplus = len(record) - width
            joined = ",".join(record[place : place + surplus + 1])
            rows.append([*record[:place], joined, *record[place + surplus + 1 :]])
            repaired.append("merge_surplus_into:name" if surplus else None)
    columns = {
        name: pa.array([row[at] or None for row in rows], TEXT).cast(kind)
        for at, (name, kind) in enumerate(types.items())
    }
    return pa.table({**columns, "src_repair": pa.array(repaired, TEXT)})


def _rates(file: Path) -> pa.Table:
    from python_calamine import CalamineWorkbook

    rows = CalamineWorkbook.from_path(str(file)).get_sheet_by_index(0).to_python()
    names = [str(name).strip().lower() for name in rows[0]]
    table = [dict(zip(names, row, strict=True)) for row in rows[1:]]
    return pa.table(
        {
            "date": pa.array([_day(row["date"]) for row in table], DATE),
            "currency": pa.array([row["currency"] for row in table], TEXT),
            "rate_to_aud": pa.array(
                [f"{float(row['rate_to_aud']):.8f}" for row in table], TEXT
            ).cast(pa.decimal128(18, 8)),
        }
    )


def _day(cell: object) -> date:
    return date.fromisoformat(str(cell)[:10])


def _returns(path: Path) -> pa.Table:
    if path.is_dir():
        from deltalake import DeltaTable

        files = DeltaTable(str(path)).file_uris()
        table = pa.concat_tables(pq.read_table(file, partitioning=None) for file in files)
    else:
        table = pq.read_table(path, partitioning=None)
    table = _utc(table)
    for field in RETURNS:
        if field.name not in table.column_names:
            value = path.name if field.name == "src_filename" else None
            table = table.append_column(
                field.name, pa.repeat(pa.scalar(value, TEXT), table.num_rows)
            )
    return table.select(RETURNS.names).cast(RETURNS)


def rows(file: Path, limit: int) -> Iterator[dict[str, object]]:
    """The records of a CSV as Python objects, all text: dlt's ordinary way."""
    with file.open(encoding="utf-8", newline="") as opened:
        for number, record in enumerate(csv.DictReader(opened)):
            if number >= limit:
                return
            yield dict(record)


def report(**figures: object) -> None:
    """Print figures as the last line, for `run.py`."""
    print(json.dumps(figures))
