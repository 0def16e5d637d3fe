"""The files of a source that are one series: each place in it holds a snapshot of the whole.

The contract says what gives a file, or a row, its place (`carms.series`). What has no place comes
before what has one. The last place is the present, whenever its files arrived.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from carms_lake.contract.model import Contract
from carms_lake.contract.spelling import SeriesOrder, SeriesSpec
from carms_lake.names import DELIVERED_AT, DELIVERY_ID, SRC_FILENAME, natural_key
from carms_lake.quality.split import said_by_path
from carms_lake.store import delta
from carms_lake.store.delta.log import commits
from carms_lake.store.delta.manifest import FileEntry, Manifest, read_manifest

Place = tuple[bool, Any]
"""Sorts the parts of a series; without a place `(False, "")`."""

_NOWHERE: Place = (False, "")
_NAME = "series"
"""In place of the names of all files, where a history is made of the series."""
_VALUE = "\x00value"
_DATE_FORMATS = {6: "%Y%m", 8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
"""By how many digits there are, whatever is between them."""


@dataclass(frozen=True)
class Snapshot:
    """What one place in a series held from a moment on."""

    at: datetime | None
    """When it counts from: as delivered, or just before the next one that was delivered earlier."""
    members: tuple[tuple[str, int | None, str | None], ...]
    """File, delivery, and the value of the column that orders the series, if one does."""


def place(spec: SeriesSpec, text: str | None) -> Place:
    """The place that a text gives in a series."""
    if text is None:
        return _NOWHERE
    digits = "".join(filter(str.isdecimal, text))
    try:
        if spec.order is SeriesOrder.DATED:
            return (True, datetime.strptime(digits, _DATE_FORMATS[len(digits)]))  # noqa: DTZ007
        if spec.order is SeriesOrder.NUMERIC:
            return (True, Decimal(text))
    except (ArithmeticError, KeyError, ValueError):
        return _NOWHERE
    return (True, tuple(natural_key(text)))


def places_of(spec: SeriesSpec, names: Iterable[str]) -> dict[str, Place]:
    """The places that files have by their names; none where a column orders the series."""
    there = sorted(set(names))
    if spec.path is None:
        return dict.fromkeys(there, _NOWHERE)
    texts = said_by_path(spec.path, there)
    return {name: place(spec, text) for name, text in zip(there, texts, strict=True)}


class Arrivals:
    """What is to be said of new files whose names come before those of landed ones.

    Only sources whose files are snapshots have a present that their order decides.
    """

    def __init__(self, contract: Contract, manifest: Manifest) -> None:
        self._contract = contract
        self._manifest = manifest

    def note(self, name: str) -> str:
        """The note on a file that is about to land; empty where its name is the last or known."""
        last = self._last
        if last is None or name in self._manifest.current or self._place(name) >= self._place(last):
            return ""
        if self._contract.series is not None:
            return f"takes its place in the history, before `{last}`"
        return (
            f"warning: arrives after `{last}`, whose name is greater; of a record that both have, "
            "this one counts as the newer; where the files of a source are one series, its "
            "contract says so with `carms.series`"
        )

    @cached_property
    def _last(self) -> str | None:
        """The landed file whose name is the greatest, where that decides anything."""
        if self._contract.series is None and not self._contract.is_snapshot:
            return None
        landed = [entry.name for entry in self._manifest.current.values() if not entry.copy_of]
        return max(landed, key=self._place, default=None)

    def _place(self, name: str) -> Place:
        if spec := self._contract.series:
            return places_of(spec, [name])[name]
        return (True, natural_key(name))


def snapshots(contract: Contract, manifest: Manifest, rows: pl.LazyFrame) -> list[Snapshot]:
    """The snapshots of a source with a series, in its order; `rows` are those of its table.

    Empty where all is in one place: then a file is a snapshot of its own, as without a series.
    Of a file that was delivered several times, and of files that share a place, each delivery
    begins another snapshot: the newest delivery of every file of the place.
    """
    spec = contract.series
    if spec is None:
        return []
    entries = {e.label: e for e in manifest.entries if not e.copy_of}
    parts: dict[Place, list[tuple[FileEntry, str | None]]] = {}
    if spec.column is None:
        places = places_of(spec, (name for name, _ in entries))
        for entry in entries.values():
            parts.setdefault(places[entry.name], []).append((entry, None))
    else:
        for name, delivery, text in _values(contract, spec.column, rows):
            if (name, delivery) in entries:
                member = (entries[name, delivery], text)
                parts.setdefault(place(spec, text), []).append(member)
    if len(parts) == 1:
        return []
    found: list[Snapshot] = []
    for _, members in sorted(parts.items(), key=lambda part: part[0]):
        for moment in sorted({entry.delivered_at or "" for entry, _ in members}):
            # What a place holds from a delivery on: its other files as they were by then.
            there = [m for m in members if (m[0].delivered_at or "") <= moment]
            newest = {entry.name: entry.delivery_id for entry, _ in sorted(there, key=_delivery)}
            at = datetime.fromisoformat(moment) if moment else None
            kept = [(e.name, e.delivery_id, t) for e, t in there if newest[e.name] == e.delivery_id]
            found.append(Snapshot(at, tuple(kept)))
    return _in_time(found)


def of_present(contract: Contract, path: Path, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows that the last snapshot has; all of them where the source is not a series."""
    if contract.series is None:
        return rows
    found = snapshots(contract, read_manifest(commits(path)), delta.scan(path))
    if not found:
        return rows
    members = {(name, delivery) for name, delivery, _ in found[-1].members}
    return [row for row in rows if (row[SRC_FILENAME], row.get(DELIVERY_ID)) in members]


def current_rows(frame: pl.LazyFrame, contract: Contract, found: list[Snapshot]) -> pl.LazyFrame:
    """The rows of the last snapshot of a series."""
    return _rows_of(frame, contract, found[-1:]).select(frame.collect_schema().names())


def all_rows(frame: pl.LazyFrame, contract: Contract, found: list[Snapshot]) -> pl.LazyFrame:
    """The rows of all snapshots of a series, as if one file had been delivered again and again."""
    names = frame.collect_schema().names()
    as_one = {
        SRC_FILENAME: pl.lit(_NAME),
        DELIVERY_ID: pl.col("\x00number"),
        DELIVERED_AT: pl.col("\x00at"),
    }
    joined = _rows_of(frame, contract, found)
    return joined.with_columns(**{n: e for n, e in as_one.items() if n in names}).select(names)


def _rows_of(frame: pl.LazyFrame, contract: Contract, found: list[Snapshot]) -> pl.LazyFrame:
    """The rows of some snapshots, with the number and the moment of each."""
    keys = pl.LazyFrame(
        [
            (*member, number, snapshot.at)
            for number, snapshot in enumerate(found, 1)
            for member in snapshot.members
        ],
        schema={
            SRC_FILENAME: pl.String,
            DELIVERY_ID: pl.Int64,
            _VALUE: pl.String,
            "\x00number": pl.Int64,
            "\x00at": pl.Datetime("us", "UTC"),
        },
        orient="row",
    )
    on = [SRC_FILENAME]
    if DELIVERY_ID in contract.audit_columns:
        on.append(DELIVERY_ID)
    else:
        keys = keys.drop(DELIVERY_ID)
    if contract.series and (column := contract.series.column):
        frame = frame.with_columns(pl.col(column).cast(pl.String).alias(_VALUE))
        on.append(_VALUE)
    return frame.join(keys, on=on, how="inner", nulls_equal=True, maintain_order="left")


def _values(contract: Contract, column: str, rows: pl.LazyFrame) -> Iterable[tuple[Any, ...]]:
    """File, delivery and value, once each."""
    delivery = pl.col(DELIVERY_ID) if DELIVERY_ID in contract.audit_columns else pl.lit(None)
    value = pl.col(column).cast(pl.String)
    wanted = rows.select(SRC_FILENAME, delivery.alias(DELIVERY_ID), value.alias(_VALUE))
    return wanted.unique().collect(engine="streaming").iter_rows()


def _delivery(member: tuple[FileEntry, str | None]) -> int:
    return member[0].delivery_id or 0


def _in_time(found: list[Snapshot]) -> list[Snapshot]:
    """The same in ascending time: one that came late counts from just before the next one."""
    ordered: list[Snapshot] = []
    limit: datetime | None = None
    for snapshot in reversed(found):
        at = snapshot.at
        if at is not None and limit is not None:
            at = min(at, limit - timedelta(microseconds=1))
        limit = at or limit
        ordered.append(Snapshot(at, snapshot.members))
    return ordered[::-1]


def series_of(contracts: Mapping[Any, Contract], refs: Iterable[Any]) -> dict[str, str]:
    """The series of those of these tables that have one, as a build remembers them."""
    return {str(ref): str(contracts[ref].series) for ref in refs if contracts[ref].series}
