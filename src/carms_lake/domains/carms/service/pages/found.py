"""Which programs a page of the finder shows: the filters of the API, and the words of a search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import carms_lake
from carms_lake.domains.carms.analysis import search
from carms_lake.domains.carms.service.pages import said
from carms_lake.domains.carms.service.programs import Profiles, chosen
from carms_lake.report.find import folded
from carms_lake.serve.memory import Memory

if TYPE_CHECKING:
    from carms_lake.domains.carms.analysis.search import Hit
    from carms_lake.serve.pages.page import Visit
    from carms_lake.serve.routes import Asked

LIMIT = 25
MOST_KEPT = 64
"""Searches whose programs are kept of a published file."""


class Found(NamedTuple):
    """The programs that fit."""

    profiles: Profiles
    positions: Sequence[int]
    """Where they are in the profiles, in order."""
    seats: int
    excerpts: Mapping[str, Hit]
    """Of those on this page: the text that has most of the words."""

    def rows(self, positions: Sequence[int]) -> list[dict[str, Any]]:
        """The profiles at some positions."""
        held = self.profiles.held
        return [dict(zip(held.columns, held.rows[at], strict=True)) for at in positions]


def find(visit: Visit) -> Found:
    """The programs that fit the values of a page; none where a filter names what does not exist."""
    asked, values = visit.asked, visit.asked.values
    try:
        fitting = chosen(asked, values, may_ask=True)
    except carms_lake.UnknownKey:
        if "iteration" in values:
            raise
        fitting = None
    if fitting is None:
        every = chosen(asked, {}, may_ask=True)
        return Found(every[0], (), 0, {}) if every else _nothing()
    found, positions, seats = fitting
    if "q" in values:
        return _searched(visit, found, positions)
    if "sort" not in values:
        positions = _by_name(visit, found, positions)
    return Found(found, positions, seats, {})


def _nothing() -> Found:
    raise carms_lake.GoldMissing("no program is published", "run `carms run`")


def _by_name(visit: Visit, found: Profiles, positions: Sequence[int]) -> Sequence[int]:
    """In the order of the names of the language; those that were delivered are English."""
    if visit.words.lang == "en":
        return positions
    known = said.names_of(visit)

    def place() -> dict[int, int]:
        held = found.held
        rows = [dict(zip(held.columns, row, strict=True)) for row in held.rows]
        names = [(folded(said.discipline(r, known)), folded(said.school(r, known))) for r in rows]
        order = sorted(range(len(rows)), key=lambda at: (*names[at], at))
        return {at: n for n, at in enumerate(order)}

    key = ("by name", visit.words.lang, visit.asked.values.get("iteration"))
    places: dict[int, int] = visit.asked.memory.once(key, place)
    return sorted(positions, key=places.__getitem__)


def _searched(visit: Visit, found: Profiles, positions: Sequence[int]) -> Found:
    """Those of the positions that have the words, the best first unless another order is asked."""
    asked, values = visit.asked, visit.asked.values
    query, iteration = values["q"], values.get("iteration")
    ask = _ask(asked)
    kept_ids = asked.memory.once("searches", lambda: Memory(MOST_KEPT))
    best: list[str] = kept_ids.once(
        (query, iteration), lambda: search.ranked(ask, query, iteration)
    )
    if query.strip() in found.ids:  # the number of a program finds it
        best = [query.strip(), *(one for one in best if one != query.strip())]
    place = {one: at for at, one in enumerate(best)}
    kept = [at for at in positions if found.ids[at] in place]
    if "sort" not in values:
        kept.sort(key=lambda at: place[found.ids[at]])
    offset, limit = values.get("offset", 0), values.get("limit", LIMIT)
    shown = [found.ids[at] for at in kept[offset : offset + limit]]
    hits = search.among(ask, query, shown, iteration) if shown else ()
    excerpts = {one: hit for hit in hits for one in (hit.facts[0], *hit.same_text)}
    return Found(found, kept, sum(found.seats[at] for at in kept), excerpts)


def _ask(asked: Asked) -> search.Ask:
    def ask(sql: str, parameters: Mapping[str, Any]) -> list[Any]:
        return asked.lake.rows(sql, parameters)[1]

    return ask
