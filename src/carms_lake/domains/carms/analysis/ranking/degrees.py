"""How far a program fulfils a wish, from 0 to 1, on scales that no other program changes."""

from __future__ import annotations

import math
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from carms_lake.domains.carms.analysis.ranking.bands import UNKNOWN, Degree

if TYPE_CHECKING:
    from collections.abc import Callable

    from carms_lake.domains.carms.analysis.ranking.candidates import Candidate
    from carms_lake.domains.carms.analysis.ranking.profile import Wish

    Answer = tuple[Degree, str | None]

APPLICATIONS_OPEN_END = 1500
"""What "601 applications and more" may mean at most: no figure above is published."""

MANY_SEATS = 64
LENGTHS = (2, 7)
"""Years of the shortest and the longest residency."""

THEME_OFTEN = 15
"""Mentions per 10,000 characters from which a theme counts fully."""

FACTS = {
    "discipline": "discipline_id",
    "school": "school_code",
    "province": "training_province",
    "site": "program_site",
    "theme": "themes",
    "apply_in": "application_language",
    "return_of_service": "return_of_service",
    "seats": "quota",
    "length": "length_years",
    "similar_to": "similarity",
    "low_contestedness": "applications_per_seat",
}
"""What a wish is about, where it is not known."""


def degree(program: Candidate, wish: Wish, applicant: str | None) -> Answer:
    """How far a program fulfils a wish, and the facts that say so (None: not known).

    Names in the wish are resolved: disciplines are ids, schools and provinces codes.
    """
    if wish.kind == "return_of_service":
        return _service(program, applicant)
    return _DEGREES[wish.kind](program, wish)


def _one_of(value: str | None, wish: Wish, shown: str | None = None) -> Answer:
    if value is None:
        return UNKNOWN, None
    return Degree.known(float(value in wish.values)), shown or value


def _discipline(program: Candidate, wish: Wish) -> Answer:
    return _one_of(program.discipline_id, wish, program.discipline_name)


def _school(program: Candidate, wish: Wish) -> Answer:
    code = None if program.school_code is None else str(program.school_code)
    return _one_of(code, wish, program.school_name)


def _province(program: Candidate, wish: Wish) -> Answer:
    return _one_of(program.training_province, wish)


def _apply_in(program: Candidate, wish: Wish) -> Answer:
    taken = program.application_language
    return _one_of(wish.values[0] if taken == "either" else taken, wish, taken)


def _site(program: Candidate, wish: Wish) -> Answer:
    if program.program_site is None:
        return UNKNOWN, None
    words = _plain(program.program_site)
    is_named = any(_plain(value) in words for value in wish.values)
    return Degree.known(float(is_named)), program.program_site


@cache
def _plain(text: str) -> str:
    """A text without case and accents."""
    parts = unicodedata.normalize("NFKD", text.replace("’", "'")).casefold()
    return "".join(c for c in parts if not unicodedata.combining(c))


def _theme(program: Candidate, wish: Wish) -> Answer:
    """The logarithm, because ten mentions are not ten times as rural as one.

    Mentions are counted per 10,000 characters: otherwise long descriptions would win.
    """
    amounts = dict(program.themes)
    if not amounts:
        return UNKNOWN, None
    often = max(amounts.get(value, 0.0) for value in wish.values)
    reached = math.log1p(often) / math.log1p(THEME_OFTEN)
    return Degree.known(min(reached, 1.0)), f"{often:.1f} per 10,000 characters"


def _service(program: Candidate, applicant: str | None) -> Answer:
    _, value, _ = program.service(applicant)
    if value in (None, "unclear"):
        return UNKNOWN, value
    return Degree.known(float(value != "required")), value


def _seats(program: Candidate, wish: Wish) -> Answer:
    """Each doubling counts the same: 1 seat is 0, 64 and more are 1 where many are wished for."""
    if program.quota is None:
        return UNKNOWN, None
    many = min(math.log(max(program.quota, 1)) / math.log(MANY_SEATS), 1.0)
    return Degree.known(many if wish.values == ("many",) else 1 - many), str(program.quota)


def _length(program: Candidate, wish: Wish) -> Answer:
    if program.length_years is None:
        return UNKNOWN, None
    shortest, longest = LENGTHS
    long = min(max((program.length_years - shortest) / (longest - shortest), 0.0), 1.0)
    years = f"{program.length_years} years"
    return Degree.known(long if wish.values == ("long",) else 1 - long), years


def _similar(program: Candidate, wish: Wish) -> Answer:
    like = dict(program.likeness).get(wish.values[0])
    return (UNKNOWN, None) if like is None else (Degree.known(like), f"{like:.2f}")


def _contestedness(program: Candidate, wish: Wish) -> Answer:  # noqa: ARG001 - it has one value
    """Half few applications per seat, half many applicants interviewed; both are printed as ranges.

    An application count is anywhere in its range, as likely between 50 and 100 as between 100 and
    200, so its logarithm is uniform. One application per seat or less is 1, 1,500 per seat are 0.
    """
    low, high = applications(program)
    scale = math.log(APPLICATIONS_OPEN_END)
    few = (0.0, 1.0)
    if program.quota:
        few = tuple(1 - math.log(count / program.quota) / scale for count in (high, low))  # type: ignore[assignment]
    shares = (program.interviewed_pct_min, program.interviewed_pct_max)
    least, most = (0 if shares[0] is None else shares[0], 100 if shares[1] is None else shares[1])
    stated = program.applications_min is not None and program.quota
    said = [
        f"{per_seat_text(program)} applications per seat" if stated else "",
        f"{least} to {most} % interviewed" if shares != (None, None) else "",
    ]
    text = ", ".join(filter(None, said)) or None
    return Degree((few, (least / 100, most / 100))), text


def applications(program: Candidate) -> tuple[int, int]:
    """The least and the most applications a year; all that is possible where nothing is said."""
    least = max(program.applications_min or 0, 1)
    most = program.applications_max
    return least, max(APPLICATIONS_OPEN_END if most is None else most, least)


def per_seat(program: Candidate) -> tuple[float | None, float | None]:
    """Applications per seat, at least and at most; None where no number or no end is printed."""
    ends = (program.applications_min, program.applications_max)
    least, most = (
        round(end / program.quota, 2) if end is not None and program.quota else None for end in ends
    )
    return least, most


def per_seat_text(program: Candidate) -> str:
    """The same in words."""
    least, most = per_seat(program)
    return f"at least {least:g}" if most is None else f"at least {least:g}, at most {most:g}"


_DEGREES: dict[str, Callable[[Candidate, Wish], Answer]] = {
    "discipline": _discipline,
    "school": _school,
    "province": _province,
    "site": _site,
    "theme": _theme,
    "apply_in": _apply_in,
    "seats": _seats,
    "length": _length,
    "similar_to": _similar,
    "low_contestedness": _contestedness,
}
