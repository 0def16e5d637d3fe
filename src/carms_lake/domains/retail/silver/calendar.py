"""Days on which whole countries rest."""

from __future__ import annotations

import polars as pl

COUNTRIES = ("AU", "GB", "US")
"""National holidays of Australia, those of all of the United Kingdom, federal ones of the US."""

YEARS = range(2015, 2036)


def holiday() -> pl.LazyFrame:
    """One row per day and country, sorted by them; names are in English, whatever the system's."""
    import holidays  # noqa: PLC0415  # 70 ms, which a build of unchanged tables does not need

    days = [
        (day, country, name)
        for country in COUNTRIES
        for day, name in holidays.country_holidays(country, years=YEARS, language="en_US").items()
    ]
    schema = {"holiday_on": pl.Date, "country_code": pl.String, "name": pl.String}
    return pl.LazyFrame(days, schema=schema, orient="row").sort("holiday_on", "country_code")
