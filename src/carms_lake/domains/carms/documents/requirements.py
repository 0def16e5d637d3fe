"""What a program asks for: the labelled blocks of Supporting Documentation.

A group ("Examinations") holds blocks ("Required"), a block holds documents ("Casper"), and what
follows a document is the program's remark about it. Only labels of the form make a requirement.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from carms_lake.domains.carms.documents.model import CitizenshipDocument, Place, Requirement
from carms_lake.domains.carms.documents.spans import Line
from carms_lake.domains.carms.documents.text import fold, logical_lines, masked, one_line
from carms_lake.domains.carms.documents.vocabulary import (
    CITIZENSHIP,
    DOCUMENTS,
    EXAMINATIONS,
    GROUPS,
    LANGUAGE_PROOFS,
    LETTER_DISCIPLINES,
    LEVEL_PLACES,
    LEVELS,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

SECTION = "supporting_documentation_information"

_LETTERS = re.compile(
    r"(?P<kind>[^:]{3,90}?)\.?\s{1,9}(?:number requested|nombre de documents?(?:\(s\))? demandes?)"
    r"\s{0,3}:[\s*]{0,9}(?P<number>\d{1,2})\b"
)
_STRUCTURED = re.compile(
    r"(?P<en>[a-z &/'-]{3,60}?) structured reference letter"
    r"|lettre de recommandation structuree en (?P<fr>[a-z '-]{3,60})"
)
_WORDS = re.compile(r"(minimum|maximum)\s?:\s{0,9}(\d[\d, ]{0,6})?")
_KIND_OF_LETTER = r"(?:lettres?|formulaires?|letters?|(?:support )?forms?)\b"
_EITHER_KIND = re.compile(
    rf"{_KIND_OF_LETTER}[^.]{{0,60}}\b(?:ou|or)\b[^.]{{0,30}}{_KIND_OF_LETTER}"
    r"|combinaison des deux|combination of (?:both|the two)"
    r"|les deux formats sont acceptes|(?:both|either) (?:formats?|kinds?) (?:are|is) accepted"
    r"|peu(?:t|vent) (?:aussi |egalement )?(?:remplacer|etre (?:aussi |egalement )?utilises)"
    r"|peuvent aussi etre utilises|(?:may|can) (?:replace|be used instead)"
)
"""Remarks that make two kinds of letters alternatives: "2 letters OR 2 support forms"."""
_BULLET = re.compile(r"[•*]\s+")
_MAX_EVIDENCE_CHARS = 500
_MAX_REMARKS = 60

# Word-bounded names of tests of French, each with its own code; TEFAQ is a TEF.
_FRENCH_TESTS = {
    "language_tef": re.compile(r"\btef(?:aq)?\b|test d'evaluation de francais"),
    "language_tfi": re.compile(r"\btfi\b"),
    "language_tcf": re.compile(r"\btcf\b|test de connaissance du francais"),
    "language_delf": re.compile(r"\bdelf\b"),
    "language_dalf": re.compile(r"\bdalf\b"),
}
_REFUSED = re.compile(
    r"\b(?:n'est plus|n'est pas|ne sont (?:pas|plus)|no longer|not (?:be )?(?:accept|recogni))"
)


@dataclass
class _Block:
    """A document of the form with the remarks under it."""

    group: str
    code: str
    label: str
    level: tuple[str | None, str | None]
    line: Line
    level_line: Line | None = None
    number: int | None = None
    is_alternative: bool = False
    remarks: list[Line] = field(default_factory=list)


@lru_cache(maxsize=8)
def parse_requirements(text: str) -> tuple[Requirement, ...]:
    """The requirements of a supporting documentation section, in their order, each code once.

    Where a code comes twice, the first one stays: the form goes from required to optional.
    """
    found: dict[str, Requirement] = {}
    for block in _with_alternatives(_blocks(text)):
        found.setdefault(block.code, _requirement(block))
    return tuple(
        replace(requirement, ordinal=ordinal)
        for ordinal, requirement in enumerate(found.values(), start=1)
    )


@lru_cache(maxsize=8)
def parse_citizenship_documents(text: str) -> tuple[CitizenshipDocument, ...]:
    """The documents by which an applicant can prove citizenship, in their order."""
    found: dict[str, CitizenshipDocument] = {}
    for line in logical_lines(text):
        if GROUPS.get(fold(line), "citizenship") != "citizenship":
            break
        if line.startswith("•"):
            label = line[1:].strip()
            code = CITIZENSHIP.get(_citizenship_key(label), "other")
            found.setdefault(code if code != "other" else label, CitizenshipDocument(code, label))
    return tuple(found.values())


def _citizenship_key(label: str) -> str:
    folded = one_line(fold(label))
    if folded.startswith("preuve de citoyennete / residence permanente"):
        return "preuve de citoyennete / residence permanente canadienne en cours de traitement)"
    return folded


def _blocks(text: str) -> list[_Block]:
    blocks: list[_Block] = []
    groups = list(dict.fromkeys(GROUPS.values()))
    group, level_line = "", None
    level: tuple[str | None, str | None] = (None, None)
    for line in logical_lines(text):
        folded = one_line(fold(line))
        next_group = GROUPS.get(folded, "")
        if next_group and (not group or groups.index(next_group) > groups.index(group)):
            group, level, level_line = next_group, (None, None), None
        elif group and (next_level := LEVELS.get(folded)) and _place(next_level) > _place(level):
            level, level_line = next_level, line
        elif group:
            block = _block(group, line, folded)
            if block:
                block.level, block.level_line = level, level_line
                blocks.append(block)
            elif _is_remark(blocks, group, level):
                blocks[-1].remarks.append(line)
            if group == "language":
                blocks += _french_tests(line, folded, level, level_line)
    return blocks


def _with_alternatives(blocks: list[_Block]) -> list[_Block]:
    """The blocks, kinds of letters marked as alternatives where a remark lets applicants choose."""
    letters = [block for block in blocks if block.number is not None]
    remarks = " ".join(fold(line.replace("*", "")) for block in letters for line in block.remarks)
    if len({block.code for block in letters}) > 1 and _EITHER_KIND.search(one_line(remarks)):
        for block in letters:
            block.is_alternative = True
    return blocks


def _is_remark(blocks: list[_Block], group: str, level: tuple[str | None, str | None]) -> bool:
    """Whether a line belongs to the last document; evidence needs only a few lines."""
    if not blocks or len(blocks[-1].remarks) >= _MAX_REMARKS:
        return False
    return blocks[-1].group == group and blocks[-1].level == level


def _place(level: tuple[str | None, str | None]) -> int:
    return LEVEL_PLACES.get(level, 0)


def _block(group: str, line: Line, folded: str) -> _Block | None:
    """The document that a line names, or None where the line is a remark."""
    number = None
    is_alternative = False
    code: str | None = None
    if folded in EXAMINATIONS:
        code = EXAMINATIONS[folded]
    elif group == "citizenship":
        if folded.startswith(("submit one of the following", "soumettez un des documents")):
            code = "citizenship_proof"
    elif group == "language":
        if line.startswith("•"):
            code = LANGUAGE_PROOFS.get(_BULLET.sub("", folded, count=1))
            is_alternative = True
        elif folded.startswith(("submit one of the following", "soumettez un des documents")):
            code = "language_proficiency"
    elif letters := _LETTERS.match(folded):
        code, number = letter_code(letters["kind"]), int(letters["number"])
    else:
        code = DOCUMENTS.get(folded)
    if code is None:
        return None
    label = one_line(line.removeprefix("•"))
    return _Block(group, code, label, (None, None), line, None, number, is_alternative)


def letter_code(kind: str) -> str:
    """The code of a kind of reference letter, from its printed name.

    >>> letter_code("Family Medicine structured reference letter")
    'structured_letter_family_medicine'
    """
    folded = one_line(fold(kind))
    if structured := _STRUCTURED.match(folded):
        french = structured["fr"]
        discipline = LETTER_DISCIPLINES.get(french, french) if french else structured["en"]
        return "structured_letter_" + re.sub(r"[^a-z]+", "_", discipline).strip("_")
    if re.match(r"applicant support form|formulaire d'appui", folded):
        return "applicant_support_form"
    if re.match(r"letters? of reference|lettres? de (?:recommandation|reference)", folded):
        return "letter_of_reference"
    return "other_reference"


def _french_tests(
    line: Line, folded: str, level: tuple[str | None, str | None], level_line: Line | None
) -> list[_Block]:
    """The tests of French that a remark accepts; one that it refuses is none."""
    return [
        _Block("language", code, line, level, line, level_line, is_alternative=True)
        for code, test in _FRENCH_TESTS.items()
        if (named := test.search(folded)) and not _is_refused(folded, named.end())
    ]


def _is_refused(folded: str, end: int) -> bool:
    sentence = re.match(r"[^.;]{0,200}", folded[end:])
    return bool(sentence and _REFUSED.search(sentence[0]))


def _requirement(block: _Block) -> Requirement:
    level, applies_to = block.level
    words = _word_limits(block.remarks) if block.code == "personal_letter" else {}
    label = masked(block.label)
    lines = {"label": block.line, "level": block.level_line}
    lines |= {name: line for name, (_, line) in words.items()}
    parts = [block.level_line, label, *(masked(line) for line in block.remarks)]
    return Requirement(
        ordinal=0,
        code=block.code,
        category=_category(block),
        level=level,
        applies_to=applies_to,
        is_alternative=block.is_alternative,
        number=block.number,
        min_words=words["minimum"][0] if "minimum" in words else None,
        max_words=words["maximum"][0] if "maximum" in words else None,
        label=label[:_MAX_EVIDENCE_CHARS],
        evidence=" | ".join(filter(None, parts))[:_MAX_EVIDENCE_CHARS],
        places={name: Place(SECTION, line.span()) for name, line in lines.items() if line},
    )


def _category(block: _Block) -> str:
    if block.code in EXAMINATIONS.values():
        return "examination"
    if block.number is not None:
        return "reference"
    return "document" if block.group in ("examination", "reference") else block.group


def letters_counted(
    requirements: Iterable[Requirement],
) -> tuple[tuple[Requirement, ...], int | None]:
    """The letters that count, and how many are asked for: all required kinds together.

    Of kinds that are alternatives only the greatest number counts: one kind is enough. None where
    no number is printed for any.
    """
    letters = tuple(
        each
        for each in requirements
        if (each.category, each.level) == ("reference", "required") and each.number is not None
    )
    numbers = [(each.is_alternative, each.number or 0) for each in letters]
    alternatives = [number for is_alternative, number in numbers if is_alternative]
    others = [number for is_alternative, number in numbers if not is_alternative]
    return letters, sum(others) + max(alternatives, default=0) if letters else None


def _word_limits(remarks: list[Line]) -> dict[str, tuple[int, Line]]:
    """The printed limits and their lines; "None" and zero mean that there is no limit."""
    limits: dict[str, tuple[int, Line]] = {}
    seen: set[str] = set()
    for line in remarks:
        if (match := _WORDS.match(fold(line))) and match[1] not in seen:
            seen.add(match[1])
            digits = re.sub(r"\D", "", match[2] or "")
            if int(digits or 0):
                limits[match[1]] = (int(digits), line)
    return limits
