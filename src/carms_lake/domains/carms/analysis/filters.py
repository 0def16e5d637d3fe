"""Which programs a question is about: what its SQL calls `matching`, and the filters' names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import carms_lake
from carms_lake.domains.carms.analysis.known import gold_of_this_version, iterations

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
    "site": "at_site",
    "stream": "in_stream",
    "min_seats": "min_seats",
    "max_seats": "max_seats",
    "length": "of_length",
    "apply_in": "apply_in",
    "casper": "casper",
    "fmproc": "fmproc",
    "mccqe1": "mccqe1",
    "nac": "nac",
    "return_of_service": "service",
    "interviews_from": "interviews_from",
    "interviews_to": "interviews_to",
    "interview_month": "interview_month",
}
"""The filters, and what the macro `programs_matching` calls each."""

_MATCHING = """
with matching as (
    select *
    from programs_matching(<parameters>)
)
""".replace("<parameters>", ", ".join(f"{its} := ${ours}" for ours, its in PARAMETERS.items()))

SERVICE = ("required", "none", "unclear", "not_applicable", "not_mentioned")
"""What may be asked of return of service."""

_CHOICES = {
    "applicant": ("CMG", "IMG", "USMG"),
    "language": ("en", "fr"),
    "apply_in": ("en", "fr", "either"),
}
"""What some filters may be, upper and lower case alike."""

_MONTH = re.compile(
    r"(\d{4}-)?(0[1-9]|1[0-2])|[1-9]|january|february|march|april|may|june|july|august"
    r"|september|october|november|december",
    re.IGNORECASE,
)

_NAMED = ("province", "discipline", "school", "site", "stream")
"""The filters that are names of something; `other_name` calls its kind so, too."""


def matching(
    lake: carms_lake.Lake, sql: str, filters: Mapping[str, Any] | None = None, **more: Any
) -> pl.DataFrame:
    """The rows of a SELECT that reads `matching`: the profiles of the programs that fit.

    `matching` has the columns of program_profile. Of the filters, what is not given or null asks
    nothing, but for the iteration: then it is the newest. `more` are parameters of the SELECT.

    Raises:
        UsageError: a filter is unknown, or no row is left and a filter names what does not exist.
        GoldMissing: gold is not built yet, or by an earlier version.
    """
    asked = parameters(filters)
    with gold_of_this_version():
        found = lake.query(over_matching(sql), asked | more)
    if found.is_empty():
        ensure_named(lake, asked)
    return found


def over_matching(sql: str) -> str:
    """The statement of a SELECT that reads `matching`; its parameters are those of `parameters`."""
    return f"{_MATCHING}({sql})"


def parameters(filters: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """All filters, null where not given.

    Raises:
        UsageError: the filter is unknown, or cannot have that value.
    """
    asked = {**dict.fromkeys(PARAMETERS), **(filters or {})}
    _ensure_known("filter", asked, PARAMETERS)
    for name, values in _CHOICES.items():
        if (value := asked[name]) is not None:
            either_case = {cased for one in values for cased in (one, one.lower(), one.upper())}
            _ensure_known(f"value of the filter `{name}`", [value], either_case, values)
    if (service := asked["return_of_service"]) is not None:
        words = [word.strip().lower() for word in service.split(",")]
        _ensure_known("return of service", words, SERVICE)
    month = asked["interview_month"]
    if month is not None and not _MONTH.fullmatch(str(month)):
        raise carms_lake.UsageError(
            f"`{month}` is not a month", "write it as 2025-01, 1 or january"
        )
    return asked


def _ensure_known(
    what: str, given: Iterable[str], known: Collection[str], shown: Iterable[str] = ()
) -> None:
    for one in given:
        if one not in known:
            raise carms_lake.UsageError(
                f"there is no {what} `{one}`", "there are: " + ", ".join(shown or known)
            )


def ensure_named(lake: carms_lake.Lake, filters: Mapping[str, Any]) -> None:
    """Refuse filters that name a province, school, discipline, site, stream or match of nothing.

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
    if (iteration := filters.get("iteration")) is not None:
        _ensure_known("match iteration", [iteration], iterations(lake))


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
