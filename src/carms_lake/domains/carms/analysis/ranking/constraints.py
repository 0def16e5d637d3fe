"""What leaves a program out, with the fact that does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from datetime import date

    from carms_lake.domains.carms.analysis.ranking.candidates import Candidate, Examination
    from carms_lake.domains.carms.analysis.ranking.profile import Profile

Outcome = Literal["removed", "unknown", "passed"]
YES_NO = {True: "yes", False: "no", None: None}


@dataclass(frozen=True)
class Finding:
    """What a constraint says of a program: what was asked, which fact answers, and its value.

    `unknown` keeps the program, unless the profile is strict: what is not known is not a no.
    `evidence` is the sentence that the fact was read from, or what else says it.
    """

    constraint: str
    asked: str
    fact: str
    value: str | None
    outcome: Outcome
    evidence: str | None = None

    def removes(self, *, strict: bool) -> bool:
        """Whether it leaves the program out."""
        return self.outcome == "removed" or (strict and self.outcome == "unknown")


def findings(
    program: Candidate, profile: Profile, days: Mapping[str, Collection[date]] | None = None
) -> list[Finding]:
    """What each constraint of a profile says of a program.

    The profile's names are resolved: disciplines are ids, schools and provinces codes. `days` are
    the interview dates of the profile's fixed programs, which those of the others must leave room.
    """
    return [
        *_who(program, profile),
        *_where_and_what(program, profile),
        *_numbers(program, profile),
        *_tests(program, profile),
        *_service(program, profile),
        *_interviews(program, profile, days or {}),
    ]


def _outcome(fact: object, passes: Callable[[], bool]) -> Outcome:
    if fact is None:
        return "unknown"
    return "passed" if passes() else "removed"


def _who(program: Candidate, profile: Profile) -> Iterator[Finding]:
    if profile.applicant:
        fact = f"eligible_{profile.applicant.lower()}"
        takes: bool | None = getattr(program, fact)
        outcome = _outcome(takes, lambda: bool(takes))
        yield Finding(
            "for",
            f"takes {profile.applicant}",
            fact,
            YES_NO[takes],
            outcome,
            program.program_stream,
        )
    if profile.apply_in:
        language = program.application_language
        outcome = _outcome(language, lambda: language in (*profile.apply_in, "either"))
        asked = " or ".join(profile.apply_in)
        yield Finding("apply_in", asked, "application_language", language, outcome)


def _where_and_what(program: Candidate, profile: Profile) -> Iterator[Finding]:
    school = None if program.school_code is None else str(program.school_code)
    for name, asked, fact, code, value in (
        ("disciplines", profile.disciplines, "discipline_name", program.discipline_id,
         program.discipline_name),
        ("schools", profile.schools, "school_name", school, program.school_name),
        ("provinces", profile.provinces, "training_province", program.training_province,
         program.training_province),
    ):  # fmt: skip
        if asked:
            outcome: Outcome = "unknown"
            if code is not None:
                outcome = "passed" if code in asked else "removed"
            yield Finding(name, " or ".join(asked), fact, value, outcome)


def _numbers(program: Candidate, profile: Profile) -> Iterator[Finding]:
    for name, fact, value in (
        ("length", "length_years", program.length_years),
        ("seats", "quota", program.quota),
    ):
        for end, limit in (("min", f"min_{name}"), ("max", f"max_{name}")):
            asked = getattr(profile, limit)
            if asked is not None:
                is_least = end == "min"
                outcome: Outcome = "unknown"
                if value is not None:
                    passes = value >= asked if is_least else value <= asked
                    outcome = "passed" if passes else "removed"
                text = f"at least {asked}" if is_least else f"at most {asked}"
                yield Finding(limit, text, fact, None if value is None else str(value), outcome)


def _tests(program: Candidate, profile: Profile) -> Iterator[Finding]:
    if profile.tests is None:
        return
    missing = {test: _asked_of(test, profile) for test in program.tests
               if test.code not in profile.tests}  # fmt: skip
    outcome: Outcome = "passed"
    if "required" in missing.values():
        outcome = "removed"
    elif program.document_language is None or "perhaps" in missing.values():
        outcome = "unknown"
    counted = [test for test, asked in missing.items() if asked != "no"]
    yield Finding(
        "tests",
        "only " + ", ".join(profile.tests) if profile.tests else "none",
        "requirements",
        "; ".join(_test_text(test) for test in counted) or None,
        outcome,
    )


def _asked_of(test: Examination, profile: Profile) -> Literal["required", "perhaps", "no"]:
    """Whether an examination is asked of this applicant.

    What is asked of one kind of applicant alone is "conditional" in the data: on being of it.
    """
    if test.level == "optional":
        return "no"
    if test.applies_to is not None:
        if profile.applicant is None:
            return "perhaps"
        return "required" if test.applies_to == profile.applicant else "no"
    return "required" if test.level == "required" else "perhaps"


def _test_text(test: Examination) -> str:
    of_whom = f" of {test.applies_to}" if test.applies_to else ""
    return f"{test.code}: {test.level or 'mentioned'}{of_whom}"


def _service(program: Candidate, profile: Profile) -> Iterator[Finding]:
    if profile.return_of_service is None:
        return
    fact, value, sentence = program.service(profile.applicant)
    if value == "unclear":
        outcome: Outcome = "unknown"
    else:
        wanted = profile.return_of_service == "required"
        outcome = _outcome(value, lambda: (value == "required") == wanted)
    yield Finding("return_of_service", profile.return_of_service, fact, value, outcome, sentence)


def _interviews(
    program: Candidate, profile: Profile, days: Mapping[str, Collection[date]]
) -> Iterator[Finding]:
    others = {one: dates for one, dates in days.items() if one != program.program_stream_id}
    if not (others or profile.busy):
        return
    free = [day for day in program.interview_dates if day not in profile.busy]
    outcome: Outcome = "unknown"
    if program.interview_dates:
        outcome = "passed" if has_a_day_each([free, *others.values()]) else "removed"
    asked = [f"a day next to the interviews of {', '.join(sorted(others))}"] if others else []
    if profile.busy:
        asked.append("a day other than " + ", ".join(str(day) for day in sorted(profile.busy)))
    dates = ", ".join(str(day) for day in program.interview_dates) or None
    yield Finding("interviews", "; ".join(asked), "interview_on", dates, outcome)


def has_a_day_each(offered: Collection[Collection[date]]) -> bool:
    """Whether programs can be given a day each of those that they offer, no day twice."""
    taken: dict[date, int] = {}
    offers = [sorted(set(days)) for days in offered]

    def place(program: int, tried: set[date]) -> bool:
        for day in offers[program]:
            if day in tried:
                continue
            tried.add(day)
            if day not in taken or place(taken[day], tried):
                taken[day] = program
                return True
        return False

    return all(place(program, set()) for program in range(len(offers)))
