"""Rejected records, reparsed by the current contract.

Records of text formats are read from the raw text that the reject store keeps, written into a small
file of their own; all others, and records whose bytes were not text, from the source file if it
still has the content that landed. Either way the records keep the numbers that they have in their
file, and are used only if their raw text is the one that was rejected.
"""

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from carms_lake import readers
from carms_lake.contract.model import Contract
from carms_lake.contract.spelling import Extent
from carms_lake.errors import SourceRefused, counted
from carms_lake.names import SRC_EXTRA, SRC_REPAIR, SRC_ROW_NUMBER
from carms_lake.quality.split import Provenance, TrackedChunk
from carms_lake.readers.content import disk_facts, readable
from carms_lake.readers.frames import parsed_chunk
from carms_lake.readers.header import spec_of
from carms_lake.records import CHUNK, Chunk, ParsedRows, ReasonCode, SourceFile

_TEXT_FORMATS = ("csv", "jsonl", "json")
"""The raw text of such a record is all that the file says about it."""

_OWN = "\x00number"
"""The number that a record has in its own file."""

_FILE_CHANGED = "the source file is gone, or its content has changed since it landed"
_OTHER_RECORDS = (
    "the current contract divides the file into other records; `carms ingest --full-refresh`"
)


@dataclass(frozen=True)
class Reparsed:
    """The rejected records of one file that could be reparsed."""

    chunks: tuple[TrackedChunk, ...] = ()
    """Empty if no record could be read."""
    read_from: str = ""
    """`raw record` or `source file`."""
    why_not: str = ""
    """Why not all of them could be read."""


def reparse(
    rejected: pl.DataFrame,
    name: str,
    contract: Contract,
    provenance: Provenance,
    find: Callable[[], SourceFile | None],
) -> Reparsed:
    """Read the rejected records of one file again.

    `find` gives the file with the content that landed, if there is one; it is only called if the
    raw records do not say everything.
    """
    text = _complete_as_text(rejected, contract)
    from_text = reparse_raw(text, name, contract, provenance)
    left = rejected.height - text.height
    if from_text and not left:
        return Reparsed(from_text, "raw record")
    source = find()
    why_not = _OTHER_RECORDS if source or not left else _FILE_CHANGED
    if source is not None:
        try:
            numbers = rejected.select(SRC_ROW_NUMBER, pl.col(SRC_ROW_NUMBER).alias(_OWN))
            found = list(_renumbered(source, contract, numbers))
            if chunks := _tracked(found, rejected, source, provenance):
                return Reparsed(chunks, "source file")
        except SourceRefused as error:
            why_not = error.message
    if from_text:
        why_not = f"{counted(left, 'record')} not text, and {why_not}"
        return Reparsed(from_text, "raw record", why_not)
    return Reparsed(why_not=why_not)


def _complete_as_text(rejected: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """The records whose raw text is complete and has a known header."""
    if _format(contract) not in _TEXT_FORMATS or "raw_header" not in rejected.columns:
        return rejected.clear()
    code = pl.element().struct.field("code")
    is_text = ~pl.col("reasons").list.eval(code == ReasonCode.ENCODING_ERROR).list.any()
    return rejected.filter(is_text & pl.col("raw_header").is_not_null())


def _format(contract: Contract) -> str:
    """The format of a source that has only one; else empty."""
    formats = spec_of(contract).formats
    return formats[0] if len(formats) == 1 else ""


def reparse_raw(
    rejected: pl.DataFrame, name: str, contract: Contract, provenance: Provenance
) -> tuple[TrackedChunk, ...]:
    """The records, read from a file that holds only them; empty if that gives other records."""
    if rejected.is_empty() or rejected["raw_header"].n_unique() > 1:
        return ()
    ordered = rejected.sort(SRC_ROW_NUMBER)
    header, raws = ordered["raw_header"][0], ordered["raw_record"].to_list()
    file_format = _format(contract)
    reading = replace(
        contract, source=replace(spec_of(contract), encoding="utf-8", encodings=(), extent=Extent())
    )
    if file_format == "csv":
        text = "\n".join([header, *raws])
    else:  # the other records of the file said which columns it has
        columns = tuple(replace(column, may_be_absent=True) for column in contract.columns)
        reading = replace(reading, columns=columns)
        text = "\n".join(raws) if file_format == "jsonl" else f"[{','.join(raws)}]"
    numbers = ordered.select(pl.col(SRC_ROW_NUMBER).alias(_OWN)).with_row_index(
        SRC_ROW_NUMBER, offset=1
    )
    with tempfile.TemporaryDirectory(prefix="carms-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "records"
        path.write_bytes(text.encode())
        source = SourceFile(contract.ref, name, path, *disk_facts(path), format=file_format)
        try:
            chunks = list(_renumbered(source, reading, numbers.cast(pl.Int64)))
        except SourceRefused:
            return ()
    if file_format == "csv":
        chunks = [replace(chunk, header=header) for chunk in chunks]
    else:
        chunks = [_with_columns(chunk, json.loads(header), contract) for chunk in chunks]
    return _tracked(chunks, ordered, source, provenance)


def _renumbered(source: SourceFile, contract: Contract, numbers: pl.DataFrame) -> Iterator[Chunk]:
    """The wanted records of a file, chunk by chunk, under their own numbers."""
    with readable(source):
        for chunk in readers.read(source, contract).chunks:
            wanted = _wanted(readers.parse_chunks([chunk]), numbers)
            if wanted.records:
                yield replace(wanted, header=chunk.header)


def _wanted(parsed: ParsedRows, numbers: pl.DataFrame) -> Chunk:
    rows, malformed = (
        frame.drop(CHUNK)
        .join(numbers, on=SRC_ROW_NUMBER, how="inner", maintain_order="left")
        .rechunk()
        for frame in (parsed.rows, parsed.malformed)
    )
    as_read, own = pl.format("record {}", SRC_ROW_NUMBER), pl.format("record {}", _OWN)
    message = pl.col("message")
    malformed = malformed.with_columns(
        pl.when(message.str.starts_with(as_read))
        .then(pl.concat_str(own, message.str.strip_prefix(as_read)))
        .otherwise(message)
        .alias("message")
    )
    records = rows.height + malformed[_OWN].n_unique()
    as_read_by_own = dict(rows.select(_OWN, SRC_ROW_NUMBER).rows())
    rows, malformed = (
        frame.with_columns(pl.col(_OWN).alias(SRC_ROW_NUMBER)).drop(_OWN)
        for frame in (rows, malformed)
    )

    def raw(row_numbers: Sequence[int]) -> dict[int, str]:
        wanted = {as_read_by_own[n]: n for n in row_numbers if n in as_read_by_own}
        return {wanted[number]: text for number, text in parsed.raw[0](list(wanted)).items()}

    return parsed_chunk(rows, malformed, records, raw)


def _with_columns(chunk: Chunk, names: Sequence[str], contract: Contract) -> Chunk:
    """The chunk with the columns that other records of the file have, null here."""
    found = chunk.content
    existing = found.rows.columns
    missing = {name: pl.lit(None, pl.String) for name in names if name not in existing}
    fields = [n for n in contract.column_names if n in existing or n in names]
    others = [name for name in (SRC_REPAIR, SRC_EXTRA) if name in existing]
    rows = found.rows.with_columns(**missing).select(SRC_ROW_NUMBER, *fields, *others)
    return parsed_chunk(rows, found.malformed, chunk.records, found.raw)


def _tracked(
    chunks: Sequence[Chunk], rejected: pl.DataFrame, source: SourceFile, provenance: Provenance
) -> tuple[TrackedChunk, ...]:
    """The chunks with their provenance; empty if they are not the records that were rejected."""
    # Under another contract the same number may be that of another record.
    raws = dict(rejected.select(SRC_ROW_NUMBER, "raw_record").rows())
    found: dict[int, str] = {}
    for content in (chunk.content for chunk in chunks):
        found |= content.raw(content.rows[SRC_ROW_NUMBER].to_list())
        found |= dict(content.malformed.select(SRC_ROW_NUMBER, "raw_record").rows())
    tracked = (TrackedChunk(source, provenance, chunk) for chunk in chunks)
    return tuple(tracked) if found == raws else ()
