"""The days of interviews: the list of the form, else what the program writes about its dates.

The form prints "Dates:" with a list, then "Details regarding interview dates:" with the program's
own words, then "Notification/Invitation:". Where the list is there, it holds. Where it is not, the
own words are read sentence by sentence: a day counts where the sentence, or a line
above it, is about interviews, and not about offers, social events or information sessions.
A window ("the interview period, January 18 to February 9") names no day of this program.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from carms_lake.domains.carms.documents.places import located, trimmed
from carms_lake.domains.carms.documents.spans import Line, Span
from carms_lake.domains.carms.documents.text import MONTHS, find_dates, fold, logical_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

_LISTED = re.compile(r"dates\s?:\s*$")
_BULLET = re.compile(r"[*•]\s")
_DETAILS = re.compile(
    r"(?:details regarding interview dates|renseignements concernant les dates d'entrevue)\s?:\s?"
)
_DETAILS_END = re.compile(r"[*_ ]*(?:notification ?/ ?invitation|avis ?/ ?convocation)\s?:")
_SENTENCE = re.compile(r"(?<=[.!?;:])[\s*_]+(?=[A-ZÀ-Þ•(])")

_TOPICS = (
    (
        "window",
        "The weeks in which all programs see people say nothing of the days of this one.",
        re.compile(r"\bperiode?s?\b"),
    ),
    (
        "other",
        "Invitations, booking and what is held around the interviews have days of their own.",
        re.compile(
            r"information sessions?|seances? d'information|\bsocial|\bnotif|\boffers?\b|\bbook"
            r"|\bstatus\b|\bcontact|\badvised\b|\bdeadline|\binvitations?\b|meet (?:and|&) greet"
            r"|session with|\b(?:prior to|before|until|avant le|d'ici le|au plus tard)\b|courriel"
            r"|\bby (?:the end|\d|[a-z]+day\b|january|february|november|december)"
            r"|open house|\bavis(?:e|es|er|erons)\b|\bconvoqu|\bconvocation|activite sociale"
            r"|porte ouverte|portes ouvertes|date limite"
        ),
    ),
    (
        "interview",
        "The sentence speaks of interviews.",
        re.compile(r"intervi|entrev|\bmmi\b|\bmem\b"),
    ),
)

_MONTH_WORDS = {
    **MONTHS,
    "jan": 1,
    "janv": 1,
    "janurary": 1,  # so misspelt in descriptions, as is the next
    "janaury": 1,
    "feb": 2,
    "fev": 2,
    "fevr": 2,
}
_MONTH = "|".join(sorted(_MONTH_WORDS, key=len, reverse=True))
_DAY = r"\d{1,2}(?!\d)(?:st|nd|rd|th|er)?\b(?!\s?(?::\d|h\b|[ap]\.?m\b))"
_TO = r"\s?(?:-|\bto\b|\bthrough\b|\bau\b)\s?"
_BETWEEN = rf"(?:\s?,\s?(?:(?:and|et)\s)?|\s?&\s?|\s(?:and|et)\s|{_TO})"
_DAYS = rf"{_DAY}(?:{_BETWEEN}{_DAY}){{0,15}}"
_SPAN = re.compile(
    rf"\b(?:(?P<m1>{_MONTH})\.?\s(?P<d1>{_DAYS})(?:,?\s(?P<y1>20\d\d)\b)?"
    rf"|(?P<d2>{_DAYS})\s(?P<m2>{_MONTH})\b\.?(?:\s(?P<y2>20\d\d)\b)?)"
)
_DAY_IN_SPAN = re.compile(rf"(?P<sign>{_BETWEEN})?(?P<day>\d{{1,2}})(?:st|nd|rd|th|er)?")
_RANGE = re.compile(_TO)
_MOST_CHARS = 2000
"""Of a sentence; a longer one is none."""
_LONGEST_RANGE_DAYS = 14
"""A longer range is the window of all programs, not the days of one."""


def interview_dates(interviews: str, year: int | None = None) -> tuple[date, ...]:
    """The days of interviews in an interviews section, each once, in calendar order.

    `year` is the year of the match: days without a printed year are in it, and a day of any other
    year was left over from an earlier description. Without it a day needs its printed year.
    """
    return tuple(interview_days(interviews, year))


@lru_cache(maxsize=8)
def interview_days(interviews: str, year: int | None = None) -> dict[date, Span]:
    """The same days, and where each is named first: its bullet, or the sentence."""
    lines = logical_lines(interviews)
    days = _listed(lines) or _described(interviews, lines, year)
    return {day: trimmed(interviews, days[day]) for day in sorted(days)}


def _listed(lines: Sequence[Line]) -> dict[date, Span]:
    """The days of the first list that holds any."""
    days: dict[date, Span] = {}
    is_listed = False
    for line in lines:
        if _LISTED.match(fold(line)) and not days:
            is_listed = True
        elif is_listed and _BULLET.match(line):
            days = {**dict.fromkeys(find_dates(line), line.span()), **days}
        elif is_listed:
            break
    return days


def _described(interviews: str, lines: Sequence[Line], year: int | None) -> dict[date, Span]:
    """The days in the program's own words about its dates."""
    days: dict[date, Span] = {}
    topic = "interview"
    for line, words in _details(lines):
        unread = line.span()
        for sentence in _SENTENCE.split(words):
            place = located(sentence, interviews, unread) or unread
            unread = Span(place.end, unread.end)
            folded = " ".join(
                fold(sentence[:_MOST_CHARS]).replace("*", " ").replace("_", " ").split()
            )
            said = next((name for name, _, words in _TOPICS if words.search(folded)), topic)
            if said == "interview":
                days = {**dict.fromkeys(_days(folded, year), place), **days}
            topic = topic if said == "window" else said
    return {day: place for day, place in days.items() if year is None or day.year == year}


def _details(lines: Sequence[Line]) -> list[tuple[Line, str]]:
    """The lines of the program's own words, and each without the form's label."""
    start = next((at for at, line in enumerate(lines) if _DETAILS.search(fold(line))), len(lines))
    end = next(
        (at for at in range(start, len(lines)) if _DETAILS_END.match(fold(lines[at]))), len(lines)
    )
    return [(line, _without_label(line)) for line in lines[start:end]]


def _without_label(line: str) -> str:
    """What follows the form's label, which the program may repeat in its own words."""
    labels = list(_DETAILS.finditer(fold(line)))
    return line[labels[-1].end() :] if labels else line


def _days(sentence: str, year: int | None) -> set[date]:
    """The days that a folded sentence names, one by one or as a range."""
    ranges: list[tuple[date, date]] = []
    spans = list(_SPAN.finditer(sentence))
    years = [int(found) if (found := span["y1"] or span["y2"]) else None for span in spans]
    for at, span in enumerate(spans):
        printed = next((each for each in years[at:] if each), year)
        before = sentence[spans[at - 1].end() : span.start()] if at else ""
        for found in _DAY_IN_SPAN.finditer(span["d1"] or span["d2"]):
            sign, before = found["sign"] or before, ""
            day = _date(printed, _MONTH_WORDS[span["m1"] or span["m2"]], int(found["day"]))
            if day and ranges and _RANGE.fullmatch(sign):
                ranges[-1] = (ranges[-1][0], day)
            elif day:
                ranges.append((day, day))
    return {
        first + timedelta(days=step)
        for first, last in ranges
        if (last - first).days <= _LONGEST_RANGE_DAYS
        for step in range((last - first).days + 1)
    }


def _date(year: int | None, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if year else None
    except ValueError:  # such as February 30: no calendar day, so no date
        return None
