"""Which programs a question is about: what its SQL calls `matching`, and the filters' names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import carms_lake

if TYPE_CHECKING:
    import polars as pl

PARAMETERS = {
    "iteration": "in_iteration",
    "province": "in_province",
    "discipline": "of_discipline",
    "school": "of_school",
    "applicant": "for_applicant",
    "eligibility": "for_eligibility",
    "language": "in_language",
}
"""The filters, and what the macro `programs_matching` calls each."""

_MATCHING = """
with matching as (
    select *
    from programs_matching(<parameters>)
)
""".replace("<parameters>", ", ".join(f"{its} := ${ours}" for ours, its in PARAMETERS.items()))

_NAMED = ("province", "discipline", "school")
"""The filters that are names of something; `other_name` calls its kind so, too."""


def matching(
    lake: carms_lake.Lake, sql: str, filters: Mapping[str, Any] | None = None, **more: Any
) -> pl.DataFrame:
    """The rows of a SELECT that reads `matching`: the profiles of the programs that fit.

    `matching` has the columns of program_profile. Of the filters, what is not given or null asks
    nothing, but for the iteration: then it is the newest. `more` are parameters of the SELECT.

    Raises:
        UsageError: there is no such filter, or no row, and a filter names what does not exist.
        GoldMissing: there is no gold file yet.
    """
    asked = parameters(filters)
    found = lake.query(f"{_MATCHING}({sql})", asked | more)
    if found.is_empty():
        ensure_named(lake, asked)
    return found


def parameters(filters: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """All filters, null where not given.

    Raises:
        UsageError: there is no such filter.
    """
    known = dict.fromkeys(PARAMETERS)
    given = dict(filters or {})
    if unknown := sorted(given.keys() - known.keys()):
        raise carms_lake.UsageError(
            f"there is no filter `{unknown[0]}`", "filters are: " + ", ".join(known)
        )
    return known | given


def ensure_named(lake: carms_lake.Lake, filters: Mapping[str, Any]) -> None:
    """Refuse filters that name a province, school or discipline that does not exist.

    For answers without rows: nothing matches, or nothing is called so, which is not the same.

    Raises:
        UsageError: nothing is called so; the hint has the nearest names.
    """
    for kind in _NAMED:
        called = filters.get(kind)
        if called is None:
            continue
        asked = {"kind": kind, "called": called}
        if lake.query("select code from codes_named($kind, $called)", asked).is_empty():
            raise carms_lake.UsageError(f"no {kind} is called `{called}`", _nearest(lake, asked))


_NEAREST = """
select max_by(name, nearness) as name
from (
    select code, name, jaro_winkler_similarity(
        strip_accents(lower(name)), strip_accents(lower($called))
    ) as nearness
    from other_name
    where kind = $kind
)
group by code
order by max(nearness) desc, name
limit 3
"""


def _nearest(lake: carms_lake.Lake, asked: Mapping[str, Any]) -> str:
    """A hint with the three nearest names, of different things."""
    found = lake.query(_NEAREST, asked)["name"].to_list()
    return "the nearest names are " + ", ".join(f"`{name}`" for name in found) if found else ""
