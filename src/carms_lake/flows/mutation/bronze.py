"""Spoiled records of bronze: does the split refuse each of them?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from carms_lake.checks.corruptions import with_value
from carms_lake.checks.mutants import mutants, promises_of
from carms_lake.flows.mutation.guards import spelled, split_notices
from carms_lake.flows.mutation.verdicts import judged, left_alone, not_applicable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carms_lake.checks.mutants import Mutant, Original
    from carms_lake.flows.mutation.mutations import Mutation

_GUARD = "split"


def mutate_bronze(original: Original) -> Iterator[Mutation]:
    """One mutation per corruption of each promise of a bronze table, and its columns without any.

    Every corruption is of one record, because the split judges record by record.
    """
    original = replace(original, frame=_accepted(original))
    promised = list(promises_of(original.contract))
    made = [(promise, list(mutants(original, promise))) for promise in promised]
    all_made = [mutant for _, some in made for mutant in some]
    noticed = dict(zip(map(id, all_made), _notices(original, all_made), strict=True))
    for promise, some in made:
        if not some:
            yield not_applicable(original, promise, _GUARD)
        for mutant in some:
            yield judged(original, mutant, _GUARD, noticed[id(mutant)])
    yield from left_alone(original.contract, promised)


def _accepted(original: Original) -> pl.DataFrame:
    """The rows that the split accepts as they are; a contract may be stricter than it was."""
    if original.frame.is_empty():
        return original.frame
    notices = split_notices(original.contract, spelled(original.frame))
    return original.frame.filter(pl.Series([not rules for rules in notices]))


def _notices(original: Original, made: list[Mutant]) -> list[tuple[str, ...]]:
    if not made:
        return []
    records = pl.concat([_record(mutant) for mutant in made])
    noticed = split_notices(original.contract, records)
    for number, mutant in enumerate(made):
        if mutant.promised.kind == "agreesWithPath":  # what disagrees is counted file by file
            noticed[number] = split_notices(original.contract, records.slice(number, 1))[0]
    return noticed


def _record(mutant: Mutant) -> pl.DataFrame:
    """The spoiled record, as a text file has it."""
    record = spelled(mutant.frame.slice(mutant.at, 1))
    if mutant.raw is None:
        return record
    return with_value(record, mutant.promised.column, 0, mutant.raw)
