"""The plan of an invented program: every fact that its document states."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from itertools import count, islice
from typing import TYPE_CHECKING

from carms_lake.domains.carms.synthetic.disciplines import DISCIPLINES, Discipline
from carms_lake.domains.carms.synthetic.schools import PROVINCES, SCHOOLS, School
from carms_lake.domains.carms.synthetic.sites import FAMILY_SITES, SITE_PROVINCES, SPECIALTY_SITES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from carms_lake.domains.carms.synthetic.people import Contact


FAMILY_MEDICINE = 27
_MONTREAL, _OTTAWA, _MCGILL = 93, 81, 80
_CMG, _IMG = "CMG Stream for CMG", "IMG Stream for IMG"
_CMG_AND_MILITARY = "CMG Stream including MOTP/MMTP for CMG"
_QUEBEC = ("Regular Stream for All", "Regular Stream including MOTP/MMTP for All")
"""Specialties, family medicine."""
_SPECIALTY = {90: (_CMG, "Competitive RoS Stream for All")}
_FAMILY = {
    **dict.fromkeys((83, 84, 88, 89), (_CMG_AND_MILITARY, _IMG)),
    79: (_CMG_AND_MILITARY, "Nova Scotian IMG Stream for IMG"),
    87: ("Competitive Stream for All", _IMG),
}
"""By institution code, where it is not CMG and IMG."""
_RARER = 0.35
"""How likely streams for a few are, against the others at the same place."""

_SHOWCASE = (
    (78, 27, "Nunavut", "CMG Stream for CMG"),
    (93, 13, "Montreal", "Regular Stream for All"),
    (88, 27, "Yellowknife", "CMG Stream for CMG"),
    (82, 27, "Kingston - Thousand Islands", "MOTP-MMTP for MOTP/MMTP"),
    (79, 27, "Prince Edward Island", "IMG Stream for IMG"),
    (92, 27, "Moncton", "Regular RoS Stream for All"),
    (42, 25, "Peel & Surrounding Communities", "CMG Stream for CMG"),
    (91, 43, "Québec", "Regular Stream for All"),
    (81, 27, "Montfort", "CMG Stream including MOTP/MMTP for CMG"),
    (79, 43, "Saint John", "CMG Stream for CMG"),
    (90, 84, "Vancouver", "Competitive RoS Stream for All"),
    (80, 81, "Montreal", "Regular Stream for All"),
    (97, 27, "Remote First Nations Northern Ontario", "CMG RoS Stream for CMG"),
    (83, 96, "Toronto", "CMG Stream for CMG"),
    (84, 27, "Rural-Owen Sound", "IMG Stream for IMG"),
    (85, 34, "London", "CMG Stream for CMG"),
    (86, 27, "Northern Remote", "IMG Stream for IMG"),
    (87, 27, "Swift Current - Regional", "Competitive Stream for All"),
    (89, 81, "Calgary", "IMG Stream for IMG"),
    (79, 27, "Moncton", "New Brunswicker IMG Stream for IMG"),
    (80, 27, "Gatineau", "Regular Stream including MOTP/MMTP for All"),
    (93, 14, "Montreal", "Regular Stream for All"),
    (93, 27, "Claude-David (Sud-de-Lanaudière)", "Regular Stream including MOTP/MMTP for All"),
    (90, 27, "Rural Immersion - Valemount & McBride", "CMG Stream for CMG"),
)
"""Institution code, discipline id, site, stream: one of every kind."""


@dataclass(frozen=True)
class Slot:
    """A place for one program: no two slots have the same faculty, discipline, site and stream."""

    school: School
    discipline: Discipline
    site: str
    stream: str

    @property
    def eligibility(self) -> str:
        """Who may apply: the text after the last ` for ` of the stream."""
        return self.stream.rpartition(" for ")[2]

    @property
    def training_province(self) -> str:
        """Where residents train."""
        return SITE_PROVINCES.get((self.school.code, self.site), self.school.province)

    @property
    def language(self) -> str:
        """The document's language, `en` or `fr`."""
        in_french = (
            (self.school.is_francophone and not self._is_english_at_a_french_school)
            or (self.school.code == _OTTAWA and self.site.startswith("Montfort"))
            or (self.school.code == _MCGILL and self.site in ("Gatineau", "Montérégie", "Val d'Or"))
        )
        return "fr" if in_french else "en"

    @property
    def _is_english_at_a_french_school(self) -> bool:
        return self.school.code == _MONTREAL and self.discipline.name == "Cardiac Surgery"


def slots(seed: int, number: int) -> list[Slot]:
    """The first slots of a seed's order; a longer list begins with the shorter one."""
    return list(islice(_ordered(seed), number))


def _ordered(seed: int) -> Iterator[Slot]:
    schools = {school.code: school for school in SCHOOLS}
    disciplines = {discipline.id: discipline for discipline in DISCIPLINES}
    first = [Slot(schools[c], disciplines[d], site, stream) for c, d, site, stream in _SHOWCASE]
    yield from first
    pool = _shuffled(seed, [slot for slot in _pool() if slot not in set(first)])
    seen = {slot.discipline.id for slot in first}
    rest = []
    for slot in pool:
        if slot.discipline.id in seen:
            rest.append(slot)
        else:
            seen.add(slot.discipline.id)
            yield slot
    yield from rest
    for unit in count(2):
        for slot in (*first, *pool):
            yield Slot(slot.school, slot.discipline, f"{slot.site} - Unit {unit}", slot.stream)


def _shuffled(seed: int, pool: list[Slot]) -> list[Slot]:
    """The pool in random order, disciplines with many programs more likely early."""
    offered: dict[int, int] = {}
    for slot in pool:
        offered[slot.discipline.id] = offered.get(slot.discipline.id, 0) + 1
    chance = random.Random(f"order {seed}")
    drawn = []
    for at, slot in enumerate(pool):
        weight = slot.discipline.share / offered[slot.discipline.id]
        if slot.eligibility == "IMG" or " RoS " in slot.stream:
            weight *= _RARER
        drawn.append((-math.log(1.0 - chance.random()) / weight, at))
    return [pool[at] for _, at in sorted(drawn)]


def _pool() -> Iterator[Slot]:
    for discipline in DISCIPLINES:
        for school in SCHOOLS:
            if not _offers(school, discipline):
                continue
            is_family = discipline.id == FAMILY_MEDICINE
            for site in (FAMILY_SITES if is_family else SPECIALTY_SITES)[school.code]:
                if site.startswith("Montfort") and discipline.name_fr is None:
                    continue
                for stream in _streams(school, site, is_family=is_family):
                    yield Slot(school, discipline, site, stream)


def _offers(school: School, discipline: Discipline) -> bool:
    """Small disciplines are at a few faculties; a French document needs a French name."""
    if school.is_francophone and discipline.name_fr is None:
        return False
    return discipline.share >= 12 or (school.code + discipline.id) % 17 < max(discipline.share, 2)


def _streams(school: School, site: str, *, is_family: bool) -> tuple[str, ...]:
    if school.province == "QC":
        return (_QUEBEC[is_family],)
    if site.startswith("Montfort"):
        return (_CMG,)
    return (_FAMILY if is_family else _SPECIALTY).get(school.code, (_CMG, _IMG))


@dataclass(frozen=True)
class Requirement:
    """Something that applicants send: codes are `casper`, `personal_letter` and so on."""

    code: str
    level: str
    """`required`, `conditional` (in the block for IMG applicants, too), `optional`, or `weighed`
    where the document only says that the result counts."""
    for_img: bool = False
    number: int | None = None
    max_words: int | None = None
    is_alternative: bool = False
    """Whether it takes the place of another one of its code."""
    is_in_prose: bool = False
    """Whether the form does not list it, and a sentence elsewhere asks for it."""


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
    refused_tests: tuple[str, ...]
    """Tests that the document says it does not ask for."""
    reference_kind: str
    elective_rule: str
    """`one_in_discipline`, `broad_range` or `not_evaluated`."""
    onsite_rule: str
    """`preferred` or `not_required`."""
    interview_dates: tuple[date, ...]
    dates_are_in: str
    """`list` (that of the form), `heading` (a list under the program's own words) or `prose`."""
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
    """`obligation`, `none`, `not_applicable`, `unclear`, `per_kind` (none for graduates of Canada,
    an obligation for others) or `img_only`; None where the document has no such section."""
    themes: tuple[str, ...]
    """What its curriculum makes much of: codes of `themes.THEMES`."""
    sections: frozenset[str]
    """Which of the sections that not every document has are there."""
    in_text_headings: frozenset[str]
    """The sections that hold a first-level heading of their own, which does not begin a section."""
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
