"""The records behind a key: as their source files have them, rejected, or quarantined."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from carms_lake import readers
from carms_lake.contract.model import Contract
from carms_lake.errors import ContractError, SourceError
from carms_lake.flows.lineage.context import LineageContext, Row
from carms_lake.flows.lineage.keys import Start
from carms_lake.flows.rejects.locate import SEARCHED_BYTES, LandedFiles
from carms_lake.names import (
    DELIVERY_ID,
    RUN_ID,
    SRC_FILENAME,
    SRC_ROW_NUMBER,
    Layer,
    TableRef,
    folded,
)
from carms_lake.readers.content import readable
from carms_lake.readers.header import names_in_files
from carms_lake.readers.json.values import flattened
from carms_lake.readers.lines import record_fields, record_lines
from carms_lake.records import SourceFile
from carms_lake.store import table_path
from carms_lake.store.delta.log import commits
from carms_lake.store.delta.manifest import FileEntry, read_manifest
from carms_lake.store.lookup import ROWS, word_pattern
from carms_lake.store.rejects import live

Place = tuple[str, int | None, int]
"""File, delivery (None unless the source is a snapshot), record."""


@dataclass(frozen=True)
class RawText:
    """A record as its file has it, or why it cannot be shown."""

    text: str | None
    missing: str = ""
    line: int | None = None
    """The line of a text file on which it begins, where known."""


def place_of(row: Row) -> Place:
    """Where a bronze row came from."""
    return row[SRC_FILENAME], row.get(DELIVERY_ID), row[SRC_ROW_NUMBER]


def place_text(contract: Contract, row: Row) -> str:
    """The place of a bronze row in its source file; empty outside bronze."""
    if contract.source is None:
        return ""
    name, delivery, number = place_of(row)
    noun = "row" if contract.source.formats == ("xlsx",) else "record"
    return f"{name}, {noun} {number}" + (f", delivery {delivery}" if delivery is not None else "")


def raw_texts(files: LandedFiles, contract: Contract, rows: Sequence[Row]) -> dict[Place, RawText]:
    """The records that rows of a bronze table were read from, out of the source files.

    Raises:
        StoreError: the lake cannot be read.
    """
    wanted: dict[tuple[str, int | None], set[int]] = {}
    for row in rows:
        name, delivery, number = place_of(row)
        wanted.setdefault((name, delivery), set()).add(number)
    entries = {
        (entry.name, entry.delivery_id): entry
        for entry in read_manifest(commits(table_path(files.config, contract.ref))).entries
    }
    found: dict[Place, RawText] = {}
    for (name, delivery), numbers in wanted.items():
        texts = _of_file(contract, entries.get((name, delivery)), files, numbers)
        found |= {(name, delivery, number): text for number, text in texts.items()}
    return found


def _of_file(
    contract: Contract, entry: FileEntry | None, files: LandedFiles, numbers: set[int]
) -> dict[int, RawText]:
    if entry is None or not files.named(contract, entry.name):
        return dict.fromkeys(numbers, RawText(None, "the file is not in data_raw"))
    source = files.find(contract, entry)
    if source is None:
        return dict.fromkeys(numbers, RawText(None, "the file in data_raw has changed since"))
    try:
        texts = _records(contract, source, numbers)
        is_small = source.size <= SEARCHED_BYTES
        lines = record_lines(source, contract, set(texts)) if is_small else {}
    except (SourceError, ContractError) as error:
        return dict.fromkeys(numbers, RawText(None, f"the file cannot be read: {error.message}"))
    lost = RawText(None, "the file has no such record under today's contract")
    return {n: RawText(texts[n], line=lines.get(n)) if n in texts else lost for n in numbers}


def _records(contract: Contract, source: SourceFile, numbers: set[int]) -> dict[int, str]:
    """The raw text of some records; the file is read no further than it must be."""
    texts: dict[int, str] = {}
    with readable(source):
        for chunk in readers.read(source, contract).chunks:
            parsed = readers.parse_chunks([chunk])
            here = sorted((numbers - set(texts)).intersection(parsed.rows[SRC_ROW_NUMBER]))
            texts |= dict(parsed.raw[0](here)) if here else {}
            if len(texts) == len(numbers):
                break
    return texts


@dataclass(frozen=True)
class RejectedRecord:
    """A record that bronze rejected, or a row that silver quarantined."""

    table: TableRef
    place: str
    reasons: tuple[str, ...]
    run_id: str
    raw: str


def rejects_with_key(context: LineageContext, start: Start) -> list[RejectedRecord]:
    """The rejects that have the key, one more than are shown.

    A record whose columns are unknown has it if it contains it as a separate word.

    Raises:
        StoreError: the lake cannot be read.
    """
    frame = live(context.config, [ref for ref in context.contracts if ref.layer is not Layer.GOLD])
    if frame is None:
        return []
    key, table = start.key, start.table
    words = [v for v in key.values.values() if v is not None] or [key.text]
    texts = pl.concat_str("row_key", "raw_record", ignore_nulls=True)
    frame = frame.filter(texts.str.contains(word, literal=True) for word in words)
    if table is not None and table.layer is not Layer.GOLD:
        frame = frame.filter(layer=table.layer, table_name=table.table)
    wanted = {name: key.value(name) for name in start.columns}
    found = []
    for row in frame.collect().to_dicts():
        ref = TableRef(context.config.domain.name, Layer(row["layer"]), row["table_name"])
        contract = context.contracts.get(ref)
        if contract is None or not _has_key(context, contract, row, words, wanted):
            continue
        place = row["row_key"] or ""
        if row[SRC_FILENAME]:
            place = f"{row[SRC_FILENAME]}, record {row[SRC_ROW_NUMBER]}"
        reasons = [f"{one['code']} {one['rule']}: {one['message']}" for one in row["reasons"] or ()]
        raw = row["raw_record"] or ""
        found.append(RejectedRecord(ref, place, tuple(reasons), row[RUN_ID], raw))
    return sorted(found, key=lambda one: (one.table, one.place))[: ROWS + 1]


def _has_key(
    context: LineageContext,
    contract: Contract,
    row: Row,
    words: Sequence[str],
    wanted: Mapping[str, str | None],
) -> bool:
    if row["row_key"] is not None:
        values = json.loads(row["row_key"])
        if not wanted:
            return words[0] in {str(value) for value in values.values()}
        values = json.loads(row["raw_record"]) if row["raw_record"] else values
        return all(name in values and _text(values[name]) == v for name, v in wanted.items())
    below = _names_below(context, contract.ref, wanted)
    if set(below) != set(wanted):
        return False
    fields = _fields(contract, row)
    if fields is None or not wanted:
        return all(_has_word(row["raw_record"] or "", word) for word in words)
    return all(
        any(_has_word(fields.get(column) or "", value or "") for column in below[name])
        for name, value in wanted.items()
    )


def _names_below(
    context: LineageContext, ref: TableRef, names: Iterable[str]
) -> dict[str, set[str]]:
    """By column of a key: the columns of a bronze table that it is made of."""
    found: dict[str, set[str]] = {}
    for contract in context.contracts.values():
        for name in names if contract.ref.layer is Layer.SILVER else ():
            if name in contract.column_names:
                for target, column in context.sources(contract.column(name)):
                    if target == ref:
                        found.setdefault(name, set()).add(column)
    own = context.contracts[ref].column_names
    return found | {n: {n} for n in names if n in own and n not in found}


def _fields(contract: Contract, row: Row) -> dict[str, str] | None:
    """The record's values by column of the contract; None if they do not match its header."""
    raw = row["raw_record"] or ""
    found = record_fields(raw, row.get("raw_header"), contract)
    if found is None:
        return None
    if not raw.lstrip().startswith("{"):
        cells = {folded(name): cell for name, cell in found.items()}
        names = {c.name: [folded(name) for name in names_in_files(c)] for c in contract.columns}
        return {
            name: next((cells[n] for n in own if n in cells), "") for name, own in names.items()
        }
    flat = found | flattened(found, {n for c in contract.columns for n in names_in_files(c)})
    values = {
        c.name: next((flat[name] for name in (*names_in_files(c), c.name) if name in flat), None)
        for c in contract.columns
    }
    return {
        c.name: raw if c.source == "$" else _text(values[c.name]) or "" for c in contract.columns
    }


def _has_word(text: str, word: str) -> bool:
    return bool(re.search(word_pattern(word), text)) if word else not text


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)
