"""Return of service: what a section says about it, for each kind of applicant.

A sentence states an obligation, states that there is none, or neither (it warns of agreements
elsewhere, or sends the reader to somebody else). It speaks of the kind of applicant that it
names, else of the kind whose label is above it ("CMGs/USMGs:", "Criteria for IMGs:"), else of
everybody. A section that names one kind only speaks of that kind from its first word to its last.
"""

from __future__ import annotations

import re
from functools import lru_cache

from carms_lake.domains.carms.documents.model import Stated
from carms_lake.domains.carms.documents.places import sentences
from carms_lake.domains.carms.documents.spans import Span
from carms_lake.domains.carms.documents.text import fold, masked

KINDS = ("cmg", "img")
"""Graduates of medical schools in Canada and the United States, and of any other country."""

_NAMES = {
    "cmg": re.compile(
        r"\b(?:cmgs?|usmgs?|canadian (?:medical )?(?:school )?graduates?"
        r"|graduates? of canadian medical schools|diplomes? canadiens?)\b"
    ),
    "img": re.compile(
        r"\b(?:imgs?|dims?|dhceu|international medical (?:school )?graduates?"
        r"|graduates? of international medical schools|diplomes? (?:hors|internationaux))"
    ),
}
_OBLIGED = (
    r"required to (?:fulfil?l|fullfil?l|sign|complete)\b"
    r"|required to commit to (?:a )?return"
    r"|subject to a return of service"
    r"|has a return of service obligation"
    r"|return of service (?:obligation|agreement|contract)[^.]{0,60}"
    r"(?:is required|is mandatory|attached|must be signed)"
    r"|mandatory [^.]{0,20}return of service"
    r"|will be accorded a [\w-]{1,20} return of service"
    r"|s'engage(?:ra?)? a pratiquer|contrat d'engagement"
    r"|(?:devra|devront|doit|doivent) signer (?:le|un|une) (?:contrat|entente)"
    r"|(?:service post-formation|engagement de pratique)[^.]{0,60}(?:exige|obligatoire|requis)"
)
_RULES = (
    (
        "none",
        "The sentence says that there is no obligation.",
        re.compile(
            r"\bno (?:return[- ]of[- ]service|ros|rsos)\b"
            r"|\bnot (?:have|require|be subject to|subject to) (?:a |any )?return[- ]of[- ]service"
            r"|return[- ]of[- ]service (?:\(ros\) )?(?:is|are) not (?:required|applicable)"
            r"|aucun (?:service|engagement) (?:post-formation|de (?:retour|pratique))"
            r"|(?:pas|sans) (?:de |d')?(?:service|engagement) (?:post-formation|de (?:retour|prat))"
        ),
    ),
    ("required", "The sentence obliges whom it speaks of.", re.compile(_OBLIGED)),
)
_NOT_APPLICABLE = re.compile(r"\W*(?:s/o|n/a|sans objet|not applicable)\W*")
_NOTHING = re.compile(r"\W*(?:none|aucune?|nil)\W*")
_SENTENCE = re.compile(r"(?<=[.!?:])[\s*_]+(?=[A-ZÀ-Þ(])")
_MAX_EVIDENCE_CHARS = 500


@lru_cache(maxsize=8)
def return_of_service(text: str | None) -> dict[str, Stated]:
    """What a return of service section states, by kind of applicant (`cmg`, `img`).

    A value is `required`, `none`, `not_applicable` (where that is printed, as "S/O") or `unclear`
    (it speaks of them, but says neither), with the sentence it was read from. A kind that the
    section does not speak of is left out. Whom the stream takes is for the caller to know.

    >>> return_of_service("CMGs: No return of service is required.")["cmg"].value
    'none'
    """
    said_in = _sentences(text or "")
    if not said_in:
        return {}
    everything = " ".join(sentence for sentence, _ in said_in)
    whole = fold(everything)
    for value, printed in (("not_applicable", _NOT_APPLICABLE), ("none", _NOTHING)):
        if printed.fullmatch(whole):
            span = Span(said_in[0][1].start, said_in[-1][1].end)
            return dict.fromkeys(KINDS, Stated(value, everything, span))
    named = [kind for kind in KINDS if _NAMES[kind].search(whole)]
    said: dict[str, list[Stated]] = {}
    scope = named if len(named) == 1 else list(KINDS)
    for sentence, span in said_in:
        folded = fold(sentence)
        subjects = [kind for kind in KINDS if _NAMES[kind].search(folded)] or scope
        if folded.endswith(":"):
            scope = subjects
            continue
        statement = Stated(_value(folded), masked(sentence)[:_MAX_EVIDENCE_CHARS], span)
        for kind in subjects:
            said.setdefault(kind, []).append(statement)
    return {kind: _strongest(said[kind]) for kind in KINDS if kind in said}


def _sentences(text: str) -> list[tuple[str, Span]]:
    """Sentences and labels without emphasis and rules, and where they are."""
    return [
        (sentence.strip(), span)
        for sentence, span in sentences(text, _SENTENCE)
        if any(map(str.isalnum, sentence))
    ]


def _value(folded: str) -> str:
    return next((value for value, _, rule in _RULES if rule.search(folded)), "unclear")


def _strongest(statements: list[Stated]) -> Stated:
    """An obligation beats its absence, and either beats a sentence that says neither."""
    order = ("required", "none", "unclear")
    return min(statements, key=lambda statement: order.index(statement.value))
