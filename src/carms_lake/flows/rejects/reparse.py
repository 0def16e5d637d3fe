"""Records that were set aside, read again by today's contract.

Text formats are read from the raw records that the reject store keeps, laid out as a small file of
their own; the others, and records whose bytes were no text, from the source file where it is still
there as it landed. Either way the records keep the numbers that they have in their file, and a
record counts as read again only where its raw text is the one that was set aside.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from carms_lake import readers
from carms_lake.errors import SourceRefused
from carms_lake.names import SRC_EXTRA, SRC_REPAIR, SRC_ROW_NUMBER
from carms_lake.readers.content import disk_facts
from carms_lake.readers.faults import readable
from carms_lake.readers.frames import parsed_chunk
from carms_lake.readers.header import spec_of
from carms_lake.records import CHUNK, Chunk, ReasonCode, SourceFile, TrackedChunk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from carms_lake.contract.model import Contract
    from carms_lake.records import ParsedRows, Provenance, RawRecords


TEXT_FORMATS = ("csv", "jsonl", "json")
"""Whose raw records say everything that the file says of them."""

_OWN = "\x00number"
"""The number that a record has in its own file."""

_GONE = "the source file is not there as it landed"
_OTHERWISE = "its records stand otherwise under today's contract; `carms ingest --full-refresh`"


@dataclass(frozen=True)
class Reread:
    """What became of the set-aside records of one file that could be read again."""

    parts: tuple[TrackedChunk, ...] = ()
    """The records, to be split by the contract; none where none could be read."""
    read_from: str = ""
    """`raw record` or `source file`."""
    why_not: str = ""
    """Why not all of them could be read."""


class _Renumbered(NamedTuple):
    """Raw records under the numbers that they have in their own file."""

    raw: RawRecords
    as_read: dict[int, int]

    def texts(self, row_numbers: Sequence[int]) -> dict[int, str]:
        """The text of those of these records that there are, by number."""
        wanted = {self.as_read[number]: number for number in row_numbers if number in self.as_read}
        found = self.raw.texts(list(wanted))
        return {wanted[number]: text for number, text in found.items()}


def reread(
    aside: pl.DataFrame,
    name: str,
    contract: Contract,
    stamp: Provenance,
    find: Callable[[], SourceFile | None],
) -> Reread:
    """Read the set-aside records of one file again.

    `find` gives the file as it landed, None where it is not there any more; it is asked only where
    the raw records do not say everything.
    """
    told = _told_by_raw(aside, contract)
    if told.height == aside.height:
        parts = _from_raw(told, name, contract, stamp)
        if parts:
            return Reread(parts, "raw record")
    source = find()
    why_not = _OTHERWISE if source or told.height == aside.height else _GONE
    if source is not None:
        try:
            parts = _from_source(aside, source, contract, stamp)
        except SourceRefused as error:
            parts, why_not = (), error.message
        if parts:
            return Reread(parts, "source file")
    if 0 < told.height < aside.height:
        parts = _from_raw(told, name, contract, stamp)
        if parts:
            left = aside.height - told.height
            return Reread(parts, "raw record", f"{left} records are not text, and {why_not}")
    return Reread(why_not=why_not)


def _format(contract: Contract) -> str:
    """How the files are read; empty where only each file tells."""
    formats = spec_of(contract).formats
    return formats[0] if len(formats) == 1 else ""


def _told_by_raw(aside: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """The records whose raw text is all of them, and is laid out by a known header."""
    if _format(contract) not in TEXT_FORMATS or "raw_header" not in aside.columns:
        return aside.clear()
    code = pl.element().struct.field("code")
    is_text = ~pl.col("reasons").list.eval(code == ReasonCode.ENCODING_ERROR).list.any()
    return aside.filter(is_text & pl.col("raw_header").is_not_null())


def _from_raw(
    aside: pl.DataFrame, name: str, contract: Contract, stamp: Provenance
) -> tuple[TrackedChunk, ...]:
    """The records read from a file made of them alone; none where that gives other records."""
    ordered = aside.sort(SRC_ROW_NUMBER)
    header = ordered["raw_header"][0]
    if ordered["raw_header"].n_unique() > 1:
        return ()
    raws = ordered["raw_record"].to_list()
    file_format = _format(contract)
    texts = {
        "csv": lambda: "\n".join([header, *raws]),
        "jsonl": lambda: "\n".join(raws),
        "json": lambda: f"[{','.join(raws)}]",
    }
    spec = replace(spec_of(contract), encoding="utf-8")
    reading = replace(contract, source=spec)
    if file_format != "csv":  # which columns the file has, the other records told
        columns = tuple(replace(column, may_be_absent=True) for column in contract.columns)
        reading = replace(reading, columns=columns)
    numbers = pl.DataFrame(
        {SRC_ROW_NUMBER: range(1, len(raws) + 1), _OWN: ordered[SRC_ROW_NUMBER]},
        schema={SRC_ROW_NUMBER: pl.Int64, _OWN: pl.Int64},
    )
    with tempfile.TemporaryDirectory(prefix="carms-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "records"
        path.write_bytes(texts[file_format]().encode())
        source = SourceFile(contract.ref, name, path, *disk_facts(path), format=file_format)
        try:
            parts = list(_renumbered(source, reading, numbers))
        except SourceRefused:
            return ()
    if file_format == "csv":
        parts = [replace(part, header=header) for part in parts]
    else:
        parts = [_with_columns(part, json.loads(header), contract) for part in parts]
    return _stamped(parts, ordered, source, stamp)


def _from_source(
    aside: pl.DataFrame, source: SourceFile, contract: Contract, stamp: Provenance
) -> tuple[TrackedChunk, ...]:
    numbers = aside.select(SRC_ROW_NUMBER, pl.col(SRC_ROW_NUMBER).alias(_OWN))
    parts = list(_renumbered(source, contract, numbers))
    return _stamped(parts, aside, source, stamp)


def _renumbered(source: SourceFile, contract: Contract, numbers: pl.DataFrame) -> Iterator[Chunk]:
    """The wanted records of a file, part by part, under their own numbers."""
    with readable(source):
        parts = iter(readers.read(source, contract).chunks)
    while True:
        with readable(source):
            part = next(parts, None)
        if part is None:
            return
        kept = _wanted(readers.parse_chunks([part]), numbers)
        if kept.records:
            yield replace(kept, header=part.header)


def _wanted(parsed: ParsedRows, numbers: pl.DataFrame) -> Chunk:
    rows = parsed.rows.drop(CHUNK).join(
        numbers, on=SRC_ROW_NUMBER, how="inner", maintain_order="left"
    )
    malformed = (
        parsed.malformed.drop(CHUNK)
        .join(numbers, on=SRC_ROW_NUMBER, how="inner", maintain_order="left")
        .rechunk()
    )
    said, own = pl.format("record {}", SRC_ROW_NUMBER), pl.format("record {}", _OWN)
    message = pl.col("message")
    malformed = malformed.with_columns(
        pl.when(message.str.starts_with(said))
        .then(pl.concat_str(own, message.str.strip_prefix(said)))
        .otherwise(message)
        .alias("message")
    )
    renamed = [
        frame.with_columns(pl.col(_OWN).alias(SRC_ROW_NUMBER)) for frame in (rows, malformed)
    ]
    records = rows.height + malformed[_OWN].n_unique()
    raw = _Renumbered(parsed.raw[0], dict(rows.select(_OWN, SRC_ROW_NUMBER).rows()))
    return parsed_chunk(renamed[0].drop(_OWN), renamed[1].drop(_OWN), records, raw)


def _with_columns(part: Chunk, names: Sequence[str], contract: Contract) -> Chunk:
    """The part with the columns that other records of the file have, null here."""
    found = part.content
    there = set(found.rows.columns)
    missing = [pl.lit(None, pl.String).alias(name) for name in names if name not in there]
    fields = [n for n in contract.column_names if n in there or n in names]
    others = [name for name in (SRC_REPAIR, SRC_EXTRA) if name in there]
    rows = found.rows.with_columns(missing).select(SRC_ROW_NUMBER, *fields, *others)
    return parsed_chunk(rows, found.malformed, part.records, found.raw)


def _stamped(
    parts: Sequence[Chunk], aside: pl.DataFrame, source: SourceFile, stamp: Provenance
) -> tuple[TrackedChunk, ...]:
    """The parts with their stamp; none where they are not the records that were set aside."""
    raws = dict(aside.select(SRC_ROW_NUMBER, "raw_record").rows())
    found: dict[int, str] = {}
    for part in parts:
        content = part.content
        found |= content.raw.texts(content.rows[SRC_ROW_NUMBER].to_list())
        found |= dict(content.malformed.select(SRC_ROW_NUMBER, "raw_record").rows())
    return tuple(TrackedChunk(source, stamp, part) for part in parts) if found == raws else ()
