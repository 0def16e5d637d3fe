"""The options that commands of the domain share."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, NamedTuple

from carms_lake.cli.command import Option

Applicant = Literal["CMG", "IMG", "USMG"]
Eligibility = Literal["CMG", "IMG", "All", "MOTP/MMTP"]
Language = Literal["en", "fr"]
ApplicationLanguage = Literal["en", "fr", "either"]

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
SiteOption = Annotated[
    str | None, Option("--site", metavar="NAME", help="A training site, or a part of its name.")
]
StreamOption = Annotated[
    str | None,
    Option("--stream", metavar="NAME", help="A stream, or a part of its name, as MOTP or RoS."),
]
MinSeats = Annotated[
    int | None, Option("--min-seats", metavar="N", min=0, help="So many seats or more.")
]
MaxSeats = Annotated[
    int | None, Option("--max-seats", metavar="N", min=0, help="So many seats or fewer.")
]
Length = Annotated[int | None, Option("--length", metavar="YEARS", min=1, help="Years it takes.")]
ApplyIn = Annotated[
    ApplicationLanguage | None,
    Option(
        "--apply-in",
        case_sensitive=False,
        help="The language to apply in; en and fr also take programs where either will do.",
    ),
]
Casper = Annotated[
    bool | None, Option("--casper/--no-casper", help="Asks for Casper (of `--for`), or does not.")
]
Fmproc = Annotated[bool | None, Option("--fmproc/--no-fmproc", help="The same for the FMProC.")]
Mccqe1 = Annotated[
    bool | None, Option("--mccqe1/--no-mccqe1", help="The same for part I of the MCCQE.")
]
Nac = Annotated[bool | None, Option("--nac/--no-nac", help="The same for the NAC examination.")]
Service = Annotated[
    str | None,
    Option(
        "--return-of-service",
        metavar="VALUES",
        help="Of `--for`, else of all it takes: required, none, unclear, not_applicable (printed "
        "as S/O), not_mentioned; several with commas.",
    ),
]
_DAY = "%Y-%m-%d"
InterviewsFrom = Annotated[
    datetime | None,
    Option("--interviews-from", formats=[_DAY], metavar="DATE", help="Interviews then or later."),
]
InterviewsTo = Annotated[
    datetime | None,
    Option("--interviews-to", formats=[_DAY], metavar="DATE", help="Interviews then or before."),
]
InterviewMonth = Annotated[
    str | None,
    Option("--interview-month", metavar="MONTH", help="Interviews in it: 2025-01, 1, january."),
]


class Filters(NamedTuple):
    """Which programs a command is about; what is not given asks nothing.

    What is not known of a program fits no filter: unknown is not no.
    """

    province: ProvinceOption = None
    discipline: DisciplineOption = None
    school: SchoolOption = None
    applicant: ForOption = None
    eligibility: EligibilityOption = None
    language: LanguageOption = None
    site: SiteOption = None
    stream: StreamOption = None
    min_seats: MinSeats = None
    max_seats: MaxSeats = None
    length: Length = None
    apply_in: ApplyIn = None
    casper: Casper = None
    fmproc: Fmproc = None
    mccqe1: Mccqe1 = None
    nac: Nac = None
    return_of_service: Service = None
    interviews_from: InterviewsFrom = None
    interviews_to: InterviewsTo = None
    interview_month: InterviewMonth = None
    iteration: IterationOption = None
