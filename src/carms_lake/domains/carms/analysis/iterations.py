"""What came, went and changed between two match iterations, or two deliveries of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

import carms_lake
from carms_lake.domains.carms.analysis.filters import matching
from carms_lake.domains.carms.analysis.known import ensure_iterations

if TYPE_CHECKING:
    from collections.abc import Mapping

PLACE = ("school_code", "discipline_id", "program_site", "program_stream")
"""What a program is across iterations: ids of streams are unique in their iteration only."""

_COLUMNS = (*PLACE, "school_name", "discipline_name", "training_province")
_NO_FACT = {
    *_COLUMNS, "match_iteration_id", "is_newest_iteration", "program_stream_id", "program_name",
    "program_url", "quota", "valid_from", "is_current", "approved_on",
    "first_interview_on", "last_interview_on", "has_return_of_service",
}  # fmt: skip
"""Not a fact of its own: names, keys, and what changes with every iteration."""

_OF_ITERATION = "select * from program_profile_all_iterations where match_iteration_id = $iteration"

_MOMENTS = """
select distinct moment
from (
    select unnest([valid_from, valid_to]) as moment
    from fact_program
    where match_iteration_id = $iteration
)
where moment is not null
order by moment
"""

_AS_OF = """
select
    school.school_code, discipline.discipline_id, site.program_site, stream.program_stream,
    school.school_name, discipline.discipline_name,
    program.* exclude (
        program_key, match_iteration_key, school_key, discipline_key, training_site_key, stream_key,
        approved_date_key, applications_bucket, interviewed_pct_bucket, valid_to, is_deleted,
        deleted_on, created_at, updated_at
    )
from fact_program as program
join dim_school as school using (school_key)
join dim_discipline as discipline using (discipline_key)
join dim_training_site as site using (training_site_key)
join dim_stream as stream using (stream_key)
where program.match_iteration_id = $iteration
    and program.valid_from <= $moment
    and (program.valid_to is null or program.valid_to > $moment)
"""


def compare_iterations(
    lake: carms_lake.Lake, before: str, after: str, filters: Mapping[str, Any] | None = None
) -> pl.DataFrame:
    """The programs of two iterations, side by side: one row per program that is in either.

    Programs are the same where school, discipline, site and stream are; of those that are left,
    where the id, the school and the discipline are (a site or stream that was renamed). With
    filters, the programs that fit in either iteration.

    Columns: `change` (came, went, seats, facts, same), `school_name`, `discipline_name`,
    `program_site`, `program_stream`, `training_province` (as after, else as before),
    `program_stream_id_before`, `program_stream_id_after`, `seats_before`, `seats_after`,
    `seats_difference` (a program that is not there has 0 seats; null where a quota is not known),
    `changed_facts` (names of columns of program_profile, as a list).

    Raises:
        UnknownKey: the iteration is unknown.
        UsageError: a filter names what does not exist.
        GoldMissing: gold is not built yet.
    """
    ensure_iterations(lake, before, after)
    old, new = (lake.query(_OF_ITERATION, {"iteration": i}) for i in (before, after))
    compared = _compared(old, new)
    if not any(value is not None for value in (filters or {}).values()):
        return compared
    fits = []
    for side, iteration in (("before", before), ("after", after)):
        asked = {**(filters or {}), "iteration": iteration}
        found = matching(lake, "select program_stream_id from matching", asked)
        ids = found["program_stream_id"].to_list()
        fits.append(pl.col(f"program_stream_id_{side}").is_in(ids).fill_null(value=False))
    return compared.filter(pl.any_horizontal(fits))


def compare_deliveries(lake: carms_lake.Lake, iteration: str) -> pl.DataFrame:
    """The programs of one iteration before its last change and now; rows as compare_iterations.

    The last change is what the newest delivery that changed anything brought; where none has since
    the first, every program is `same`. `changed_facts` are those that versions keep: not
    examinations, interviews and components.

    Raises:
        UnknownKey: the iteration is unknown.
        GoldMissing: gold is not built yet.
    """
    ensure_iterations(lake, iteration)
    moments = lake.query(_MOMENTS, {"iteration": iteration})["moment"].to_list()
    before, now = (
        lake.query(_AS_OF, {"iteration": iteration, "moment": moment})
        for moment in (moments[-2:][0], moments[-1])
    )
    return _compared(before, now)


def totals(compared: pl.DataFrame) -> pl.DataFrame:
    """What a comparison sums up to: a row per kind of change that occurs, then one for `all`.

    Columns: `change`, `programs`, `seats_before`, `seats_after`, `seats_difference` (sums of what
    is known).
    """
    sums = [
        pl.len().cast(pl.Int64).alias("programs"),
        *(pl.col(f"seats_{word}").sum() for word in ("before", "after", "difference")),
    ]
    kinds = compared.group_by("change").agg(sums).sort(pl.col("change").cast(_changes()))
    whole = compared.select(pl.lit("all").alias("change"), *sums)
    return pl.concat([kinds, whole])


def _changes() -> pl.Enum:
    return pl.Enum(["came", "went", "seats", "facts", "same"])


def _compared(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    facts = [name for name in new.columns if name in old.columns and name not in _NO_FACT]
    facts = [name for name in facts if not name.endswith("_text")]
    pairs = _pairs(old, new)
    sides = pairs.join(
        old.select(pl.all().name.suffix("_before")), on="program_stream_id_before", how="left"
    ).join(new.select(pl.all().name.suffix("_after")), on="program_stream_id_after", how="left")
    is_old = pl.col("program_stream_id_before").is_not_null()
    is_new = pl.col("program_stream_id_after").is_not_null()
    differs = [
        pl.when(pl.col(f"{name}_before").ne_missing(pl.col(f"{name}_after"))).then(pl.lit(name))
        for name in (*facts, "program_site", "program_stream")
    ]
    seats = {
        f"seats_{side}": pl.when(there).then(pl.col(f"quota_{side}")).otherwise(0).cast(pl.Int64)
        for side, there in (("before", is_old), ("after", is_new))
    }
    kept = [pl.coalesce(f"{name}_after", f"{name}_before").alias(name) for name in _COLUMNS]
    changed = (
        pl.when(is_old & is_new)
        .then(pl.concat_list(differs).list.drop_nulls())
        .otherwise(pl.lit([], dtype=pl.List(pl.String)))
    )
    return (
        sides.with_columns(
            *kept, **seats, changed_facts=changed,
        )
        .with_columns(seats_difference=pl.col("seats_after") - pl.col("seats_before"))
        .select(
            pl.when(~is_old).then(pl.lit("came"))
            .when(~is_new).then(pl.lit("went"))
            .when(pl.col("seats_before").ne_missing(pl.col("seats_after"))).then(pl.lit("seats"))
            .when(pl.col("changed_facts").list.len() > 0).then(pl.lit("facts"))
            .otherwise(pl.lit("same"))
            .alias("change"),
            "school_name", "discipline_name", "program_site", "program_stream",
            "training_province", "program_stream_id_before", "program_stream_id_after",
            "seats_before", "seats_after", "seats_difference", "changed_facts",
        )
        .sort(
            pl.col("change").cast(_changes()), "discipline_name", "school_name", "program_site",
            "program_stream", "program_stream_id_after", "program_stream_id_before",
        )
    )  # fmt: skip


def _pairs(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """Ids before and after of every program; null on the side where it is not."""
    before = old.select(*PLACE, program_stream_id_before="program_stream_id")
    after = new.select(*PLACE, program_stream_id_after="program_stream_id")
    ids = ["program_stream_id_before", "program_stream_id_after"]
    paired = before.unique(PLACE, keep="none").join(after.unique(PLACE, keep="none"), on=PLACE)
    paired = paired.select(ids)
    before = before.join(paired, on=ids[0], how="anti")
    after = after.join(paired, on=ids[1], how="anti")
    renamed = before.join(
        after,
        left_on=[ids[0], "school_code", "discipline_id"],
        right_on=[ids[1], "school_code", "discipline_id"],
        coalesce=False,
    ).select(ids)
    came = after.join(renamed, on=ids[1], how="anti").select(
        pl.lit(None, dtype=pl.String).alias(ids[0]), ids[1]
    )
    went = before.join(renamed, on=ids[0], how="anti").select(
        ids[0], pl.lit(None, dtype=pl.String).alias(ids[1])
    )
    return pl.concat([paired, renamed, came, went])
