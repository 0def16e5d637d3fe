"""Whether a program or an iteration exists, and what to say where it does not."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import carms_lake

if TYPE_CHECKING:
    from collections.abc import Iterator

_VERSIONS = """
select program.match_iteration_id, program.is_newest_iteration, program.deleted_on
from fact_program as program
join dim_match_iteration as iteration using (match_iteration_key)
where program.program_stream_id = $program
    and program.is_current
    and ($iteration is null or program.match_iteration_id = $iteration)
order by iteration.iteration_number desc nulls last
"""

_ITERATIONS = """
select match_iteration_id
from dim_match_iteration
where match_iteration_key <> -1
order by iteration_number, match_iteration_id
"""

_NEAREST = """
select program_stream_id
from program_profile
order by
    levenshtein(program_stream_id, $program),
    not starts_with(program_stream_id, $program),
    program_stream_id
limit 3
"""


def ensure_offered(lake: carms_lake.Lake, program_id: str, iteration: str | None = None) -> None:
    """Refuse a program that is not offered in an iteration; without one, in the newest.

    Raises:
        UnknownKey: the program is unknown, was dropped, or is in other iterations alone.
        GoldMissing: gold is not built yet.
    """
    asked = {"program": program_id, "iteration": iteration}
    with gold_of_this_version():
        versions = lake.query(_VERSIONS, asked).rows()
    if not versions:
        where = f" in match iteration `{iteration}`" if iteration else ""
        raise carms_lake.UnknownKey(
            f"no program has the id `{program_id}`{where}", nearest_ids(lake, program_id)
        )
    its_iteration, is_newest, deleted_on = versions[0]
    if deleted_on:
        raise carms_lake.UnknownKey(
            f"program `{program_id}` was dropped on {deleted_on}",
            f"`carms program {program_id}` shows what it was",
        )
    if not is_newest and iteration is None:
        raise carms_lake.UnknownKey(
            f"program `{program_id}` is not in the newest match iteration",
            f"it is in `--iteration {its_iteration}`",
        )


def iterations(lake: carms_lake.Lake) -> list[str]:
    """The ids of the match iterations that have programs, oldest first.

    Raises:
        GoldMissing: gold is not built yet, or by an earlier version.
    """
    with gold_of_this_version():
        found: list[str] = lake.query(_ITERATIONS)["match_iteration_id"].to_list()
    return found


def ensure_iterations(lake: carms_lake.Lake, *ids: str) -> None:
    """Refuse ids of iterations that have no program.

    Raises:
        UnknownKey: the iteration is unknown; the hint has all.
        GoldMissing: gold is not built yet, or by an earlier version.
    """
    known = iterations(lake)
    for unknown in (one for one in ids if one not in known):
        there = "there are " + ", ".join(f"`{one}`" for one in known) if known else "none landed"
        raise carms_lake.UnknownKey(f"there is no match iteration `{unknown}`", there)


@contextmanager
def gold_of_this_version() -> Iterator[None]:
    """For statements of this package, which fail where gold lacks a table or column of today.

    Raises:
        GoldMissing: the statement was refused.
    """
    try:
        yield
    except carms_lake.QueryRefused as error:
        raise carms_lake.GoldMissing(
            "the gold file was built by an earlier version of carms", "run `carms build`"
        ) from error


@contextmanager
def held_open(lake: carms_lake.Lake) -> Iterator[carms_lake.Published]:
    """The published file of a lake, for several statements that are about the same one.

    Raises:
        GoldMissing: gold is not built yet.
        StoreError: it cannot be opened.
    """
    if isinstance(lake, carms_lake.Published):
        yield lake
        return
    with carms_lake.Published(lake.config) as published:
        yield published


def nearest_ids(lake: carms_lake.Lake, program_id: str) -> str:
    """A hint with the ids nearest to one that no program has."""
    found = lake.query(_NEAREST, {"program": program_id})["program_stream_id"].to_list()
    if not found:
        return "`carms programs` lists them"
    return "the nearest ids are " + ", ".join(f"`{near}`" for near in found)
