"""The options that commands of the domain share."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

from carms_lake.cli.command import Option

Applicant = Literal["CMG", "IMG", "USMG"]
Eligibility = Literal["CMG", "IMG", "All", "MOTP/MMTP"]
Language = Literal["en", "fr"]

ProvinceOption = Annotated[
    str | None,
    Option("--province", metavar="NAME", help="Where the training is: ON, Ontario, Québec."),
]
DisciplineOption = Annotated[
    str | None,
    Option(
        "--discipline",
        metavar="NAME",
        help="A name (English or French), abbreviation, id; else a part of a name.",
    ),
]
SchoolOption = Annotated[
    str | None,
    Option(
        "--school",
        metavar="NAME",
        help="A name (English or French), abbreviation, code; else a part of a name.",
    ),
]
ForOption = Annotated[
    Applicant | None,
    Option("--for", case_sensitive=False, help="Who applies: all streams that take them."),
]
EligibilityOption = Annotated[
    Eligibility | None,
    Option("--eligibility", case_sensitive=False, help="The stream; `--for` also takes All."),
]
LanguageOption = Annotated[
    Language | None,
    Option("--language", case_sensitive=False, help="The language of the description."),
]
IterationOption = Annotated[
    str | None, Option("--iteration", metavar="ID", help="A match iteration (default: the newest).")
]


class Filters(NamedTuple):
    """Which programs a command is about; what is not given asks nothing."""

    province: ProvinceOption = None
    discipline: DisciplineOption = None
    school: SchoolOption = None
    applicant: ForOption = None
    eligibility: EligibilityOption = None
    language: LanguageOption = None
    iteration: IterationOption = None
