"""A file's headers beside a contract's columns: which is which, what came, went, or was renamed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from carms_lake.contract.widening import joined
from carms_lake.flows.drifting.fitting import TOLERANCE, in_type, misfits, narrowest
from carms_lake.flows.drifting.likeness import name_likeness, overlap

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import polars as pl

    from carms_lake.contract.model import Column, Contract
    from carms_lake.flows.drifting.rawfile import RawFile

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
