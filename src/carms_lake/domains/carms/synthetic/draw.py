"""Plans drawn from a seed: which programs there are, and what each of them is like."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from carms_lake.domains.carms.synthetic import people, themes
from carms_lake.domains.carms.synthetic.disciplines import DISCIPLINES
from carms_lake.domains.carms.synthetic.iterations import (
    APPLICATIONS,
    USUAL_ITERATION,
    as_in,
    offered_in,
)
from carms_lake.domains.carms.synthetic.program import (
    FAMILY_MEDICINE,
    ProgramPlan,
    Requirement,
    Slot,
    slots,
)
from carms_lake.domains.carms.synthetic.schools import SCHOOLS

if TYPE_CHECKING:
    from collections.abc import Sequence

_T = TypeVar("_T")

FIRST_ID = 40_001
_ID_STEP = 3
_INTERVIEWED = ("0 - 25 %", "26 - 50 %", "51 - 75 %", "76 - 100 %")
_MAX_WORDS = (None, 250, 500, 600, 750, 800, 1000, 1500)
_DATES_ARE_IN = ("list", "heading", "prose")
_TWO_KINDS = 0.1
_IN_PROSE = 0.08
FILE_COMPONENTS = 10
INTERVIEW_COMPONENTS = 9


def plan(
    seed: int, programs: int, *, iteration: int = USUAL_ITERATION, delivery: int = 1
) -> list[ProgramPlan]:
    """The programs of one delivery, in the order of the program master; unique by id and by name.

    A later delivery has lost its last program, has one new program, and has more seats in a few.
    Iterations are of the same programs, but for a few that came, went, or have other seats, another
    text or another number of applicants.
    """
    later = delivery - 1
    dropped = min(later, programs - 1)
    offered = list(islice(offered_in(seed, iteration), programs + later))
    kept = [*offered[: programs - dropped], *offered[programs:]]
    drawn = slots(seed, max(kept) + 1)
    year = 2000 + iteration % 100
    plans = [as_in(_program(seed, at, drawn[at], year), f"{seed} {at}", iteration) for at in kept]
    return _in_master_order([_revised(p, at, later) for at, p in zip(kept, plans, strict=True)])


def _revised(program: ProgramPlan, at: int, later: int) -> ProgramPlan:
    """The program as a later delivery has it: each one adds seats to every twelfth program."""
    changes = sum((at + number) % 12 == 0 for number in range(later))
    if not changes:
        return program
    return replace(
        program,
        quota=program.quota + changes,
        approved_on=program.approved_on + timedelta(days=7 * changes),
    )


def _in_master_order(plans: list[ProgramPlan]) -> list[ProgramPlan]:
    disciplines = {discipline.id: at for at, discipline in enumerate(DISCIPLINES)}
    schools = {school.code: at for at, school in enumerate(SCHOOLS)}
    return sorted(
        plans,
        key=lambda p: (
            disciplines[p.slot.discipline.id],
            schools[p.slot.school.code],
            p.slot.site,
            p.slot.stream,
        ),
    )


def _program(seed: int, at: int, slot: Slot, year: int) -> ProgramPlan:
    name = f"program {seed} {at}"
    chance = random.Random(name)
    french = slot.language == "fr"
    directors = tuple(people.name(chance) for _ in range(2 if chance.random() < 0.09 else 1))
    sections = _sections(chance, slot)
    return ProgramPlan(
        program_stream_id=str(FIRST_ID + at * _ID_STEP + chance.randrange(_ID_STEP)),
        slot=slot,
        year=year,
        quota=_quota(chance, slot),
        has_quota_note=chance.random() < 0.07 or at == 2,
        approved_on=date(year - 1, 8, 1) + timedelta(days=chance.randrange(190)),
        accreditation=_accreditation(chance, at),
        directors=directors,
        header_phone=_phone(chance, slot, french=french),
        websites=chance.choice((0, 1, 1, 1, 2)),
        contacts=people.contacts(chance, slot.school, directors[0], french=french),
        application_language=_application_language(slot),
        requirements=(asked := _with_rarities(name, _requirements(chance, slot))),
        refused_tests=_refused_tests(name, asked),
        reference_kind=_reference_kind(slot),
        elective_rule=chance.choice(("one_in_discipline", "broad_range", "not_evaluated")),
        onsite_rule="preferred" if chance.random() < 0.1 else "not_required",
        interview_dates=_interview_dates(chance, year),
        dates_are_in=_weighted(random.Random(f"{name} dates"), _DATES_ARE_IN, (8, 1, 1)),
        rescheduling=chance.choice(
            ("routinely", "in_unforeseen_circumstances", "not_after_scheduling")
        ),
        applications=_weighted(chance, APPLICATIONS, (26, 34, 11, 11, 18)),
        interviewed_pct=_weighted(chance, _INTERVIEWED, (20, 22, 25, 33)),
        file_evaluated=tuple(chance.random() < 0.85 for _ in range(FILE_COMPONENTS)),
        interview_evaluated=tuple(chance.random() < 0.85 for _ in range(INTERVIEW_COMPONENTS)),
        considers_outside_information=chance.random() < 0.75,
        length_years=slot.discipline.years,
        return_of_service=_return_of_service(chance, slot),
        themes=themes.drawn(name),
        sections=sections,
        in_text_headings=_in_text_headings(chance, sections, at),
        text_seed=name,
    )


def _quota(chance: random.Random, slot: Slot) -> int:
    if slot.site == "Greater Toronto Area":
        return 80 + chance.randrange(50)
    if slot.eligibility in ("IMG", "MOTP/MMTP"):
        return _weighted(chance, (1, 2, 3, 5), (50, 30, 12, 8))
    most = {FAMILY_MEDICINE: 16, 43: 28, 84: 9, 81: 9}.get(slot.discipline.id, 5)
    return 1 + min(chance.randrange(most), chance.randrange(most))


def _accreditation(chance: random.Random, at: int) -> str:
    if at == 3:
        return "intent_to_withdraw"
    if at == 8:
        return "joint_arrangement"
    return _weighted(chance, ("accredited", "joint_arrangement", "intent_to_withdraw"), (986, 6, 8))


def _phone(chance: random.Random, slot: Slot, *, french: bool) -> str | None:
    if chance.random() < 0.24:
        return None
    return people.phone(chance, slot.school.area_code, french=french)


def _application_language(slot: Slot) -> str:
    if slot.site.endswith("Bilingual") or (
        slot.school.name.startswith("McGill") and slot.site == "Montreal"
    ):
        return "either"
    if slot.language == "en" and slot.school.is_francophone:
        return "either"
    return slot.language


def _reference_kind(slot: Slot) -> str:
    """`letter`, or the id of a discipline that has a structured letter of its own, or `form`."""
    if slot.discipline.id in (FAMILY_MEDICINE, 25, 61):
        return "structured"
    return "form" if slot.school.name.startswith("University of Alberta") else "letter"


def _requirements(chance: random.Random, slot: Slot) -> tuple[Requirement, ...]:
    """What applicants send, in the order of the form; language tests are listed separately."""
    for_all = slot.eligibility != "IMG"
    asked = []
    if chance.random() < 0.12:
        asked.append(Requirement("casper", "required"))
    if slot.discipline.id == FAMILY_MEDICINE:
        asked.append(Requirement("fmproc", "required"))
    if slot.eligibility in ("IMG", "All") and chance.random() < 0.9:
        asked += [
            Requirement("mccqe1", "conditional", for_img=True),
            Requirement("nac", "conditional", for_img=True),
        ]
    elif chance.random() < 0.3:
        asked.append(Requirement("mccqe1", "optional"))
    if slot.language == "en" or chance.random() < 0.6:
        number = _weighted(chance, (3, 2, 1, 4), (92, 6, 1, 1))
        asked.append(Requirement("reference", "required", number=number))
    if for_all or chance.random() < 0.98:
        words = _weighted(chance, _MAX_WORDS, (24, 3, 21, 4, 20, 3, 22, 3))
        level = "optional" if chance.random() < 0.05 else "required"
        asked.append(Requirement("personal_letter", level, max_words=words))
    return tuple(asked)


def _with_rarities(name: str, asked: tuple[Requirement, ...]) -> tuple[Requirement, ...]:
    """What is asked in ways that few programs choose, with a chance of its own.

    Two kinds of letters, as alternatives or both; a test that only a sentence asks for.
    """
    chance = random.Random(f"{name} rarities")
    listed: list[Requirement] = []
    in_prose: list[Requirement] = []
    for requirement in asked:
        drawn = chance.random()
        if requirement.code == "reference" and drawn < _TWO_KINDS:
            letters = replace(requirement, number=2, is_alternative=drawn < _TWO_KINDS / 2)
            listed += [letters, letters]
        elif requirement.code == "fmproc" and drawn < _IN_PROSE:
            in_prose.append(replace(requirement, is_in_prose=True))
        else:
            listed.append(requirement)
    if chance.random() < _IN_PROSE and all(r.code != "casper" for r in asked):
        in_prose.append(Requirement("casper", "weighed", is_in_prose=True))
    return (*listed, *sorted(in_prose, key=lambda requirement: requirement.code))


def _refused_tests(name: str, asked: tuple[Requirement, ...]) -> tuple[str, ...]:
    is_asked = any(requirement.code == "casper" for requirement in asked)
    is_refused = random.Random(f"{name} refused").random() < _IN_PROSE
    return ("casper",) if is_refused and not is_asked else ()


def _interview_dates(chance: random.Random, year: int) -> tuple[date, ...]:
    if chance.random() < 0.09:
        return ()
    first = date(year, 1, 13) + timedelta(days=chance.randrange(26))
    return tuple(first + timedelta(days=day) for day in range(chance.choice((1, 1, 2, 2, 3))))


def _return_of_service(chance: random.Random, slot: Slot) -> str | None:
    if " RoS " in slot.stream:
        return "obligation"
    if slot.eligibility == "IMG":
        return "none" if slot.school.name.endswith("Calgary") else "obligation"
    if slot.school.province == "QC":
        return _weighted(chance, ("not_applicable", "none", "per_kind", None), (22, 5, 3, 70))
    if slot.eligibility == "All":
        return _weighted(chance, ("per_kind", "none", "unclear"), (70, 20, 10))
    return _weighted(chance, (None, "none", "unclear", "img_only"), (62, 20, 13, 5))


def _sections(chance: random.Random, slot: Slot) -> frozenset[str]:
    shares = {
        "important_information": 0.91,
        "review_process": 0.97,
        "program_highlights": 0.89,
        "additional_information": 0.76,
        "faq": 0.61 if slot.language == "fr" else 0.36,
        "summary_of_changes": 0.69,
    }
    return frozenset(name for name, share in shares.items() if chance.random() < share)


def _in_text_headings(chance: random.Random, sections: frozenset[str], at: int) -> frozenset[str]:
    shares = {
        "important_information": 0.14,
        "supporting_documentation_information": 0.06,
        "program_highlights": 0.07,
        "program_curriculum": 0.06,
        "additional_information": 0.04,
    }
    always = sections | {"supporting_documentation_information", "program_curriculum"}
    drawn = {name for name, share in shares.items() if chance.random() < share}
    if at in (4, 7):
        drawn.add("supporting_documentation_information")
    return frozenset(drawn & always)


def _weighted(chance: random.Random, values: Sequence[_T], weights: Sequence[int]) -> _T:
    drawn = chance.random() * sum(weights)
    for value, weight in zip(values, weights, strict=True):
        drawn -= weight
        if drawn < 0:
            return value
    return values[-1]
