"""Corrected records put into the files that they come from, to be delivered again."""

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
from carms_lake.flows.rejects import current_rejects
from carms_lake.flows.rejects.locate import LandedFiles
from carms_lake.names import (
    EXPORT_COLUMNS,
    EXPORT_FILE,
    EXPORT_RAW,
    EXPORT_RECORD,
    SRC_FILENAME,
    SRC_ROW_NUMBER,
    Layer,
)
from carms_lake.readers.csv_header import opened_at_header
from carms_lake.readers.header import spec_of
from carms_lake.readers.lines import with_records
from carms_lake.readers.text import encoding_of, is_utf8
from carms_lake.store import table_path
from carms_lake.store.delta.log import commits
from carms_lake.store.delta.manifest import read_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from carms_lake.catalog import Catalog
    from carms_lake.config import LakeConfig
    from carms_lake.contract.model import Contract
    from carms_lake.records import SourceFile
    from carms_lake.store.delta.manifest import FileEntry

    Row = Mapping[str, Any]


_HINT = "keep the columns, the delimiter and the encoding of the file that `--export` wrote"


@dataclass(frozen=True)
class Corrected:
    """One source file that was written with corrected records in it."""

    name: str
    records: int
    """How many corrected records are in it."""
    path: Path


def correct(
    config: LakeConfig, table: str, file: Path, out: Path, *, from_path: Path | None = None
) -> list[Corrected]:
    """Write complete source files with the corrected records, below a folder, under their names.

    The source files must have the content that landed. `file` is an export with corrected values:
    CSV in the source's dialect, or JSON Lines.

    Raises:
        UsageError: no such source, or it is not text; `file` does not say where records belong.
        SourceError: `file` cannot be read, or a source file has changed or is gone.
        StoreError: `out` cannot be written.
    """
    catalog = load_catalog(config.domain)
    contract = catalog.contracts[catalog.resolve(table, Layer.BRONZE)]
    formats = spec_of(contract).formats
    if formats not in (("csv",), ("jsonl",)):
        raise UsageError(
            f"files of `{contract.ref.table}` are {', '.join(formats)}, not CSV or JSON Lines",
            "correct the records in the file itself",
        )
    by_file: dict[str, dict[int, Row]] = {}
    for row in _rows(file, contract):
        by_file.setdefault(row[EXPORT_FILE], {})[int(row[EXPORT_RECORD])] = row
    _ensure_rejected(config, catalog, contract, by_file)
    landed, current = LandedFiles(config, from_path), _current(config, contract)
    found: list[tuple[SourceFile, dict[int, Row]]] = []
    for name, rows in sorted(by_file.items()):
        source = landed.find(contract, current[name]) if name in current else None
        if source is None:
            raise SourceError(
                f"`{name}` is gone, or its content has changed since it landed",
                "bring it back, or name its folder with `--from`",
            )
        found.append((source, rows))
    return [
        Corrected(source.name, len(rows), _write(source, contract, rows, out))
        for source, rows in found
    ]


def _rows(file: Path, contract: Contract) -> Iterator[Row]:
    """The corrected records; each says its file and its number there."""
    spec = spec_of(contract)
    try:
        encoding = "utf-8-sig" if is_utf8(encoding_of(contract)) else spec.encoding
        text = file.read_bytes().decode(encoding)
        csv.field_size_limit(max(csv.field_size_limit(), len(text)))
        rows = (
            list(
                csv.DictReader(
                    io.StringIO(text, newline=""), delimiter=spec.delimiter, quotechar=spec.quote
                )
            )
            if spec.formats == ("csv",)
            else [json.loads(line) for line in text.split("\n") if line.strip()]
        )
    except (OSError, ValueError, csv.Error) as error:
        raise SourceError(f"`{file}` cannot be read: {error}", _HINT) from error
    for number, row in enumerate(rows, start=1):
        place = [row.get(EXPORT_FILE), row.get(EXPORT_RECORD)] if isinstance(row, dict) else [None]
        if not all(place) or not str(place[-1]).isdecimal():
            raise UsageError(
                f"`{file}`, record {number} does not say where it belongs: it needs "
                f"`{EXPORT_FILE}` and `{EXPORT_RECORD}`",
                _HINT,
            )
        yield row


def _ensure_rejected(
    config: LakeConfig,
    catalog: Catalog,
    contract: Contract,
    by_file: Mapping[str, Mapping[int, Row]],
) -> None:
    """Refuse records that are good or were corrected before: a file may be sent twice."""
    found = current_rejects(config, catalog, table=contract.ref.in_domain)
    rejected = [] if found is None else found.select(SRC_FILENAME, SRC_ROW_NUMBER).collect().rows()
    others = sorted(
        {(name, number) for name, rows in by_file.items() for number in rows} - set(rejected)
    )
    if others:
        name, number = others[0]
        more = f", nor are {len(others) - 1} more" if len(others) > 1 else ""
        raise UsageError(
            f"record {number} of `{name}` is not rejected{more}",
            "was it corrected already? `carms rejects --history` says by which run",
        )


def _current(config: LakeConfig, contract: Contract) -> Mapping[str, FileEntry]:
    return read_manifest(commits(table_path(config, contract.ref))).current


def _write(source: SourceFile, contract: Contract, rows: Mapping[int, Row], out: Path) -> Path:
    """Write a file with the corrected records in it, completely or not at all; its path."""
    is_csv = spec_of(contract).formats == ("csv",)
    names = opened_at_header(source, contract).found if is_csv else []
    texts = {
        number: _csv_text(row, names, contract) if is_csv else _json_text(row)
        for number, row in rows.items()
    }
    encoding = encoding_of(contract)
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
    return path


def _csv_text(row: Row, names: list[str], contract: Contract) -> bytes:
    """A record from its cells; from `carms_raw` if it has none."""
    if not any(row.get(name) for name in names) and row.get(EXPORT_RAW):
        return str(row[EXPORT_RAW]).encode()
    spec, sink = spec_of(contract), io.StringIO(newline="")
    # The writer quotes only those line ends that it would write itself.
    writer = csv.writer(sink, delimiter=spec.delimiter, quotechar=spec.quote)
    writer.writerow([row.get(name) or "" for name in names])
    return sink.getvalue().removesuffix("\r\n").encode()


def _json_text(row: Row) -> bytes:
    values = {
        name: value
        for name, value in row.items()
        if value is not None and name not in EXPORT_COLUMNS
    }
    if not values and row.get(EXPORT_RAW):
        return str(row[EXPORT_RAW]).encode()
    return json.dumps(values, ensure_ascii=False).encode()
