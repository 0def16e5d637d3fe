"""How values are written that are not written as usual: dates, numbers, yes and no.

What two readings fit stays text.
"""

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import polars as pl

from carms_lake.contract.types import ColumnType
from carms_lake.flows.drift.inference import inferred_type
from carms_lake.flows.scaffold.table import Table

_DAYS = [
    part.replace("/", sign)
    for sign in "/.-"
    for part in ("%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d/%m/%y", "%m/%d/%y", "%y/%m/%d")
]
_WORDED = [
    f.replace("%b", month)
    for month in ("%b", "%B")
    for f in ("%d %b %Y", "%b %d, %Y", "%b %d %Y", "%d-%b-%Y", "%d-%b-%y", "%d. %b %Y")
]
_TIMES = ("", " %H:%M", " %H:%M:%S", "T%H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_FORMATS = [f"{day}{time}" for day, time in product((*_DAYS, *_WORDED), _TIMES)]
_DATE_SHAPE = re.compile(r"\d{1,4}[-/. ]\S+[-/. ].*\d.*|[A-Za-z]{3,9} \d{1,2},? \d{4}.*")
_THOUSANDS = ".,'\u2019 \u00a0\u202f"
_MARKS = (",", ".")
_WORDS = (
    (("yes",), ("no",)), (("y",), ("n",)), (("t",), ("f",)), (("ja",), ("nein",)), (("j",), ("n",)),
    (("oui",), ("non",)), (("o",), ("n",)), (("si", "s\u00ed"), ("no",)), (("s",), ("n",)),
    (("sim",), ("n\u00e3o",)), (("ja",), ("nee",)), (("ja",), ("nej",)), (("tak",), ("nie",)),
    (("wahr",), ("falsch",)), (("vrai",), ("faux",)), (("on",), ("off",)), (("x",), ("-",)),
)  # fmt: skip
_ENGLISH = 3
"""The first pairs are what a boolean may be without a word in the contract."""
_SHOWN_CHARACTERS = 24
TRIED = 50_000
"""So many distinct values are looked at."""


@dataclass
class Reading:
    """What texts are: a type, the keys under which the contract says how they are written."""

    type: ColumnType | None = None
    keys: dict[str, Any] = field(default_factory=dict)
    doubt: str = ""
    """Why they are text although they look like more."""


def reading_of(texts: pl.Series, mark: str, *, are_numbers: bool) -> Reading:
    """What texts are that are not written as usual; `mark` is the decimal mark of the file.

    Without `are_numbers` they are none, as texts of JSON.
    """
    found = texts.unique().head(TRIED).to_list()
    reading = _as_words(found) or _as_dates(found)
    if reading is None and are_numbers:
        reading = _as_numbers(texts, found, mark)
    return reading or Reading()


def usual_mark(table: Table) -> str:
    """The decimal mark of a file, where a column leaves no doubt; else nothing."""
    marks: set[str] = set()
    for values in table.columns.values():
        if values.dtype == pl.String:
            texts = values.drop_nulls().str.strip_chars().unique().head(TRIED).to_list()
            able = {mark: parts for mark in _MARKS if (parts := _parts(texts, mark))}
            if len(able) == 1 and any(able.values()):
                marks |= able.keys()
    return marks.pop() if len(marks) == 1 else ""


def shown(value: object) -> str:
    """A value on one line of a comment."""
    text = "".join(c if c.isprintable() else " " for c in str(value))
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."


def _as_words(found: Sequence[str]) -> Reading | None:
    """Yes and no, in some languages; both must occur."""
    words = {text.casefold() for text in found[:5]}
    for number, (true, false) in enumerate(_WORDS):
        if words <= {*true, *false} and words & {*true} and words & {*false}:
            keys = {"trueWords": list(true), "falseWords": list(false)}
            return Reading(ColumnType("boolean"), keys if number >= _ENGLISH else {})
    return None


def _as_dates(found: Sequence[str]) -> Reading | None:
    """Dates or moments in one format; none where the values allow two."""
    if not found or not all(_DATE_SHAPE.fullmatch(text) for text in found[:20]):
        return None
    days = dict(_days_by_format(found))
    if not days:
        return None
    first = next(iter(days))
    # In May a short name of a month is the long one.
    if len(days) > 1 and ("b" not in first.lower() or len({*map(tuple, days.values())}) > 1):
        may_be = " or ".join(dict.fromkeys(str(some[0].date()) for some in days.values()))
        return Reading(
            doubt=f"`{shown(found[0])}` may be {may_be}: no value tells which, so this is text; "
            f"`carms.formats` with one of {', '.join(f'`{form}`' for form in days)} says it"
        )
    has_time = "%H" in first or "%I" in first
    return Reading(ColumnType("timestamp" if has_time else "date"), {"formats": [first]})


def _days_by_format(found: Sequence[str]) -> Iterator[tuple[str, list[dt.datetime]]]:
    for form in _FORMATS:
        with suppress(ValueError):
            yield form, [dt.datetime.strptime(text, form) for text in found]  # noqa: DTZ007 - days


def _as_numbers(texts: pl.Series, found: Sequence[str], mark: str) -> Reading | None:
    """Numbers with a decimal comma, or with something between the thousands."""
    able = {one: parts for one in _MARKS if (parts := _parts(found, one)) is not None}
    if not able or not any(any(parts) for parts in able.values()):
        return None
    if len(set(able.values())) > 1 and mark not in able:
        return Reading(
            doubt=f"`{shown(found[0])}` may have thousands or decimals: no value tells which, so "
            "this is text; `carms.decimalMark` or `carms.thousandsSeparator` says it"
        )
    # Where both fit, no number has decimals, and the usual mark will do.
    own = mark if mark in able else min(able, key=_MARKS[::-1].index)
    thousands = sorted(able[own][1])
    plain = texts
    for sign in thousands:
        plain = plain.str.replace_all(sign, "", literal=True)
    kind = inferred_type(plain.str.replace(own, ".", literal=True).str.strip_prefix("+"))
    if kind.logical not in ("number", "integer"):
        return None
    keys: dict[str, Any] = {} if own == "." else {"decimalMark": own}
    if thousands:
        keys["thousandsSeparator"] = thousands[0] if len(thousands) == 1 else thousands
    return Reading(kind, keys)


def _parts(found: Sequence[str], mark: str) -> tuple[bool, frozenset[str]] | None:
    """Whether numbers with this mark have decimals, and what is between their thousands.

    None where a text is not such a number, or has a zero in front, as ids do.
    """
    signs = re.escape(_THOUSANDS.replace(mark, ""))
    number = re.compile(
        rf"[-+]?(?!0\d)(?:\d+|\d{{1,3}}(?P<t>[{signs}])\d{{3}}(?:(?P=t)\d{{3}})*)"
        rf"({re.escape(mark)}\d+)?"
    )
    matches = [number.fullmatch(text) for text in found]
    if not all(matches):
        return None
    there = [one for one in matches if one]
    return any(one[2] for one in there), frozenset(one["t"] for one in there if one["t"])
