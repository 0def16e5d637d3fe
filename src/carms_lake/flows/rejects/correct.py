"""Rejected records to be corrected by hand, and the corrected ones put back into their files."""

import csv
import io
import json
from codecs import getincrementalencoder, lookup
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from carms_lake.catalog import Catalog, load_catalog
from carms_lake.config import LakeConfig
from carms_lake.contract.model import Contract, Delivery
from carms_lake.errors import SourceError, StoreError, UsageError
from carms_lake.files import whole
from carms_lake.flows.rejects import current_rejects, in_source_columns, reasons_of
from carms_lake.flows.rejects.locate import LandedFiles, places
from carms_lake.names import (
    EXPORT_COLUMNS,
    EXPORT_FILE,
    EXPORT_RAW,
    EXPORT_RECORD,
    SRC_FILENAME,
    SRC_ROW_NUMBER,
    Layer,
)
from carms_lake.readers.csv.header import opened_at_header
from carms_lake.readers.discover import matches
from carms_lake.readers.header import spec_of
from carms_lake.readers.lines import with_records
from carms_lake.readers.text import encoding_of, is_utf8
from carms_lake.records import SourceFile
from carms_lake.store import table_path
from carms_lake.store.delta.log import commits
from carms_lake.store.delta.manifest import read_manifest

Row = Mapping[str, Any]


_QUOTE = '"'
_KEY = [SRC_FILENAME, SRC_ROW_NUMBER]
_HINT = "keep the columns, the delimiter and the encoding of the file that `--export` wrote"


@dataclass(frozen=True)
class Export:
    """The rejected records of one source."""

    contract: Contract
    rows: pl.DataFrame
    """One row per record: the source's columns, then `carms_file`, `carms_record`, `carms_place`,
    `carms_reason`; and `carms_raw`, the text of records that do not match their header."""
    next_step: str = ""
    """How the corrected records are sent back."""

    def as_source(self) -> bytes | None:
        """The rows in the dialect and the encoding of the source; None if it is not CSV."""
        spec = spec_of(self.contract)
        if spec.formats != ("csv",):
            return None
        text = _csv_text([self.rows.columns, *self.rows.iter_rows()], self.contract)
        return text.encode(spec.encoding, "backslashreplace")


class Corrected(NamedTuple):
    """One source file that was written with so many corrected records in it."""

    name: str
    records: int
    path: Path


def export(
    config: LakeConfig,
    table: str | None = None,
    *,
    code: str | None = None,
    column: str | None = None,
    run: str | None = None,
) -> Export:
    """The rejected records of a source; without `table`, of the one source that has any.

    Raises:
        UsageError: the source is unknown, or several have rejected records and none is named.
        StoreError: the lake cannot be read.
    """
    catalog = load_catalog(config.domain)
    found = current_rejects(config, catalog, table=table, layer=Layer.BRONZE, run=run)
    records = pl.DataFrame(schema={"table_name": pl.String}) if found is None else found.collect()
    contract = _source(catalog, table, records["table_name"].unique().sort().to_list())
    if records.is_empty():
        return Export(contract, pl.DataFrame(schema=dict.fromkeys(EXPORT_COLUMNS, pl.String)))
    reasons = reasons_of(records.lazy(), code=code, column=column).collect()
    reasons = reasons.with_columns(places(config, catalog.contracts, reasons))
    by_record = reasons.group_by(_KEY).agg(
        pl.col("place", "message").unique(maintain_order=True).str.join("; ")
    )
    rows = records.join(by_record, on=_KEY).sort(_KEY)
    next_step = "" if rows.is_empty() else _next_step(contract, rows[SRC_FILENAME][0])
    return Export(contract, in_source_columns(rows, contract), next_step)


def correct(
    config: LakeConfig, table: str, file: Path, out: Path, *, from_path: Path | None = None
) -> list[Corrected]:
    """Write complete source files with the corrected records, below a folder, under their names.

    The source files must have the content that landed. `file` is an export with corrected values:
    CSV in the source's dialect, or JSON Lines.

    Raises:
        UsageError: the source is unknown, or not text; `file` does not say where records belong.
        SourceError: `file` cannot be read, or a source file has changed or is gone.
        StoreError: `out` cannot be written.
    """
    catalog = load_catalog(config.domain)
    contract = catalog.contracts[catalog.resolve(table, Layer.BRONZE)]
    formats = spec_of(contract).formats
    if formats not in (("csv",), ("jsonl",)):
        what = f"files of `{contract.ref.table}` are {', '.join(formats)}, not CSV or JSON Lines"
        raise UsageError(what, "correct the records in the file itself")
    by_file: dict[str, dict[int, Row]] = {}
    for row in _corrected_rows(file, contract):
        by_file.setdefault(row[EXPORT_FILE], {})[int(row[EXPORT_RECORD])] = row
    _ensure_rejected(current_rejects(config, catalog, table=contract.ref.in_domain), by_file)
    landed = LandedFiles(config, from_path)
    current = read_manifest(commits(table_path(config, contract.ref))).current
    sources: list[SourceFile] = []
    for name in sorted(by_file):
        source = landed.find(contract, current[name]) if name in current else None
        if source is None:
            what = f"`{name}` is gone, or its content has changed since it landed"
            raise SourceError(what, "bring it back, or name its folder with `--from`")
        sources.append(source)
    return [_write(source, contract, by_file[source.name], out) for source in sources]


def _source(catalog: Catalog, table: str | None, rejecting: Sequence[str]) -> Contract:
    if table is None and len(rejecting) > 1:
        raise UsageError(
            f"{len(rejecting)} sources have rejected records: {', '.join(rejecting)}",
            f"name one, as in `carms rejects {rejecting[0]} --export`",
        )
    if table is None and not rejecting:
        hint = "`carms rejects` lists what is quarantined"
        raise UsageError("no source has rejected records", hint)
    return catalog.contracts[catalog.resolve(table or rejecting[0], Layer.BRONZE)]


def _next_step(contract: Contract, name: str) -> str:
    """Where the corrected records go: into the file they come from, or into a file of their own."""
    spec, table = spec_of(contract), contract.ref.table
    if spec.formats not in (("csv",), ("jsonl",)):
        return f"correct `{name}` itself and deliver it again, complete and under the same name"
    into = f"`carms rejects correct {table} FILE --out DIR` puts them into their files"
    folder, slash, file = name.rpartition("/")
    stem, dot, suffix = file.partition(".")
    own_file = f"{folder}{slash}{stem}_corrected{dot}{suffix}"
    may_be_alone = (
        spec.delivery is Delivery.APPEND
        and not any(column.from_path for column in contract.columns)
        and matches(contract, own_file)
    )
    return f"{into}; or deliver them as a file such as `{own_file}`" if may_be_alone else into


def _corrected_rows(file: Path, contract: Contract) -> Iterator[Row]:
    """The corrected records; each says its file and its number there."""
    spec = spec_of(contract)
    try:
        # Where encodings differ from file to file, an export is UTF-8.
        encoding = "utf-8-sig" if is_utf8(lookup(spec.encoding).name) else spec.encoding
        text = file.read_bytes().decode(encoding)
        rows: list[Any]
        if spec.formats == ("csv",):
            csv.field_size_limit(max(csv.field_size_limit(), len(text)))
            lines = io.StringIO(text, newline="")
            rows = list(
                csv.DictReader(lines, delimiter=spec.delimiter, quotechar=spec.quote or _QUOTE)
            )
        else:
            rows = [json.loads(line) for line in text.split("\n") if line.strip()]
    except (OSError, ValueError, csv.Error) as error:
        raise SourceError(f"`{file}` cannot be read: {error}", _HINT) from error
    for number, row in enumerate(rows, start=1):
        place = [row.get(EXPORT_FILE), row.get(EXPORT_RECORD)] if isinstance(row, dict) else [None]
        if not all(place) or not str(place[-1]).isdecimal():
            needed = f"it needs `{EXPORT_FILE}` and `{EXPORT_RECORD}`"
            what = f"`{file}`, record {number} does not say where it belongs: {needed}"
            raise UsageError(what, _HINT)
        yield row


def _ensure_rejected(
    rejected: pl.LazyFrame | None, by_file: Mapping[str, Mapping[int, Row]]
) -> None:
    """Refuse records that are good or were corrected before: a file may be sent twice."""
    known = [] if rejected is None else rejected.select(_KEY).collect().rows()
    corrected = {(name, number) for name, rows in by_file.items() for number in rows}
    if others := sorted(corrected - set(known)):
        name, number = others[0]
        more = f", nor are {len(others) - 1} more" if len(others) > 1 else ""
        raise UsageError(
            f"record {number} of `{name}` is not rejected{more}",
            "was it corrected already? `carms rejects --history` says by which run",
        )


def _write(source: SourceFile, contract: Contract, rows: Mapping[int, Row], out: Path) -> Corrected:
    """Write a file with the corrected records in it, completely or not at all."""
    is_csv = spec_of(contract).formats == ("csv",)
    names = opened_at_header(source, contract).found if is_csv else []
    texts = {number: _record_text(row, names, contract) for number, row in rows.items()}
    encoding = encoding_of(contract, source.name)
    # Bytes that are not text in this encoding are kept as they are.
    encoder = getincrementalencoder(encoding)("surrogateescape")
    path = out / source.name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole(path) as partial, partial.open("wb") as stream:
            for block in with_records(source, contract, texts):
                text = block.decode("utf-8", "surrogatepass") if not is_utf8(encoding) else ""
                stream.write(encoder.encode(text) if text else block)
    except (OSError, UnicodeError) as error:
        raise StoreError(f"`{path}` cannot be written: {error}", "check the folder") from error
    return Corrected(source.name, len(rows), path)


def _record_text(row: Row, names: Sequence[str], contract: Contract) -> bytes:
    """A record from its values, for CSV in the order of these names; from its raw text if none."""
    own = {k: v for k, v in row.items() if v is not None and k not in EXPORT_COLUMNS}
    values = [row.get(name) for name in names]
    if not (any(values) if names else own) and row.get(EXPORT_RAW):
        return str(row[EXPORT_RAW]).encode()
    if names:
        return _in_dialect(values, contract)
    return json.dumps(own, ensure_ascii=False).encode()


def _csv_text(rows: Iterable[Sequence[Any]], contract: Contract) -> str:
    """An export: in the delimiter of the source, with quotes even where its files have none."""
    spec, sink = spec_of(contract), io.StringIO(newline="")
    # The writer quotes only those line ends that it would write itself.
    csv.writer(sink, delimiter=spec.delimiter, quotechar=spec.quote or _QUOTE).writerows(rows)
    return sink.getvalue()


def _in_dialect(values: Sequence[Any], contract: Contract) -> bytes:
    """A record as a file of the source has it.

    Raises:
        UsageError: a value needs quotes, and the files have none.
    """
    spec, sink = spec_of(contract), io.StringIO(newline="")
    texts = [None if value is None else str(value) for value in values]
    if spec.quote:
        texts = [text and text.replace(spec.escape or "\0", spec.escape * 2) for text in texts]
        csv.writer(sink, delimiter=spec.delimiter, quotechar=spec.quote).writerow(texts)
    else:
        writer = csv.writer(
            sink,
            delimiter=spec.delimiter,
            quoting=csv.QUOTE_NONE,
            quotechar=None,
            escapechar=spec.escape or None,
        )
        try:
            writer.writerow(texts)
        except csv.Error:
            what = f"a value has the delimiter or a line end in it: {texts}"
            hint = "the source has `carms.quote: none`, so its files cannot hold that"
            raise UsageError(what, hint) from None
    return sink.getvalue().removesuffix("\r\n").encode()
