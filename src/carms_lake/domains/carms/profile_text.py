"""One program as text for reading."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
    yield "school", _with(profile["school_name"], profile["school_province"])
    yield "site", _with(profile["program_site"], profile["training_province"])
    yield "discipline", _with(profile["discipline_name"], profile["discipline_group"])
    yield "stream", profile["program_stream"]
    yield "eligibility", profile["eligibility"] or ""
    yield "seats", _number(profile["quota"])
    yield "length", f"{profile['length_years']} years" if profile["length_years"] else ""
    yield "accreditation", (profile["accreditation_status"] or "").replace("_", " ")
    yield "approved on", str(profile["approved_on"] or "")
    yield "described in", _LANGUAGES.get(profile["document_language"], "")
    yield "apply in", _LANGUAGES.get(profile["application_language"], "")
    yield "return of service", _return_of_service(profile)
    yield "page", profile["program_url"]


def _return_of_service(profile: Mapping[str, Any]) -> str:
    """One answer where it holds for all whom the stream takes, else one for each kind of them."""
    said = {
        kind.upper(): _SERVICE[profile[f"return_of_service_{kind}"]]
        for kind in ("cmg", "img")
        if profile[f"eligible_{kind}"] is not False or profile[f"return_of_service_{kind}"]
    }
    if len(set(said.values())) <= 1:
        return next(iter(said.values()), _SERVICE[None])
    return ", ".join(f"{answer} for {kind}" for kind, answer in said.items())


def _demand(profile: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    low, high = profile["applications_min"], profile["applications_max"]
    if low is not None:
        shared = "a year, five years' mean; shared between streams and sites"
        yield "applications", f"{_range(low, high)} {shared}"
    low, high = profile["interviewed_pct_min"], profile["interviewed_pct_max"]
    if low is not None:
        yield "interviewed", f"{_range(low, high)} % of applicants"
    yield "interviews on", ", ".join(str(day) for day in profile["interview_dates"] or [])


def _requirements(profile: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    requirements = profile["requirements"] or []
    yield "reference letters", _number(profile["reference_letters"])
    for level in ("required", "conditional", "optional", None):
        asked = [
            _requirement(entry) for entry in requirements if entry["requirement_level"] == level
        ]
        yield level or "also mentioned", "; ".join(asked)


def _requirement(entry: Mapping[str, Any]) -> str:
    notes = [
        f"{entry['requested_number']}" if entry["requested_number"] else "",
        f"at most {entry['max_words']} words" if entry["max_words"] else "",
        f"{entry['applies_to']} only" if entry["applies_to"] else "",
    ]
    return _with(entry["requirement_name"].rstrip(":"), ", ".join(filter(None, notes)))


def _criteria(profile: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    criteria = profile["selection_criteria"] or []
    for stage, name in _STAGES.items():
        for is_evaluated, verb in ((True, "looks at"), (False, "not at")):
            components = [
                entry["component_name"]
                for entry in criteria
                if entry["stage"] == stage and entry["is_evaluated"] is is_evaluated
            ]
            yield f"{name}: {verb}", ", ".join(components)


def _sections(profile: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for entry in profile["sections"] or []:
        yield "--section", f"{entry['section_code']} ({entry['character_count']} characters)"


def _with(text: str, remark: str | None) -> str:
    return f"{text} ({remark})" if remark else text


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _range(low: int, high: int | None) -> str:
    return f"{low} or more" if high is None else f"{low} to {high}"
