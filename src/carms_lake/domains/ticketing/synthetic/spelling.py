"""How values stand in the files: spaces, sentinels, amounts, moments and cases of every kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from carms_lake.domains.draws import at

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from carms_lake.domains.ticketing.synthetic.draw import Draw

    Spell = Callable[[str], pl.Expr]
    """The text of a column; its dirt is told by the random bits beside it."""

_NOTHINGS = pl.Series(["", "N/A", "NULL", "None"] * 4 + ["", "n/a", "null", "none"])
_HOURS = 3_600_000_000


def spelled(rows: pl.DataFrame, cells: Mapping[str, Spell], draw: Draw) -> pl.DataFrame:
    """The rows as text, in the columns of the file; the dirt is drawn by the column `copy`."""
    bits = [draw.bits(name, pl.col("copy")).alias(_bits(name)) for name in cells]
    drawn = rows.with_columns(bits)
    texts = [spell(name).alias(name) for name, spell in cells.items()]
    written = drawn.with_columns(texts)
    return written.select(_spaced(name) for name in cells)


def word(column: str) -> pl.Expr:
    """Text as it is."""
    return pl.col(column)


def optional(column: str) -> pl.Expr:
    """Text, or one of the spellings of nothing."""
    return pl.coalesce(column, at(_NOTHINGS, _drawn(column, _NOTHINGS.len())))


def cased(column: str) -> pl.Expr:
    """Text in lower case, sometimes in upper case or with capitals."""
    return _in_case(pl.col(column), _drawn(column, 10), 1, 2)


def slug(column: str) -> pl.Expr:
    """Kebab-case in any case, sometimes with another separator."""
    text, separator = pl.col(column), _drawn(column, 12, 16)
    other = pl.when(separator == 0).then(pl.lit("_")).otherwise(pl.lit(" "))
    text = pl.when(separator < 2).then(text.str.replace_all("-", other)).otherwise(text)
    return _in_case(text, _drawn(column, 10), 3, 5)


def page_type(column: str) -> pl.Expr:
    """Snake case, capitals or words."""
    text = pl.col(column)
    kind = _drawn(column, 8)
    return (
        pl.when(kind < 2)
        .then(text.str.to_uppercase())
        .when(kind < 4)
        .then(text.str.replace_all("_", " ").str.to_titlecase())
        .otherwise(text)
    )


def amount(column: str) -> pl.Expr:
    """Cents as an amount, with or without a currency sign and thousands, negatives in brackets."""
    cents, kind = pl.col(column).abs(), _drawn(column, 20)
    units = (cents // 100).cast(pl.String)
    grouped = units.str.replace(r"(\d)(\d{3})$", "$1,$2")
    whole = (kind == 0) & (cents % 100 == 0)
    text = pl.concat_str(
        pl.when(kind % 3 == 0).then(grouped).otherwise(units),
        pl.when(whole).then(pl.lit("")).otherwise(pl.lit(".")),
        pl.when(whole).then(pl.lit("")).otherwise((cents % 100).cast(pl.String).str.zfill(2)),
    )
    dollars = pl.when(kind < 6).then("$" + text).otherwise(text)
    negative = pl.when(kind % 2 == 0).then(pl.format("({})", dollars)).otherwise("-" + dollars)
    return pl.when(pl.col(column) < 0).then(negative).otherwise(dollars)


def moment(column: str) -> pl.Expr:
    """A moment in UTC, with a zone or without one."""
    kind = _drawn(column, 20)
    hours = pl.when(kind == 0).then(2).when(kind == 1).then(-5).otherwise(0)
    local = (pl.col(column) + hours * _HOURS).cast(pl.Datetime("us"))
    text = local.dt.strftime("%Y-%m-%dT%H:%M:%S")
    return (
        pl.when(kind == 0)
        .then(text + "+02:00")
        .when(kind == 1)
        .then(text + "-0500")
        .when(kind < 5)
        .then(text + "Z")
        .when(kind == 5)
        .then(text.str.replace("T", " ", literal=True))
        .when(kind == 6)
        .then(text + ".000")
        .otherwise(text)
    )


def _spaced(column: str) -> pl.Expr:
    """Some cells with spaces in front or behind."""
    text, kind = pl.col(column), _drawn(column, 30, 32)
    return (
        pl.when(kind == 0)
        .then(" " + text)
        .when(kind == 1)
        .then(text + " ")
        .when(kind == 2)
        .then(pl.format("  {}  ", text))
        .otherwise(text)
        .alias(column)
    )


def _in_case(text: pl.Expr, kind: pl.Expr, upper: int, title: int) -> pl.Expr:
    """In upper case where the kind is below `upper`, with capitals where it is below `title`."""
    return (
        pl.when(kind < upper)
        .then(text.str.to_uppercase())
        .when(kind < title)
        .then(text.str.to_titlecase())
        .otherwise(text)
    )


def _drawn(column: str, number: int, shift: int = 0) -> pl.Expr:
    """A whole number from 0 to below `number`; draws at distant shifts do not depend on another."""
    return (pl.col(_bits(column)) // (1 << shift) % number).cast(pl.Int64)


def _bits(column: str) -> str:
    return f"{column} bits"
