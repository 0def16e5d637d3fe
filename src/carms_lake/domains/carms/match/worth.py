"""What programs are worth to each group before taste, which is the same in all repetitions.

Worth is in units of `TASTE`, a program's number its last bits: of a list of such numbers the best
are known by sorting it, with the programs that they are of. The answers are kept.
"""

from __future__ import annotations

from functools import lru_cache
from math import log
from typing import NamedTuple

from carms_lake.domains.carms.match.noise import TASTE
from carms_lake.domains.carms.match.parameters import Parameters
from carms_lake.domains.carms.match.population import Behaviour, Group, utility
from carms_lake.domains.carms.match.supply import Program

Shift = tuple[tuple[str, float], ...]
Groups = tuple[Group, ...]
Programs = tuple[Program, ...]


class Scene(NamedTuple):
    """What a repetition is drawn over; `key` names the seed and the repetition."""

    programs: Programs
    groups: Groups
    behaviour: Behaviour
    key: str

    @property
    def bits(self) -> int:
        """How many bits the number of a program takes."""
        return bits_of(self.programs)


def bits_of(programs: Programs) -> int:
    """How many bits the number of a program takes."""
    return len(programs).bit_length()


@lru_cache(maxsize=4)
def utilities(
    programs: Programs, groups: Groups, parameters: Parameters, shift: Shift
) -> list[list[int]]:
    """By group and program, the utility before taste and without seats, in units of `TASTE`."""
    kinds = [(p.province, p.school, p.language) for p in programs]
    alike, shifts = dict(zip(kinds, programs, strict=True)), dict(shift)
    found = []
    for group in groups:
        of = {
            kind: round(utility(program, group, parameters, shifts) * TASTE)
            for kind, program in alike.items()
        }
        found.append([of[kind] for kind in kinds])
    return found


@lru_cache(maxsize=4)
def worth(
    programs: Programs, groups: Groups, parameters: Parameters, shift: Shift
) -> list[dict[str, tuple[list[int], dict[int, list[int]]]]]:
    """By group and discipline, what schools, and programs of those with several, are worth.

    A school is worth what its best program is, and goes by the number of its first one.
    """
    bits = bits_of(programs)
    appeal = [round(round(log(program.appeal + 0.5), 9) * TASTE) for program in programs]
    found = []
    rows_of = utilities(programs, groups, parameters, shift)
    for group, row in zip(groups, rows_of, strict=True):
        total = [u + more for u, more in zip(row, appeal, strict=True)]
        found.append(
            {
                name: (
                    [max(total[n] for n in of) << bits | of[0] for of in rows],
                    {of[0]: [total[n] << bits | n for n in of] for of in rows if len(of) > 1},
                )
                for name, rows in schools_of(programs, group.kind).items()
            }
        )
    return found


@lru_cache(maxsize=12)
def schools_of(programs: Programs, kind: str) -> dict[str, list[list[int]]]:
    """By discipline, the programs of each school that a kind of applicant may apply to.

    A school in two provinces is two: one may want the one and not the other.
    """
    found: dict[str, dict[tuple[str, str], list[int]]] = {}
    for number, program in enumerate(programs):
        if kind in program.kinds:
            schools = found.setdefault(program.discipline, {})
            schools.setdefault((program.school, program.province), []).append(number)
    return {discipline: list(schools.values()) for discipline, schools in found.items()}
