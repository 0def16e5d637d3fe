"""One valid file of each format, and what reading a wrong one may come to."""

from __future__ import annotations

import io
import shutil
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random
from traceback import extract_tb
from typing import TYPE_CHECKING, Any

import openpyxl
import polars as pl
import pyarrow.parquet as pq
from deltalake import write_deltalake
from faults.scale import SEED
from fuzz.mutations import (
    mutated,
    mutated_gzip,
    mutated_json,
    mutated_parquet,
    mutated_zip,
    zipped,
)
from fuzz.odd import odd_log, odd_parquet, odd_workbook
from sources import bronze, column, source

from carms_lake.config import Domain, LakeConfig
from carms_lake.contract.model import NewColumns
from carms_lake.contract.spelling import Cells, Extent, Spelling
from carms_lake.errors import NotReconciled, SourceRefused, trace_of
from carms_lake.flows.drift import drift_of
from carms_lake.flows.ingest.batches import BatchWriter, Stop
from carms_lake.flows.run import Run
from carms_lake.quality.split import Provenance

if TYPE_CHECKING:
    from collections.abc import Callable

    from carms_lake.contract.model import Contract
    from carms_lake.records import SourceFile

    Mutate = Callable[..., bytes]

PROVENANCE = Provenance("20260101T000000.000000Z-000000", datetime(2026, 1, 1, tzinfo=UTC))
CONFIG = LakeConfig(Path(), Domain("test", "tiny_shop", ()))
RUN = Run(CONFIG, "fuzz", PROVENANCE.run_id, PROVENANCE.ingestion_ts)
"""A run of which nothing is kept."""

COLUMNS = (
    column("id", "integer"),
    column("name", required=True),
    column("price", "decimal(10,2)"),
    column("day", "date"),
    column("at", "timestamp"),
    column("is_new", "boolean"),
    column("share", "double"),
)

CSV = (
    b"id,name,price,day,at,is_new,share\n"
    b'1,"Tea, green",2.50,2024-01-31,2024-01-31T10:00:00Z,true,0.5\n'
    b'2,"Jam ""red""",4.00,2024-02-29,2024-02-29T23:59:59.123456Z,false,1e-3\r\n'
    b"\n"
    b'3,"two\nlines",-1.05,1999-12-31,1999-12-31 00:00:00+02:00,true,\n'
    b"4,\xc3\xa9t\xc3\xa9,0,2000-01-01,2000-01-01T00:00:00Z,false,3\n"
) * 3
LINES = b"".join(
    b'{"id":%d,"name":"t\xc3\xa9a \\"%d\\"","price":%d.25,"day":"2024-01-31",'
    b'"at":"2024-01-31T10:00:00Z","is_new":true,"share":0.5,"more":{"deep":[1,{"x":null}]}}\n'
    % (n, n, n)
    for n in range(8)
)
ARRAY = b"[" + b",\n ".join(LINES.splitlines()) + b"]"
FRAME = pl.DataFrame(
    {
        "id": [1, 2, None],
        "name": ["Tea", "", "Jam"],
        "price": [Decimal("2.50"), None, Decimal("-1.05")],
        "day": [date(2024, 1, 31), None, date(1999, 12, 31)],
        "at": [datetime(2024, 1, 31, tzinfo=UTC), None, datetime(1999, 12, 31, tzinfo=UTC)],
        "is_new": [True, False, None],
        "share": [0.5, None, 1e300],
    },
    schema_overrides={"id": pl.Int32, "price": pl.Decimal(10, 2)},
)


@dataclass(frozen=True, eq=False)
class Target:
    """A format: its contract, a valid file of it, and how that is made wrong."""

    name: str
    ending: str
    contract: Contract
    valid: Callable[[], bytes]
    mutate: Mutate
    member: str | None = None


def workbook() -> bytes:
    """A sheet with every type of cell."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append([c.name for c in COLUMNS])
    at = datetime(2024, 1, 31, 10)  # noqa: DTZ001 - a sheet knows no zones
    sheet.append([1, "Tea", 2.5, date(2024, 1, 31), at, True, 0.5])
    sheet.append([2, "=1/0", "#DIV/0!", None, at, False, 12345678901234567])
    sheet.append([None, "Jam", 4, date(1999, 12, 31), at, True, 1e-9])
    sink = io.BytesIO()
    book.save(sink)
    book.close()
    return sink.getvalue()


def parquet() -> bytes:
    """Every type, in two row groups."""
    sink = io.BytesIO()
    pl.concat([FRAME] * 40).write_parquet(sink, row_group_size=60)
    return sink.getvalue()


@cache
def valid(target: Target) -> bytes:
    """The target's valid file; for a Delta table an archive of its folder."""
    return target.valid()


def table() -> bytes:
    """A Delta table of two commits, as an archive of its folder."""
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(2):
            write_deltalake(folder, FRAME, mode="append")
        found = sorted(path for path in Path(folder).rglob("*") if path.is_file())
        return zipped({p.relative_to(folder).as_posix(): p.read_bytes() for p in found})


def of(form: str, **spec: Any) -> Contract:
    """The contract of these columns in a format."""
    return bronze(*COLUMNS, format=form, **spec)


PLAIN_JSON = {"drop_columns": ("more",)}
NEW = {"new_columns": NewColumns.ACCEPT}
MERGED = {"merge_surplus_into": "name", "trim": True, "encoding": "cp1252", "delimiter": ";"}

ANY = bronze(
    *(replace(c, may_be_absent=True, required=False) for c in COLUMNS),
    column("tags", "varchar[]", may_be_absent=True),
    column("raw", "blob", may_be_absent=True),
    column("more", "json", may_be_absent=True),
    format="parquet",
    **NEW,
)
"""The contract of a Parquet file of any columns."""

SPELLED = (
    column("id", "integer", spelling=Spelling(thousands=(".",)), aliases=("Nr",)),
    column("name"),
    column("price", "decimal(10,2)", spelling=Spelling(decimal_mark=",", thousands=(".", " "))),
    column("day", "date", spelling=Spelling(formats=("%d/%m/%Y", "%d. %B %y"))),
    column("at", "timestamp", spelling=Spelling(formats=("%d/%m/%Y %I:%M:%S %p %z",))),
    column("is_new", "boolean", spelling=Spelling(true_words=("ja",), false_words=("nein", ""))),
)
REPORT = (
    b'A "report"\n\n"Nr";name;price;day;at;is_new\n'
    b'1.000;"Tea \\"green\\"";1.234,5;31/01/2024;31/01/2024 10:00:00 pm +02;ja\n'
    b"2;Jam\\; red\\\n;7;29. February 24;29/02/2024 1:02:03 am Z;NEIN\n"
    b"3;\xe9t\xe9;,5;1.1.2024;;\n"
) * 2 + b";TOTAL;1.241,5\nsigned\n"
MESSY = {
    "delimiter": ";",
    "escape": "\\",
    "encodings": (("*.csv", "cp1252"),),
    "extent": Extent(header="auto", ends=("^TOTAL", "^Sum")),
}


def report() -> bytes:
    """A sheet with titles before its table, and a total behind it."""
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        ["A report"], [], [None, "Nr", "name", "price", "day", "at", "is_new"],
        [None, "1.000", "Tea", "1.234,5", "31/01/2024", "31/01/2024 10:00:00 pm +02", "ja"],
        [None, 2, "Jam", 4.5, date(2024, 2, 29), "29/02/2024 1:02:03 am Z", False],
        [None, "TOTAL", None, 5], ["signed"],
    ):  # fmt: skip
        sheet.append(row)
    sink = io.BytesIO()
    book.save(sink)
    book.close()
    return sink.getvalue()


TARGETS = {
    target.name: target
    for target in (
        Target("csv", "csv", of("csv"), lambda: CSV, mutated),
        Target(
            "csv of another dialect",
            "csv",
            of("csv", **MERGED),
            lambda: CSV.replace(b",", b";"),
            mutated,
        ),
        Target("csv.gz", "csv.gz", of("csv", **NEW), lambda: CSV, mutated_gzip),
        Target(
            "csv in zip",
            "zip",
            of("csv"),
            lambda: zipped({"things.csv": CSV}),
            mutated_zip,
            "things.csv",
        ),
        Target("jsonl", "jsonl", of("jsonl", **PLAIN_JSON), lambda: LINES, mutated_json),
        Target("jsonl with new keys", "jsonl", of("jsonl", **NEW), lambda: LINES, mutated_json),
        Target(
            "jsonl whole",
            "jsonl",
            bronze(column("id", "bigint"), column("line", "json", source="$"), format="jsonl"),
            lambda: LINES,
            mutated_json,
        ),
        Target("json", "json", of("json", **PLAIN_JSON), lambda: ARRAY, mutated_json),
        Target(
            "json with paths",
            "json",
            bronze("name", column("deep", "json", source="more.deep"), format="json", **NEW),
            lambda: ARRAY,
            mutated_json,
        ),
        Target("json.gz", "json.gz", of("json", **NEW), lambda: ARRAY, mutated_gzip),
        Target("xlsx", "xlsx", of("xlsx"), workbook, mutated_zip),
        Target("parquet", "parquet", of("parquet", **NEW), parquet, mutated_parquet),
        Target("delta", "delta", of("delta"), table, mutated_zip),
        Target("xlsx parts", "xlsx", of("xlsx"), workbook, odd_workbook),
        Target("parquet types", "parquet", ANY, parquet, odd_parquet),
        Target("delta log", "delta", of("delta"), table, odd_log),
        Target("csv with titles", "csv", bronze(*SPELLED, **MESSY), lambda: REPORT, mutated),
        Target(
            "csv without quotes and header",
            "csv",
            bronze(*SPELLED, **MESSY | {"quote": "", "extent": Extent(header="none")}),
            lambda: REPORT,
            mutated,
        ),
        Target(
            "xlsx with titles",
            "xlsx",
            bronze(
                *SPELLED,
                format="xlsx",
                sheet=1,
                extent=Extent(3, ("^TOTAL",), Cells(2, None, 2, 7, "B2:G")),
            ),
            report,
            mutated_zip,
        ),
        Target(
            "json below a path",
            "json",
            of("json", extent=Extent(records=("data", "rows")), **PLAIN_JSON),
            lambda: b'{"n": 1, "data": {"rows": %s}, "next": null}' % ARRAY,
            mutated_json,
        ),
    )
}


def case(target: Target, number: int) -> bytes:
    """The wrong bytes of a case; the same for the same seed."""
    return wrong(target, Random(f"{SEED} {target.name} {number}"))


def wrong(target: Target, chance: Random) -> bytes:
    """The target's valid bytes made wrong."""
    return target.mutate(valid(target), chance, (CSV, LINES, valid(TARGETS["xlsx"])))


def written(target: Target, data: bytes, folder: Path) -> SourceFile | None:
    """The bytes as a source file; None where they make no Delta table's folder."""
    import zipfile

    path = folder / f"case.{target.ending}"
    if target.ending != "delta":
        path.write_bytes(data)
        return source(path, target.member)
    shutil.rmtree(path, ignore_errors=True)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            archive.extractall(path)
    except Exception:  # noqa: BLE001 - the archive only carries the case here
        return None
    return source(path) if (path / "_delta_log").is_dir() else None


BUGS = (
    TypeError, AttributeError, LookupError, NameError, AssertionError, ArithmeticError,
    NotReconciled,
)  # fmt: skip
"""What is a bug of carms, where it is raised by one of its lines."""


def outcome(target: Target, data: bytes, folder: Path) -> str:
    """What reading comes to: `landed`, or the code of the refusal; any error is a finding.

    Rows balance, or `finish` raises: it is what every ingest does. What lands, drift can compare.
    """
    file = written(target, data, folder)
    if file is None:
        return "no table"
    try:
        with BatchWriter(RUN, target.contract, None, Stop()) as writer:
            counts = writer.read(file, PROVENANCE)
            writer.finish()
            writer.ensure_kept(file)
    except SourceRefused as refusal:
        compared(target, file)
        return refused(refusal)
    assert counts.records == counts.accepted + counts.rejected
    if wrong := compared(target, file):
        return f"FINDING it lands, and drift says: {wrong}"
    if target.name == "parquet types" and counts.records != pq.read_metadata(file.path).num_rows:
        return f"FINDING {counts.records} records of another number of rows"
    return "landed" if not counts.rejected else "landed with rejects"


def compared(target: Target, file: SourceFile) -> str | None:
    """Why `carms status` cannot compare a file, if it cannot."""
    found = drift_of(Path(), target.contract, file, None) or []
    return next((str(row[-1]) for row in found if row[3] == "unreadable"), None)


def refused(refusal: SourceRefused) -> str:
    """What a refusal is: its code, and what was raised if nobody thought of that."""
    if not refusal.message or not refusal.hint:
        return "FINDING refused without a reason"
    cause = refusal.__cause__
    if isinstance(cause, BUGS) and "carms_lake" in extract_tb(cause.__traceback__)[-1].filename:
        return f"FINDING {trace_of(refusal)}"
    if "report it" in refusal.hint:
        return f"{refusal.code} by {type(cause).__name__}"
    return refusal.code
