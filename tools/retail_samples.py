"""docs/samples/retail from the generator: `python tools/retail_samples.py [--check]`.

A few records of each source as they are delivered, and what bronze makes of these very records.
"""

from __future__ import annotations

import csv
import io
import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import openpyxl
import polars as pl
from deltalake import DeltaTable

from carms_lake.catalog import load_catalog
from carms_lake.config import load_config
from carms_lake.flows.generate import generate
from carms_lake.flows.ingest import ingest
from carms_lake.names import DELIVERED_AT, INGESTION_TS, RUN_ID, SRC_FILENAME, SRC_ROW_NUMBER, Layer
from carms_lake.readers.discover import discover
from carms_lake.store import delta, table_path
from carms_lake.store.rejects import live

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from carms_lake.config import LakeConfig
    from carms_lake.contract.model import Contract
    from carms_lake.records import SourceFile

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "samples" / "retail"
KEPT = TARGET / "README.md"
"""The one file there that is written by hand."""

PACKAGE = "carms_lake.domains.retail"
BASE = {"seed": 7, "scale": 0.01, "days": 10}
LATER = {"seed": 7, "scale": 0.01, "start_date": "2024-01-11", "days": 1}
CHANGES = "returns_changes_2024-01-11.parquet"
"""The second version of the schema of returns: the one file that is taken of the later run."""

FIRST_RECORDS = 5
MARKS = {RUN_ID: "the run", INGESTION_TS: "when it ran", DELIVERED_AT: "when it ran"}
"""Audit columns that differ from run to run, and what stands there instead."""

PLACE = {SRC_FILENAME: pl.String, SRC_ROW_NUMBER: pl.Int64}
"""What tells a record from all others of its source."""


class Shown(NamedTuple):
    """One source file as text: its header, if it has one, and its records by number."""

    header: str | None
    records: Mapping[int, str]


def samples() -> dict[str, str]:
    """The text of every sample, by its path below the folder of the samples."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        (project / "carms.toml").write_text('domain = "retail"\n', encoding="utf-8")
        config = load_config(project=project, environment={})
        generate(PACKAGE, config.data_raw, BASE)
        generate(PACKAGE, project / "later", LATER)
        (project / "later" / CHANGES).replace(config.data_raw / CHANGES)
        ingest(config)
        return dict(_samples(config))


def _samples(config: LakeConfig) -> Iterator[tuple[str, str]]:
    contracts = load_catalog(config.domain).contracts
    bronze = [contract for ref, contract in contracts.items() if ref.layer is Layer.BRONZE]
    planted = json.loads((config.data_raw / "anomalies.json").read_text(encoding="utf-8"))
    chosen: list[tuple[str, str, int]] = []
    for contract in bronze:
        table = contract.ref.table
        faults = [entry for entry in planted["anomalies"] if entry["source"] == table]
        picked: list[tuple[str, int]] = []
        for source, shown, numbers in _picked(discover(contract, config.data_raw), faults):
            lines = [shown.records[number] for number in numbers]
            text = "".join(line + "\n" for line in [shown.header, *lines] if line is not None)
            yield f"source/{_name(source)}", text
            picked += [(source.name, number) for number in numbers]
        yield f"bronze/{table}.csv", _landed(config, contract, picked)
        chosen += [(table, *place) for place in picked]
    yield "rejects.csv", _rejects(config, bronze, chosen)


def _picked(
    sources: Sequence[SourceFile], faults: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[SourceFile, Shown, list[int]]]:
    """Of the first file its first records, and of each planted kind the records of its first key.

    Files of another shape than the first (a change file) count as first files, too.
    """
    headers: set[str | None] = set()
    for source in sorted(sources, key=lambda source: source.name):
        shown = _shown(source)
        numbers = {number for fault in faults for number in _having(fault, source.name, shown)}
        if shown.header not in headers:
            numbers |= set(sorted(shown.records)[:FIRST_RECORDS])
        headers.add(shown.header)
        if numbers:
            yield source, shown, sorted(numbers)


def _having(fault: Mapping[str, Any], name: str, shown: Shown) -> list[int]:
    """The numbers of a file's records that have the first key of a planted kind."""
    if not fault["keys"]:
        return []
    key = fault["keys"][0]
    if fault["key"] == ["file", "record"]:
        return [key[1]] if key[0] == name else []
    start = ",".join(str(value) for value in key) + ","
    return [number for number, text in shown.records.items() if text.startswith(start)]


def _shown(source: SourceFile) -> Shown:
    """A file's text as it is; of one that is no text, its rows as CSV."""
    path = source.path
    if path.is_dir():
        text = pl.scan_delta(DeltaTable(str(path))).collect().write_csv()
    elif path.suffix == ".parquet":
        text = pl.read_parquet(path).write_csv()
    elif path.suffix == ".xlsx":
        text = _sheet(path)
    else:
        text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    header = None if path.suffix == ".jsonl" else lines.pop(0)
    first = 2 if path.suffix == ".xlsx" else 1  # rows of a sheet are counted from its top
    return Shown(header, dict(enumerate(lines, first)))


def _sheet(path: Path) -> str:
    workbook = openpyxl.load_workbook(path, read_only=True)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(workbook.worksheets[0].values)
    workbook.close()
    return text.getvalue()


def _name(source: SourceFile) -> str:
    """The file's own name; where its rows are shown as CSV, with that ending behind its own."""
    if source.path.is_dir():
        return f"{source.name}.delta.csv"
    is_text = source.path.suffix in (".csv", ".jsonl")
    return source.name if is_text else f"{source.name}.csv"


def _landed(config: LakeConfig, contract: Contract, picked: Sequence[tuple[str, int]]) -> str:
    """The rows of bronze that these records became."""
    places = pl.LazyFrame(picked, schema=PLACE, orient="row")
    rows = delta.scan(table_path(config, contract.ref)).join(places, on=list(PLACE), how="semi")
    return _as_csv(rows.sort(*PLACE).collect(), contract.audit_columns)


def _rejects(
    config: LakeConfig, bronze: Sequence[Contract], chosen: Sequence[tuple[str, str, int]]
) -> str:
    """The rejected ones among these records, each with its reasons as JSON."""
    found = live(config, [contract.ref for contract in bronze])
    if found is None:
        raise AssertionError("nothing was rejected, though faults were planted")
    place = ["table_name", *PLACE]
    places = pl.LazyFrame(chosen, schema={"table_name": pl.String, **PLACE}, orient="row")
    rows = found.join(places, on=place, how="semi").sort(*place)
    reasons = pl.concat_list(pl.col("reasons").list.eval(pl.element().struct.json_encode()))
    written = pl.format("[{}]", reasons.list.join(",")).alias("reasons")
    return _as_csv(rows.with_columns(written).collect(), (RUN_ID, INGESTION_TS))


def _as_csv(rows: pl.DataFrame, audit_columns: Sequence[str]) -> str:
    """Rows as CSV: hashes in hex, and the same words for what differs from run to run."""
    hashes = [
        pl.col(name).bin.encode("hex") for name, kind in rows.schema.items() if kind == pl.Binary
    ]
    marks = [pl.lit(MARKS[name]).alias(name) for name in audit_columns if name in MARKS]
    moments = [
        pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ")
        for name, kind in rows.schema.items()
        if isinstance(kind, pl.Datetime)
    ]
    return rows.with_columns(*hashes, *moments).with_columns(marks).write_csv()


def _there() -> dict[str, str]:
    return {
        path.relative_to(TARGET).as_posix(): path.read_text(encoding="utf-8")
        for path in TARGET.rglob("*")
        if path.is_file() and path != KEPT
    }


def main() -> int:
    """Write the samples, or with `--check` say which of them are not current."""
    wanted, there = samples(), _there()
    if "--check" in sys.argv[1:]:
        names = sorted(wanted.keys() | there.keys())
        other = [name for name in names if wanted.get(name) != there.get(name)]
        for name in other:
            print(f"{TARGET / name} is not what is made: run python tools/retail_samples.py")
        return 1 if other else 0
    for name in there.keys() - wanted.keys():
        (TARGET / name).unlink()
    for name, text in wanted.items():
        path = TARGET / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    print(f"wrote {len(wanted)} files in {TARGET}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
