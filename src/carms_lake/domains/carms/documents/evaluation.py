"""Whether a program says in a cell of its component tables that it looks at the component.

A cell tells what is looked at, or that nothing is: "We do not evaluate this file component". Only
words about the component itself count: that a program does not read *further* letters, or takes
no account of *where* an elective was, says nothing about letters or electives.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from carms_lake.domains.carms.documents.text import fold, one_line

_MANNER = (
    r"(?:(?:formally|directly|specifically|currently|routinely|typically|usually|generally) )?"
)
_SEEN = r"(?:evaluated|assessed|reviewed|scored|graded|rated)"
_OBJECT = (
    r"(?:$|\W*$|(?:in|during|as part of)\b|(?:any of )?(?:this|these|the|it|such)\b"
    r"|[a-z/ ]{0,25}\b(?:components?|examinations?|exams?|scores)\b)"
)
_PART = r"(?:composante?|critere|aspect|section|entite|partie|competence)"
_CONDITION = re.compile(
    r"\b(?:unless|except|other than|outside of|until|provided|sauf|a moins|hormis)\b"
)
_OTHER = "other"
"""The row for whatever else there is: its sentences speak of several things."""
_NO_ANSWER = re.compile(
    r"\W*(?:n/a|s/o|none|aucun|not applicable|sans objet|x{2,9}|no additional assessments? required"
    r"|not included in application package|there are no other (?:interview|file) components)?\W*"
)
_SENTENCE_END = re.compile(r"(?<=[.;])\s")
_OPENING_CHARS = 160
"""Words at the start of a cell are about the component; a condition follows close to them."""
_MOST_CHARS = 400


class Rule(NamedTuple):
    """Words by which a cell says that the component is not evaluated."""

    why: str
    words: re.Pattern[str]
    components: frozenset[str] = frozenset()
    """The components in whose cells the words mean that; empty for all of them."""


_OPENING = Rule(
    "It opens with it: `We do not evaluate this`, `Not scored`, `Nous n'examinons pas`.",
    re.compile(
        r"(?:optional )?\W*(?:"
        rf"(?:(?:we|the program|our program) )?{_MANNER}(?:do|no|does|will)(?:n't| not) {_MANNER}"
        rf"(?:evaluate|assess|review|score) ?{_OBJECT}"
        r"|(?:we|our program) (?:do|does|will)(?:n't| not) consider (?:this|these|it)\b"
        rf"|(?:(?:this|criteria|scores|electives|transcripts)(?: \w+ component| component)? )?"
        rf"(?:(?:is|are|will|has) )?not (?:be |been )?{_MANNER}{_SEEN}\b"
        rf"|we are not {_MANNER}(?:evaluating|assessing|scoring)\b"
        rf"|no [a-z]{{4,20}} (?:is|are) {_SEEN}\b"
        r"|(?:nous )?n'(?:evalu|examin)ons pas\b"
        r"|(?:non|pas|ne sont pas) (?:evalue|examine|cote|note)"
        r"|cette composante (?:du dossier |de dossier )?n'est pas (?:evalue|examine|cote|note)"
        r")"
    ),
)
_WITHIN = (
    Rule(
        "A reason comes first: `Due to time constraints, the program does NOT evaluate this`.",
        re.compile(
            rf"\b(?:do|does|will)(?:n't| not) {_MANNER}(?:evaluate|assess|review|score)"
            r" (?:this|the|these) (?:\w+ )?component"
        ),
    ),
    Rule(
        "It is read or wished for, but: `Reviewed but not scored`, `expected but not evaluated`.",
        re.compile(
            r"\b(?:but|although|though|and|however),? (?:it )?(?:is |are |will )?"
            rf"not (?:be )?{_MANNER}{_SEEN}\b"
        ),
    ),
    Rule(
        "It does not count: `not a formal scoring criteria`, `does not impact the ranking`.",
        re.compile(
            r"\bnot a (?:formal )?scoring criteri|\bnot (?:be )?used in (?:[a-z]+ ){0,3}scoring"
            r"|\bdo(?:es)? not (?:impact|affect|influence) the (?:[a-z]+ )?(?:rank|scor)"
            r"|\bdo not consider (?:this|scores) in (?:the )?(?:file|rank)"
        ),
    ),
    Rule(
        "Electives of no kind are considered in file review.",
        re.compile(
            r"\b(?:do|does|will) not (?:be )?consider(?:ing)? (?:electives|these experiences)"
            r" (?:in|during|as part of) (?:the )?file review"
        ),
        frozenset({"electives"}),
    ),
    Rule(
        "The same in French, with a reason in front.",
        re.compile(
            rf"\bn'(?:evalu|examin)ons pas (?:[a-z]+ )?(?:cette|ce|cet|ces) {_PART}"
            r"|\bn'influencent? pas (?:la candidature|le classement)"
        ),
    ),
    Rule(
        "It is read, but does not count in French: `ne comptera pas vers la note finale`.",
        re.compile(
            r"\bne compt(?:e|era|eront) pas (?:vers|pour|dans) la note"
            r"|\bne ser(?:a|ont) pas pris(?:es?)? en compte (?:pour|dans) l'evaluation"
            r"|\b(?:mais|et) (?:non|pas) (?:evalue|cote|note)e?s?\b"
        ),
    ),
)
_ONLY_IF = re.compile(r"(?:[a-z ]{0,40} )?only if\b|seulement s(?:i\b|')")
"""Looked at in some cases only, as `Taken into consideration only if concerns are identified`."""
_NOT_ASKED = re.compile(
    r"nous n'exigeons pas de lettre|we do not (?:require|ask for) (?:any )?letter"
)
"""What is not asked for is not looked at, and nobody says that it is left out of account."""


@lru_cache(maxsize=1024)
def is_evaluated(text: str, component: str = "") -> bool | None:
    """Whether a program says in a table cell that it evaluates the component.

    None where the cell says nothing about that, or makes it depend on a condition; a cell that only
    tells what is looked for says that it is evaluated.

    >>> is_evaluated("We do not evaluate this file component."), is_evaluated("Clear letters.")
    (False, True)
    >>> is_evaluated("Reviewed but not scored"), is_evaluated("Not scored unless it is sent.")
    (False, None)
    """
    opening = one_line(fold(text[:_OPENING_CHARS]))
    if _NO_ANSWER.fullmatch(opening) or _NOT_ASKED.match(opening) or _ONLY_IF.match(opening):
        return None
    if _OPENING.words.match(opening):
        return None if _CONDITION.search(opening) else False
    sentences = (
        () if component == _OTHER else _SENTENCE_END.split(one_line(fold(text[:_MOST_CHARS])))
    )
    for sentence in sentences:
        if any(_says(rule, sentence, component) for rule in _WITHIN):
            return None if _CONDITION.search(sentence) else False
    return True


def _says(rule: Rule, sentence: str, component: str) -> bool:
    is_meant = not rule.components or component in rule.components
    return is_meant and rule.words.search(sentence) is not None
