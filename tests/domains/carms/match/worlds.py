"""A small supply, so that a repetition takes milliseconds."""

from __future__ import annotations

from typing import Any

from carms_lake.domains.carms.match.demand import invented
from carms_lake.domains.carms.match.parameters import Parameters
from carms_lake.domains.carms.match.population import Behaviour
from carms_lake.domains.carms.match.simulate import World
from carms_lake.domains.carms.match.supply import KINDS, Program

PARAMETERS = Parameters(cmg=60, img=30, usmg=2)
KINDS_OF = {"CMG": ("CMG", "USMG"), "IMG": ("IMG",), "All": KINDS}


def program(number: str, **rest: Any) -> Program:
    row = {
        "id": number, "discipline": "Psychiatry", "school": "University of Toronto",
        "school_province": "ON", "province": "ON", "stream": "CMG Stream for CMG",
        "eligibility": "CMG", "language": "en", "seats": 5, "names": (),
    } | rest  # fmt: skip
    row = {"kinds": KINDS_OF[row["eligibility"]], "appeal": row["seats"]} | row
    return Program(**row)


PROGRAMS = (
    program("1", seats=12),
    program("2", eligibility="IMG", seats=3, stream="IMG Stream for IMG"),
    program("3", discipline="Family Medicine", seats=20),
    program("4", discipline="Family Medicine", seats=4, school="McGill University",
            school_province="QC", province="QC", language="either", eligibility="All",
            names=("McGill", "Université McGill")),
    program("5", discipline="Family Medicine", seats=9, school="Université Laval",
            school_province="QC", province="QC", language="fr", eligibility="All"),
    program("6", discipline="Dermatology", seats=1, school="Toronto Metropolitan University"),
    program("7", discipline="Family Medicine", seats=6, school="University of British Columbia",
            school_province="BC", province="BC"),
    program("8", discipline="Family Medicine", seats=8, school="University of British Columbia",
            school_province="BC", province="BC", eligibility="IMG", stream="IMG Stream for IMG"),
)  # fmt: skip

BASE = World(PROGRAMS, Behaviour(PARAMETERS, invented(PROGRAMS)))
