"""A file compared with its contract and the previous file: what differs."""

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import NamedTuple

import polars as pl

from carms_lake.contract.change import joined
from carms_lake.contract.model import Column, Contract, NewColumns
from carms_lake.errors import visible
from carms_lake.flows.drift.cells import cells_of
from carms_lake.flows.drift.column_checks import check_against_contract, compare_with_previous
from carms_lake.flows.drift.files import (
    RawFile,
    document_column,
    is_spread,
    json_objects,
    stride_of,
    values_by_path,
)
from carms_lake.flows.drift.findings import (
    ChangeKind,
    Compared,
    DriftCollector,
    Severity,
    is_systematic,
    pct,
)
from carms_lake.flows.drift.inference import (
    TOLERANCE,
    cast_to,
    count_nonconforming,
    inferred_type,
    name_similarity,
    overlap,
)
from carms_lake.names import DELIVERY_ID, SRC_FILENAME, SRC_ROW_NUMBER, folded
from carms_lake.readers.header import spec_of
from carms_lake.store import delta
from carms_lake.store.delta.manifest import FileEntry

RENAME_SCORE = 0.65
"""A removed and an added column are one, renamed, from this similarity on."""
SPARSE = 0.05
"""An optional column is reported as gone only where more than this share of rows had a value."""

_WITH_VALUES = {"values": 0.45, "name": 0.30, "type": 0.15, "nulls": 0.10}
_WITHOUT_VALUES = {"name": 0.70, "type": 0.30}


class Matched(NamedTuple):
    """Each column of the contract and each header of the file, once."""

    present: dict[str, str]
    """The contract's column -> the file's header, which may differ in case or spaces."""
    renamed: dict[str, tuple[str, float]]
    """The contract's column -> the file's header, and how similar they are."""
    removed: list[Column]
    added: list[str]


def matched(contract: Contract, raw: RawFile, old: pl.DataFrame | None) -> Matched:
    """Find each column of a contract in a file; `old` are earlier rows under the contract's names.

    Headers are compared as ingest does: exactly, then without case and spaces around them.
    """
    exact = {column.source: column.name for column in contract.columns}
    present = {exact[header]: header for header in raw.sample.columns if header in exact}
    others = [column for column in contract.columns if column.name not in present]
    by_header = {folded(column.source): column.name for column in others}
    present |= {
        by_header[key]: header
        for header in raw.sample.columns
        if header not in exact and (key := folded(header)) in by_header
    }
    added = [header for header in raw.sample.columns if header not in present.values()]
    removed = [c for c in others if c.name not in present and c.from_path is None]
    renamed = _renamed(removed, added, raw, old)
    taken = {header for header, _ in renamed.values()}
    return Matched(
        present,
        renamed,
        [column for column in removed if column.name not in renamed],
        [header for header in added if header not in taken],
    )


def similarity(
    column: Column, old: pl.Series | None, new: pl.Series, header: str, not_text: int = 0
) -> float:
    """From 0 to 1: how similar a new column is to one of the contract and to its earlier values.

    Values weigh 45 %, the name 30 %, the type 15 %, the share of nulls 10 %; where no earlier
    values are known, the name weighs 70 % and the type 30 %.
    """
    filled = new.len() - new.null_count()
    wrong = count_nonconforming(new, column.type, not_text)
    parts = {"name": max(name_similarity(n, header) for n in (column.name, column.source))}
    if not filled:
        parts["type"] = 0.5
    elif wrong <= TOLERANCE * filled:
        parts["type"] = 1.0
    else:
        parts["type"] = 0.5 if joined(column.type, inferred_type(new)).name != "varchar" else 0.0
    weights = _WITHOUT_VALUES
    if old is not None and old.null_count() < old.len() and filled:
        weights = _WITH_VALUES
        parts["values"] = overlap(cast_to(old, column.type), cast_to(new, column.type))
        rates = [series.null_count() / series.len() for series in (old, new)]
        parts["nulls"] = 1 - abs(rates[0] - rates[1])
    return round(sum(weight * parts[key] for key, weight in weights.items()), 3)


def _renamed(
    removed: list[Column], added: list[str], raw: RawFile, old: pl.DataFrame | None
) -> dict[str, tuple[str, float]]:
    """The most similar pairs first, each column and header once."""
    pairs: list[tuple[str, str, float]] = []
    for column, header in product(removed, added):
        before = old[column.name] if old is not None and column.name in old.columns else None
        not_text = raw.not_text.get(header, 0)
        score = similarity(column, before, raw.sample[header], header, not_text)
        pairs.append((column.name, header, score))
    found: dict[str, tuple[str, float]] = {}
    for name, header, score in sorted(pairs, key=lambda pair: -pair[2]):
        is_taken = name in found or any(header == taken for taken, _ in found.values())
        if score >= RENAME_SCORE and not is_taken:
            found[name] = (header, score)
    return found


def landed_rows(path: Path, contract: Contract, entry: FileEntry) -> pl.DataFrame:
    """The rows of a landed file, or a sample of many, in the columns of the contract.

    Where the contract takes whole records, the columns are the keys of those records.

    Raises:
        StoreError: the table cannot be read.
    """
    stored = delta.columns(path)
    names = [name for name in contract.column_names if name in stored]
    stride = stride_of(entry.accepted)
    wanted = pl.col(SRC_FILENAME) == entry.name
    if entry.delivery_id is not None and DELIVERY_ID in stored:
        wanted &= pl.col(DELIVERY_ID) == entry.delivery_id
    if stride > 1:
        wanted &= is_spread(pl.col(SRC_ROW_NUMBER), stride)
    rows = delta.scan(path).filter(wanted).select(names).collect(engine="streaming")
    document = document_column(contract)
    if document is None:
        return rows
    columns = values_by_path(json_objects(rows[document]))
    return pl.DataFrame({key: cells_of(values)[0] for key, values in columns.items()})


def compare(contract: Contract, file: str, raw: RawFile, old: pl.DataFrame | None) -> Compared:
    """Everything in which one file differs from its contract and from the previous file.

    No contract names the keys of whole records: these are compared with the previous file only.

    Raises:
        ContractError: a pattern of the contract is not a regular expression.
    """
    if document_column(contract) is None:
        return _compare(contract, file, raw, old)
    if old is None:
        return Compared()
    columns = tuple(
        Column(name, inferred_type(old[name]), name, may_be_absent=True) for name in old.columns
    )
    source = replace(spec_of(contract), new_columns=NewColumns.ACCEPT)
    found = _compare(replace(contract, columns=columns, source=source), file, raw, old)
    # The contract takes whatever keys there are, so none of this keeps the file out.
    findings = tuple(
        replace(f, severity=Severity.WARNING) if f.severity is Severity.ERROR else f
        for f in found.findings
    )
    return Compared(findings)


def _compare(contract: Contract, file: str, raw: RawFile, old: pl.DataFrame | None) -> Compared:
    collector = DriftCollector(contract, file, raw, old)
    _check_file(collector)
    found = matched(contract, raw, old)
    _check_columns(collector, found)
    headers = found.present | {name: header for name, (header, _) in found.renamed.items()}
    check_against_contract(collector, headers)
    for name, header in headers.items():
        compare_with_previous(collector, contract.column(name), header)
    return Compared(tuple(collector.findings), tuple(collector.changes), frozenset(found.present))


def _check_file(collector: DriftCollector) -> None:
    raw, spec = collector.raw, spec_of(collector.contract)
    if raw.delimiter is not None and raw.delimiter != spec.delimiter:
        found = repr(raw.delimiter)
        collector.report(None, "delimiter", Severity.ERROR, repr(spec.delimiter), found)
        collector.require(ChangeKind.DELIMITER, value=raw.delimiter)
    for header in raw.doubled:
        collector.report(header, "doubled", Severity.ERROR, "one column", "the header is repeated")
    if raw.malformed:
        many = is_systematic(raw.malformed, raw.records)
        severity = Severity.ERROR if many else Severity.NOTE
        what = f"{raw.malformed} of {raw.records} records do not match the header"
        collector.report(None, "malformed", severity, "records that match the header", what)


def _check_columns(collector: DriftCollector, found: Matched) -> None:
    for name, header in found.present.items():
        source = collector.contract.column(name).source
        if header != source:
            collector.report(name, "header", Severity.NOTE, visible(source), visible(header))
    for name, (header, score) in found.renamed.items():
        source = collector.contract.column(name).source
        shown = visible(source), visible(header)
        collector.report(name, "renamed", Severity.ERROR, *shown, score=score)
        collector.require(ChangeKind.HEADER, name, header)
    for column in found.removed:
        before = collector.previous(column)
        share = 0.0 if before is None else 1 - before.null_count() / before.len()
        gone = "no such column"
        if not column.may_be_absent:
            collector.report(column.name, "gone", Severity.ERROR, column.source, gone)
            collector.require(ChangeKind.ABSENT, column.name)
        elif share > SPARSE:
            expected = f"{column.source}, in {pct(share)} of the previous rows"
            collector.report(column.name, "gone", Severity.WARNING, expected, gone)
    for header in found.added:
        _check_added(collector, header)


def _check_added(collector: DriftCollector, header: str) -> None:
    policy = spec_of(collector.contract).new_columns
    values = collector.raw.sample[header]
    kind = inferred_type(values)
    filled = values.len() - values.null_count()
    is_harmless = policy is NewColumns.ACCEPT or (policy is NewColumns.REJECT and not filled)
    severity = Severity.WARNING if is_harmless else Severity.ERROR
    share = pct(filled / values.len() if values.len() else 0.0)
    collector.report(header, "added", severity, "no such column", f"{kind}, filled in {share}")
    collector.require(ChangeKind.ADDED, header, kind)
