"""Where in its description a description says each fact."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from carms_lake.domains.carms.documents.facts import APPLICATION_LANGUAGE, LENGTH
from carms_lake.domains.carms.documents.model import Evidence
from carms_lake.domains.carms.documents.places import statement
from carms_lake.domains.carms.documents.requirements import letters_counted
from carms_lake.domains.carms.documents.sections import HEADER, split_criteria
from carms_lake.domains.carms.documents.selection import IN_PERSON, OUTSIDE, RESCHEDULING, VIRTUAL
from carms_lake.domains.carms.documents.spans import Span, span_in
from carms_lake.domains.carms.documents.text import fold, unwrapped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carms_lake.domains.carms.documents.model import Bucket, Document

CRITERIA = "selection_criteria"
INTERVIEWS = "interviews"
TESTS = ("casper", "fmproc", "mccqe1", "nac")
"""The examinations that the profile of a program has a column for, `needs_` before the code."""


def evidence(document: Document) -> tuple[Evidence, ...]:
    """The places of all that was read from a document, in the order of the profile's columns.

    A fact is named after the column that has it; of a requirement, a component and a day the fact
    is `requirement`, `selection_criterion` and `interview_on`, and `item` says which. A fact that
    several places make, as the letters of all kinds, comes once for each. Personal data has none.
    """
    return (
        *_header(document),
        *_printed(document),
        *_shares(document),
        *_return_of_service(document),
        *_interviews(document),
        *_requirements(document),
        *_criteria(document),
        *_policies(document),
    )


def _header(document: Document) -> Iterator[Evidence]:
    header = document.header
    section = document.section(HEADER)
    if section is None:
        return
    values = {
        "quota": header.quota,
        "accreditation_status": header.accreditation_status,
        "approved_on": header.approved_on,
    }
    for fact, value in values.items():
        if value is not None:
            place = statement(section.text, header.places[fact])
            yield Evidence(fact, None, str(value), HEADER, place)
    yield Evidence("document_language", None, document.language, HEADER, None)


def _printed(document: Document) -> Iterator[Evidence]:
    """What one expression reads in one section."""
    for fact, section, value, words in (
        (
            "application_language",
            "general_instructions",
            document.application_language,
            APPLICATION_LANGUAGE,
        ),
        ("length_years", "program_curriculum", document.length_years, LENGTH),
    ):
        text = document.text_of(section)
        found = words.search(fold(text)) if value is not None else None
        if found:
            yield Evidence(fact, None, str(value), section, statement(text, Span(*found.span())))


def _shares(document: Document) -> Iterator[Evidence]:
    text = document.text_of(CRITERIA)
    for name, bucket in (
        ("applications", document.applications),
        ("interviewed_pct", document.interviewed_pct),
    ):
        for bound, value in _bounds(bucket):
            if bucket and bucket.span and value is not None:
                place = statement(text, bucket.span)
                yield Evidence(f"{name}_{bound}", None, str(value), CRITERIA, place)


def _bounds(bucket: Bucket | None) -> tuple[tuple[str, int | None], ...]:
    return (("min", bucket.minimum), ("max", bucket.maximum)) if bucket else ()


def _return_of_service(document: Document) -> Iterator[Evidence]:
    for kind, stated in document.return_of_service.items():
        fact = f"return_of_service_{kind}"
        yield Evidence(fact, None, stated.value, "return_of_service", stated.span)


def _interviews(document: Document) -> Iterator[Evidence]:
    days = document.interview_days
    for fact, day in (("first_interview_on", min), ("last_interview_on", max)):
        if days:
            chosen = day(days)
            yield Evidence(fact, None, chosen.isoformat(), INTERVIEWS, days[chosen])
    for each, place in days.items():
        yield Evidence("interview_on", each.isoformat(), each.isoformat(), INTERVIEWS, place)


def _requirements(document: Document) -> Iterator[Evidence]:
    letters, number = letters_counted(document.requirements)
    for letter in letters:
        place = letter.places["label"]
        yield Evidence("reference_letters", None, str(number), place.section, place.span)
    for asked in document.requirements:
        places = {name: (place.section, place.span) for name, place in asked.places.items()}
        if asked.code in TESTS:
            yield Evidence(f"needs_{asked.code}", None, "true", *places["label"])
        for bound, words in (("minimum", asked.min_words), ("maximum", asked.max_words)):
            if words is not None:
                fact = f"personal_letter_{bound[:3]}_words"
                yield Evidence(fact, None, str(words), *places[bound])
        for name in ("label", "level"):
            if name in places:
                yield Evidence("requirement", asked.code, asked.level, *places[name])


def _criteria(document: Document) -> Iterator[Evidence]:
    for row in document.criteria:
        value = None if row.is_evaluated is None else str(row.is_evaluated).lower()
        item = f"{row.stage}.{row.code}"
        yield Evidence("selection_criterion", item, value, CRITERIA, row.span)
    electives = document.electives
    for fact, name, rule in (
        ("elective_requirement_rule", "requirement", electives.requirement_rule),
        ("onsite_elective_rule", "onsite", electives.onsite_rule),
    ):
        if rule is not None:
            yield Evidence(fact, None, rule, CRITERIA, electives.spans[name])


def _policies(document: Document) -> Iterator[Evidence]:
    """What the form's own sentences say, and how interviews are held."""
    text = document.text_of(CRITERIA)
    parts = split_criteria(text)
    rules = (
        (
            "considers_outside_information",
            "outside_information",
            document.considers_outside_information,
            OUTSIDE,
        ),
        ("rescheduling_policy", "interview_process", document.rescheduling_policy, RESCHEDULING),
    )
    for fact, name, value, said in rules:
        part = parts.get(name)
        words = next((words for means, words in said if means == value), None)
        if part is None or words is None:
            continue
        line = unwrapped(fold(part))
        found = words.search(line)
        if found:
            place = span_in(part, *line.span(*found.span()))
            yield Evidence(fact, None, str(value).lower(), CRITERIA, statement(text, place))
    for fact, words in (
        ("mentions_virtual_interview", VIRTUAL),
        ("mentions_in_person_interview", IN_PERSON),
    ):
        yield from _mention(document, fact, words)


def _mention(document: Document, fact: str, words: re.Pattern[str]) -> Iterator[Evidence]:
    interviews, criteria = document.text_of(INTERVIEWS), document.text_of(CRITERIA)
    process = split_criteria(criteria).get("interview_process", "")
    for section, text, part in (
        (INTERVIEWS, interviews, interviews),
        (CRITERIA, criteria, process),
    ):
        found = words.search(fold(part))
        if found:
            place = span_in(part, *found.span())
            yield Evidence(fact, None, "true", section, statement(text, place))
            return
