"""JSON objects of a source file, as they are, and their values by dotted path."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson
import polars as pl

from carms_lake import readers
from carms_lake.contract.model import Column, NewColumns
from carms_lake.contract.types import ColumnType
from carms_lake.errors import SourceRefused
from carms_lake.flows.drifting.sampling import Sampler
from carms_lake.readers.content import blocks, ensure_unchanged
from carms_lake.readers.header import spec_of
from carms_lake.readers.json_values import LINE
from carms_lake.readers.signature import looks_like
from carms_lake.readers.text import as_utf8, encoding_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from carms_lake.contract.model import Contract
    from carms_lake.records import SourceFile

_LEVELS = 8
"""Objects nested deeper stay one value."""


def json_rows(
    source: SourceFile, contract: Contract, most: int | None = None
) -> tuple[list[dict[str, Any]], int, int]:
    """A sample of the objects, how many records there are, and how many are no objects.

    With `most`, of the first so many lines of JSON lines, and of those that are read with them.

    Raises:
        SourceRefused: the file is no JSON of its contract's kind.
    """
    if (source.format or spec_of(contract).formats[0]) == "jsonl":
        return _lines(source, contract, most)
    elements = _elements(source, contract)
    chosen = [elements[at] for at in Sampler.places(len(elements))]
    objects = [element for element in chosen if isinstance(element, dict)]
    return objects, len(elements), sum(not isinstance(e, dict) for e in elements)


def parsed_objects(texts: Iterable[str | None]) -> list[dict[str, Any]]:
    """The objects among JSON texts."""
    found = (orjson.loads(text) for text in texts if text is not None)
    return [document for document in found if isinstance(document, dict)]


def flattened(
    document: dict[str, Any], leaves: Collection[str], prefix: str = "", level: int = 1
) -> dict[str, Any]:
    """The values by dotted path; an object stays whole under the paths in `leaves`.

    >>> flattened({"a": {"b": 1}, "c": {"d": 2}}, {"c"})
    {'a.b': 1, 'c': {'d': 2}}
    """
    values: dict[str, Any] = {}
    for key, value in document.items():
        path = prefix + key
        if isinstance(value, dict) and value and path not in leaves and level < _LEVELS:
            values |= flattened(value, leaves, f"{path}.", level + 1)
        else:
            values[path] = value
    return values


def _lines(
    source: SourceFile, contract: Contract, most: int | None
) -> tuple[list[dict[str, Any]], int, int]:
    line = Column("line", ColumnType("json"), LINE)
    own = replace(spec_of(contract), new_columns=NewColumns.REFUSE, drop_columns=())
    batch = readers.read(source, replace(contract, columns=(line,), source=own))
    sampler = Sampler()
    malformed = 0
    for part in batch.parts:
        laid = part.lay_out([part])
        malformed += laid.malformed.height
        sampler.add(laid.rows.select("line"))
        if most is not None and sampler.rows >= most:
            break
    sample = sampler.sample(pl.DataFrame(schema={"line": pl.String}))
    return parsed_objects(sample["line"]), sampler.rows + malformed, malformed


def _elements(source: SourceFile, contract: Contract) -> list[Any]:
    ensure_unchanged(source)
    data = b"".join(as_utf8(blocks(source), encoding_of(contract)))
    ensure_unchanged(source)
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise SourceRefused(
            "UNREADABLE" if data.strip() else "EMPTY_FILE",
            f"`{source.name}` is no JSON: it holds {looks_like(data[:200])}; line {error.lineno}, "
            f"column {error.colno}: {error.msg}",
            "the file may be cut off or damaged; send it again",
        ) from error
    if not isinstance(document, list):
        raise SourceRefused(
            "WRONG_FORMAT",
            f"`{source.name}` holds one JSON value, not an array",
            "put the objects into one array: [{...}, {...}]",
        )
    return document
