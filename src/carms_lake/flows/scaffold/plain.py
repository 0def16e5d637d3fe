"""Files of text before any contract: the encoding, JSON or CSV, the delimiter, the records."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson

from carms_lake.errors import SourceError, first_few
from carms_lake.flows.drift.files import values_by_path
from carms_lake.flows.scaffold.table import Table, add_rows, find_table, is_blank, series_of
from carms_lake.readers.content import blocks
from carms_lake.readers.csv.header import USUAL_DELIMITERS
from carms_lake.readers.text import binary_kind, looks_like
from carms_lake.records import SourceFile

READ_BYTES = 8 << 20
"""Of a longer text, the first part is looked at, and where it ends."""
_END_BYTES = 64 << 10
_SCORED = 500
_LEVELS = 8
_UNDEFINED = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
"""Bytes that no text in cp1252 has."""
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_TEXT_FORMATS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json"}


def add_text(table: Table, source: SourceFile, start: bytes) -> None:
    """Add the columns of a file of text to a table, and say how they are read.

    Raises:
        SourceError: it is not text, or no records are found in it.
    """
    if (kind := binary_kind(start)) and not kind.startswith("UTF-16"):
        raise SourceError(
            f"`{table.path}` looks like {kind}",
            "carms reads CSV, JSON, JSON lines, xlsx, Parquet and Delta: save it as one of them",
        )
    data, end, rest = bytearray(), b"", 0
    for block in blocks(source):
        if len(data) < READ_BYTES:
            data += block
        else:
            rest += len(block)
            end = (end + block)[-_END_BYTES:]
    table.is_whole = rest == len(end)
    text = _decoded(table, bytes(data) + (end if table.is_whole else b""))
    stripped = text.lstrip()
    if not stripped:
        raise SourceError(f"`{table.path}` has no content", "name a file with a header and rows")
    suffix = Path(table.name).suffix.lower()
    if stripped[0] in "[{" and (suffix in _TEXT_FORMATS or not _is_delimited(stripped)):
        _of_json(table, text, suffix)
    elif stripped[0] == "<":
        kind = looks_like(stripped[:200].encode())
        raise SourceError(f"`{table.path}` looks like {kind}", "save it as CSV or as a workbook")
    else:
        table.format = "csv"
        _of_csv(table, text if table.is_whole else _with_end(table, text, end))


def _with_end(table: Table, text: str, end: bytes) -> str:
    """The whole lines of the first part of a text, and of its end."""
    encoding = table.keys.get("carms.encoding", ("utf-8", ""))[0]
    last = end.decode(encoding, "replace").partition("\n")[2]
    # Characters of two bytes, and fields of two lines, may have been cut in the middle.
    if encoding.startswith(("utf-16", "utf-32")) or '"' in last:
        last = ""
    return text[: text.rfind("\n") + 1] + last


def _decoded(table: Table, data: bytes) -> str:
    """The text of a file, whose encoding is said where it is not UTF-8."""
    for mark, name in _BOMS:
        if data.startswith(mark):
            if name != "utf-8":
                table.say("encoding", name, "the file begins with a byte order mark")
            return data.decode("utf-8-sig" if name == "utf-8" else name, "replace")
    head = data[:4096]
    for name, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[0::2])):
        if len(head) > 3 and zeros.count(0) > 0.7 * len(zeros):  # noqa: PLR2004 - most of them
            table.say("encoding", name, "every second byte is zero")
            return data.decode(name, "replace")
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(data, final=table.is_whole)
    except UnicodeDecodeError as error:
        name = "latin-1" if _UNDEFINED.search(data) else "cp1252"
        text = data.decode(name)
        line = data.count(b"\n", 0, error.start) + 1
        byte = f"\\x{data[error.start]:02x}"
        why = f"not UTF-8: line {line} has the byte {byte}, in {name} `{text[error.start]}`"
        table.say("encoding", name, f"{why}; look whether its letters are right")
        return text


def _is_delimited(text: str) -> bool:
    """Whether a text that begins like JSON is none: `[id],[name]`."""
    try:
        orjson.loads(text.partition("\n")[0])
    except orjson.JSONDecodeError:
        return not text.rstrip().endswith(("]", "}"))
    return False


def _of_json(table: Table, text: str, suffix: str) -> None:
    lines = [line for line in text.splitlines() if line.strip()]
    if not table.is_whole and _TEXT_FORMATS.get(suffix) == "jsonl":
        del lines[-1]
    document: Any = None
    is_lines = _TEXT_FORMATS.get(suffix) == "jsonl"
    if not is_lines:
        try:
            document = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            if not table.is_whole:
                raise SourceError(
                    f"`{table.path}` is JSON of more than {READ_BYTES >> 20} MB",
                    "look at a smaller file of the same kind",
                ) from None
            is_lines = len(lines) > 1 and lines[0].lstrip().startswith("{")
            if not is_lines:
                raise SourceError(f"`{table.path}` is not JSON: {error}", "correct it") from None
    if is_lines:
        table.format, found = "jsonl", [_loaded(table, n, line) for n, line in enumerate(lines, 1)]
    else:
        table.format, found = "json", _records(table, document)
    objects = [element for element in found if isinstance(element, dict)]
    if not objects:
        raise SourceError(f"`{table.path}` has no objects", "records are objects: `[{...}, {...}]`")
    table.records = len(objects)
    paths = values_by_path(objects)
    above = {path for path in paths if any(other.startswith(f"{path}.") for other in paths)}
    # An object that is missing in some records, and one that is something else in others.
    empty = {path for path in above if not any(value is not None for value in paths[path])}
    for header, values in values_by_path(objects, above - empty).items():
        if header in empty:
            continue
        table.columns[header], table.mixed[header] = series_of(values)


def _loaded(table: Table, number: int, line: str) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise SourceError(
            f"`{table.path}`, line {number} is not JSON: {error}", "correct the line"
        ) from None


def _records(table: Table, document: Any) -> list[Any]:
    """The array of records: the document, or the longest array of objects in it."""
    if isinstance(document, list):
        return document
    arrays: list[tuple[tuple[str, ...], list[Any]]] = []
    level: list[tuple[tuple[str, ...], Any]] = [((), document)]
    for _ in range(_LEVELS):
        below = []
        for keys, value in level:
            for key, inner in value.items():
                if isinstance(inner, dict):
                    below.append(((*keys, key), inner))
                elif isinstance(inner, list) and any(isinstance(one, dict) for one in inner):
                    arrays.append(((*keys, key), inner))
        level = below
    if not arrays:
        raise SourceError(
            f"`{table.path}` is one JSON object, without an array of records in it",
            "put the records into one array: `[{...}, {...}]`",
        )
    keys, found = max(arrays, key=lambda one: len(one[1]))
    path = "$" + "".join(
        f".{key}" if re.fullmatch(r"[^.\[\]\"'*\s]+", key) else f"[{orjson.dumps(key).decode()}]"
        for key in keys
    )
    also = [".".join(other) for other, _ in arrays if other != keys]
    more = f"; other arrays: {first_few(also, 3)}" if also else ""
    table.say("records", path, f"the records are {len(found)} objects in one array{more}")
    return found


def _of_csv(table: Table, text: str) -> None:
    rows, numbers, delimiter = _parsed(text)
    if delimiter != ",":
        shown = {"\t": "a tab"}.get(delimiter, f"`{delimiter}`")
        table.say("delimiter", delimiter, f"{shown} is between the fields")
    place = find_table(rows)
    if place is None:
        raise SourceError(f"`{table.path}` has no rows", "name a file with a header and rows")
    add_rows(table, rows, numbers, place, "line")


def _parsed(text: str) -> tuple[list[list[str]], list[int], str]:
    """The rows that are not blank, their lines, and the delimiter that makes most of them alike."""
    sample = "".join(text.splitlines(keepends=True)[:_SCORED])
    scores = {}
    for delimiter in USUAL_DELIMITERS:
        widths = Counter(len(row) for row in _rows(sample, delimiter) if len(row) > 1)
        width, count = max(widths.items(), key=lambda one: (one[1], one[0]), default=(1, 0))
        scores[delimiter] = (count, width)
    best = max(USUAL_DELIMITERS, key=lambda delimiter: scores[delimiter])
    rows, numbers, reader = [], [], csv.reader(io.StringIO(text, newline=""), delimiter=best)
    before = 0
    for row in reader:
        if any(not is_blank(cell) for cell in row):
            rows.append(row)
            numbers.append(before + 1)
        before = reader.line_num
    return rows, numbers, best


def _rows(text: str, delimiter: str) -> Iterable[list[str]]:
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error:  # a field is too long: this delimiter is not one
        return
