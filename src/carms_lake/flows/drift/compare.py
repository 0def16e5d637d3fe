"""A file compared with its contract and the last landed file: what differs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from carms_lake.contract.change import joined
from carms_lake.contract.model import Column, NewColumns
from carms_lake.flows.drift.column_checks import check_against_contract, compare_with_previous
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
from carms_lake.readers.header import spec_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import polars as pl

    from carms_lake.contract.model import Contract
    from carms_lake.flows.drift.files import RawFile


RENAME_SCORE = 0.65
"""A column that was removed and one that was added are one, renamed, from this similarity on."""

_WITH_VALUES = {"values": 0.45, "name": 0.30, "type": 0.15, "nulls": 0.10}
_WITHOUT = {"name": 0.70, "type": 0.30}


@dataclass(frozen=True)
class Matched:
    """Each column of the contract and each header of the file, once."""

    present: dict[str, str]
    """The contract's column -> the file's header."""
    respelt: dict[str, str]
    """Of these, those whose header differs in case or spaces."""
    renamed: dict[str, tuple[str, float]]
    """The contract's column -> the file's header, and how alike they are."""
    absent: tuple[Column, ...]
    added: tuple[str, ...]


def matched(contract: Contract, raw: RawFile, old: pl.DataFrame | None) -> Matched:
    """Find each column of a contract in a file; `old` are earlier rows under the contract's names.

    Headers are compared as ingest does: exactly, then without case and spaces around them.
    """
    exact = {column.source: column.name for column in contract.columns}
    present = {exact[header]: header for header in raw.headers if header in exact}
    folded = {
        column.source.strip().casefold(): column.name
        for column in contract.columns
        if column.name not in present
    }
    respelt = {
        folded[key]: header
        for header in raw.headers
        if header not in exact and (key := header.strip().casefold()) in folded
    }
    present |= respelt
    added = [header for header in raw.headers if header not in present.values()]
    removed = [
        column
        for column in contract.columns
        if column.name not in present and column.from_path is None
    ]
    renamed = _renamed(removed, added, raw, old)
    headers = {header for header, _ in renamed.values()}
    return Matched(
        present=present,
        respelt=respelt,
        renamed=renamed,
        absent=tuple(column for column in removed if column.name not in renamed),
        added=tuple(header for header in added if header not in headers),
    )


def similarity(
    column: Column, old: pl.Series | None, new: pl.Series, header: str, not_text: int = 0
) -> float:
    """From 0 to 1: how much a new column is like one of the contract, and like its earlier values.

    Values weigh 45 %, the name 30 %, the type 15 %, the share of nulls 10 %; where nothing is known
    of earlier values, the name weighs 70 % and the type 30 %.
    """
    there = new.len() - new.null_count()
    wrong = count_nonconforming(new, column.type, not_text)
    parts = {"name": max(name_similarity(n, header) for n in (column.name, column.source))}
    if not there:
        parts["type"] = 0.5
    elif wrong <= TOLERANCE * there:
        parts["type"] = 1.0
    else:
        parts["type"] = 0.5 if joined(column.type, inferred_type(new)).name != "varchar" else 0.0
    if old is None or old.null_count() == old.len() or not there:
        return round(sum(weight * parts[key] for key, weight in _WITHOUT.items()), 3)
    parts["values"] = overlap(cast_to(old, column.type), cast_to(new, column.type))
    rates = [series.null_count() / series.len() for series in (old, new)]
    parts["nulls"] = 1 - abs(rates[0] - rates[1])
    return round(sum(weight * parts[key] for key, weight in _WITH_VALUES.items()), 3)


def _renamed(
    removed: Iterable[Column], added: Iterable[str], raw: RawFile, old: pl.DataFrame | None
) -> dict[str, tuple[str, float]]:
    """The likest pairs first, each column and header once."""
    pairs = sorted(_pairs(list(removed), list(added), raw, old), key=lambda pair: -pair[2])
    found: dict[str, tuple[str, float]] = {}
    for name, header, score in pairs:
        if name not in found and all(header != taken for taken, _ in found.values()):
            found[name] = (header, score)
    return found


def _pairs(
    removed: list[Column], added: list[str], raw: RawFile, old: pl.DataFrame | None
) -> Iterator[tuple[str, str, float]]:
    for column in removed:
        before = old[column.name] if old is not None and column.name in old.columns else None
        for header in added:
            not_text = raw.not_text.get(raw.headers.index(header), 0)
            score = similarity(column, before, raw.series(header), header, not_text)
            if score >= RENAME_SCORE:
                yield column.name, header, score


SPARSE = 0.05
"""A column that may be absent is missed only where more than this share of rows had a value."""


def compare(contract: Contract, file: str, raw: RawFile, old: pl.DataFrame | None) -> Compared:
    """Everything that one file has otherwise than its contract says, or than the file before it.

    Raises:
        ContractError: a pattern of the contract is no regular expression.
    """
    collector = DriftCollector(contract, file, raw, old)
    _check_file(collector)
    found = matched(contract, raw, old)
    _check_columns(collector, found)
    headers = {**found.present, **{name: header for name, (header, _) in found.renamed.items()}}
    check_against_contract(collector, headers)
    for name, header in headers.items():
        compare_with_previous(collector, contract.column(name), header)
    return Compared(tuple(collector.findings), tuple(collector.changes), frozenset(found.present))


def compare_keys(contract: Contract, file: str, raw: RawFile, old: pl.DataFrame) -> Compared:
    """The keys of whole records beside those of the last landed file; no contract names them."""
    columns = tuple(
        Column(name, inferred_type(old[name]), name, may_be_absent=True) for name in old.columns
    )
    source = replace(spec_of(contract), new_columns=NewColumns.ACCEPT)
    found = compare(replace(contract, columns=columns, source=source), file, raw, old)
    findings = tuple(
        replace(f, severity=Severity.WARNING) if f.severity is Severity.ERROR else f
        for f in found.findings
    )
    return Compared(findings)


def _check_file(collector: DriftCollector) -> None:
    raw, spec = collector.raw, spec_of(collector.contract)
    if raw.delimiter is not None and raw.delimiter != spec.delimiter:
        collector.report(
            None, "delimiter", Severity.ERROR, repr(spec.delimiter), repr(raw.delimiter)
        )
        collector.require(ChangeKind.DELIMITER, value=raw.delimiter)
    for header in raw.doubled:
        collector.report(header, "doubled", Severity.ERROR, "one column", "the header stands twice")
    if raw.malformed:
        severity = Severity.ERROR if is_systematic(raw.malformed, raw.records) else Severity.NOTE
        what = f"{raw.malformed} of {raw.records} records are not laid out like the header"
        collector.report(None, "malformed", severity, "records as wide as the header", what)


def _check_columns(collector: DriftCollector, found: Matched) -> None:
    for name, header in found.respelt.items():
        source = collector.contract.column(name).source
        collector.report(name, "header", Severity.NOTE, source, header)
    for name, (header, score) in found.renamed.items():
        source = collector.contract.column(name).source
        collector.report(name, "renamed", Severity.ERROR, source, header, score=score)
        collector.require(ChangeKind.HEADER, name, header)
    for column in found.absent:
        _check_missing(collector, column)
    for header in found.added:
        _check_added(collector, header)


def _check_missing(collector: DriftCollector, column: Column) -> None:
    before = collector.previous(column.name)
    share = 0.0 if before is None else 1 - before.null_count() / before.len()
    if not column.may_be_absent:
        collector.report(column.name, "gone", Severity.ERROR, column.source, "no such column")
        collector.require(ChangeKind.ABSENT, column.name)
    elif share > SPARSE:
        expected = f"{column.source}, in {pct(share)} of the last rows"
        collector.report(column.name, "gone", Severity.WARNING, expected, "no such column")


def _check_added(collector: DriftCollector, header: str) -> None:
    policy = spec_of(collector.contract).new_columns
    values = collector.raw.series(header)
    kind = inferred_type(values)
    filled = values.len() - values.null_count()
    is_harmless = policy is NewColumns.ACCEPT or (policy is NewColumns.SET_ASIDE and not filled)
    severity = Severity.WARNING if is_harmless else Severity.ERROR
    share = pct(filled / values.len() if values.len() else 0.0)
    collector.report(header, "added", severity, "no such column", f"{kind}, filled in {share}")
    collector.require(ChangeKind.ADDED, header, kind)
