"""Typed values of workbooks and JSON as canonical text, which types can read back."""

from __future__ import annotations

from decimal import Decimal

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
