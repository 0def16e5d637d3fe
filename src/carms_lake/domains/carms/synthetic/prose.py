"""What the invented sentences of a language are for; each one is a template."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Prose:
    """Sentences with the places {discipline}, {school}, {site}, {city}, {province}, {years}."""

    departments: tuple[str, ...]
    street: str
    website_texts: tuple[str, ...]
    citizenship: str
    language: tuple[str, ...]
    examinations: dict[str, str]
    references: tuple[str, ...]
    documents: tuple[str, ...]
    transcript_ways: tuple[str, ...]
    letter_free: str
    letter_limited: str
    letter_questions: tuple[str, ...]
    important: tuple[str, ...]
    return_of_service: dict[str, tuple[str, ...]]
    general: tuple[str, ...]
    review: tuple[str, ...]
    notification: str
    interview: tuple[str, ...]
    criteria: tuple[str, ...]
    goals: tuple[str, ...]
    selection_goals: tuple[str, ...]
    review_team: tuple[str, ...]
    file_evaluated: tuple[str, ...]
    interview_evaluated: tuple[str, ...]
    electives: tuple[str, ...]
    highlights: tuple[str, ...]
    curriculum: tuple[str, ...]
    hospitals: tuple[str, ...]
    sites: str
    out_of_province: str
    additional: tuple[str, ...]
    faq: tuple[tuple[str, str], ...]
    in_text_headings: dict[str, tuple[str, tuple[str, ...]]]
    """The heading that is no section, by the section that it stands in, and its text."""
