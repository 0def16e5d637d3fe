"""Tables as of an official source, drawn by the model itself with parameters that are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domains.carms.match.worlds import program

from carms_lake.domains.carms.match.demand import invented, shared
from carms_lake.domains.carms.match.parameters import Parameters
from carms_lake.domains.carms.match.population import Behaviour
from carms_lake.domains.carms.match.simulate import Counts, Plan, World, repetition

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from carms_lake.domains.carms.match.supply import Program

SCHOOLS = (
    ("University of Toronto", "ON", "en", 5), ("McMaster University", "ON", "en", 3),
    ("Université Laval", "QC", "fr", 4), ("University of British Columbia", "BC", "en", 4),
    ("University of Alberta", "AB", "en", 3), ("Dalhousie University", "NS", "en", 2),
)  # fmt: skip
DISCIPLINES = (("Family Medicine", 8), ("Internal Medicine", 5), ("Psychiatry", 2),
               ("Dermatology", 1), ("Urology", 1), ("Neurology", 1))  # fmt: skip

PROGRAMS = tuple(
    program(
        f"{d}{s}{kind}", discipline=discipline, school=school, school_province=province,
        province=province, language=language, eligibility=kind, seats=seats,
        stream=f"{kind} Stream",
    )
    for d, (discipline, size) in enumerate(DISCIPLINES)
    for s, (school, province, language, weight) in enumerate(SCHOOLS)
    for kind, seats in (("CMG", size * weight), ("IMG", size * weight // 8))
    if seats
)  # fmt: skip
"""So few disciplines and schools that a first iteration takes milliseconds."""

TRUTH = Parameters(
    cmg=440, img=150, usmg=2, home=0.6, agreement=0.55, second_discipline=2.4, bar=-1.2,
    bar_img=0.25,
)  # fmt: skip


DRAWS = 8
"""Their mean is published, so that it is near what the parameters say."""


def _mean_counts(world: World, year: int) -> Counts:
    """Whole numbers, rounded down, so that no part is more than its whole."""
    sums: Counts = {}
    for index in range(DRAWS):
        pair = repetition(Plan(world, world, seed=999, iterations=1), DRAWS * year + index)
        assert pair is not None
        for key, row in pair[0].items():
            sums[key] = [a + b for a, b in zip(sums.get(key, [0] * len(row)), row, strict=True)]
    return {key: [one // DRAWS for one in row] for key, row in sums.items()}


def tables(
    years: Sequence[int], truth: Parameters = TRUTH, programs: Sequence[Program] = PROGRAMS
) -> dict[str, str]:
    """The three files; demand changes from year to year."""
    disciplines = ["year,discipline,seats,first_choices,matched"]
    vacancies, national = ["year,school,unfilled"], [
        "year,applicants,matched,first_program,home_school"
    ]  # fmt: skip
    for year in years:
        weights = {
            name: share * (1 + 0.15 * ((year + 2 * n) % 3 - 1))
            for n, (name, share) in enumerate(invented(programs)["CMG"].items())
        }
        shares = invented(programs) | {"CMG": shared(weights)}
        world = World(tuple(programs), Behaviour(truth, shares))
        counts = _mean_counts(world, year)
        empty: dict[str, int] = {}
        for (level, name), row in counts.items():
            if level == "discipline" and row[3]:
                seats = sum(p.seats for p in programs if p.discipline == name and "CMG" in p.kinds)
                disciplines.append(f"{year},{name},{seats},{row[3]},{row[4]}")
            elif level == "group":
                school = name.rpartition(" / ")[2]
                empty[school] = empty.get(school, 0) + row[0] - row[1]
        vacancies += [f"{year},{school},{seats}" for school, seats in sorted(empty.items())]
        canadian = counts["applicants", "CMG"]
        national.append(f"{year},{canadian[0]},{canadian[1]},{canadian[3]},{canadian[5]}")
    return {
        "disciplines.csv": "\n".join(disciplines) + "\n",
        "vacancies.csv": "\n".join(vacancies) + "\n",
        "national.csv": "\n".join(national) + "\n",
    }


def write(folder: Path, files: dict[str, str]) -> Path:
    """The folder with these files in it."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder
