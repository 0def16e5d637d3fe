"""One program as text for reading."""

from __future__ import annotations

import textwrap
from functools import cache
from typing import TYPE_CHECKING, Any

import polars as pl

from carms_lake.domains.carms import reference

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LEAST_WIDTH = 60
"""Narrower than this, labels and values side by side are not readable."""

_LABEL = 22

_LANGUAGES = {"en": "English", "fr": "French", "either": "English or French"}
_SERVICE = {
    "required": "required",
    "none": "none",
    "unclear": "not clear",
    "not_applicable": "not applicable",
    None: "not mentioned",
}
_ACCREDITATION = {
    "joint_arrangement": "accredited under a joint arrangement",
    "intent_to_withdraw": "notice of intent to withdraw accreditation",
    "not_accredited": "not accredited",
    "other": "in other words, see `--section match_iteration_name`",
}
_WHO = {"cmg": "CMG", "usmg": "USMG", "img": "IMG"}
LEVELS = {
    "required": "required",
    "conditional": "on a condition",
    "optional": "optional",
    None: "also mentioned",
}
"""The levels of requirements in words."""
_NAMES = {
    "citizenship_proof": "proof of Canadian citizenship",
    "language_proficiency": "proof of language proficiency",
    "electives": "electives",
    "onsite_elective": "electives at its own site",
    "language_french_test": "test of French",
    "language_tef": "TEF",
    "language_tcf": "TCF",
    "language_tfi": "TFI",
    "language_delf": "DELF",
    "language_dalf": "DALF",
}
"""Of requirements whose label in the form is a sentence, or that have none."""
_STAGES = {"file_review": "file", "interview": "interview"}


def as_text(profile: Mapping[str, Any], width: int = 100) -> str:
    """The facts of a program under their names, then what it asks for, looks at and says.

    Lines have at most `width` characters, but for words that are longer.

    `profile` has the columns of program_profile, and the lists `interview_dates`, `requirements`,
    `selection_criteria` and `sections`, each of which may be null. What is not known is left out.
    """
    width = max(width, LEAST_WIDTH)
    lines = [*textwrap.wrap(profile["program_name"], width), ""]
    for part in (_facts, _demand, _requirements, _criteria, _sections):
        rows = [(label, value) for label, value in part(profile) if value]
        for label, value in rows:
            lines += _row(label, value, width)
        if rows:
            lines.append("")
    return "\n".join(lines[:-1]) + "\n"


def facts(profile: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The facts that a program has one of: label and words, empty where it is not known."""
    yield from _facts(profile)
    yield from _demand(profile)
    yield "reference letters", _letters(profile)


def _row(label: str, value: str, width: int) -> list[str]:
    return textwrap.wrap(
        value,
        width,
        initial_indent=f"{label:<{_LABEL}}",
        subsequent_indent=" " * _LABEL,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _facts(profile: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield (
        "program",
        f"{profile['program_stream_id']}, match iteration {profile['match_iteration_id']}",
    )
    if profile["deleted_on"]:
        yield "dropped on", f"{profile['deleted_on']}; what it was before that day:"
    provinces = _provinces()
    yield "school", _with(profile["school_name"], provinces.get(profile["school_province"]))
    yield "site", _with(profile["program_site"], provinces.get(profile["training_province"]))
    yield "discipline", _with(profile["discipline_name"], profile["discipline_group"])
    yield "stream", profile["program_stream"]
    yield "who may apply", _eligible(profile)
    yield "seats", _number(profile["quota"]) or _see(profile, "match_iteration_name")
    yield "length", _length(profile["length_years"]) or _see(profile, "program_curriculum")
    status = profile["accreditation_status"]
    yield "accreditation", _ACCREDITATION.get(status, status or "")
    yield "approved on", str(profile["approved_on"] or "")
    yield "described in", _LANGUAGES.get(profile["document_language"], "")
    language = _LANGUAGES.get(profile["application_language"], "")
    yield "apply in", language or _see(profile, "general_instructions")
    yield "return of service", _return_of_service(profile)
    yield "page", profile["program_url"]


def _eligible(profile: Mapping[str, Any]) -> str:
    """The kinds of applicants that the stream takes; its own word where that says no kind."""
    takes = [name for kind, name in _WHO.items() if profile[f"eligible_{kind}"]]
    if takes:
        return _listed(takes, "and")
    return {"MOTP/MMTP": "members of the Canadian Armed Forces (MOTP/MMTP)"}.get(
        profile["eligibility"], profile["eligibility"] or ""
    )


def _length(years: int | None) -> str:
    return "" if years is None else "1 year" if years == 1 else f"{years} years"


def _return_of_service(profile: Mapping[str, Any]) -> str:
    """One answer where it holds for all whom the stream takes, else one for each kind of them."""
    values = {
        kind.upper(): profile[f"return_of_service_{kind}"]
        for kind in ("cmg", "img")
        if profile[f"eligible_{kind}"] is not False or profile[f"return_of_service_{kind}"]
    }
    said = {kind: _SERVICE[value] for kind, value in values.items()}
    answer = ", ".join(f"{answer} for {kind}" for kind, answer in said.items())
    if len(set(said.values())) <= 1:
        answer = next(iter(said.values()), _SERVICE[None])
    where = _see(profile, "return_of_service") if {None, "unclear"} & set(values.values()) else ""
    return f"{answer}; {where}" if where else answer


def _demand(profile: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    elsewhere = _see(profile, "selection_criteria")
    low, high = profile["applications_min"], profile["applications_max"]
    shared = "a year, five years' mean; shared between streams and sites"
    yield "applications", elsewhere if low is None else f"{_range(low, high)} {shared}"
    low, high = profile["interviewed_pct_min"], profile["interviewed_pct_max"]
    yield "interviewed", elsewhere if low is None else f"{_range(low, high)} % of applicants"
    days = ", ".join(str(day) for day in profile["interview_dates"] or [])
    yield "interviews on", days or _see(profile, "interviews")


def _requirements(profile: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    requirements = profile["requirements"] or []
    yield "reference letters", _letters(profile)
    for level, name in LEVELS.items():
        of_level = [entry for entry in requirements if entry["requirement_level"] == level]
        yield name, "; ".join(_asked(of_level))


def _letters(profile: Mapping[str, Any]) -> str:
    number = _number(profile["reference_letters"])
    return number or _see(profile, "supporting_documentation_information")


def _asked(requirements: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What is asked, alternatives of one kind together as `one of: A or B`."""
    told: set[str] = set()
    for entry in requirements:
        kind = entry["requirement_category"]
        if not entry["is_alternative"]:
            yield _requirement(entry)
        elif kind not in told:
            told.add(kind)
            choice = [
                _requirement(each)
                for each in requirements
                if each["is_alternative"] and each["requirement_category"] == kind
            ]
            yield f"one of: {_listed(choice, 'or')}" if len(choice) > 1 else choice[0]


def _requirement(entry: Mapping[str, Any]) -> str:
    return _with(requirement_name(entry), requirement_notes(entry))


def requirement_name(entry: Mapping[str, Any]) -> str:
    """What is asked, in words."""
    name: str = entry["requirement_name"].strip(" *:")
    return _NAMES.get(entry["requirement_code"], name)


def requirement_notes(entry: Mapping[str, Any]) -> str:
    """How many, how long and of whom a requirement is asked; empty where nothing is said."""
    number = entry["requested_number"]
    notes = [
        f"{number}" if number else "",
        f"at most {entry['max_words']} words" if entry["max_words"] else "",
        f"{entry['applies_to']} only" if entry["applies_to"] else "",
    ]
    return ", ".join(filter(None, notes))


def _criteria(profile: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    criteria = profile["selection_criteria"] or []
    for stage, name in _STAGES.items():
        for is_evaluated, verb in ((True, "looks at"), (False, "not at"), (None, "may look at")):
            components = [
                entry["component_name"]
                for entry in criteria
                if entry["stage"] == stage
                and entry["is_evaluated"] is is_evaluated
                and (is_evaluated is not None or entry["criterion_text"])
            ]
            yield f"{name}: {verb}", ", ".join(components)


def _sections(profile: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for entry in profile["sections"] or []:
        yield "--section", f"{entry['section_code']} ({entry['character_count']} characters)"


def _see(profile: Mapping[str, Any], section: str) -> str:
    """Where a fact may be said in prose, where the description has that section."""
    there = {entry["section_code"] for entry in profile["sections"] or []}
    return f"see `--section {section}`" if section in there else ""


@cache
def _provinces() -> dict[str, str]:
    """The English names of the provinces by their codes."""
    named = (pl.col("kind") == "province") & (pl.col("language") == "en")
    is_name = pl.col("name_type") == "name"
    return dict(reference.names().filter(named & is_name).select("code", "name").collect().rows())


def _listed(words: Sequence[str], joined_by: str) -> str:
    """Words as people list them: `A, B or C`."""
    return f" {joined_by} ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _with(text: str, remark: str | None) -> str:
    return f"{text} ({remark})" if remark else text


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _range(low: int, high: int | None) -> str:
    return f"{low} or more" if high is None else f"{low} to {high}"
