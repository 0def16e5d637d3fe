"""Programs, and the iterations, schools, disciplines, sites and streams that they name."""

from __future__ import annotations

import polars as pl

from carms_lake.domains.carms import reference
from carms_lake.expressions import after_last, before_last, newest, trimmed

_CODES_PER_SCHOOL = 65_536


def school_code(school_id: str) -> pl.Expr:
    """The institution code in a column of school ids: its high word; null for any other id.

    >>> pl.DataFrame({"id": ["5111821", "x"]}).select(school_code("id"))["school_code"].to_list()
    [78, None]
    """
    code = pl.col(school_id).cast(pl.Int64, strict=False).floordiv(_CODES_PER_SCHOOL)
    return code.cast(pl.Int32, strict=False).alias("school_code")


def with_provinces(programs: pl.LazyFrame) -> pl.LazyFrame:
    """Programs with `school_province` and `training_province`, by school_code and program_site.

    A school without a home province in the reference file has null there, and so have its sites.
    """
    homes = reference.schools().select("school_code", school_province="home_province")
    return (
        programs.join(homes, on="school_code", how="left")
        .join(reference.site_provinces(), on=["school_code", "program_site"], how="left")
        .with_columns(training_province=pl.coalesce("province", "school_province"))
        .drop("province")
    )


KEY = ("match_iteration_id", "program_stream_id")
"""What identifies a program: ids of streams are unique in their iteration only."""

_FIRST_INVENTED, _BELOW_ZERO = 9000, 10_000
"""Ids from 9000 on are of generated files: never the newest where there is another."""


def iteration_number() -> pl.Expr:
    """What iterations sort by: the id as a number, not as text; below 0 for generated files.

    >>> ids = pl.DataFrame({"match_iteration_id": ["1503", "999", "9999", "9001", "x"]})
    >>> ids.select(iteration_number())["iteration_number"].to_list()
    [1503, 999, -1, -999, None]
    """
    number = pl.col("match_iteration_id").cast(pl.Int64, strict=False)
    is_invented = number.is_between(_FIRST_INVENTED, _BELOW_ZERO, closed="left")
    return (
        pl.when(is_invented).then(number - _BELOW_ZERO).otherwise(number).alias("iteration_number")
    )


ELIGIBILITY_MARK = " for "

_PROGRAM_COLUMNS = (
    *KEY,
    "program_name",
    "school_code",
    "school_name",
    "discipline_id",
    "discipline_name",
    "program_site",
    "program_stream",
    "program_stream_name",
    "eligibility",
    "school_province",
    "training_province",
    "program_url",
)


def program(bronze_program_master: pl.LazyFrame) -> pl.LazyFrame:
    """One row per program stream and match iteration, sorted by them.

    A school or site that the reference files do not know has null provinces.
    """
    return described(bronze_program_master).select(_PROGRAM_COLUMNS).sort(KEY)


def described(program_master: pl.LazyFrame) -> pl.LazyFrame:
    """The program master with what follows from its rows: school, eligibility, provinces."""
    names = ("program_name", "school_name", "discipline_name", "program_site", "program_stream")
    return with_provinces(
        program_master.with_columns(
            *(trimmed(name) for name in (*names, "program_stream_name")), school_code("school_id")
        ).with_columns(after_last("program_stream", ELIGIBILITY_MARK).alias("eligibility"))
    )


def match_iteration(silver_program: pl.LazyFrame, silver_document: pl.LazyFrame) -> pl.LazyFrame:
    """One row per match iteration; its name is null where no document prints one."""
    names = (
        silver_document.drop_nulls("match_iteration_name")
        .group_by("match_iteration_id", "document_language", "match_iteration_name")
        .len()
        .sort("document_language", "len", "match_iteration_name", descending=[False, True, False])
        .group_by("match_iteration_id", maintain_order=True)
        .agg(pl.col("match_iteration_name").first())
    )
    name = pl.col("match_iteration_name").str.to_lowercase()
    is_first = name.str.contains(r"\bfirst\b|\bpremier\b")
    is_second = name.str.contains(r"\bsecond\b|\bdeuxi[eè]me\b")
    return (
        silver_program.select("match_iteration_id")
        .unique()
        .join(names, on="match_iteration_id", how="left")
        .select(
            "match_iteration_id",
            iteration_number(),
            "match_iteration_name",
            match_year=name.str.extract(r"\b(20\d{2})\b").cast(pl.Int32),
            match_round=pl.when(is_first).then(1).when(is_second).then(2).cast(pl.Int32),
        )
        .sort("match_iteration_id")
    )


def discipline(bronze_discipline: pl.LazyFrame) -> pl.LazyFrame:
    """One row per discipline and iteration; the contract keeps the newest iteration's.

    A discipline that the reference file does not know is in the group Other.
    """
    known = reference.disciplines()
    parents = known.select(
        parent_discipline_id="discipline_id", parent_discipline_name="discipline_name"
    )
    is_invented = iteration_number() < 0
    places = known.drop("discipline_name").join(parents, on="parent_discipline_id", how="left")
    return (
        bronze_discipline.select(
            "discipline_id", trimmed("discipline").alias("discipline_name"), "match_iteration_id"
        )
        .join(places, on="discipline_id", how="left")
        .select(
            "discipline_id",
            "discipline_name",
            pl.col("discipline_group").fill_null("Other"),
            "parent_discipline_id",
            "parent_discipline_name",
            "certifying_college",
            # Its row is superseded, so the contract's order has to see it as the oldest.
            pl.when(is_invented & (~is_invented).any().over("discipline_id"))
            .then(pl.concat_str(pl.lit("0."), "match_iteration_id"))
            .otherwise("match_iteration_id")
            .alias("match_iteration_id"),
        )
        .sort("discipline_id", "match_iteration_id", "discipline_name")
    )


def school(silver_program: pl.LazyFrame) -> pl.LazyFrame:
    """One row per school; the newest iteration names it."""
    named = newest(["school_name", "school_province"], by=iteration_number())
    return silver_program.group_by("school_code").agg(named).sort("school_code")


def other_name() -> pl.LazyFrame:
    """One row per kind, code, language and name of what people call schools and the like."""
    return reference.names().sort("kind", "code", "language", "name")


def site(silver_program: pl.LazyFrame) -> pl.LazyFrame:
    """One row per school and site: two schools may have sites of one name."""
    place = ["school_code", "program_site"]
    provinces = newest(["school_province", "training_province"], by=iteration_number())
    kind = pl.col("site_kind")
    return (
        silver_program.group_by(place)
        .agg(provinces)
        .join(reference.site_kinds(), on=place, how="left")
        .select(
            *place,
            "school_province",
            "training_province",
            is_place=kind.ne_missing("no_place"),
            has_several_places=kind.eq_missing("several_places"),
        )
        .sort(place)
    )


def stream(silver_program: pl.LazyFrame) -> pl.LazyFrame:
    """One row per stream, with what its name says."""
    words = pl.col("program_stream")
    return (
        silver_program.select("program_stream", "eligibility")
        .unique()
        .select(
            "program_stream",
            before_last("program_stream", ELIGIBILITY_MARK).alias("stream_name"),
            "eligibility",
            is_return_of_service=names_return_of_service(words),
            is_competitive=words.str.contains(r"\bCompetitive\b"),
            includes_military=words.str.contains(r"\b(?:MOTP|MMTP)\b"),
        )
        .sort("program_stream")
    )


def names_return_of_service(stream_words: pl.Expr) -> pl.Expr:
    """Whether a stream has the word RoS in its name."""
    return stream_words.str.contains(r"\bRoS\b")
