"""Interview dates, and whether interviews are said to be virtual or in person."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from carms_lake.domains.carms.documents.text import find_dates, fold, logical_lines

if TYPE_CHECKING:
    from datetime import date

_DATES = re.compile(r"dates\s?:\s*$")
_BULLET = re.compile(r"[*•]\s")
_VIRTUAL = re.compile(
    r"virtu|\bzoom\b|\b(?:ms|microsoft) teams\b|\bteams\b|videoconf|video-conf|video conf|visioconf"
    r"|\bonline interview|\bwebex\b"
)
_IN_PERSON = re.compile(r"in[- ]person|face[- ]to[- ]face|en personne|en presentiel")


def interview_dates(interviews: str) -> tuple[date, ...]:
    """The dates listed at the head of an interviews section, each once, in calendar order.

    Dates inside the free text are not taken: they are invitations, deadlines and social events.
    """
    dates: set[date] = set()
    is_listed = False
    for line in logical_lines(interviews):
        if _DATES.match(fold(line)) and not dates:
            is_listed = True
        elif is_listed and _BULLET.match(line):
            dates.update(find_dates(line))
        elif is_listed:
            break
    return tuple(sorted(dates))


def mentions_virtual(text: str) -> bool:
    """Whether the text speaks of virtual interviews or of a means for them."""
    return bool(_VIRTUAL.search(fold(text)))


def mentions_in_person(text: str) -> bool:
    """Whether the text speaks of meeting in person."""
    return bool(_IN_PERSON.search(fold(text)))
