"""What a program asks of its applicants, and what it looks at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from carms_lake.domains.carms.service.pages import facts, said
from carms_lake.report.markup import Child, Markup, h, join

if TYPE_CHECKING:
    from carms_lake.domains.carms.service.pages.why import Evidence
    from carms_lake.serve.pages.page import Visit

    Row = Mapping[str, Any]

LEVELS = ("required", "conditional", "optional", None)
STAGES = ("file_review", "interview")


def requirements(visit: Visit, row: Row, evidence: Evidence) -> Markup | None:
    """The requirements by how much they are asked for, each with its sentence."""
    entries = row["requirements"] or []
    shown: list[Child] = []
    for level in LEVELS:
        of_level = [entry for entry in entries if entry["requirement_level"] == level]
        if of_level:
            items = h("ul", list(_items(of_level, visit, evidence)), cls="asked")
            shown += [h("h3", visit.words(f"level.{level or 'mentioned'}")), items]
    return join(shown) if shown else None


def _items(entries: Sequence[Row], visit: Visit, evidence: Evidence) -> Iterator[Markup]:
    """One after the other; alternatives of one kind together."""
    told: set[str] = set()
    for entry in entries:
        kind = entry["requirement_category"]
        if not entry["is_alternative"]:
            yield _item(entry, visit, evidence)
        elif kind not in told:
            told.add(kind)
            choice = [
                e for e in entries if e["is_alternative"] and e["requirement_category"] == kind
            ]
            if len(choice) == 1:
                yield _item(entry, visit, evidence)
            else:
                inner = h("ul", [_item(each, visit, evidence) for each in choice])
                yield h("li", visit.words("asked.one_of"), inner)


def _item(entry: Row, visit: Visit, evidence: Evidence) -> Markup:
    why = evidence.of_requirement(entry["requirement_code"])
    return h("li", facts.requirement(entry, visit.words), why)


def criteria(visit: Visit, row: Row) -> Markup | None:
    """A table for each stage: its components, whether they are evaluated, and in what words."""
    words, entries = visit.words, row["selection_criteria"] or []
    shown: list[Child] = []
    for stage in STAGES:
        lines = [
            h(
                "tr",
                h("th", component(entry, visit), scope="row"),
                h("td", facts.verdict(entry, words), cls="" if entry["is_evaluated"] else "off"),
                h("td", entry["criterion_text"] or "", lang=row["document_language"]),
            )
            for entry in entries
            if entry["stage"] == stage
        ]
        if lines:
            keys = ("component", "verdict", "text")
            heads = [h("th", words(f"criterion.{key}"), scope="col") for key in keys]
            table = h("table", h("thead", h("tr", heads)), h("tbody", lines), cls="list criteria")
            shown += [h("h3", words(f"stage.{stage}")), table]
    return join(shown) if shown else None


def component(entry: Row, visit: Visit) -> Child:
    """What a component is called."""
    return said.of_code(visit.words, "component", entry["component_code"])
