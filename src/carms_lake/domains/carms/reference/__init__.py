"""Reference files that come with the domain; README.md in the same folder names their sources."""

from __future__ import annotations

from pathlib import Path

import polars as pl

_FOLDER = Path(__file__).parent


def disciplines() -> pl.LazyFrame:
    """One row per known discipline: broad group, parent, certifying college."""
    return _read(
        "disciplines",
        {
            "discipline_id": pl.String(),
            "discipline_name": pl.String(),
            "discipline_group": pl.String(),
            "parent_discipline_id": pl.String(),
            "certifying_college": pl.String(),
        },
    )


def schools() -> pl.LazyFrame:
    """One row per known school: its code and home province."""
    return _read(
        "schools",
        {"school_code": pl.Int32(), "home_province": pl.String(), "school_name": pl.String()},
    )


def names() -> pl.LazyFrame:
    """One row per kind, code, language and name of schools, disciplines and provinces."""
    columns = ("kind", "code", "language", "name", "name_type")
    return _read("names", dict.fromkeys(columns, pl.String())).select(columns)


def site_provinces() -> pl.LazyFrame:
    """One row per site outside the home province of its school."""
    return _read(
        "site_provinces",
        {"school_code": pl.Int32(), "program_site": pl.String(), "province": pl.String()},
    )


def site_kinds() -> pl.LazyFrame:
    """One row per site whose name is not exactly one place: `no_place` or `several_places`."""
    return _read(
        "site_kinds",
        {"school_code": pl.Int32(), "program_site": pl.String(), "site_kind": pl.String()},
    )


def themes() -> pl.LazyFrame:
    """One row per theme that descriptions are searched for: its code and its name in words."""
    return _read("themes", {"theme": pl.String(), "theme_name": pl.String()})


def theme_words() -> pl.LazyFrame:
    """One row per word form of a theme, lower case, no accents or hyphens; `*` is any ending.

    What is not counted is a phrase that has a form of the theme in it and means something else.
    """
    return _read(
        "theme_words",
        {
            "theme": pl.String(),
            "language": pl.String(),
            "form": pl.String(),
            "is_counted": pl.Boolean(),
        },
    )


def _read(name: str, schema: dict[str, pl.DataType]) -> pl.LazyFrame:
    # By name: `schema=` would lay the columns out by position.
    rows = pl.read_csv(_FOLDER / f"{name}.csv", columns=list(schema), schema_overrides=schema)
    return rows.lazy()
