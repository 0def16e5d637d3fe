"""The parameters of the model, and where each comes from."""

from __future__ import annotations

from typing import NamedTuple


class Parameters(NamedTuple):
    """How applicants rank programs, and programs applicants; utilities in units of taste's noise.

    `fitted`: found by search so that the first iteration over the real supply of 2025 comes near
    four national figures of 2018 (match rate of CMGs .924, first program .589, home school .499,
    first discipline .867) and the headline totals of 2025. `assumed`, `chosen`: ours, without a
    source.
    """

    cmg: int = 3_110  # chosen: 3,014 were matched in 2025
    img: int = 1_750  # chosen: 851 were matched in 2025
    usmg: int = 14  # assumed: 8 were matched in 2025
    list_length: int = 18  # assumed between 13.6 and 24.6 applications of a CMG or IMG
    one_discipline: float = 0.36  # assumed: 1.9 disciplines of a CMG
    two_disciplines: float = 0.40  # the same
    per_school: int = 4  # assumed: streams that one school gets on a list, in one discipline
    home: float = 2.05  # fitted
    province: float = 0.83  # fitted
    region: float = 0.4  # assumed
    language: float = 3.0  # assumed: what a program in the other language loses
    agreement: float = 0.55  # fitted: the share of programs' judgement that they have in common
    home_bonus: float = 0.89  # fitted
    second_discipline: float = 1.07  # fitted: what a program takes off for not being the first
    canadian: float = 1.12  # fitted: before IMGs in streams for all
    bar: float = -2.09  # fitted: below, a program does not rank an applicant
    bar_img: float = 0.25  # fitted
    second_enter: float = 0.8  # assumed: who goes on to the second iteration
    second_length: int = 12  # assumed
    second_outside: float = 4.63  # fitted: what a seat must be worth in the second iteration


CURVE = (1.98, 3.32)
"""First-choice success = sigma(a + b ln(seats / first choices)); fitted to 21 disciplines."""

FRENCH = {"Université Laval": 1.0, "Université de Montréal": 1.0, "Université de Sherbrooke": 1.0,
          "University of Ottawa": 0.3}  # fmt: skip
"""The share of a class that studies in French (Ottawa's is a round number of ours)."""

BOTH_LANGUAGES = {"McGill University"}
"""Whose classes apply in both languages alike: an assumption of ours."""

NO_CLASS = {"Toronto Metropolitan University"}
"""Schools that have seats and no graduates yet. A class elsewhere is in proportion to the seats."""

IMG_HOMES = {"ON": 0.45, "QC": 0.14, "BC": 0.16, "AB": 0.13, "MB": 0.05, "SK": 0.04, "NS": 0.03}
"""Where IMGs live: invented round shares."""

REGIONS = {
    "BC": "west", "AB": "west", "SK": "west", "MB": "west", "ON": "centre", "QC": "centre",
    "NB": "east", "NS": "east", "PE": "east", "NL": "east", "YT": "west", "NT": "west",
    "NU": "west",
}  # fmt: skip

HOLD_OUT = (
    "hold-out of this kind of model, fitted to 2017 and held against 2018: first-choice success of "
    "21 disciplines wrong by 4.1 points if demand is given, 8.2 if not; the curve 4.4; last year's "
    "figure 8.5. Vacancies by school: last year's figure was nearer. Without IMGs it failed on 2025"
)
"""Printed with every table. The parameters here are fitted to national figures alone."""

NOT_MODELLED = (
    "interviews, who knows whom, the Forces' seats, approval of IMGs by Quebec, return of service, "
    "reversions other than those of the scenario, any single person"
)


class Headline(NamedTuple):
    """The published totals of one year, both iterations together."""

    year: int
    positions: int
    matched: int
    cmg: int
    img: int
    usmg: int
    unfilled: int | None


HEADLINES = (
    Headline(2020, 3_397, 3_341, 2_895, 418, 28, 56),
    Headline(2021, 3_365, 3_272, 2_852, 410, 10, 94),
    Headline(2023, 3_532, 3_422, 2_850, 555, 17, 110),
    Headline(2024, 3_705, 3_618, 2_934, 671, 13, 87),
    Headline(2025, 3_942, 3_873, 3_014, 851, 8, None),
)
"""From the news releases of carms.ca; positions of 2025 are the seats of the program descriptions.

The source of 2021 is off by one: 3,272 matched and 94 unfilled are 3,366, it says 3,365.
"""
