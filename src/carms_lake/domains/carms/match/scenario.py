"""A scenario: a TOML file and flags that say how a match differs from the base."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from math import log
from pathlib import Path
from typing import Any, NamedTuple

import carms_lake
from carms_lake.domains.carms.match.change import (
    changed,
    merged,
    new_program,
    pick,
    reversion,
    split,
    spread,
)
from carms_lake.domains.carms.match.demand import place, read_toml, shared, unknown
from carms_lake.domains.carms.match.parameters import REGIONS
from carms_lake.domains.carms.match.simulate import World
from carms_lake.domains.carms.match.supply import KINDS, Program

TABLES = (
    "name", "quota", "shift", "demand", "language", "merge", "split", "program", "reversion",
    "applicants", "img_seats", "second_iteration",
)  # fmt: skip

FLAG = re.compile(r"^(?P<where>.+?)(?P<change>(?:=?[+-]|=|\*)\s*\d+(?:\.\d+)?%?)$")

TEMPLATE = """\
# A scenario of `carms match simulate`. Everything in it is optional; take the # away from what you
# want to try. Any of them go together. It says what would follow IF this were so; no forecast.
name = "ten more seats of psychiatry in Toronto"

# Seats. A program is named by its id, or by parts in any order: discipline, school, province,
# eligibility (CMG, IMG, All). "+10" and "-3" are spread over all that fit, by their seats; "=0"
# closes them; "+10%" and "*1.5" change each in proportion.
[quota]
"Psychiatry/Toronto" = "+10"
# "Family Medicine/NB" = "=0"

# Seats of all streams that take IMGs alone.
# img_seats = "+10%"          # has to be above the first [table] of a file

# How much more, or less, applicants want to train in a province: the odds of its programs.
# [shift]
# BC = "+10%"

# First choices of a discipline; the shares of all others give way in proportion.
# [demand]
# Psychiatry = "+20%"

# The language in which one applies to a program: en, fr or either.
# [language]
# "27447" = "either"

# Two streams become one, under the first id. One stream becomes several, by who may apply: their
# ids are 27447-CMG and so on.
# [[merge]]
# programs = ["27447", "27448"]
# [[split]]
# program = "27447"
# seats = { CMG = 3, IMG = 1 }

# A program that is not there yet.
# [[program]]
# discipline = "Psychiatry"
# school = "NOSM University"
# province = "ON"
# eligibility = "CMG"         # CMG, IMG or All
# language = "en"
# seats = 4

# Seats that stay empty in the first iteration go to the receivers, in order, one each in turn.
# [[reversion]]
# from = "Family Medicine/Manitoba/IMG"
# to = ["Family Medicine/Manitoba/CMG"]

# How many apply.
# [applicants]
# IMG = "+10%"

# [second_iteration]
# open_to_all = false         # the base lets everybody apply to what is left
"""


class Setting(NamedTuple):
    """One thing that a scenario says, and where: `at` begins a message about it."""

    table: str
    key: str
    value: Any
    at: str


def read_scenario(path: Path) -> list[Setting]:
    """What a scenario file says.

    Raises:
        carms_lake.UsageError: it cannot be read, or says something that nobody knows; the message
            names line and key.
    """
    text, data = read_toml(path)
    found = []
    for table, value in data.items():
        at = place(path, text, table)
        if table not in TABLES:
            raise unknown("key", table, TABLES, at)
        if isinstance(value, dict):
            found += [Setting(table, key, v, place(path, text, key)) for key, v in value.items()]
        elif isinstance(value, list):
            found += [Setting(table, "", one, at) for one in value]
        else:
            found.append(Setting(table, "", value, at))
    return found


def flag(option: str, table: str, text: str) -> Setting:
    """What `--quota "Psychiatry/Toronto+10"` or `--shift "BC=+10%"` says.

    Raises:
        carms_lake.UsageError: it does not end with a change.
    """
    at = f"`{option} {text}`: "
    match = FLAG.match(text.strip())
    if not match:
        raise carms_lake.UsageError(
            f"{at}no change at its end", 'as "Psychiatry/Toronto+10", "BC=+10%" or "27447=0"'
        )
    change = match["change"].replace(" ", "")
    if change.startswith("=+") or (change.startswith("=-") and table != "quota"):
        change = change[1:]
    return Setting(table, match["where"].strip(), change, at)


def apply(base: World, settings: Sequence[Setting]) -> World:
    """The world of a scenario.

    Raises:
        carms_lake.UsageError: a program, discipline, province or kind that is not there, a change
            that is none, or seats below zero.
    """
    world = base
    for setting in sorted(settings, key=lambda one: ORDER.index(one.table)):
        world = HOW[setting.table](world, setting)
    return world


def _quota(world: World, setting: Setting) -> World:
    chosen = pick(world.programs, setting.key, setting.at)
    return world._replace(programs=spread(world.programs, chosen, setting.value, setting.at))


def _img_seats(world: World, setting: Setting) -> World:
    chosen = [n for n, program in enumerate(world.programs) if program.kinds == ("IMG",)]
    return world._replace(programs=spread(world.programs, chosen, setting.value, setting.at))


def _shift(world: World, setting: Setting) -> World:
    if setting.key not in REGIONS:
        raise unknown("province", setting.key, REGIONS, setting.at)
    odds = changed(1.0, setting.value, setting.at)
    if odds <= 0:
        raise carms_lake.UsageError(f"{setting.at}odds of zero or less", 'as "-50%"')
    shift = {**dict(world.behaviour.shift), setting.key: round(log(odds), 9)}
    return world._replace(behaviour=world.behaviour._replace(shift=tuple(sorted(shift.items()))))


def _demand(world: World, setting: Setting) -> World:
    known = {program.discipline for program in world.programs}
    name = _known("discipline", setting.key, known, setting.at)
    shares = {}
    for kind, old in world.behaviour.shares.items():
        if name not in old:
            shares[kind] = old
            continue
        share = changed(old[name], setting.value, setting.at)
        if not 0 <= share < 1:
            raise carms_lake.UsageError(
                f"{setting.at}its share of first choices would be {share:.3g}"
            )
        rest = (1 - share) / (1 - old[name])
        shares[kind] = shared({n: share if n == name else v * rest for n, v in old.items()})
    return world._replace(behaviour=world.behaviour._replace(shares=shares))


def _known(what: str, said: str, known: Collection[str], at: str) -> str:
    for name in known:
        if name.casefold() == said.casefold():
            return name
    raise unknown(what, said, known, at)


def _language(world: World, setting: Setting) -> World:
    if setting.value not in ("en", "fr", "either"):
        raise unknown("language", str(setting.value), ("en", "fr", "either"), setting.at)
    chosen = set(pick(world.programs, setting.key, setting.at))
    programs = tuple(
        program._replace(language=setting.value) if n in chosen else program
        for n, program in enumerate(world.programs)
    )
    return world._replace(programs=programs)


def _applicants(world: World, setting: Setting) -> World:
    kind = _known("kind of applicant", setting.key, KINDS, setting.at)
    parameters = world.behaviour.parameters
    number = changed(getattr(parameters, kind.lower()), setting.value, setting.at)
    if not 0 <= number <= 20_000:  # noqa: PLR2004 - five times what there are
        raise carms_lake.UsageError(f"{setting.at}{number:g} applicants", "from 0 to 20,000")
    parameters = parameters._replace(**{kind.lower(): round(number)})
    return world._replace(behaviour=world.behaviour._replace(parameters=parameters))


def _second(world: World, setting: Setting) -> World:
    if setting.key != "open_to_all" or not isinstance(setting.value, bool):
        raise carms_lake.UsageError(
            f"{setting.at}`{setting.key}` is not `open_to_all = true` or `false`"
        )
    return world._replace(open_to_all=setting.value)


def _programs(
    how: Callable[[tuple[Program, ...], Mapping[str, Any], str], tuple[Program, ...]],
) -> Callable[[World, Setting], World]:
    def made(world: World, setting: Setting) -> World:
        if not isinstance(setting.value, dict):
            raise carms_lake.UsageError(f"{setting.at}write it as [[{setting.table}]]")
        return world._replace(programs=how(world.programs, setting.value, setting.at))

    return made


def _reversion(world: World, setting: Setting) -> World:
    rules = reversion(world.programs, setting.value, setting.at)
    return world._replace(reversions=(*world.reversions, *rules))


HOW: dict[str, Callable[[World, Setting], World]] = {
    "name": lambda world, _: world,
    "program": _programs(new_program),
    "merge": _programs(merged),
    "split": _programs(split),
    "quota": _quota,
    "img_seats": _img_seats,
    "language": _language,
    "demand": _demand,
    "shift": _shift,
    "applicants": _applicants,
    "second_iteration": _second,
    "reversion": _reversion,
}
ORDER = tuple(HOW)
"""Programs come, go and merge before their seats change and reversions name them."""
