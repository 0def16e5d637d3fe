"""What a program description says, as frozen values.

Text fields are as printed, on one line; codes are canonical and the same in both languages.
A fact that the document does not state is None or empty, never a guess.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from carms_lake.domains.carms.documents.spans import Span


@dataclass(frozen=True)
class Section:
    """A canonical section of a document."""

    code: str
    """One of `SECTION_CODES`, or `preface` for text in front of the first heading."""
    ordinal: int
    """1-based place in the document."""
    heading: str
    text: str
    """The body without its heading line and without the rule that ends it."""
    raw: str
    """The exact slice of the text that was split: all slices joined are that text."""


@dataclass(frozen=True)
class Place:
    """Characters of the text of a section."""

    section: str
    span: Span


@dataclass(frozen=True)
class Evidence:
    """A value that was read from a document, and one place that says it."""

    fact: str
    item: str | None
    """Which one of several: a requirement's code, a component, a day."""
    value: str | None
    """As text; None where the words do not say."""
    section: str
    span: Span | None
    """In the section's text; None where its heading says it."""


@dataclass(frozen=True)
class Phone:
    """A phone of the header block."""

    kind: str | None
    """`work`, `cell`, `home` or `fax`; None where the number has no label."""
    number: str


@dataclass(frozen=True)
class Website:
    """A website of interest."""

    text: str
    url: str | None
    """None where the rendering has lost its links."""


@dataclass(frozen=True)
class Header:
    """The facts between the title and the contacts. Directors are personal data."""

    match_iteration_name: str | None
    stream: str | None
    approved_on: date | None
    quota: int | None
    has_quota_note: bool
    accreditation_status: str | None
    """`accredited`, `joint_arrangement`, `intent_to_withdraw`, `not_accredited` or `other`."""
    accreditation_text: str | None
    directors: tuple[str, ...]
    """Names without the salutation."""
    address: str | None
    """One address line per line."""
    postal_code: str | None
    """In the form `A1A 1A1`."""
    phones: tuple[Phone, ...]
    websites: tuple[Website, ...]
    places: Mapping[str, Span] = field(default_factory=dict, compare=False)
    """Where the quota, the day of approval, the accreditation are printed, by field."""


@dataclass(frozen=True)
class Contact:
    """One entry of Program Contacts. Personal data."""

    ordinal: int
    information: str | None
    name: str | None
    title: str | None
    emails: tuple[str, ...]
    phones: tuple[str, ...]


@dataclass(frozen=True)
class Requirement:
    """One thing that the program asks of an applicant, or says that it does not need."""

    ordinal: int
    code: str
    category: str
    """`citizenship`, `language`, `examination`, `reference`, `document` or `elective`."""
    level: str | None
    """`required`, `conditional` or `optional`; None where the text does not say."""
    applies_to: str | None
    """`IMG` where only they are asked."""
    is_alternative: bool
    """One of several of its category, of which one is enough."""
    number: int | None
    """How many letters."""
    min_words: int | None
    max_words: int | None
    label: str
    evidence: str
    """The words it was read from, e-mails and phone numbers masked."""
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)
    """Where they are: `label`, `level`, and the limits of words as `minimum`, `maximum`."""


@dataclass(frozen=True)
class Criterion:
    """One row of the file-review or interview component table."""

    ordinal: int
    stage: str
    """`file_review` or `interview`."""
    code: str
    label: str
    is_evaluated: bool | None
    """False where the program says it does not; None where it says nothing or sets a condition."""
    text: str | None
    span: Span | None = field(default=None, compare=False)
    """Where the row is in the section Selection Criteria."""


@dataclass(frozen=True)
class Stated:
    """A value of a fact and the sentence it was read from, e-mails and phone numbers masked."""

    value: str
    evidence: str
    span: Span | None = field(default=None, compare=False)
    """Where the sentence is in its section."""


@dataclass(frozen=True)
class Bucket:
    """A printed range; an open one has no maximum."""

    minimum: int
    maximum: int | None
    text: str
    span: Span | None = field(default=None, compare=False)
    """Where it is printed in the section Selection Criteria."""


@dataclass(frozen=True)
class Electives:
    """What the program says about electives: its words, and a rule where they are clear."""

    requirement_text: str | None
    requirement_rule: str | None
    """`required`, `one_in_discipline`, `broad_range`, `encouraged`, `not_required` or
    `not_evaluated`."""
    onsite_text: str | None
    onsite_rule: str | None
    """`required`, `preferred` or `not_required`."""
    other_text: str | None
    spans: Mapping[str, Span] = field(default_factory=dict, compare=False)
    """Where the texts are in the section Selection Criteria: `requirement`, `onsite`, `other`."""


@dataclass(frozen=True)
class CitizenshipDocument:
    """One of the documents that prove the citizenship of an applicant."""

    code: str
    label: str


@dataclass(frozen=True)
class Document:
    """All that one program description says."""

    language: str
    """`en` or `fr`: the language of headings and labels."""
    title: str | None
    header: Header
    sections: tuple[Section, ...]
    contacts: tuple[Contact, ...]
    application_language: str | None
    """`en`, `fr` or `either`."""
    length_years: int | None
    return_of_service: Mapping[str, Stated]
    """By kind of applicant (`cmg`, `img`): `required`, `none`, `unclear` or `not_applicable`."""
    citizenship_documents: tuple[CitizenshipDocument, ...]
    requirements: tuple[Requirement, ...]
    electives: Electives
    criteria: tuple[Criterion, ...]
    applications: Bucket | None
    """Applications per year, the mean of five years."""
    interviewed_pct: Bucket | None
    """Share of applicants offered an interview, 0-100."""
    considers_outside_information: bool | None
    rescheduling_policy: str | None
    """`routinely`, `in_unforeseen_circumstances` or `not_after_scheduling`."""
    interview_days: Mapping[date, Span]
    """The days of interviews in their order, and where the section Interviews names each."""
    mentions_virtual_interview: bool
    mentions_in_person_interview: bool

    @property
    def interview_dates(self) -> tuple[date, ...]:
        """The days of interviews, each once, in calendar order."""
        return tuple(self.interview_days)

    def section(self, code: str) -> Section | None:
        """The section with this code, or None."""
        return next((section for section in self.sections if section.code == code), None)

    def text_of(self, code: str) -> str:
        """The text of the section with this code, empty where there is none."""
        section = self.section(code)
        return section.text if section else ""
