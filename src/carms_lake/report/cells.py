"""A value as a cell of the page shows it, in the page's language."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from carms_lake.report.markup import Markup, h, join
from carms_lake.report.pages import Column
from carms_lake.report.words import Words

_DIGITS = 2
"""Of an amount, behind the point."""
_SHADES = 5
NONE = "\u2013"
"""What a cell without a value shows."""


def as_number(value: Any) -> float | None:
    """A value as a number; None where it is none."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    return float(value) if isinstance(value, int | float | Decimal) else None


def shown(value: Any, column: Column, words: Words) -> str | Markup:
    """A value as text; codes that the column knows by their words."""
    if value is None:
        return NONE
    if str(value) in column.codes:
        return words.of(column.codes[str(value)])
    if column.kind == "id":
        return str(value)
    if column.kind.startswith("code:"):
        return words.code(column.kind.removeprefix("code:"), value)
    number = as_number(value)
    written = {"seconds": words.span, "bytes": words.size, "percent": words.percent}
    kind = "seconds" if isinstance(value, timedelta) else column.kind
    if number is not None and kind in written:
        return written[kind](number)
    return _plain(value, words)


def _plain(value: Any, words: Words) -> str:
    if isinstance(value, bool):
        return words("yes" if value else "no")
    if isinstance(value, Decimal | int | float):
        return _written(value, words)
    if isinstance(value, date):
        return words.moment(value) if isinstance(value, datetime) else words.day(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_plain(one, words)}" for key, one in value.items())
    if isinstance(value, list):
        return ", ".join(NONE if one is None else _plain(one, words) for one in value)
    return str(value)


def _written(value: Decimal | float, words: Words) -> str:
    """A number; amounts of one column have as many digits in each of its rows."""
    if not isinstance(value, Decimal):
        return words.number(value)
    exponent = value.as_tuple().exponent
    digits = min(-exponent, _DIGITS) if isinstance(exponent, int) and exponent < 0 else 0
    return words.number(float(value), digits)


def cell(  # noqa: PLR0913 - what a cell may be
    value: Any,
    column: Column,
    words: Words,
    *,
    head: bool = False,
    of_numbers: bool = False,
    largest: float = 0.0,
) -> Markup:
    """A cell of a table, a link where the column leads somewhere.

    Numbers are to the right, and so is the dash for a missing one in a column `of_numbers`.
    """
    is_number = _is_number(value, column)
    is_right = is_number or (of_numbers and value is None)
    kinds = ["n"] if is_right else ["d"] if isinstance(value, date) else []
    inner: str | Markup = shown(value, column, words)
    if column.kind == "score" and is_number:
        kinds.append(score_class(float(value)))
        inner = words.percent(float(value))
    if column.kind == "heat" and is_number:
        kinds.append(heat_class(float(value), largest))
    if column.kind == "share" and is_number:
        kinds.append(share_class(float(value)))
    if column.kind == "due" and isinstance(value, datetime):
        # The page has no clock: its script compares the moment with that of the reader.
        late = h("strong", words("late_by_now"), cls="wrong", hidden=True)
        inner = h("span", inner, " ", late, data_due=value.isoformat())
    if column.anchor and value is not None:
        inner = h("a", inner, href=f"#{column.anchor}{value}")
    lang = column.language(words.lang) if isinstance(value, str) else None
    tag = "th" if head else "td"
    return h(
        tag,
        inner,
        cls=" ".join(filter(None, kinds)) or None,
        scope="row" if head else None,
        lang=lang,
    )


def _is_number(value: Any, column: Column) -> bool:
    is_name = column.kind == "id" or column.kind.startswith("code:") or column.codes
    return as_number(value) is not None and not isinstance(value, bool) and not is_name


def score_class(score: float) -> str:
    """How good a score is: `good` is all of it, `near` at least 99 %."""
    return "good" if score >= 100 else "near" if score >= 99 else "poor"  # noqa: PLR2004 - percent


def heat_class(value: float, largest: float) -> str:
    """The shade of a value, `q1` to `q5`, by the root of its share: small ones differ too."""
    if value <= 0 or largest <= 0:
        return ""
    return f"q{min(1 + int(_SHADES * math.sqrt(value / largest)), _SHADES)}"


def share_class(percent: float) -> str:
    """The shade of a percentage, `q1` to `q5`: a fifth each."""
    return f"q{min(1 + int(_SHADES * percent / 100), _SHADES)}" if percent > 0 else ""


def with_unit(label: str, unit: str) -> str:
    """A label with its unit, as a header and an axis show it."""
    if label.casefold() == unit.casefold():
        return label
    return f"{label} ({unit})" if label and unit else label or unit


def table(columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], words: Words) -> Markup:
    """Rows as a table; the first column names its row."""
    numbers = {c.name for c in columns if any(_is_number(row[c.name], c) for row in rows)}
    heads = [
        h(
            "th",
            with_unit(words.of(column.label), words.of(column.unit)),
            scope="col",
            cls="n" if column.name in numbers else None,
        )
        for column in columns
    ]
    heat = [as_number(row[c.name]) for c in columns if c.kind == "heat" for row in rows]
    largest = max((value for value in heat if value is not None), default=0.0)
    lines = [
        h(
            "tr",
            [
                cell(
                    row[c.name],
                    c,
                    words,
                    head=place == 0,
                    of_numbers=c.name in numbers,
                    largest=largest,
                )
                for place, c in enumerate(columns)
            ],
        )
        for row in rows
    ]
    return join([h("table", h("thead", h("tr", heads)), h("tbody", lines))])


def plain_text(value: Any, column: Column, words: Words) -> str:
    """A value as text without tags, for Markdown."""
    said = shown(value, column, words)
    if column.kind == "score" and (score := as_number(value)) is not None:
        return words.percent(score)
    return str(value) if isinstance(said, Markup) else said
