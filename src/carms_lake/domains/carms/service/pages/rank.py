"""`/rank`: programs in the order of one applicant's wishes, with the reasons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import carms_lake
from carms_lake.domains.carms.analysis import ranking
from carms_lake.domains.carms.service.pages.profile import PARAMETERS, profile, tidy
from carms_lake.domains.carms.service.pages.ranked import ranked
from carms_lake.domains.carms.service.pages.wishes import form
from carms_lake.report.markup import Child, Markup, h, join
from carms_lake.serve.memory import Memory
from carms_lake.serve.pages import parts
from carms_lake.serve.pages.page import Drawn, Page, Visit

if TYPE_CHECKING:
    from carms_lake.domains.carms.analysis.ranking import Profile, Ranking

    Row = Mapping[str, Any]

LIMIT = 20
MOST_KEPT = 16
"""Rankings that are kept of a published file; one has a row for each program."""


def _draw(visit: Visit) -> Drawn:
    words = visit.words
    is_asked = bool(visit.asked.values.keys() - {"offset", "iteration"})
    body: list[Child] = [
        h("p", words("rank.lead")),
        h("p", words("rank.no_chance"), cls="state watch"),
    ]
    try:
        result = _result(visit, profile(visit.asked.values)) if is_asked else None
    except carms_lake.UsageError as error:
        result = _wrong(visit, error)
    # What was asked for is answered first; the form with its answers is below.
    return Drawn(words("rank.title"), join([*body, result, form(visit)]))


def _wrong(visit: Visit, error: carms_lake.UsageError) -> Markup:
    words, values = visit.words, visit.asked.values
    asks_service = "return_of_service" in values or "return_of_service=none" in values.values()
    if asks_service and "applicant" not in values:
        why: Child = h("p", words("rank.service_needs_applicant"))
    else:
        why = h("p", f"{error.message}. {error.hint}".strip(), lang="en")
    return h("div", h("h2", words("rank.wrong")), why, cls="state wrong", role="alert")


def _result(visit: Visit, wanted: Profile) -> Markup:
    words, lake = visit.words, visit.asked.lake
    kept = visit.asked.memory.once("rankings", lambda: Memory(MOST_KEPT))
    found: Ranking = kept.once(wanted, lambda: ranking.rank(lake, wanted))
    total, offset = found.programs.height, visit.asked.values.get("offset", 0)
    rows = found.programs.slice(offset, LIMIT).to_dicts()
    why = ranking.reasons(lake, wanted, [row["program_stream_id"] for row in rows]).to_dicts()
    by_program: dict[str, list[Row]] = {}
    for one in why:
        by_program.setdefault(one["program_stream_id"], []).append(one)
    counts = words("rank.count", ranked=total, considered=found.considered)
    return join(
        [
            h("h2", words("rank.result"), id="result"),
            h("p", counts, _left_out(visit, found)),
            h("p", words("rank.tied"), cls="note") if not wanted.shares() else None,
            ranked(visit, rows, by_program) if rows else h("p", words("rank.none"), cls="none"),
            parts.pager(visit, total, offset, LIMIT),
            h("p", words("rank.band.note"), cls="note"),
        ]
    )


def _left_out(visit: Visit, found: Ranking) -> Child:
    """How many programs each constraint leaves out; one may break several."""
    words = visit.words
    by = [
        words("site.label", name=words(f"constraint.{name}"), value=count)
        for name, count in found.left_out_by().items()
    ]
    return [" ", words("rank.left_out", by="; ".join(by))] if by else None


PAGE = Page("/rank", _draw, PARAMETERS, "nav.rank", tidy=tidy)
