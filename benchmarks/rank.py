"""How long a ranking takes: `python benchmarks/rank.py [--rounds N]`.

815 invented programs, all kept, each with two open ranges and six other wishes, 500 draws: the
worst that the public data can ask. The ranking alone, without reading the lake. Seconds of
processor time are printed too, for machines that others use at the same time.
"""

from __future__ import annotations

import argparse
import random
import time

from carms_lake.domains.carms.analysis.ranking import DRAWS, Profile, Wish, ranking
from carms_lake.domains.carms.analysis.ranking.candidates import Candidate

PROGRAMS = 815
APPLICATIONS = ((0, 50), (51, 200), (201, 400), (401, 600), (601, None))
SHARES = ((0, 25), (26, 50), (51, 75), (76, 100))
PROFILE = Profile(
    applicant="CMG",
    apply_in=("en", "fr"),
    wishes=(
        Wish("discipline", ("27", "84"), 5),
        Wish("province", ("ON", "QC"), 3),
        Wish("site", ("north",)),
        Wish("theme", ("rural",)),
        Wish("seats", ("many",)),
        Wish("length", ("short",)),
        Wish("low_contestedness", ("true",)),
    ),
)


def invented(number: int, chance: random.Random) -> Candidate:
    """A program that any applicant may apply to."""
    applications, share = chance.choice(APPLICATIONS), chance.choice(SHARES)
    return Candidate(
        str(26_000 + number),
        discipline_id=chance.choice(["27", "84", "13", "43"]),
        program_site=chance.choice(["North Bay", "Toronto"]),
        training_province=chance.choice(["ON", "QC", "BC", "AB"]),
        eligible_cmg=True,
        application_language=chance.choice(["en", "fr"]),
        length_years=chance.choice([2, 4, 5]),
        quota=chance.randint(1, 30),
        applications_min=applications[0],
        applications_max=applications[1],
        interviewed_pct_min=share[0],
        interviewed_pct_max=share[1],
        themes=(("rural", chance.uniform(0, 30)),),
    )


def main() -> None:
    """Measure, print a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=11)
    rounds = parser.parse_args().rounds
    chance = random.Random(1)
    programs = [invented(number, chance) for number in range(PROGRAMS)]
    ranking(programs, PROFILE)  # the libraries are loaded
    walls, processors = [], []
    for _ in range(rounds):
        wall, processor = time.perf_counter(), time.process_time()
        ranking(programs, PROFILE)
        walls.append(time.perf_counter() - wall)
        processors.append(time.process_time() - processor)
    middle = rounds // 2
    print(
        f"{PROGRAMS} programs, {DRAWS} draws: best {min(walls) * 1000:.0f} ms, "
        f"median {sorted(walls)[middle] * 1000:.0f} ms; "
        f"of the processor best {min(processors) * 1000:.0f} ms, "
        f"median {sorted(processors)[middle] * 1000:.0f} ms"
    )


if __name__ == "__main__":
    main()
