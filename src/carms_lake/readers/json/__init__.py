"""A JSON array of objects; a column's `physicalName` is the dotted path of its value.

The last of equal keys in an object wins, as in every common reader. Keys are compared exactly; a
key that is called as the whole path is found before the path.
"""

import re
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import orjson

from carms_lake.contract.model import Contract
from carms_lake.errors import SourceRefused, did_you_mean, first_few
from carms_lake.names import SRC_ROW_NUMBER
from carms_lake.readers.content import (
    blocks,
    empty,
    ensure_unchanged,
    other_encoding,
    wrong_format,
)
from carms_lake.readers.frames import malformed_frame, parsed_chunk, text_frame
from carms_lake.readers.header import listed, spec_of
from carms_lake.readers.json.text import json_fault, loaded
from carms_lake.readers.json.values import Misfit, compare_keys, misfit_fault, shape_of
from carms_lake.readers.text import as_utf8, binary_kind, encoding_of, unicode_kind
from carms_lake.records import FileChunks, SourceFile

_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{},]', re.DOTALL)
_BLANKS = b" \t\r\n"
_COLON = re.compile(rb"[ \t\r\n]*:")
_SHOWN = 3


def read(source: SourceFile, contract: Contract) -> FileChunks:
    """The objects of a JSON array, all columns text.

    Raises:
        SourceRefused: it is not an array of JSON objects, or its keys are not the contract's.
    """
    shape = shape_of(contract)
    data = b"".join(as_utf8(blocks(source), encoding_of(contract, source.name)))
    keys = spec_of(contract).extent.records
    elements = _elements(data, source, keys, is_exact=True)
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
    texts = _texts(data, keys, misfits)
    faults = [misfit_fault(number, texts[number], wrong) for number, wrong in misfits.items()]
    chunk = parsed_chunk(frame, malformed_frame(faults), len(elements), partial(_texts, data, keys))
    return FileChunks(source, (chunk,), notes)


def array_elements(source: SourceFile, contract: Contract) -> list[Any]:
    """The elements of a JSON array as they are, whatever the contract expects of them.

    Raises:
        SourceRefused: it is not a JSON array, or it changed while it was read.
    """
    ensure_unchanged(source)
    data = b"".join(as_utf8(blocks(source), encoding_of(contract, source.name)))
    ensure_unchanged(source)
    return _elements(data, source, spec_of(contract).extent.records, is_exact=False)


def _elements(data: bytes, source: SourceFile, keys: Sequence[str], *, is_exact: bool) -> list[Any]:
    if not data.strip(_BLANKS):
        raise empty(source, data)
    try:
        document = loaded(data, is_exact=is_exact)
    except orjson.JSONDecodeError as error:
        raise _unreadable(source, data, error) from error
    path = "$"
    for key in keys:
        if not isinstance(document, dict) or key not in document:
            found = listed(list(document)) if isinstance(document, dict) else "no keys"
            nearest = did_you_mean(key, document) if isinstance(document, dict) else ""
            raise SourceRefused(
                "WRONG_FORMAT",
                f"`{source.name}` has no `{key}` in `{path}`; found {found}",
                "; ".join(filter(None, [nearest, "correct `carms.records` in the contract"])),
            )
        document, path = document[key], f"{path}.{key}"
    if not isinstance(document, list):
        kind = "object" if isinstance(document, dict) else "value"
        where = f"`{path}` of `{source.name}`" if keys else f"`{source.name}`"
        raise SourceRefused(
            "WRONG_FORMAT",
            f"{where} contains one JSON {kind}, not an array",
            _way_in(document, path),
        )
    return document


def _way_in(document: Any, path: str) -> str:
    """What to do with a document that is not an array of records."""
    arrays = [
        f"`carms.records: {path}.{key}`"
        for key, value in (document.items() if isinstance(document, dict) else ())
        if isinstance(value, list) and any(isinstance(element, dict) for element in value)
    ]
    if arrays:
        return f"name the path to the records in the contract: {first_few(arrays, _SHOWN)}"
    return "put the objects into one array: [{...}, {...}]"


def _unreadable(source: SourceFile, data: bytes, error: orjson.JSONDecodeError) -> SourceRefused:
    if encoding := unicode_kind(data):
        return other_encoding(source, encoding)
    what, hint = json_fault(data, error)
    is_json = data.lstrip().startswith((b"[", b"{", b'"', b"/"))
    if binary_kind(data) or not (is_json or what.startswith("`")):
        return wrong_format(source, "JSON", data)
    place = f"`{source.name}`, line {error.lineno}, column {error.colno}"
    return SourceRefused("UNREADABLE", f"{place}: {what}", hint)


def _texts(data: bytes, keys: Sequence[str], numbers: Iterable[int]) -> dict[int, str]:
    """The text of some elements of the array that keys lead to in a valid document."""
    wanted = set(numbers)
    texts: dict[int, str] = {}
    if not wanted:
        return texts
    depth = start = 0
    number = 1
    for token in _TOKEN.finditer(data, _array_start(data, keys)):
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


def _array_start(data: bytes, keys: Sequence[str]) -> int:
    """Where the array begins that keys lead to; of equal keys the last one counts."""
    start = depth = above = 0  # `above` is how many keys lead to the object that is open
    is_next = False
    for token in _TOKEN.finditer(data) if keys else ():
        character = token[0]
        if character in (b"[", b"{"):
            if is_next and above == len(keys) - 1:
                start = token.start()
            elif is_next:
                above += 1
            depth += 1
        elif character in (b"]", b"}"):
            depth -= 1
            above = min(above, max(depth - 1, 0))
        is_next = (
            depth == above + 1
            and character.startswith(b'"')
            and _COLON.match(data, token.end()) is not None
            and orjson.loads(character) == keys[above]
        )
    return start
