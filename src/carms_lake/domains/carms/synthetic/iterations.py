"""How the programs of one match iteration differ from those of another."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carms_lake.domains.carms.synthetic.program import ProgramPlan

USUAL_ITERATION = 9999
APPLICATIONS = ("0 - 50", "51 - 200", "201 - 400", "401 - 600", "601 +")
_NOT_OFFERED = 0.03
_OTHER_SEATS, _OTHER_TEXT, _OTHER_DEMAND = 0.12, 0.06, 0.05
"""How likely a program is not there in another iteration, or differs from the usual one."""


def offered_in(seed: int, iteration: int) -> Iterator[int]:
    """The places of the programs that the iteration has; the usual one has them all."""
    for at in count():
        chance = random.Random(f"{seed} {at} offered in {iteration}")
        if iteration == USUAL_ITERATION or chance.random() >= _NOT_OFFERED:
            yield at


def as_in(program: ProgramPlan, name: str, iteration: int) -> ProgramPlan:
    """The program as an iteration has it."""
    if iteration == USUAL_ITERATION:
        return program
    chance = random.Random(f"{name} in {iteration}")
    if chance.random() < _OTHER_SEATS:
        program = replace(program, quota=max(1, program.quota + chance.choice((-2, -1, 1, 2))))
    if chance.random() < _OTHER_TEXT:
        program = replace(program, text_seed=f"{program.text_seed} {iteration}")
    if chance.random() < _OTHER_DEMAND:
        program = replace(program, applications=chance.choice(APPLICATIONS))
    return program
