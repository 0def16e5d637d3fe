"""Who displaces whom between two matchings of the same persons, from one program on.

Somebody who is pushed out of a program takes a seat that they like less, and pushes somebody out
there, until a seat was free or somebody has none. Somebody who comes to a program that they like
more leaves a seat behind, which somebody takes in turn, until one stays empty or somebody had none.
Where a single seat differs and there are no couples, that is all that differs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

PUSHED, CAME, LEFT, DISPLACED = "pushed out", "came", "left for another", "came from elsewhere"
"""Why a chain begins at a program: somebody lost a seat there; came, and likes it more than what
they had; left it for something that they like more; or came since they lost a seat elsewhere. The
last two are single steps: they belong to a chain that begins elsewhere."""


class Person(NamedTuple):
    """An applicant, the same on all sides: `home` is a school, else a province."""

    kind: str
    home: str
    language: str
    number: int
    """Which one of those who are alike in all of this."""


class Placed(NamedTuple):
    """Where somebody is, by the id of a program, and the discipline that they want most."""

    program_id: str = ""
    """Empty for nowhere."""
    wants: str = ""
    applicant: int = -1
    """The number in the market."""


class Step(NamedTuple):
    """One person who moves, from and to a program; empty for none."""

    person: Person
    wants: str
    was: str
    now: str


class Chain(NamedTuple):
    """Persons who move one after the other; the first one leaves the program, or comes to it."""

    why: str
    steps: tuple[Step, ...]

    @property
    def ends(self) -> str:
        """How it ends: `unmatched`, `free seat`, `was unmatched` or `empty seat`."""
        last = self.steps[-1]
        if self.why in (PUSHED, DISPLACED):
            return "free seat" if last.now else "unmatched"
        return "empty seat" if last.was else "was unmatched"


Prefers = Callable[[int, str, str], bool]
"""Whether an applicant, by number, likes a program more than another one, both by id."""


def chains(
    before: Mapping[Person, Placed],
    after: Mapping[Person, Placed],
    program_id: str,
    prefers: Prefers,
) -> list[Chain]:
    """The chains that begin at a program, those who are pushed out of it first.

    `prefers` is of the later matching. Where several persons move at once, chains take them in the
    order of the matching.
    """
    worse: dict[str, list[Step]] = {}
    better: dict[str, list[Step]] = {}
    others: list[Chain] = []
    nowhere = Placed()
    for person in dict.fromkeys([*before, *after]):
        was, now = before.get(person, nowhere), after.get(person, nowhere)
        if was.program_id == now.program_id:
            continue
        step = Step(person, now.wants or was.wants, was.program_id, now.program_id)
        gains = bool(step.now) and (not step.was or prefers(now.applicant, step.now, step.was))
        if gains:
            better.setdefault(step.now, []).append(step)
        else:
            worse.setdefault(step.was, []).append(step)
        if (step.was if gains else step.now) == program_id:
            others.append(Chain(LEFT if gains else DISPLACED, (step,)))
    found = []
    while worse.get(program_id):
        found.append(_chain(PUSHED, worse, program_id))
    while better.get(program_id):
        found.append(_chain(CAME, better, program_id))
    return [*found, *others]


def _chain(why: str, moving: Mapping[str, list[Step]], program_id: str) -> Chain:
    """The chain from a program on; it removes its persons from those who move."""
    steps, at = list[Step](), program_id
    while at and moving.get(at):
        steps.append(moving[at].pop(0))
        at = steps[-1].now if why == PUSHED else steps[-1].was
    return Chain(why, tuple(steps))
