"""What a program looks at, how many apply, how many it sees, and where it sees them."""

from __future__ import annotations

import re

from carms_lake.domains.carms.documents.evaluation import is_evaluated
from carms_lake.domains.carms.documents.model import Bucket, Criterion
from carms_lake.domains.carms.documents.spans import Span, span_in
from carms_lake.domains.carms.documents.text import (
    fold,
    masked,
    one_line,
    unwrapped,
)

_FILE = {
    "cv": "cv",
    "curriculum vitae": "cv",
    "electives": "electives",
    "stages a option": "electives",
    "examinations": "examinations",
    "examens": "examinations",
    "extra-curricular": "extra_curricular",
    "activites parascolaires": "extra_curricular",
    "leadership skills": "leadership_skills",
    "competences de leadership": "leadership_skills",
    "msprs": "mspr",
    "drem": "mspr",
    "personal letters": "personal_letters",
    "lettres personnelles": "personal_letters",
    "reference documents": "reference_documents",
    "documents de reference": "reference_documents",
    "research/publications": "research_publications",
    "recherche/publications": "research_publications",
    "transcripts": "transcripts",
    "releves de notes": "transcripts",
    "other file component(s)": "other",
    "autres composants de dossier": "other",
}
_INTERVIEW = {
    "collaboration skills": "collaboration_skills",
    "competences en collaboration": "collaboration_skills",
    "collegiality": "collegiality",
    "collegialite": "collegiality",
    "communication skills": "communication_skills",
    "competences en communication": "communication_skills",
    "health advocacy": "health_advocacy",
    "promotion de la sante": "health_advocacy",
    "interest in the discipline": "interest_in_discipline",
    "interet envers la discipline": "interest_in_discipline",
    "interest in the program": "interest_in_program",
    "interet envers le programme": "interest_in_program",
    "leadership skills": "leadership_skills",
    "competences en leadership": "leadership_skills",
    "professionalism": "professionalism",
    "professionnalisme": "professionalism",
    "scholarly activities": "scholarly_activities",
    "activites savantes": "scholarly_activities",
    "other interview component(s)": "other",
    "autres composants d'entrevue": "other",
}
_TABLE = re.compile(
    r"^(?:file components?|interview components?|composants? de dossier|composants? d'entrevue)"
    r"\s?\|\s?crit[^\n]*\n",
    re.MULTILINE,
)
_CELL = re.compile(r"([^|]{2,60}?)\s*\|\s?")

_RANGE = r"(?P<colon>\s{0,3}:)\s{0,9}(?P<low>\d{1,5})\s?(?:(?:-|to|a)\s?(?P<high>\d{1,5})|\+)"
_APPLICATIONS = re.compile(
    r"(?:received by our program in the last five years"
    r"|soumises au programme pendant les cinq dernieres annees)" + _RANGE
)
_INTERVIEWED = re.compile(
    r"(?:average percentage of applicants offered interviews"
    r"|pourcentage moyen de candidats invites a une entrevue)" + _RANGE
)
RESCHEDULING = (
    (
        "not_after_scheduling",
        re.compile(
            r"we do not re-?schedule interviews for applicants after"
            r"|nous ne reportons pas les entrevues"
        ),
    ),
    (
        "routinely",
        re.compile(
            r"we routinely accommodate requests to re-?schedule"
            r"|nous accommodons couramment des demandes de reportage"
        ),
    ),
    (
        "in_unforeseen_circumstances",
        re.compile(
            r"we may accommodate requests to re-?schedule"
            r"|nous pouvons accommoder des demandes de reportage"
        ),
    ),
)
OUTSIDE = (
    (
        False,
        re.compile(
            r"we do not consider any information gathered outside"
            r"|nous n'examinons pas l'information recueillie"
        ),
    ),
    (True, re.compile(r"specifically, we may consider|specifiquement, nous pourrions considerer")),
)


def parse_criteria(file_review: str, interview_process: str) -> tuple[Criterion, ...]:
    """The rows of the file component table, then those of the interview component table."""
    rows = [("file_review", *row) for row in _rows(file_review, _FILE)]
    rows += [("interview", *row) for row in _rows(interview_process, _INTERVIEW)]
    return tuple(
        Criterion(ordinal, stage, code, label, is_evaluated(text, code), text or None, span)
        for ordinal, (stage, code, label, text, span) in enumerate(rows, start=1)
    )


def _rows(text: str, codes: dict[str, str]) -> list[tuple[str, str, str, Span]]:
    """(code, label, text, place) per row; a cell of several paragraphs runs on to the next row."""
    table = _TABLE.search(fold(text))
    if not table:
        return []
    rows: dict[str, tuple[str, int, list[str]]] = {}
    code, place = "", table.end()
    for line in text[table.end() :].split("\n"):
        cell = _CELL.match(line) if "|" in line else None
        next_code = codes.get(one_line(fold(cell[1]))) if cell else None
        if cell and next_code and next_code not in rows:
            code = next_code
            rows[code] = (one_line(cell[1]), place + cell.end(), [line[cell.end() :]])
        elif code:
            rows[code][2].append(line)
        place += len(line) + 1
    found = []
    for code, (label, start, lines) in rows.items():
        cells = "\n".join(lines)
        begin = text.rfind("\n", 0, start) + 1
        end = max(start + len(cells.rstrip()), len(text[:start].rstrip()))
        said = unwrapped(cells)
        found.append((code, label, masked(said), span_in(text, begin, end)))
    return found


def applications_bucket(file_review: str) -> Bucket | None:
    """Applications per year, the mean of the last five, as the printed range."""
    return _bucket(_APPLICATIONS, file_review)


def interviewed_bucket(file_review: str) -> Bucket | None:
    """The printed range of the share of applicants who are offered an interview, in percent."""
    return _bucket(_INTERVIEWED, file_review)


def _bucket(pattern: re.Pattern[str], text: str) -> Bucket | None:
    line = unwrapped(fold(text))
    found = list(pattern.finditer(line))
    if not found:
        return None
    # The form prints " :", which sets its field apart from the same words in the program's text.
    match = next((each for each in found if each["colon"].startswith(" ")), found[0])
    low, high = match["low"], match["high"]
    printed = f"{low} - {high}" if high else f"{low} +"
    place = span_in(text, *line.span(*match.span()))
    return Bucket(int(low), int(high) if high else None, printed, place)


def rescheduling_policy(interview_process: str) -> str | None:
    """Which of the form's sentences about re-scheduling the program chose."""
    folded = unwrapped(fold(interview_process))
    return next((code for code, pattern in RESCHEDULING if pattern.search(folded)), None)


def considers_outside_information(outside_information: str) -> bool | None:
    """Whether the program may consider information from outside the application.

    Which kinds of information it considers cannot be known: the form always prints all of them.
    """
    folded = unwrapped(fold(outside_information))
    return next((says for says, pattern in OUTSIDE if pattern.search(folded)), None)


VIRTUAL = re.compile(
    r"virtu|\bzoom\b|\b(?:ms|microsoft) teams\b|\bteams\b|videoconf|video-conf|video conf|visioconf"
    r"|\bonline interview|\bwebex\b"
)
IN_PERSON = re.compile(r"in[- ]person|face[- ]to[- ]face|en personne|en presentiel")


def mentions_virtual(text: str) -> bool:
    """Whether the text speaks of virtual interviews or of a means for them."""
    return bool(VIRTUAL.search(fold(text)))


def mentions_in_person(text: str) -> bool:
    """Whether the text speaks of meeting in person."""
    return bool(IN_PERSON.search(fold(text)))
