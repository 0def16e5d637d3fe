"""The plan of an invented program: every fact that its document tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from carms_lake.domains.carms.synthetic.schools import PROVINCES

if TYPE_CHECKING:
    from datetime import date

    from carms_lake.domains.carms.synthetic.people import Contact
    from carms_lake.domains.carms.synthetic.slots import Slot


@dataclass(frozen=True)
class Requirement:
    """Something that applicants send: codes are `casper`, `personal_letter` and so on."""

    code: str
    level: str
    """`required`, `conditional` (in the block for IMG applicants, too) or `optional`."""
    for_img: bool = False
    number: int | None = None
    max_words: int | None = None


@dataclass(frozen=True)
class ProgramPlan:
    """One program stream and all that its document says."""

    program_stream_id: str
    slot: Slot
    year: int
    """The year of the match."""
    quota: int
    has_quota_note: bool
    approved_on: date
    accreditation: str
    """`accredited`, `joint_arrangement` or `intent_to_withdraw`."""
    directors: tuple[str, ...]
    header_phone: str | None
    websites: int
    contacts: tuple[Contact, ...]
    application_language: str
    """`en`, `fr` or `either`."""
    requirements: tuple[Requirement, ...]
    reference_kind: str
    elective_rule: str
    """`one_in_discipline`, `broad_range` or `not_evaluated`."""
    onsite_rule: str
    """`preferred` or `not_required`."""
    interview_dates: tuple[date, ...]
    rescheduling: str
    """`routinely`, `in_unforeseen_circumstances` or `not_after_scheduling`."""
    applications: str
    interviewed_pct: str
    file_evaluated: tuple[bool, ...]
    """Per row of the file component table: whether the program evaluates it."""
    interview_evaluated: tuple[bool, ...]
    considers_outside_information: bool
    length_years: int
    return_of_service: str | None
    """`obligation`, `none` or `unclear`; None where the document has no such section."""
    sections: frozenset[str]
    """Which of the sections that not every document has are there."""
    in_text_headings: frozenset[str]
    """The sections that hold a first-level heading of their own, which is no section."""
    text_seed: str

    @property
    def language(self) -> str:
        """The document's language, `en` or `fr`."""
        return self.slot.language

    @property
    def school_id(self) -> str:
        """The master's composite id: institution code x 65,536 + discipline id."""
        return str(self.slot.school.code * 65_536 + self.slot.discipline.id)

    @property
    def title(self) -> str:
        """What the document is called, in its language."""
        school, discipline = self.slot.school, self.slot.discipline
        if self.language == "fr":
            return f"{school.name_fr} - {discipline.name_fr} - {self.slot.site}"
        return f"{school.name} - {discipline.name} - {self.slot.site}"

    @property
    def program_name(self) -> str:
        """The master's natural key."""
        slot = self.slot
        return f"{slot.school.name} / {slot.discipline.name} / {slot.site} / {slot.stream}"

    @property
    def postal_address(self) -> tuple[str, str, str]:
        """City, province and postal code of the programme office, which is at the school."""
        school = self.slot.school
        return school.city, PROVINCES[school.province][self.language == "fr"], school.postal_code


def page_url(iteration: int, program_stream_id: str) -> str:
    """The page that a document says it was made from; English in its address, always."""
    base = "https://phx.e-carms.ca/phoenix-web/pd/ajax/program"
    return f"{base}/{iteration}/{program_stream_id}?programLanguage=en"
