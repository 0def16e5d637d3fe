"""A JSON array of objects; a column's `physicalName` is the dotted path of its value.

The last of equal keys in an object wins, as in every common reader. Keys are compared exactly; a
key that is called as the whole path is found before the path.
"""

import re
from collections.abc import Iterable
from functools import partial
from typing import Any

import orjson

from carms_lake.contract.model import Contract
from carms_lake.errors import SourceRefused
from carms_lake.names import SRC_ROW_NUMBER
from carms_lake.readers.content import (
    blocks,
    empty,
    ensure_unchanged,
    other_encoding,
    wrong_format,
)
from carms_lake.readers.frames import malformed_frame, parsed_chunk, text_frame
from carms_lake.readers.json_text import json_fault, loaded
from carms_lake.readers.json_values import Misfit, compare_keys, misfit_fault, shape_of
from carms_lake.readers.text import as_utf8, binary_kind, encoding_of, unicode_kind
from carms_lake.records import FileChunks, SourceFile

_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{},]', re.DOTALL)
_BLANKS = b" \t\r\n"


def read(source: SourceFile, contract: Contract) -> FileChunks:
    """The objects of a JSON array, all columns text.

    Raises:
        SourceRefused: it is not an array of JSON objects, or its keys are not the contract's.
    """
    shape = shape_of(contract)
    data = b"".join(as_utf8(blocks(source), encoding_of(contract, source.name)))
    elements = _elements(data, source, is_exact=True)
    rows: list[dict[str, Any]] = []
    misfits: dict[int, list[Misfit]] = {}
    for number, element in enumerate(elements, start=1):
        if not isinstance(element, dict):
            misfits[number] = []
            continue
        row, wrong = shape.parse(element)
        if wrong:
            misfits[number] = wrong
        else:
            rows.append({SRC_ROW_NUMBER: number, **row})
    notes = compare_keys(shape, f"`{source.name}`", contract, is_empty=not elements)
    frame = text_frame(rows, shape.found)
    texts = _texts(data, misfits)
    faults = [misfit_fault(number, texts[number], wrong) for number, wrong in misfits.items()]
    chunk = parsed_chunk(frame, malformed_frame(faults), len(elements), partial(_texts, data))
    return FileChunks(source, (chunk,), notes)


def array_elements(source: SourceFile, contract: Contract) -> list[Any]:
    """The elements of a JSON array as they are, whatever the contract expects of them.

    Raises:
        SourceRefused: it is not a JSON array, or it changed while it was read.
    """
    ensure_unchanged(source)
    data = b"".join(as_utf8(blocks(source), encoding_of(contract, source.name)))
    ensure_unchanged(source)
    return _elements(data, source, is_exact=False)


def _elements(data: bytes, source: SourceFile, *, is_exact: bool) -> list[Any]:
    if not data.strip(_BLANKS):
        raise empty(source, data)
    try:
        document = loaded(data, is_exact=is_exact)
    except orjson.JSONDecodeError as error:
        raise _unreadable(source, data, error) from error
    if not isinstance(document, list):
        kind = "object" if isinstance(document, dict) else "value"
        raise SourceRefused(
            "WRONG_FORMAT",
            f"`{source.name}` contains one JSON {kind}, not an array",
            "put the objects into one array: [{...}, {...}]",
        )
    return document


def _unreadable(source: SourceFile, data: bytes, error: orjson.JSONDecodeError) -> SourceRefused:
    if encoding := unicode_kind(data):
        return other_encoding(source, encoding)
    what, hint = json_fault(data, error)
    is_json = data.lstrip().startswith((b"[", b"{", b'"', b"/"))
    if binary_kind(data) or not (is_json or what.startswith("`")):
        return wrong_format(source, "JSON", data)
    place = f"`{source.name}`, line {error.lineno}, column {error.colno}"
    return SourceRefused("UNREADABLE", f"{place}: {what}", hint)


def _texts(data: bytes, numbers: Iterable[int]) -> dict[int, str]:
    """The text of some elements of a valid document that is an array."""
    wanted = set(numbers)
    texts: dict[int, str] = {}
    if not wanted:
        return texts
    depth = start = 0
    number = 1
    for token in _TOKEN.finditer(data):
        character = token[0]
        if character in (b"[", b"{"):
            depth += 1
            start = token.end() if depth == 1 else start
        elif character in (b"]", b"}"):
            depth -= 1
        if (character == b"," and depth == 1) or depth == 0:
            if number in wanted:
                texts[number] = data[start : token.start()].strip(_BLANKS).decode("utf-8")
            if depth == 0 or len(texts) == len(wanted):
                break
            start = token.end()
            number += 1
    return texts
