"""Where a program trains: a rule on school and site, never on the words of a name.

The address in a description is that of the office at the school, also for a site in another
province, so it says nothing about training.
"""

from __future__ import annotations

import polars as pl

from carms_lake.domains.carms import reference

_CODES_PER_SCHOOL = 65_536


def school_code(school_id: str) -> pl.Expr:
    """The institution code in a column of school ids: its high word; null where it is no such id.

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
