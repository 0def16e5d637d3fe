"""Splitting a document into its canonical sections.

No character is lost: the raw slices of all sections, joined, are the text that was split.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from carms_lake.domains.carms.documents.model import Section
from carms_lake.domains.carms.documents.spans import Line
from carms_lake.domains.carms.documents.text import fold, logical_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFACE = "preface"
"""Text in front of the first heading; a real document has none."""

TITLE = "program_name"
HEADER = "match_iteration_name"

_HEADINGS = {
    "program_contracts": ("program contacts", "personnes a contacter"),
    "important_information": ("important information", "information importante"),
    "return_of_service": ("return of service", "service post-formation"),
    "general_instructions": (
        "general instructions",
        "instruction generale",
        "instructions generales",
    ),
    "supporting_documentation_information": (
        "supporting documentation / information",
        "documents / information a l'appui",
    ),
    "review_process": ("review process", "processus d'examen des candidatures"),
    "interviews": ("interviews", "entrevues"),
    "selection_criteria": ("selection criteria", "criteres de selection"),
    "program_highlights": ("program highlights", "apercu du programme"),
    "program_curriculum": ("program curriculum", "programme d'etude", "programme d'etudes"),
    "training_sites": ("training sites", "site de formation", "sites de formation"),
    "additional_information": ("additional information", "information supplementaire"),
    "faq": ("faq", "foire aux questions"),
    "summary_of_changes": ("summary of changes", "resume des modifications"),
}

SECTION_CODES = (TITLE, HEADER, *_HEADINGS)
"""Every section a document can have, in the order of the document.

`program_contracts` is the misspelt name that the published CSV gives to Program Contacts.
"""

_CODE_OF = {heading: code for code, headings in _HEADINGS.items() for heading in headings}
_PLACE_OF = {code: place for place, code in enumerate(SECTION_CODES)}
# At the start of a line, which is looked at last: a search for `#` alone is fast.
_H1 = re.compile(r"#(?<![^\n]#)(?!#)[ \t]*([^\n]*)")
_ITERATION = re.compile(r"residency match|jumelage principal|\biteration\b")

_SUBHEADINGS = {
    "program_goals": ("program goals", "objectifs du programme"),
    "selection_goals": ("selection process goals", "objectifs du processus de selection"),
    "file_review": ("file review process", "processus d'examen des dossiers"),
    "elective_criteria": ("elective criteria", "criteres de stage a option"),
    "interview_process": ("interview process", "processus d'entrevue"),
    "outside_information": (
        "information gathered outside of carms application",
        "information recueillie a l'exterieur de la candidature de carms",
    ),
    "ranking_process": ("ranking process", "processus de classement"),
}
_SUBCODE_OF = {heading: code for code, headings in _SUBHEADINGS.items() for heading in headings}
_H2 = re.compile(r"##(?<![^\n]##)(?!#)[ \t]*([^\n]*)")


def split_sections(text: str) -> tuple[Section, ...]:
    """Cut a document at its section headings, and only there.

    The form prints a rule in front of each of its headings, so a heading of that name after a rule
    always opens its section; without the rule it does so only where no other has one and the order
    of sections allows it. Every other `#` heading is text of the section it is in.
    """
    starts = _section_starts(text)
    if not starts:
        return (Section(PREFACE, 1, "", text.strip(), text),) if text else ()
    cuts = [(0, 0, PREFACE, "")] if text[: starts[0][0]].strip() else []
    cuts += starts
    # White space in front of the first heading belongs to the first section.
    cuts[0] = (0, *cuts[0][1:])
    ends = [start for start, *_ in cuts[1:]] + [len(text)]
    return tuple(
        _section(ordinal, code, heading, text[start:end], text[body:end])
        for ordinal, ((start, body, code, heading), end) in enumerate(
            zip(cuts, ends, strict=True), start=1
        )
    )


def _section(ordinal: int, code: str, heading: str, raw: str, body: str) -> Section:
    if code == TITLE:
        heading = " ".join(logical_lines(heading + "\n" + body))
        return Section(code, ordinal, heading, heading, raw)
    body = body.strip()
    if body.endswith("* * *"):
        body = body.removesuffix("* * *").rstrip()
    return Section(code, ordinal, heading, body, raw)


def _section_starts(text: str) -> list[tuple[int, int, str, str]]:
    """(start, start of the body, code, heading) of every heading that opens a section."""
    headings = list(_H1.finditer(text))
    if not headings:
        return []
    named = [
        (match, code, _follows_rule(text, match.start()))
        for match in headings
        if (code := _CODE_OF.get(fold(match[1]).strip()))
    ]
    with_rule = {code for _, code, is_ruled in named if is_ruled}
    starts = _front_matter(headings, named[0][0].start() if named else len(text))
    seen: set[str] = set()
    place = 0
    for match, code, is_ruled in named:
        if code in seen or not (is_ruled or (code not in with_rule and _PLACE_OF[code] > place)):
            continue
        seen.add(code)
        place = _PLACE_OF[code]
        starts.append((match.start(), match.end(), code, match[1].strip()))
    return starts


def _front_matter(
    headings: list[re.Match[str]], first_named: int
) -> list[tuple[int, int, str, str]]:
    """Title and header block: the first heading, and the first one that names a match."""
    front = [match for match in headings if match.start() < first_named]
    if not front:
        return []
    starts = []
    iteration = next((match for match in front if _ITERATION.search(fold(match[1]))), None)
    if iteration is not front[0]:
        starts.append((front[0].start(), front[0].end(), TITLE, front[0][1].strip()))
    if iteration is not None:
        starts.append((iteration.start(), iteration.end(), HEADER, iteration[1].strip()))
    return starts


def _follows_rule(text: str, start: int) -> bool:
    return text[max(0, start - 24) : start].rstrip().endswith("* * *")


@lru_cache(maxsize=8)
def split_criteria(text: str) -> Mapping[str, Line]:
    """The parts of a selection criteria section by code; the text in front is `criteria`."""
    parts: dict[str, Line] = {}
    code, start = "criteria", 0
    for match in _H2.finditer(text):
        next_code = _SUBCODE_OF.get(fold(match[1]).strip())
        if next_code and next_code not in parts and next_code != code:
            parts[code] = _stripped(text, start, match.start())
            code, start = next_code, match.end()
    parts[code] = _stripped(text, start, len(text))
    return parts


def _stripped(text: str, start: int, end: int) -> Line:
    part = text[start:end]
    return Line(part.strip(), [(0, start + len(part) - len(part.lstrip()))])
