"""Eight figures of a first iteration in which the published and the simulated one are compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import carms_lake
from carms_lake.domains.carms.match.oracle import NATIONAL, VACANCIES, Oracle
from carms_lake.domains.carms.match.parameters import FRENCH, REGIONS, Parameters
from carms_lake.domains.carms.match.simulate import Counts, Plan, World, repetition, schools_of

MOMENTS = (
    "match_rate", "first_program", "home_school", "success_crowded", "success_open",
    "unfilled_french", "unfilled_west", "unfilled_rest",
)  # fmt: skip
"""In points. Of all CMGs: matched, to their first program, at their school. First-choice success
in disciplines with fewer seats than first choices, and in the others. Seats that stay empty at
schools that teach in French, at western schools, at the others.
"""

HALF = 0.5

Moments = tuple[float | None, ...]
"""In the order of `MOMENTS`; None where a year has nothing to count."""


class Year(NamedTuple):
    """A year to be fitted or predicted: its first iteration as a world, and what was published.

    `crowded`: by discipline, whether it has fewer seats than first choices; `places`: by school,
    the moment that its empty seats belong to.
    """

    year: int
    world: World
    published: Moments
    crowded: Mapping[str, bool]
    places: Mapping[str, str]


def year_of(oracle: Oracle, year: int, world: World) -> Year:
    """A year of the folder; `world` has its seats and its demand.

    Raises:
        carms_lake.UsageError: a table lacks the year, or does not fit the others.
    """
    for name, table in ((NATIONAL, oracle.national), (VACANCIES, oracle.vacancies)):
        if year not in table:
            raise carms_lake.UsageError(
                f"`{name}` has nothing of {year}",
                "a calibration needs the three files that docs/match.md describes, for each year",
            )
    rows, national = oracle.disciplines[year], oracle.national[year]
    wanted = sum(row.first_choices for row in rows.values())
    if wanted > national.applicants:
        raise carms_lake.UsageError(
            f"{year}: {wanted} first choices of disciplines, {national.applicants} applicants",
            "everybody has one first choice; count CMGs alone in both files",
        )
    crowded = {name: row.seats < row.first_choices for name, row in rows.items()}
    of_school = {
        program.school: "unfilled_french" if FRENCH.get(program.school, 0) > HALF
        else "unfilled_west" if REGIONS.get(program.school_province) == "west"
        else "unfilled_rest"
        for program in world.programs
    }  # fmt: skip
    places = {school: of_school[school] for school in oracle.vacancies[year]}
    seats: dict[str, int] = {}
    for program in world.programs:
        seats[program.school] = seats.get(program.school, 0) + program.seats
    published = _moments(
        {name: (n, national.applicants) for name, n in zip(
            MOMENTS, (national.matched, national.first_program, national.home_school), strict=False
        )},
        ((crowded[name], row.matched, row.first_choices) for name, row in rows.items()),
        ((places[name], n, seats[name]) for name, n in oracle.vacancies[year].items()),
    )  # fmt: skip
    return Year(year, world, published, crowded, places)


def simulated(
    of: Year, parameters: Parameters, seed: int, draws: int, begin: int = 0
) -> list[Moments]:
    """The moments of each of `draws` repetitions, whose numbers begin with `begin`.

    How many CMGs there are is the year's, whatever the parameters say.
    """
    behaviour = of.world.behaviour
    parameters = parameters._replace(cmg=behaviour.parameters.cmg)
    world = of.world._replace(behaviour=behaviour._replace(parameters=parameters))
    plan = Plan(world, world, seed, iterations=1)
    found = []
    for index in range(begin, begin + draws):
        pair = repetition(plan, index)
        if pair is not None:  # without couples there always is a stable matching
            found.append(counted(of, pair[0]))
    return found


def counted(of: Year, counts: Counts) -> Moments:
    """The moments of one repetition."""
    canadian = counts["applicants", "CMG"]
    disciplines = [
        (of.crowded[name], row[4], row[3])
        for (level, name), row in counts.items()
        if level == "discipline" and name in of.crowded
    ]
    schools = [
        (of.places[school], *pair)
        for school, pair in schools_of(counts).items()
        if school in of.places
    ]
    national = {
        name: (canadian[n], canadian[0]) for name, n in zip(MOMENTS, (1, 3, 5), strict=False)
    }
    return _moments(national, disciplines, schools)


def _moments(
    national: Mapping[str, tuple[int, int]],
    disciplines: Iterable[tuple[bool, int, int]],
    schools: Iterable[tuple[str, int, int]],
) -> Moments:
    """Shares in points, of pairs of a part and its whole; parts of one moment are summed."""
    sums = {name: [0, 0] for name in MOMENTS}
    parts = [(name, *pair) for name, pair in national.items()]
    parts += [("success_crowded" if few else "success_open", n, of) for few, n, of in disciplines]
    for name, part, whole in [*parts, *schools]:
        sums[name][0] += part
        sums[name][1] += whole
    return tuple(100 * part / whole if whole else None for part, whole in sums.values())


def differences(said: Moments, other: Moments) -> list[float]:
    """The first minus the second, of the moments that both have."""
    return [a - b for a, b in zip(said, other, strict=True) if a is not None and b is not None]


def mean(rows: Sequence[Moments]) -> Moments:
    """The mean of each moment over repetitions or years, where all have it."""
    return tuple(
        None if None in column else sum(v for v in column if v is not None) / len(column)
        for column in zip(*rows, strict=True)
    )


def error(said: Sequence[Moments], published: Sequence[Moments]) -> float:
    """The root of the mean squared error over moments and years, in points."""
    off = [one for pair in zip(said, published, strict=True) for one in differences(*pair)]
    return round((sum(one * one for one in off) / len(off)) ** 0.5, 6) if off else float("inf")
