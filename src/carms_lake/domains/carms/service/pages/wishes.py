"""The form of `/rank`: wishes with their weights, and what a program must have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from carms_lake.domains.carms import reference
from carms_lake.domains.carms.analysis.ranking.names import TESTS
from carms_lake.domains.carms.service.pages.finder import choices
from carms_lake.domains.carms.service.pages.profile import LIMITS, MOST_WISHES, NONE, TYPED, wishes
from carms_lake.report.markup import Markup, h
from carms_lake.serve.pages import parts

if TYPE_CHECKING:
    from carms_lake.serve.pages.page import Visit

    Groups = Sequence[tuple[str, Mapping[str, str]]]

_EMPTY_ROWS = 3
"""Fields for further wishes; there are more once these are used."""
_LEAST_ROWS = 5
_FIXED = {
    "seats": ("many", "few"),
    "length": ("short", "long"),
    "apply_in": ("en", "fr"),
    "return_of_service": ("none",),
    "low_contestedness": ("true",),
}


def form(visit: Visit) -> Markup:
    """The whole form, filled with the values of the page."""
    words = visit.words
    return h(
        "form",
        h("h2", words("rank.wishes"), id="wishes"),
        h("p", words("rank.wishes.note"), cls="note"),
        _wishes(visit),
        h("h2", words("rank.must")),
        _about(visit),
        _limits(visit),
        _lists(visit),
        h("p", h("button", words("rank.do"), type_="submit")),
        action=visit.link("/rank"),
        cls="filters",
    )


def _wishes(visit: Visit) -> Markup:
    words, values = visit.words, visit.asked.values
    given = wishes(values)
    count = min(max(len(given) + _EMPTY_ROWS, _LEAST_ROWS), MOST_WISHES)
    groups = _groups(visit)
    rows = []
    for n in range(1, count + 1):
        wish, weight = given[n - 1] if n <= len(given) else (None, None)
        chosen = _grouped(f"wish{n}", groups, wish, words("rank.choose"))
        rows.append(
            [parts.field(words("rank.wish", n=n), chosen), _weight(visit, f"weight{n}", weight)]
        )
    for name in TYPED:
        typed = parts.text_input(name, values.get(name), autocomplete="off")
        weight = values.get(f"{name}_weight")
        rows.append(
            [parts.field(words(f"rank.{name}"), typed), _weight(visit, f"{name}_weight", weight)]
        )
    return h("div", [h("div", row, cls="wish") for row in rows], cls="wishes")


def _weight(visit: Visit, name: str, value: float | None) -> Markup:
    shown = "" if value is None else f"{value:g}"
    control = parts.text_input(
        name, shown, type_="number", min=0, max=1_000, step="any", placeholder="1"
    )
    return parts.field(visit.words("rank.weight"), control, cls="field weight")


def _groups(visit: Visit) -> Groups:
    """The wishes that can be chosen, by their kind: `province=ON` and what it is called."""
    words = visit.words
    themes = [code for (code,) in reference.themes().select("theme").collect().rows()]
    named: dict[str, Mapping[str, str]] = {
        kind: choices(visit, kind) for kind in ("province", "discipline", "school")
    }
    named["theme"] = {one: words(f"theme.{one}") for one in themes}
    for kind, fixed in _FIXED.items():
        named[kind] = {
            one: words(_KEYS.get(kind, f"wish.{kind}.{{}}").format(one)) for one in fixed
        }
    return [
        (words(f"wish.{kind}"), {f"{kind}={value}": said for value, said in options.items()})
        for kind, options in named.items()
    ]


_KEYS = {"apply_in": "language.{}", "return_of_service": "service.{}"}


def _grouped(name: str, groups: Groups, chosen: str | None, empty: str) -> Markup:
    known = {value for _, options in groups for value in options}
    own = (
        [h("option", chosen, value=chosen, selected=True, lang="zxx")]
        if chosen and chosen not in known
        else []
    )
    shown = [
        h(
            "optgroup",
            [
                h("option", said, value=value, selected=value == chosen)
                for value, said in of.items()
            ],
            label=label,
        )
        for label, of in groups
    ]
    return h("select", h("option", empty, value=""), own, shown, name=name)


def _about(visit: Visit) -> Markup:
    """Who applies, in which languages, with which examinations."""
    words, values = visit.words, visit.asked.values
    applicants = {one: words(f"applicant.{one}") for one in ("CMG", "IMG", "USMG")}
    service = {one: words(f"service.{one}") for one in ("none", "required")}
    languages = {one: words(f"language.{one}") for one in ("en", "fr")}
    tests = {one: words(f"exam.{one}") for one in TESTS} | {NONE: words("rank.tests.none")}
    grid = [
        parts.field(
            words("filter.applicant"),
            parts.select("applicant", applicants, values.get("applicant"), words("site.any")),
        ),
        parts.field(
            words("rank.return_of_service"),
            parts.select(
                "return_of_service", service, values.get("return_of_service"), words("site.any")
            ),
        ),
    ]
    return h(
        "fieldset",
        h("legend", words("rank.who")),
        h("div", grid, cls="grid wide"),
        _boxes(visit, "apply_in", languages),
        _boxes(visit, "tests", tests),
    )


def _boxes(visit: Visit, name: str, options: Mapping[str, str], **attributes: Any) -> Markup:
    label = h("p", visit.words(f"rank.{name}"), id=f"{name}-label", cls="label")
    chosen = visit.asked.values.get(name, ())
    of = parts.boxes(
        name, options, chosen, role="group", aria_labelledby=f"{name}-label", **attributes
    )
    return h("div", label, of)


def _limits(visit: Visit) -> Markup:
    words, values = visit.words, visit.asked.values
    fields = [
        parts.field(
            words(f"rank.{name}"), parts.text_input(name, values.get(name), type_="number", min=0)
        )
        for name in LIMITS
    ]
    return h("div", fields, cls="grid")


def _lists(visit: Visit) -> Markup:
    """Only some disciplines, schools, provinces; days and programs that are fixed."""
    words, values = visit.words, visit.asked.values
    folded = []
    for name in ("disciplines", "provinces", "schools"):
        options = dict(choices(visit, name.removesuffix("s")))
        options |= {one: one for one in values.get(name, ()) if one not in options}
        label = words(f"rank.{name}")
        chosen = values.get(name, ())
        shown = parts.boxes(name, options, chosen, cls="boxes many", role="group", aria_label=label)
        folded.append(h("details", h("summary", label), shown, open=bool(chosen)))
    typed = [
        parts.field(
            words(f"rank.{name}"),
            parts.text_input(name, ",".join(values.get(name, ())) or None, autocomplete="off"),
        )
        for name in ("busy", "fixed")
    ]
    strict = parts.boxes(
        "strict", {"true": words("rank.strict")}, ["true"] if values.get("strict") else ()
    )
    return h("div", folded, h("div", typed, cls="grid wide"), strict)
