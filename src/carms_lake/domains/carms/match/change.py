"""How a scenario changes programs: which ones it names, and what becomes of their seats."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import carms_lake
from carms_lake.domains.carms.match.demand import unknown
from carms_lake.domains.carms.match.parameters import REGIONS
from carms_lake.domains.carms.match.supply import KINDS, Program

CHANGE = re.compile(r"^(?P<sign>[+*=-]?)(?P<number>\d+(?:\.\d+)?)(?P<percent>%?)$")
ELIGIBLE = {"CMG": ("CMG", "USMG"), "IMG": ("IMG",), "All": KINDS}
MOST = 1_000
"""No program may get more seats than this."""

Programs = tuple[Program, ...]


def pick(programs: Sequence[Program], where: str, at: str) -> list[int]:
    """The numbers of the programs that fit an id, or all parts of `Psychiatry/Toronto/CMG`.

    Raises:
        carms_lake.UsageError: a part fits nothing (the hint has the nearest names), or no program
            fits all parts.
    """
    chosen = list(range(len(programs)))
    for part in where.split("/"):
        fitting = _fitting(programs, part.strip())
        if not fitting:
            names = {p.discipline for p in programs} | {p.school for p in programs}
            # What a split made of a program begins with its id.
            names |= {p.id for p in programs if p.id.startswith(f"{part.strip()}-")}
            raise unknown("program, discipline, school or province", part.strip(), names, at)
        chosen = [n for n in chosen if n in fitting]
    if not chosen:
        raise carms_lake.UsageError(f"{at}no program is all of `{where}`")
    return chosen


def plain(name: str) -> str:
    """A name as it is compared: lower case, without accents, with straight apostrophes."""
    marks = unicodedata.normalize("NFKD", name.replace("\u2019", "'"))
    return "".join(c for c in marks if not unicodedata.combining(c)).casefold().strip()


def _fitting(programs: Sequence[Program], part: str) -> set[int]:
    """The programs that a part of a name fits, whole, or else as a piece of a school's name."""
    wanted = plain(part)
    exact = {
        n
        for n, p in enumerate(programs)
        if wanted in map(plain, (p.id, p.discipline, p.school, p.province, p.eligibility, *p.names))
    }  # fmt: skip
    words = [n for n, p in enumerate(programs) if wanted and wanted in plain(p.school)]
    schools = {programs[n].school for n in words}
    # Toronto is the University of Toronto, not every school with Toronto in its name.
    named = {name for name in schools if plain(name) == f"university of {wanted}"}
    if named:
        words = [n for n in words if programs[n].school in named]
    return exact or set(words)


def changed(value: float, change: Any, at: str) -> float:
    """A value after `+10`, `-3`, `=0`, `+10%` or `*1.5`; a number alone is the new value.

    Raises:
        carms_lake.UsageError: it is not a change.
    """
    if isinstance(change, int | float) and not isinstance(change, bool):
        change = f"={change}" if change >= 0 else str(change)
    match = CHANGE.match(str(change).replace(" ", ""))
    if not match:
        raise carms_lake.UsageError(
            f"{at}`{change}` is not a change", "write it as +10, -3, =0, +10% or *1.5"
        )
    number = float(match["number"]) / (100 if match["percent"] else 1)
    sign = match["sign"]
    if match["percent"] and sign in "+-":
        return value * (1 + number if sign == "+" else 1 - number)
    return {"+": value + number, "-": value - number, "*": value * number}.get(sign, number)


def spread(programs: Programs, chosen: Sequence[int], change: Any, at: str) -> Programs:
    """Programs with changed seats; a sum is spread over them in proportion to their seats.

    Raises:
        carms_lake.UsageError: it is not a change, or seats would be below zero or too many.
    """
    seats = [programs[n].seats for n in chosen]
    text = str(change).replace(" ", "")
    if text.startswith("=-") or (isinstance(change, int | float) and change < 0):
        raise carms_lake.UsageError(
            f"{at}seats cannot be {text.lstrip('=')}", 'to take three away, write "-3"'
        )
    if text.startswith("=") or (isinstance(change, int) and not isinstance(change, bool)):
        after = [round(changed(one, change, at)) for one in seats]
    else:
        total = round(changed(sum(seats), change, at))
        if total < 0:
            raise carms_lake.UsageError(f"{at}{sum(seats)} seats cannot become {total}")
        weights = seats if any(seats) else [1] * len(seats)
        exact = [total * weight / sum(weights) for weight in weights]
        after = [int(one) for one in exact]
        rest = sorted(range(len(after)), key=lambda i: (after[i] - exact[i], i))
        for i in rest[: total - sum(after)]:
            after[i] += 1
    if any(not 0 <= one <= MOST for one in after):
        raise carms_lake.UsageError(f"{at}`{change}` gives a program {max(after, key=abs)} seats")
    made = list(programs)
    for n, one in zip(chosen, after, strict=True):
        made[n] = made[n]._replace(seats=one)
    return tuple(made)


def _one(programs: Programs, program_id: Any, at: str) -> Program:
    for program in programs:
        if program.id == str(program_id):
            return program
    raise unknown("program", str(program_id), {program.id for program in programs}, at)


def _sorted(programs: Sequence[Program]) -> Programs:
    return tuple(sorted(programs, key=lambda program: program.id))


def _needs(table: Mapping[str, Any], keys: Mapping[str, type], at: str) -> None:
    for key in table:
        if key not in keys:
            raise unknown("key", key, keys, at)
    for key, kind in keys.items():
        if not isinstance(table.get(key), kind) or isinstance(table.get(key), bool):
            raise carms_lake.UsageError(f"{at}`{key}` is missing, or no {_WORDS[kind]}")


_WORDS = {str: "text", int: "whole number", list: "list", dict: "table"}


def merged(programs: Programs, table: Mapping[str, Any], at: str) -> Programs:
    """Streams as one, under the first id: their seats together, open to all who could apply to one.

    Raises:
        carms_lake.UsageError: fewer than two, or one that is not there.
    """
    _needs(table, {"programs": list}, at)
    parts = [_one(programs, one, at) for one in dict.fromkeys(table["programs"])]
    if len(parts) < 2:  # noqa: PLR2004 - two make one
        raise carms_lake.UsageError(f"{at}`programs` names fewer than two")
    first = parts[0]
    kinds = tuple(kind for kind in KINDS if any(kind in part.kinds for part in parts))
    one = first._replace(
        kinds=kinds,
        eligibility=next((name for name, k in ELIGIBLE.items() if k == kinds), first.eligibility),
        seats=sum(part.seats for part in parts),
        appeal=sum(part.appeal for part in parts),
    )
    return _sorted([one, *(p for p in programs if p not in parts)])


def split(programs: Programs, table: Mapping[str, Any], at: str) -> Programs:
    """A stream as several, by who may apply; their seats are those that are given.

    Raises:
        carms_lake.UsageError: an unknown program or kind, or seats that are no number.
    """
    _needs(table, {"program": str, "seats": dict}, at)
    whole = _one(programs, table["program"], at)
    parts = []
    for kind, seats in table["seats"].items():
        if kind not in ELIGIBLE:
            raise unknown("eligibility", kind, ELIGIBLE, at)
        parts.append(
            whole._replace(
                id=f"{whole.id}-{kind}", eligibility=kind, kinds=ELIGIBLE[kind],
                stream=f"{kind} (split)", seats=_seats(seats, at), appeal=_seats(seats, at),
            )
        )  # fmt: skip
    return _sorted([*parts, *(p for p in programs if p != whole)])


def new_program(programs: Programs, table: Mapping[str, Any], at: str) -> Programs:
    """The programs with a new one; discipline and school are among those that there are.

    Raises:
        carms_lake.UsageError: something is missing or unknown.
    """
    texts = ("discipline", "school", "province", "eligibility", "language")
    _needs(table, {**dict.fromkeys(texts, str), "seats": int}, at)
    schools = {p.school: p.school_province for p in programs}
    for what, known in (
        ("discipline", {p.discipline for p in programs}),
        ("school", schools),
        ("province", REGIONS),
        ("eligibility", ELIGIBLE),
        ("language", ("en", "fr", "either")),
    ):
        if table[what] not in known:
            raise unknown(what, table[what], known, at)
    number = 1 + sum(program.id.startswith("new-") for program in programs)
    seats = _seats(table["seats"], at)
    return _sorted(
        [
            *programs,
            Program(
                f"new-{number}", table["discipline"], table["school"], schools[table["school"]],
                table["province"], f"new {table['eligibility']}", table["eligibility"],
                ELIGIBLE[table["eligibility"]], table["language"], seats, seats,
            ),
        ]
    )  # fmt: skip


def _seats(value: Any, at: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST:
        raise carms_lake.UsageError(f"{at}`{value}` is not a number of seats from 0 to {MOST}")
    return value


def reversion(programs: Programs, table: Any, at: str) -> tuple[tuple[int, tuple[int, ...]], ...]:
    """The rules of a reversion: each giver with its receivers in order.

    Raises:
        carms_lake.UsageError: a program that is not there, or no receiver.
    """
    if not isinstance(table, dict):
        raise carms_lake.UsageError(f"{at}write it as [[reversion]]")
    _needs(table, {"from": str, "to": list}, at)
    givers = pick(programs, table["from"], at)
    receivers = dict.fromkeys(n for where in table["to"] for n in pick(programs, str(where), at))
    if not receivers or set(givers) & set(receivers):
        raise carms_lake.UsageError(f"{at}`to` names no program, or one that `from` names too")
    return tuple((giver, tuple(receivers)) for giver in givers)
