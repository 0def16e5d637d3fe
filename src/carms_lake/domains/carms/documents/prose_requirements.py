"""Tests that a program demands or weighs in its own words, outside the form's list of examinations.

The form names what an applicant has to send. Some programs leave a test out there, and write
elsewhere that it is obligatory, or that its result is looked at.
"""

from __future__ import annotations

import re
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from carms_lake.domains.carms.documents.model import Place, Requirement
from carms_lake.domains.carms.documents.places import sentences
from carms_lake.domains.carms.documents.text import fold, masked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SECTIONS = (
    "important_information",
    "general_instructions",
    "supporting_documentation_information",
    "review_process",
    "selection_criteria",
    "additional_information",
)
"""The sections that say what is asked for and looked at; the others are about the training."""

_NAMES = {
    "casper": ("Casper", ("casper",)),
    "fmproc": ("FMProC", ("fmproc", "fm-proc", "cpromf")),
}
"""Requirement code -> how the form prints it, and how sentences name it."""


class _Rule(NamedTuple):
    why: str
    level: str | None
    words: re.Pattern[str]


_REFUSED = re.compile(
    r"\b(?:no longer|not|n'est (?:pas|plus)|ne sera (?:pas|plus)|aucun)\b"
    r"[^.]{0,30}\b(?:required?|requis|exige|obligatoire|necessaire|considered|reviewed|examine)"
)
"""A sentence that takes the test back says nothing about any demand."""

_RULES = (
    _Rule(
        "The sentence, or a heading that names the test, says that everybody has to take it.",
        "required",
        re.compile(
            r"\b(?:is|are|also) (?:required|mandatory)\b|\brequired to (?:take|sit|write|complete)"
            r"|\bmust (?:take|sit|write|complete)|\brequires? (?:all )?(?:applicants|candidates)"
            r"|\best (?:exige|obligatoire|requis)|\bdev(?:rez|ront|ez) (?:faire|passer|completer)"
            r"|\bexigence\b"
        ),
    ),
    _Rule(
        "The result is looked at, or is among what is looked at.",
        None,
        re.compile(
            r"\b(?:considered|reviewed|evaluated|assessed|weighed|included?|added|used)\b"
            r"|\btaken into (?:account|consideration)|\bscores?\b|\bresults?\b|\bresultats?\b"
            r"|\bsont? (?:examine|considere)|\bseront (?:examine|considere)"
        ),
    ),
)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s")
_MAX_EVIDENCE_CHARS = 500


def requirements_in_prose(
    texts: Mapping[str, str], known: Iterable[str], after: int
) -> tuple[Requirement, ...]:
    """The tests that texts demand or weigh and that are not among the known requirement codes.

    `texts` are sections by their codes, in the order in which they are read; `after` is the last
    ordinal in use. The level is `required` where the words oblige applicants, None where they only
    say that the result counts.
    """
    found = []
    for code in _NAMES.keys() - set(known):
        said = _said(_NAMES[code][1], texts)
        if said:
            found.append((code, *said[0]))
    return tuple(
        Requirement(
            ordinal=ordinal,
            code=code,
            category="examination",
            level=level,
            applies_to=None,
            is_alternative=False,
            number=None,
            min_words=None,
            max_words=None,
            label=_NAMES[code][0],
            evidence=masked(sentence)[:_MAX_EVIDENCE_CHARS],
            places={"label": place},
        )
        for ordinal, (code, level, sentence, place) in enumerate(
            sorted(found, key=itemgetter(0)), start=after + 1
        )
    )


def _said(names: tuple[str, ...], texts: Mapping[str, str]) -> list[tuple[str | None, str, Place]]:
    """The level, the sentence and its place of all that is said of a test, obligations first."""
    said = [
        (sentence, folded, Place(code, span))
        for code, text in texts.items()
        if _is_named(names, fold(text))  # most texts name no test, and splitting takes time
        for sentence, span in sentences(text, _SENTENCE_END)
        if _is_named(names, folded := fold(sentence)) and not _REFUSED.search(folded)
    ]
    return [
        (rule.level, sentence, place)
        for rule in _RULES
        for sentence, folded, place in said
        if rule.words.search(folded)
    ]


def _is_named(names: tuple[str, ...], text: str) -> bool:
    return any(name in text for name in names)
