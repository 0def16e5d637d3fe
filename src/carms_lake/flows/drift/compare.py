"""A file compared with its contract and the last landed file: what differs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from carms_lake.contract.change import joined
from carms_lake.contract.model import Column, NewColumns
from carms_lake.flows.drift.column_checks import beside_the_last, by_the_contract
from carms_lake.flows.drift.findings import Compared, Promise, Seen, Weight, is_many, pct
from carms_lake.flows.drift.inference import (
    TOLERANCE,
    in_type,
    misfits,
    name_likeness,
    narrowest,
    overlap,
)
from carms_lake.readers.header import spec_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import polars as pl

    from carms_lake.contract.model import Contract
    from carms_lake.flows.drift.files import RawFile


RENAME_SCORE = 0.65
"""A column that went and one that came are one, renamed, from this likeness on."""

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
    came = [header for header in raw.headers if header not in present.values()]
    went = [
        column
        for column in contract.columns
        if column.name not in present and column.from_path is None
    ]
    renamed = _renamed(went, came, raw, old)
    headers = {header for header, _ in renamed.values()}
    return Matched(
        present=present,
        respelt=respelt,
        renamed=renamed,
        absent=tuple(column for column in went if column.name not in renamed),
        added=tuple(header for header in came if header not in headers),
    )


def likeness(
    column: Column, old: pl.Series | None, new: pl.Series, header: str, not_text: int = 0
) -> float:
    """From 0 to 1: how much a new column is like one of the contract, and like its earlier values.

    Values weigh 45 %, the name 30 %, the type 15 %, the share of nulls 10 %; where nothing is known
    of earlier values, the name weighs 70 % and the type 30 %.
    """
    there = new.len() - new.null_count()
    wrong = misfits(new, column.type, not_text)
    parts = {"name": max(name_likeness(n, header) for n in (column.name, column.source))}
    if not there:
        parts["type"] = 0.5
    elif wrong <= TOLERANCE * there:
        parts["type"] = 1.0
    else:
        parts["type"] = 0.5 if joined(column.type, narrowest(new)).name != "varchar" else 0.0
    if old is None or old.null_count() == old.len() or not there:
        return round(sum(weight * parts[key] for key, weight in _WITHOUT.items()), 3)
    parts["values"] = overlap(in_type(old, column.type), in_type(new, column.type))
    rates = [series.null_count() / series.len() for series in (old, new)]
    parts["nulls"] = 1 - abs(rates[0] - rates[1])
    return round(sum(weight * parts[key] for key, weight in _WITH_VALUES.items()), 3)


def _renamed(
    went: Iterable[Column], came: Iterable[str], raw: RawFile, old: pl.DataFrame | None
) -> dict[str, tuple[str, float]]:
    """The likest pairs first, each column and header once."""
    pairs = sorted(_pairs(list(went), list(came), raw, old), key=lambda pair: -pair[2])
    found: dict[str, tuple[str, float]] = {}
    for name, header, score in pairs:
        if name not in found and all(header != taken for taken, _ in found.values()):
            found[name] = (header, score)
    return found


def _pairs(
    went: list[Column], came: list[str], raw: RawFile, old: pl.DataFrame | None
) -> Iterator[tuple[str, str, float]]:
    for column in went:
        before = old[column.name] if old is not None and column.name in old.columns else None
        for header in came:
            not_text = raw.not_text.get(raw.headers.index(header), 0)
            score = likeness(column, before, raw.series(header), header, not_text)
            if score >= RENAME_SCORE:
                yield column.name, header, score


SPARSE = 0.05
"""A column that may be absent is missed only where more than this share of rows had a value."""


def compare(contract: Contract, file: str, raw: RawFile, old: pl.DataFrame | None) -> Compared:
    """Everything that one file has otherwise than its contract says, or than the file before it.

    Raises:
        ContractError: a pattern of the contract is no regular expression.
    """
    seen = Seen(contract, file, raw, old)
    _whole(seen)
    found = matched(contract, raw, old)
    _columns(seen, found)
    headers = {**found.present, **{name: header for name, (header, _) in found.renamed.items()}}
    by_the_contract(seen, headers)
    for name, header in headers.items():
        beside_the_last(seen, contract.column(name), header)
    return Compared(tuple(seen.findings), tuple(seen.needs), frozenset(found.present))


def compare_keys(contract: Contract, file: str, raw: RawFile, old: pl.DataFrame) -> Compared:
    """The keys of whole records beside those of the last landed file; no contract names them."""
    columns = tuple(
        Column(name, narrowest(old[name]), name, may_be_absent=True) for name in old.columns
    )
    source = replace(spec_of(contract), new_columns=NewColumns.ACCEPT)
    found = compare(replace(contract, columns=columns, source=source), file, raw, old)
    findings = tuple(
        replace(f, severity=Weight.WARNING) if f.severity is Weight.ERROR else f
        for f in found.findings
    )
    return Compared(findings)


def _whole(seen: Seen) -> None:
    raw, spec = seen.raw, spec_of(seen.contract)
    if raw.delimiter is not None and raw.delimiter != spec.delimiter:
        seen.say(None, "delimiter", Weight.ERROR, repr(spec.delimiter), repr(raw.delimiter))
        seen.need(Promise.DELIMITER, value=raw.delimiter)
    for header in raw.doubled:
        seen.say(header, "doubled", Weight.ERROR, "one column", "the header stands twice")
    if raw.malformed:
        severity = Weight.ERROR if is_many(raw.malformed, raw.records) else Weight.NOTE
        what = f"{raw.malformed} of {raw.records} records are not laid out like the header"
        seen.say(None, "malformed", severity, "records as wide as the header", what)


def _columns(seen: Seen, found: Matched) -> None:
    for name, header in found.respelt.items():
        source = seen.contract.column(name).source
        seen.say(name, "header", Weight.NOTE, source, header)
    for name, (header, score) in found.renamed.items():
        source = seen.contract.column(name).source
        seen.say(name, "renamed", Weight.ERROR, source, header, score=score)
        seen.need(Promise.HEADER, name, header)
    for column in found.absent:
        _absent(seen, column)
    for header in found.added:
        _added(seen, header)


def _absent(seen: Seen, column: Column) -> None:
    before = seen.before(column.name)
    share = 0.0 if before is None else 1 - before.null_count() / before.len()
    if not column.may_be_absent:
        seen.say(column.name, "gone", Weight.ERROR, column.source, "no such column")
        seen.need(Promise.ABSENT, column.name)
    elif share > SPARSE:
        expected = f"{column.source}, in {pct(share)} of the last rows"
        seen.say(column.name, "gone", Weight.WARNING, expected, "no such column")


def _added(seen: Seen, header: str) -> None:
    policy = spec_of(seen.contract).new_columns
    values = seen.raw.series(header)
    kind = narrowest(values)
    filled = values.len() - values.null_count()
    is_harmless = policy is NewColumns.ACCEPT or (policy is NewColumns.SET_ASIDE and not filled)
    severity = Weight.WARNING if is_harmless else Weight.ERROR
    share = pct(filled / values.len() if values.len() else 0.0)
    seen.say(header, "added", severity, "no such column", f"{kind}, filled in {share}")
    seen.need(Promise.ADDED, header, kind)
