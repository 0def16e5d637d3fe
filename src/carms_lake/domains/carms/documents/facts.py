"""Single facts: application language, length of training, electives."""

from __future__ import annotations

import re

from carms_lake.domains.carms.documents.model import Electives, Place, Requirement
from carms_lake.domains.carms.documents.spans import Span, span_in
from carms_lake.domains.carms.documents.text import fold, logical_lines, masked, one_line

APPLICATION_LANGUAGE = re.compile(
    r"(?:program application language|langue de candidature du programme)\s?:\s{0,9}([^\n]{0,80})"
)
LENGTH = re.compile(
    r"(?:residency program is for|programme de residence est d'une duree de)\s{1,9}(\d{1,2})\s{1,9}"
    r"(?:year|annee|an\b|ans\b)"
)

_ELECTIVE_LABELS = re.compile(
    r"(?P<requirement>elective requirements?|exigences? des stages? a option)\s?:"
    r"|(?P<onsite>on[- ]?site electives?|stages? a option dans notre etablissement)\s?:"
    r"|(?P<other>other information regarding elective requirements?"
    r"|autres informations concernant les stages? a option)\s?:"
)
_PLACEHOLDER = re.compile(r"(?:x{2,9}|n/a|s/o|tbd|tba|[^\w]{1,9})\.?", re.IGNORECASE)
_NOT_REQUIRED = (
    r"do(?:es)? not require|\bnot (?:be )?(?:considered )?(?:a requirement|required|mandatory)"
    r"|no (?:specific )?(?:elective )?requirement"
    r"|n'exig|pas (?:d'exigence|exige|obligatoire|requis)"
    r"|aucune exigence|not necessary|not an elective requirement"
    r"|n'est pas (?:un critere|essentiel|indispensable|obligatoire|requis|necessaire)"
)
_MANDATORY = (
    r"\bmandatory\b|\b(?:is|are) required\b|\bmust have\b|\best obligatoire|\bnous exigeons\b"
)
_WELCOME = (
    r"\b(?:is|are|we|highly|strongly|nous) (?:highly |strongly )?"
    r"(?:prefer|encourag|recommend|favoris)|\bpreferred\b|fortement recommande|est encourage"
)
_REQUIREMENT_RULES = (
    (
        "not_evaluated",
        re.compile(
            r"(?:do not evaluate|not be considering) (?:this|elective)|n'(?:evalu|examin)ons pas"
        ),
    ),
    (
        "one_in_discipline",
        re.compile(
            r"encourage applicants to have completed at least one elective in our disc"
            r"|encourageons les candidats a completer au moins un stage"
        ),
    ),
    (
        "broad_range",
        re.compile(
            r"looking for (?:and rewarding )?applicants who have completed a broad range"
            r"|candidats qui ont complete une grande gamme"
        ),
    ),
    ("not_required", re.compile(_NOT_REQUIRED)),
    ("required", re.compile(_MANDATORY)),
    ("encouraged", re.compile(_WELCOME)),
)
_ONSITE_RULES = (
    ("not_required", re.compile(_NOT_REQUIRED)),
    ("preferred", re.compile(_WELCOME)),
    ("required", re.compile(_MANDATORY)),
)
_MAX_EVIDENCE_CHARS = 500


def application_language(general_instructions: str) -> str | None:
    """The language an application is written in: `en`, `fr` or `either`."""
    match = APPLICATION_LANGUAGE.search(fold(general_instructions))
    if not match:
        return None
    has_english, has_french = (
        "english" in match[1] or "anglais" in match[1],
        "french" in match[1] or "francais" in match[1],
    )
    if has_english and has_french:
        return "either"
    if has_english or has_french:
        return "en" if has_english else "fr"
    return None


def length_years(program_curriculum: str) -> int | None:
    """The printed length of the training in years."""
    match = LENGTH.search(fold(program_curriculum))
    return int(match[1]) if match else None


def parse_electives(elective_criteria: str) -> Electives:
    """The three labelled texts about electives, and the rules in the first two."""
    lines: dict[str, list[str]] = {}
    spans: dict[str, Span] = {}
    name = ""
    for line in logical_lines(elective_criteria):
        label = _ELECTIVE_LABELS.match(fold(line))
        if label and label.lastgroup not in lines:
            name = str(label.lastgroup)
            lines[name] = [line[label.end() :]]
            spans[name] = span_in(elective_criteria, *line.span())
        elif name:
            lines[name].append(line)
            last = span_in(elective_criteria, *line.span())
            spans[name] = Span(spans[name].start, last.end)
    texts = {key: "\n".join(parts).strip() for key, parts in lines.items()}
    said = {key: masked(text) for key, text in texts.items() if text}
    return Electives(
        requirement_text=said.get("requirement"),
        requirement_rule=_rule(_REQUIREMENT_RULES, said.get("requirement")),
        onsite_text=said.get("onsite"),
        onsite_rule=_rule(_ONSITE_RULES, said.get("onsite")),
        other_text=said.get("other"),
        spans={key: spans[key] for key in said},
    )


def _rule(rules: tuple[tuple[str, re.Pattern[str]], ...], text: str | None) -> str | None:
    if text is None:
        return None
    folded = one_line(fold(text))
    return next((code for code, pattern in rules if pattern.search(folded)), None)


def elective_requirements(electives: Electives, after: int) -> tuple[Requirement, ...]:
    """The elective rules as requirements; `after` is the last ordinal in use."""
    rules = (
        ("electives", "requirement", electives.requirement_rule, electives.requirement_text),
        ("onsite_elective", "onsite", electives.onsite_rule, electives.onsite_text),
    )
    stated = [
        (code, rule, one_line(text), electives.spans.get(name))
        for code, name, rule, text in rules
        if text and not _PLACEHOLDER.fullmatch(text)
    ]
    return tuple(
        Requirement(
            ordinal=ordinal,
            code=code,
            category="elective",
            level=None if rule is None else "required" if rule == "required" else "optional",
            applies_to=None,
            is_alternative=False,
            number=None,
            min_words=None,
            max_words=None,
            label=code,
            evidence=text[:_MAX_EVIDENCE_CHARS],
            places={"label": Place("selection_criteria", span)} if span else {},
        )
        for ordinal, (code, rule, text, span) in enumerate(stated, start=after + 1)
    )
