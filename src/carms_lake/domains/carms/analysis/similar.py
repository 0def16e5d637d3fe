"""Programs like one: `similar_programs` of the published file, with profiles and filters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import carms_lake
from carms_lake.domains.carms.analysis.filters import matching
from carms_lake.domains.carms.analysis.known import ensure_offered

if TYPE_CHECKING:
    import polars as pl

_SIMILAR = """
select
    found.program_stream_id,
    found.score,
    found.reasons,
    found.is_same_program,
    found.is_same_discipline,
    found.is_same_group,
    found.is_same_language,
    found.is_same_eligibility,
    found.feature_similarity,
    matching.* exclude (program_stream_id)
from similar_programs($program, in_iteration := $iteration) as found
join matching
    on matching.match_iteration_id = found.match_iteration_id
    and matching.program_stream_id = found.program_stream_id
qualify found.is_same_program or row_number() over (
    partition by found.is_same_program order by found.score desc, found.program_stream_id
) <= $limit
order by found.is_same_program, found.score desc, found.program_stream_id
"""


def similar(
    lake: carms_lake.Lake,
    program_id: str,
    filters: Mapping[str, Any] | None = None,
    limit: int = 10,
) -> pl.DataFrame:
    """The programs most like one, then the other streams and sites of the program itself.

    One row per program that fits the filters: `program_stream_id`; `score` (Float64, at most
    4.05), `reasons` (in words), `is_same_program` (the same school and discipline; these rows are
    not limited), the parts of the score (`is_same_discipline`, `is_same_group`,
    `is_same_language`, `is_same_eligibility`, `feature_similarity`), and the other columns of
    program_profile. By score, equal ones by id. docs/finding-programs.md has the formula.

    Raises:
        UnknownKey: the program is not offered in the iteration.
        UsageError: a filter names what does not exist.
        GoldMissing: gold is not built yet, or by an earlier version.
    """
    given = dict(filters or {})
    ensure_offered(lake, program_id, given.get("iteration"))
    return matching(lake, _SIMILAR, given, program=program_id, limit=limit)
