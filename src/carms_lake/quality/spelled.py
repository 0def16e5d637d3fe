"""Texts in a contract's own spelling, as the usual texts: `1.234,5` is `1234.5`."""

import re
from collections.abc import Callable, Iterator

import polars as pl

from carms_lake.contract.spelling import Format, Spelling, parsed_format
from carms_lake.contract.types import ColumnType

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_MIDNIGHT = r"T00:00:00(\.0+)?$"
_LAST_CENTURY = 69
"""`%y`: the first year that is of the 20th century, as POSIX has it."""
_NOON = 12

_Part = Callable[[str], pl.Expr]


def usual_texts(value: pl.Expr, wanted: ColumnType, spelling: Spelling) -> Iterator[pl.Expr]:
    """What a text may be in the usual spelling, the first that is a value counts; null if nothing.

    >>> frame = pl.DataFrame({"a": ["1.234,50", "12.34", "1,5"]})
    >>> spelling = Spelling(decimal_mark=",", thousands=(".",))
    >>> [usual] = usual_texts(pl.col("a"), ColumnType("double"), spelling)
    >>> frame.select(usual)["a"].to_list()
    ['1234.50', None, '1.5']
    """
    if wanted.name == "boolean":
        lower = value.str.to_lowercase()
        true, false = (list(words) for words in (spelling.true_words, spelling.false_words))
        said = pl.when(lower.is_in(true)).then(pl.lit("true"))
        yield said.when(lower.is_in(false)).then(pl.lit("false"))
    elif wanted.name in ("date", "timestamp"):
        for text in spelling.formats:
            yield _iso(value, parsed_format(text), is_date=wanted.name == "date")
    else:
        yield _number(value, spelling)


def _number(value: pl.Expr, spelling: Spelling) -> pl.Expr:
    """Digits with a dot; null where a separator is not between groups of digits."""
    mark = re.escape(spelling.decimal_mark)
    whole = "[0-9]+"
    if spelling.thousands:
        between = "|".join(re.escape(character) for character in spelling.thousands)
        between = f"(?:{between})"
        # Groups of three, or of two before the last three, as in India.
        whole += rf"|[0-9]{{1,3}}(?:{between}[0-9]{{3}})+"
        whole += rf"|[0-9]{{1,2}}(?:{between}[0-9]{{2}})*{between}[0-9]{{3}}"
    pattern = rf"^[+-]?(?:(?:{whole})(?:{mark}[0-9]*)?|{mark}[0-9]+)(?:[eE][+-]?[0-9]+)?$"
    text = value
    for character in spelling.thousands:
        text = text.str.replace_all(character, "", literal=True)
    text = text.str.replace(spelling.decimal_mark, ".", literal=True)
    return pl.when(value.str.contains(pattern)).then(text)


def _iso(value: pl.Expr, found: Format, *, is_date: bool) -> pl.Expr:
    """A day, or a moment, in ISO 8601; null where the text is not in the format."""
    parts = value.str.extract_groups(found.pattern).struct

    def part(name: str) -> pl.Expr:
        return parts.field(name)

    def two(name: str) -> pl.Expr:
        return part(name).str.zfill(2) if name in found.parts else pl.lit("00")

    day = pl.concat_str(_year(part, found), _month(part, found), two("d"), separator="-")
    if not found.has_time:
        return day
    hour = two("H")
    if "I" in found.parts:
        of_twelve = part("I").cast(pl.Int8) % _NOON
        is_late = part("p").str.to_lowercase() == "pm"
        hour = (of_twelve + is_late.cast(pl.Int8) * _NOON).cast(pl.String).str.zfill(2)
    fraction = [pl.lit("."), part("f")] if "f" in found.parts else []
    zone = part("z") if "z" in found.parts else pl.lit("")
    clock = pl.concat_str(hour, two("M"), two("S"), separator=":")
    iso = pl.concat_str(day, pl.lit("T"), clock, *fraction, zone)
    # A day in a file of moments comes with its midnight.
    return iso.str.replace(_MIDNIGHT, "") if is_date else iso


def _year(part: _Part, found: Format) -> pl.Expr:
    if "Y" in found.parts:
        return part("Y")
    is_last = part("y").cast(pl.Int8) >= _LAST_CENTURY
    return pl.concat_str(pl.when(is_last).then(pl.lit("19")).otherwise(pl.lit("20")), part("y"))


def _month(part: _Part, found: Format) -> pl.Expr:
    if "m" in found.parts:
        return part("m").str.zfill(2)
    name = "B" if "B" in found.parts else "b"
    names = [(month if name == "B" else month[:3]).lower() for month in _MONTHS]
    numbers = [f"{number:02}" for number in range(1, 13)]
    lower = part(name).str.to_lowercase()
    return lower.replace_strict(names, numbers, default=None, return_dtype=pl.String)
