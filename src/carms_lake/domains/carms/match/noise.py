"""Chance, the same on every machine: tables of rounded quantiles, and where each draw is in them.

An applicant begins somewhere in a table, a program is so many places further. So a draw depends on
the seed, the repetition, the applicant's number in their group and the program's id alone.
Values are whole numbers, for which no machine has its own rounding, and which sort fast.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from hashlib import shake_128
from math import log
from random import Random
from struct import Struct
from zlib import crc32

from carms_lake.domains.carms.match.supply import Program

SIZE = 1 << 16
"""How many places of a table an applicant may begin at."""

REACH = 1 << 13
"""How many places further a program may be. Little, because a table should fit the cache."""

TASTE = 1 << 15
"""One unit of utility; what fits 30 bits with a program's number behind it sorts fastest."""

MOST_BITS = 12
"""Behind taste's 19 bits and its sign: what 32 bits have room for."""

JUDGEMENT = 1_000_000
"""One standard deviation of what programs think of an applicant."""

PERSON = Struct("<4H6I")
"""What is drawn of one applicant: four parts of 16 bits, six of 32."""


@cache
def logistic() -> list[float]:
    """The noise of programs' judgement, with variance 1."""
    values = [round(0.5513288954 * log((i + 0.5) / (SIZE - i - 0.5)), 9) for i in range(SIZE)]
    Random(2).shuffle(values)  # noqa: S311 - the same
    return values


@lru_cache(maxsize=4)
def taste(bits: int) -> array[int]:
    """The noise of taste, in units of `TASTE`, before so many bits; its beginning again at its end.

    An array of 32 bits a value takes a tenth of the memory of a list, most of which is in no cache.
    """
    values = [round(round(-log(-log((i + 0.5) / SIZE)), 9) * TASTE) << bits for i in range(SIZE)]
    Random(1).shuffle(values)  # noqa: S311 - an order, not a secret
    return array("i" if bits <= MOST_BITS else "q", values + values[:REACH])


@cache
def _falling() -> array[int]:
    """The places of the table of taste, from the highest noise to the lowest."""
    table = taste(0)
    return array("i", sorted(range(len(table)), key=table.__getitem__, reverse=True))


@lru_cache(maxsize=64)
def above(limit: int) -> bytes:
    """Where in the table of taste the noise is above a limit: 1 there, 0 elsewhere."""
    table = taste(0)
    found = bytearray(len(table))
    for at in _falling():
        if table[at] <= limit:
            break
        found[at] = 1
    return bytes(found)


@lru_cache(maxsize=4)
def judgement(share: float) -> array[int]:
    """That share of the noise of judgement, in units of `JUDGEMENT`; likewise."""
    values = [round(share * value * JUDGEMENT) for value in logistic()]
    return array("i", values + values[:REACH])


def offsets(key: str, programs: Sequence[Program]) -> list[int]:
    """How much further in the tables each program's draws are."""
    return [crc32(f"{key}/{program.id}".encode()) % REACH for program in programs]


def persons(key: str, number: int) -> Iterator[tuple[int, ...]]:
    """What is drawn of each of so many applicants; with more of them the others stay the same."""
    return PERSON.iter_unpack(shake_128(key.encode()).digest(PERSON.size * number))
