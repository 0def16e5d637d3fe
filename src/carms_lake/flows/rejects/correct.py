"""Mended records put into the files that they come from, so that these can be delivered again."""

from __future__ import annotations

import csv
import io
import json
from codecs import getincrementalencoder
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from carms_lake.catalog import load_catalog
from carms_lake.errors import SourceError, StoreError, UsageError
from carms_lake.files import whole
from carms_lake.flows.rejects import as_landed, aside, by_name
from carms_lake.names import (
    MEND_COLUMNS,
    MEND_FILE,
    MEND_RAW,
    MEND_RECORD,
    SRC_FILENAME,
    SRC_ROW_NUMBER,
    Layer,
)
from carms_lake.readers.csv_header import opened_at_header
from carms_lake.readers.discover import listing
from carms_lake.readers.header import spec_of
from carms_lake.readers.lines import csv_with, jsonl_with
from carms_lake.readers.text import encoding_of, is_utf8
from carms_lake.store.delta import table as delta
from carms_lake.store.delta.manifest import read_manifest
from carms_lake.store.layout import table_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from carms_lake.catalog import Catalog
    from carms_lake.config import LakeConfig
    from carms_lake.contract.model import Contract
    from carms_lake.records import SourceFile

    Row = Mapping[str, Any]


_HINT = "keep the columns, the delimiter and the encoding that `carms rejects --to-mend` gave"


@dataclass(frozen=True)
class Mended:
    """One source file that was written with mended records in it."""

    name: str
    records: int
    """How many records the mended file has for it."""
    path: Path


def mend(
    config: LakeConfig, table: str, file: Path, out: Path, *, from_path: Path | None = None
) -> list[Mended]:
    """Write the source files of mended records, whole, below a folder and under their own names.

    The files are read where they landed from, and must be as they landed. `file` is what
    `to_mend` gave, mended: CSV in the source's dialect, or JSON Lines.

    Raises:
        UsageError: no such source, or it is no text; `file` does not say where its records belong.
        SourceError: `file` cannot be read, or a source file is not there as it landed.
        StoreError: `out` cannot be written.
    """
    catalog = load_catalog(config.domain)
    contract = catalog.contracts[catalog.resolve(table, Layer.BRONZE)]
    formats = spec_of(contract).formats
    if formats not in (("csv",), ("jsonl",)):
        raise UsageError(
            f"files of `{contract.ref.table}` are {', '.join(formats)}, not CSV or JSON Lines",
            "mend the records in the file itself",
        )
    by_file: dict[str, dict[int, Row]] = {}
    for row in _rows(file, contract):
        by_file.setdefault(row[MEND_FILE], {})[int(row[MEND_RECORD])] = row
    _see_set_aside(config, catalog, contract, by_file)
    sources = _sources(config, contract, by_file, from_path)
    return [
        Mended(source.name, len(rows), _written(source, contract, rows, out))
        for source, rows in ((sources[name], rows) for name, rows in sorted(by_file.items()))
    ]


def _rows(file: Path, contract: Contract) -> Iterator[Row]:
    """The mended records; each says its file and its number there."""
    spec = spec_of(contract)
    is_csv = spec.formats == ("csv",)
    try:
        encoding = "utf-8-sig" if is_utf8(encoding_of(contract)) else spec.encoding
        text = file.read_bytes().decode(encoding)
        reader = csv.DictReader(
            io.StringIO(text, newline=""), delimiter=spec.delimiter, quotechar=spec.quote
        )
        csv.field_size_limit(max(csv.field_size_limit(), len(text)))
        rows = list(reader) if is_csv else [json.loads(t) for t in text.split("\n") if t.strip()]
    except (OSError, ValueError, csv.Error) as error:
        raise SourceError(f"`{file}` cannot be read: {error}", _HINT) from error
    for number, row in enumerate(rows, start=1):
        place = [row.get(MEND_FILE), row.get(MEND_RECORD)] if isinstance(row, dict) else [None]
        if not all(place) or not str(place[-1]).isdecimal():
            raise UsageError(
                f"`{file}`, record {number} does not say where it belongs: it needs "
                f"`{MEND_FILE}` and `{MEND_RECORD}`",
                _HINT,
            )
        yield row


def _see_set_aside(
    config: LakeConfig,
    catalog: Catalog,
    contract: Contract,
    by_file: Mapping[str, Mapping[int, Row]],
) -> None:
    """Refuse records that are good, or were mended already: a file may be sent twice."""
    found = aside(config, catalog, table=contract.ref.in_domain)
    rows = [] if found is None else found.select(SRC_FILENAME, SRC_ROW_NUMBER).collect().rows()
    wanted = {(name, number) for name, rows in by_file.items() for number in rows}
    others = sorted(wanted - set(rows))
    if others:
        name, number = others[0]
        more = f", nor are {len(others) - 1} more" if len(others) > 1 else ""
        raise UsageError(
            f"record {number} of `{name}` is not set aside{more}",
            "was it mended already? `carms rejects --history` says by which run",
        )


def _sources(
    config: LakeConfig,
    contract: Contract,
    by_file: Mapping[str, Mapping[int, Row]],
    from_path: Path | None,
) -> dict[str, SourceFile]:
    found = by_name(contract, listing(from_path or config.data_raw))
    current = read_manifest(delta.log(table_path(config, contract.ref))).current
    sources: dict[str, SourceFile] = {}
    for name in by_file:
        entry = current.get(name)
        source = as_landed(found.get(name, ()), entry) if entry else None
        if source is None:
            raise SourceError(
                f"`{name}` is not there as it landed",
                "bring it back, or name its folder with `--from`",
            )
        sources[name] = source
    return sources


def _written(source: SourceFile, contract: Contract, rows: Mapping[int, Row], out: Path) -> Path:
    """Write a file with the mended records in it, whole or not at all; where it is."""
    is_csv = spec_of(contract).formats == ("csv",)
    names = opened_at_header(source, contract).found if is_csv else []
    texts = {n: _text(row, names, contract) if is_csv else _object(row) for n, row in rows.items()}
    content = (csv_with if is_csv else jsonl_with)(source, contract, texts)
    encoding = encoding_of(contract)
    encoder = getincrementalencoder(encoding)("surrogateescape")  # a byte that was no text stays
    path = out / source.name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole(path) as partial, partial.open("wb") as stream:
            for block in content:
                text = block.decode("utf-8", "surrogatepass") if not is_utf8(encoding) else ""
                stream.write(encoder.encode(text) if text else block)
    except (OSError, UnicodeError) as error:
        raise StoreError(f"`{path}` cannot be written: {error}", "check the folder") from error
    return path


def _text(row: Row, names: list[str], contract: Contract) -> bytes:
    """A record of delimited text, from its cells; from `carms_raw` where it has none."""
    if not any(row.get(name) for name in names) and row.get(MEND_RAW):
        return str(row[MEND_RAW]).encode()
    spec, sink = spec_of(contract), io.StringIO(newline="")
    # The writer puts quotes around those line ends only that it writes itself.
    writer = csv.writer(sink, delimiter=spec.delimiter, quotechar=spec.quote)
    writer.writerow([row.get(name) or "" for name in names])
    return sink.getvalue().removesuffix("\r\n").encode()


def _object(row: Row) -> bytes:
    told = {name: value for name, value in row.items() if value is not None}
    values = {name: value for name, value in told.items() if name not in MEND_COLUMNS}
    if not values and row.get(MEND_RAW):
        return str(row[MEND_RAW]).encode()
    return json.dumps(values, ensure_ascii=False).encode()
