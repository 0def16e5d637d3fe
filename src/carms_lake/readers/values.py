"""Typed values of workbooks and JSON as canonical text, which types can read back."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, NamedTuple


class ErrorCell(NamedTuple):
    """A cell of a workbook that holds no value but an error."""

    text: str


EXACT_INTEGERS = 2**53
"""Up to here a float holds every whole number."""


def number_text(number: float | Decimal) -> str:
    """All digits of a number and no exponent; a whole number has no decimal point.

    >>> number_text(27447.0), number_text(0.1), number_text(1e-7), number_text(Decimal("1.10"))
    ('27447', '0.1', '0.0000001', '1.10')
    """
    if isinstance(number, int):
        return str(number)
    if isinstance(number, float):
        if number.is_integer() and abs(number) <= EXACT_INTEGERS:
            return str(int(number))
        number = Decimal(repr(number))
        if number == number.to_integral_value():
            return format(number, "f").split(".")[0]
    return format(number, "f")


def cell_text(value: Any, *, is_date: bool = False) -> str:
    """A typed value as text; with `is_date` a midnight is the day that it begins."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value)
    if isinstance(value, dt.datetime):
        is_midnight = value.time() == dt.time()
        return value.date().isoformat() if is_date and is_midnight else value.isoformat()
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return value.text if isinstance(value, ErrorCell) else str(value)
