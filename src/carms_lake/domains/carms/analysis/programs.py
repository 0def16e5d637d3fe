"""The programs that fit, in the order that is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import carms_lake
from carms_lake.domains.carms.analysis import nearest
from carms_lake.domains.carms.analysis.filters import matching
from carms_lake.domains.carms.analysis.known import gold_of_this_version

if TYPE_CHECKING:
    import polars as pl

HEADINGS = {
    "program_stream_id": "id",
    "discipline_name": "discipline",
    "school_name": "school",
    "program_site": "site",
    "eligibility": "for",
    "training_province": "in",
    "quota": "seats",
}
"""The columns that fit a terminal, under short headings; `sort` takes both names."""

_DISCIPLINES = """
select
    discipline_id,
    discipline_name,
    discipline_group,
    count(*) as programs,
    count(distinct school_code) as schools,
    sum(quota)::bigint as seats
from programs_matching(in_iteration := $iteration)
group by discipline_id, discipline_name, discipline_group
order by discipline_name, discipline_id
"""

_PROGRAMS = """
from matching
order by discipline_name, school_name, program_site, program_stream, program_stream_id
"""


def programs(
    lake: carms_lake.Lake, filters: Mapping[str, Any] | None = None, sort: str | None = None
) -> pl.DataFrame:
    """The programs that fit, one row each, with the columns of program_profile.

    `sort` is columns with commas, `-` before one for its greatest first; what is not known comes
    last, and ties are in the order of discipline, school, site, stream.

    Raises:
        UsageError: a filter, a name in one, or a column of `sort` does not exist.
        GoldMissing: gold is not built yet.
    """
    found = matching(lake, _PROGRAMS, filters)
    if sort is None:
        return found
    columns = sort_columns(sort, found.columns)
    descending = [word.strip().startswith("-") for word in sort.split(",")]
    return found.sort(columns, descending=descending, nulls_last=True, maintain_order=True)


def disciplines(lake: carms_lake.Lake, iteration: str | None = None) -> pl.DataFrame:
    """The disciplines that an iteration offers (None: the newest), one row each, by name.

    Columns: discipline_id, discipline_name, discipline_group, programs, schools, seats.

    Raises:
        GoldMissing: gold is not built yet, or by an earlier version.
    """
    with gold_of_this_version():
        return lake.query(_DISCIPLINES, {"iteration": iteration})


def sort_columns(sort: str, known: list[str]) -> list[str]:
    """The columns that a `sort` names, in its order.

    Raises:
        UsageError: the column is unknown.
    """
    by_name = {heading: column for column, heading in HEADINGS.items()} | {c: c for c in known}
    columns = []
    for word in sort.split(","):
        name = word.strip().removeprefix("-").strip().lower()
        if name not in by_name:
            raise carms_lake.UsageError(
                f"there is no column `{name}` to sort by", nearest.hint(name, by_name)
            )
        columns.append(by_name[name])
    return columns
