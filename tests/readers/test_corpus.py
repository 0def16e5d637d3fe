"""A corpus of files, made by a generator: each option of reading in each spelling of values.

Every file is read twice: by our readers, contract and types, and by an independent oracle (`csv`,
`openpyxl`, `json` or `pyarrow`, then `decimal` and `datetime`) that knows where the generator put
the table. The cells must be equal.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from decimal import Decimal
from itertools import islice, product
from typing import TYPE_CHECKING, Any, NamedTuple

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers import contract, property_
from sources import source, written

from carms_lake import readers
from carms_lake.quality.split import Provenance, TrackedChunk, split
from carms_lake.readers.content import readable

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.contract.model import Contract
    from carms_lake.records import SourceFile

NOW = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
COLUMNS = ("id", "price", "day", "at", "paid")


class Spelling(NamedTuple):
    """How the values of a corpus are written, and the keys that say so."""

    name: str
    mark: str = "."
    thousands: str = ""
    day: str = "%Y-%m-%d"
    at: str = "%Y-%m-%d %H:%M:%S"
    words: tuple[str, str] = ("true", "false")

    @property
    def keys(self) -> dict[str, Any]:
        """Of the table."""
        said = {
            "carms.decimalMark": self.mark if self.mark != "." else None,
            "carms.thousandsSeparator": self.thousands or None,
            "carms.trueWords": self.words[0] if self.words[0] != "true" else None,
            "carms.falseWords": self.words[1] if self.words[1] != "false" else None,
        }
        return {key: value for key, value in said.items() if value is not None}

    def text(self, value: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, bool):
            return self.words[not value]
        if isinstance(value, Decimal):
            text = f"{value:,.2f}" if self.thousands else f"{value:.2f}"
            return text.translate({ord(","): self.thousands, ord("."): self.mark})
        if isinstance(value, dt.datetime):
            return value.strftime(self.at)
        return value.strftime(self.day) if isinstance(value, dt.date) else str(value)

    def read(self, texts: tuple[str | None, ...]) -> tuple[Any, ...]:
        """The oracle: what Python reads from the texts of one record."""
        name, price, day, at, paid = texts
        number = (price or "").replace(self.thousands or "\0", "").replace(self.mark, ".")
        moment = dt.datetime.strptime(at, self.at).replace(tzinfo=dt.UTC) if at else None
        return (
            name or None,
            Decimal(number) if number else None,
            dt.datetime.strptime(day, self.day).date() if day else None,  # noqa: DTZ007 # a day
            moment,
            {self.words[0]: True, self.words[1]: False, "": None, None: None}[paid],
        )


SPELLINGS = [
    Spelling("usual"),
    Spelling("German", ",", ".", "%d.%m.%Y", "%d.%m.%Y %H:%M:%S", ("ja", "nein")),
    Spelling("French", ",", "\u202f", "%d/%m/%Y", "%d/%m/%Y %H:%M:%S", ("Oui", "Non")),
    Spelling("American", ".", ",", "%m/%d/%Y", "%m/%d/%Y %I:%M:%S %p", ("Y", "N")),
    Spelling("Swiss", ".", "'", "%d.%m.%y", "%d.%m.%y %H:%M:%S", ("x", "-")),
    Spelling("words", ",", " ", "%d %B %Y", "%d %b %Y, %H:%M:%S", ("wahr", "falsch")),
    Spelling("digits", ".", "", "%Y%m%d", "%Y%m%dT%H%M%S", ("1", "0")),
]
NYE = dt.datetime(1999, 12, 31)  # noqa: DTZ001
VALUES: list[tuple[Any, ...]] = [
    ("plain", Decimal("1.50"), dt.date(2024, 4, 3), dt.datetime(2024, 4, 3, 13, 5, 9), True),  # noqa: DTZ001 # as texts have it
    ("caf\u00e9 \u00fc", Decimal("-1234567.89"), dt.date(1999, 12, 31), NYE, False),
    ("a;b,c|d", Decimal("0.00"), None, dt.datetime(2024, 2, 29, 0, 30), None),  # noqa: DTZ001
    ('say "hi"', None, dt.date(2024, 2, 29), None, True),
    ("two\nlines", Decimal("999.99"), dt.date(2001, 1, 2), dt.datetime(2001, 1, 2, 12), False),  # noqa: DTZ001
    ("back\\slash", Decimal("1000.00"), None, None, None),
]  # fmt: skip


def contract_of(folder: Path, spelled: Spelling, **keys: Any) -> Contract:
    formats = {
        name: {} if getattr(spelled, name) == getattr(SPELLINGS[0], name) else
        {"carms.formats": getattr(spelled, name)}
        for name in ("day", "at")
    }  # fmt: skip
    columns = [
        property_("id"),
        property_("price", "number", "decimal(12,2)"),
        property_("day", "date", **formats["day"]),
        property_("at", "timestamp", **formats["at"]),
        property_("paid", "boolean"),
    ]
    return contract(folder, "bronze.things", columns, **{**spelled.keys, **keys})


def landed(file: SourceFile, promised: Contract) -> list[tuple[Any, ...]]:
    """Our reading: the typed rows in the order of the file; nothing may be rejected."""
    with readable(file):
        chunks = list(readers.read(file, promised).chunks)
    rows: list[tuple[Any, ...]] = []
    for chunk in chunks:
        tracked = TrackedChunk(file, Provenance("run", NOW), chunk)
        found = split(readers.parse_chunks([chunk]), [tracked], promised)
        assert found.rejected.rows() == []
        rows += found.accepted.sort("src_row_number").select(COLUMNS).rows()
    return rows


class Dialect(NamedTuple):
    """The structure of a CSV file."""

    name: str
    delimiter: str = ","
    quote: str = '"'
    escape: str = ""
    encoding: str = "utf-8"
    end: str = "\n"
    header: int | str | None = None
    has_total: bool = False

    @property
    def keys(self) -> dict[str, Any]:
        encodings = {"*.csv": self.encoding} if self.header == "auto" else self.encoding
        said = {
            "carms.delimiter": self.delimiter,
            "carms.quote": self.quote or "none",
            "carms.escape": self.escape or None,
            "carms.encoding": encodings,
            "carms.header": self.header,
            "carms.tableEnd": "^(TOTAL|Sum)" if self.has_total else None,
        }
        return {key: value for key, value in said.items() if value is not None}


DIALECTS = [
    Dialect("usual"),
    Dialect("Excel", ";", encoding="cp1252", end="\r\n"),
    Dialect("UTF-16 tabs", "\t", encoding="utf-16", end="\r\n"),
    Dialect("mark", "|", "'", encoding="utf-8-sig"),
    Dialect("escapes", escape="\\"),
    Dialect("escapes alone", ";", quote="", escape="\\"),
    Dialect("no quotes", "\t", quote=""),
    Dialect("header 3", ";", header=3, end="\r\n"),
    Dialect("header auto", ";", header="auto", has_total=True, encoding="cp1252"),
    Dialect("header none", header="none"),
    Dialect("total", "|", has_total=True, escape="\\"),
]


def writable(rows: list[tuple[str, ...]], form: Dialect) -> list[tuple[str, ...]]:
    """The rows that the dialect and its encoding can hold."""

    def fits(row: tuple[str, ...]) -> bool:
        bare = not form.quote and not form.escape
        if bare and any(character in cell for cell in row for character in (form.delimiter, "\n")):
            return False
        try:
            "".join(row).encode(form.encoding)
        except UnicodeEncodeError:
            return False
        return True

    return [row for row in rows if fits(row)]


def csv_text(rows: list[tuple[str, ...]], form: Dialect) -> str:
    """A file that `csv` writes, with titles before and a total behind it."""
    sink = io.StringIO(newline="")
    writer = csv.writer(
        sink,
        delimiter=form.delimiter,
        quotechar=form.quote or None,
        quoting=csv.QUOTE_MINIMAL if form.quote else csv.QUOTE_NONE,
        escapechar=form.escape or None,
        doublequote=not form.escape,
        lineterminator=form.end,
    )
    if form.header in (3, "auto"):
        sink.write(f"A report{form.end}{form.end}")
    writer.writerows(rows if form.header == "none" else [COLUMNS, *rows])
    if form.has_total:
        sink.write(f"{form.delimiter}TOTAL{form.delimiter}5{form.end}made by hand{form.end}")
    return sink.getvalue()


def csv_oracle(path: Path, form: Dialect, count: int) -> list[tuple[str, ...]]:
    """What `csv` reads from the file between its header and its total."""
    text = path.read_bytes().decode(form.encoding)
    lines = io.StringIO(text, newline="")
    for _ in range(2 if form.header in (3, "auto") else 0):
        next(lines)
    reader = csv.reader(
        lines,
        delimiter=form.delimiter,
        quotechar=form.quote or None,
        quoting=csv.QUOTE_MINIMAL if form.quote else csv.QUOTE_NONE,
        escapechar=form.escape or None,
    )
    if form.header != "none":
        assert tuple(next(reader)) == COLUMNS
    return [tuple(row) for row in islice(reader, count)]


@pytest.mark.parametrize("form", DIALECTS, ids=lambda form: form.name)
@pytest.mark.parametrize("spelled", SPELLINGS, ids=lambda spelled: spelled.name)
def test_csv(tmp_path: Path, form: Dialect, spelled: Spelling) -> None:
    texts = [tuple(spelled.text(value) for value in row) for row in VALUES]
    rows = writable(texts, form)
    assert rows
    file = written(tmp_path, csv_text(rows, form).encode(form.encoding))
    expected = [spelled.read(row) for row in csv_oracle(file.path, form, len(rows))]
    assert landed(file, contract_of(tmp_path, spelled, **form.keys)) == expected


SHEETS: list[tuple[str, dict[str, Any], int, bool]] = [
    ("first", {}, 0, False),
    ("by number", {"carms.sheet": 2}, 0, False),
    ("by name", {"carms.sheet": "Data"}, 0, False),
    ("header 3", {"carms.header": 3}, 2, False),
    ("header auto", {"carms.header": "auto", "carms.tableEnd": "^TOTAL"}, 2, True),
    ("range", {"carms.range": "A3:E9"}, 2, True),
    ("columns", {"carms.range": "A:E", "carms.tableEnd": "TOTAL$", "carms.header": 3}, 2, True),
]


@pytest.mark.parametrize(
    ("name", "keys", "above", "has_total"), SHEETS, ids=lambda one: str(one)[:12]
)
@pytest.mark.parametrize(
    ("spelled", "is_typed"),
    [*((one, False) for one in SPELLINGS), *((one, True) for one in SPELLINGS[:2])],
    ids=lambda one: getattr(one, "name", str(one)),
)
def test_workbook(
    tmp_path: Path, name: str, keys: dict[str, Any], above: int, has_total: bool,
    spelled: Spelling, is_typed: bool,
) -> None:  # fmt: skip
    book = openpyxl.Workbook()
    page = book.create_sheet("Data", None if "carms.sheet" in keys else 0)
    for title in ("A report", None)[:above]:
        page.append([title])
    page.append(COLUMNS)
    for row in VALUES:
        cells = (float(cell) if isinstance(cell, Decimal) else cell for cell in row)
        page.append(list(cells) if is_typed else [spelled.text(cell) or None for cell in row])
    if has_total:
        page.append([None, "TOTAL"])
    path = tmp_path / f"{name}.xlsx"
    book.save(path)
    read = openpyxl.load_workbook(path)["Data"]
    cells = read.iter_rows(min_row=above + 2, max_row=above + 1 + len(VALUES), values_only=True)
    expected = [from_cells(row) if is_typed else spelled.read(row) for row in cells]
    keys = {**keys, "carms.files": "*.xlsx", "carms.format": "xlsx"}
    assert landed(source(path), contract_of(tmp_path, spelled, **keys)) == expected


def from_cells(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """The values of cells that have a type, whatever the spelling of texts."""
    name, price, day, at, paid = row
    return (
        name,
        None if price is None else Decimal(str(price)).quantize(Decimal("0.01")),
        day and day.date(),
        at and at.replace(tzinfo=dt.UTC),
        paid,
    )


@pytest.mark.parametrize("path", [None, "$.books", "$.data.items", '$["data.items"].rows'])
@pytest.mark.parametrize("spelled", SPELLINGS, ids=lambda spelled: spelled.name)
def test_json(tmp_path: Path, path: str | None, spelled: Spelling) -> None:
    records = [
        dict(zip(COLUMNS, (spelled.text(value) or None for value in row), strict=True))
        for row in VALUES
    ]
    records[0]["paid"] = True  # a boolean of JSON is one, however texts are written
    keys = {"$.books": ["books"], "$.data.items": ["data", "items"]}.get(path or "", [])
    keys = ["data.items", "rows"] if path and "[" in path else keys
    document: Any = records
    for key in reversed(keys):
        document = {"count": 6, key: document, "next": None}
    file = written(tmp_path, json.dumps(document, indent=1).encode(), "things.json")
    found = json.loads(file.path.read_bytes())
    for key in keys:
        found = found[key]
    found[0]["paid"] = spelled.words[0]
    expected = [spelled.read(tuple(record.values())) for record in found]
    own = {"carms.files": "*.json", "carms.format": "json"}
    own |= {"carms.records": path} if path else {}
    assert landed(file, contract_of(tmp_path, spelled, **own)) == expected


@pytest.mark.parametrize("spelled", SPELLINGS, ids=lambda spelled: spelled.name)
def test_json_lines_and_parquet(tmp_path: Path, spelled: Spelling) -> None:
    texts = [[spelled.text(value) or None for value in row] for row in VALUES]
    lines = [json.dumps(dict(zip(COLUMNS, row, strict=True))) for row in texts]
    file = written(tmp_path, "\n".join(lines).encode(), "things.jsonl")
    expected = [spelled.read(tuple(json.loads(line).values())) for line in lines]
    own = {"carms.files": "*.jsonl", "carms.format": "jsonl"}
    assert landed(file, contract_of(tmp_path, spelled, **own)) == expected
    table = pa.table({name: [row[at] for row in texts] for at, name in enumerate(COLUMNS)})
    pq.write_table(table, tmp_path / "things.parquet")
    read = pq.read_table(tmp_path / "things.parquet").to_pylist()
    expected = [spelled.read(tuple(record.values())) for record in read]
    own = {"carms.files": "*.parquet", "carms.format": "parquet"}
    promised = contract_of(tmp_path, spelled, **own)
    assert landed(source(tmp_path / "things.parquet"), promised) == expected


def test_the_corpus_has_every_option_in_every_spelling() -> None:
    """What the generator does not make is not read twice."""
    made = {key for form, one in product(DIALECTS, SPELLINGS) for key in (*form.keys, *one.keys)}
    made |= {key for _, keys, _, _ in SHEETS for key in keys}
    assert made >= {
        f"carms.{key}"
        for key in ("header", "tableEnd", "sheet", "range", "encoding", "delimiter", "quote",
                    "escape", "decimalMark", "thousandsSeparator", "trueWords", "falseWords")
    }  # fmt: skip
