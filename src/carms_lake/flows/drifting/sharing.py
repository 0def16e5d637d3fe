"""How many are many: where single faults of records end and drift begins."""

from __future__ import annotations

import math

MANY = 0.05
"""Faults in more than this share of the values are drift."""
_AT_LEAST = 2
"""One record alone is a fault of that record, unless it is all there is."""


def is_many(count: int, total: int) -> bool:
    """Whether so many of a total are drift and no single faults.

    >>> is_many(1, 10), is_many(2, 10), is_many(40, 1000), is_many(1, 1)
    (False, True, False, True)
    """
    return bool(count) and (count == total or (count >= _AT_LEAST and count > MANY * total))


def is_other_rate(one: tuple[int, int], other: tuple[int, int], least: float) -> bool:
    """Whether two shares (count, total) differ by `least` and by more than chance explains."""
    (a, n), (b, m) = one, other
    if not n or not m:
        return False
    pooled = (a + b) / (n + m)
    chance = 3 * math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    return abs(a / n - b / m) > max(least, chance)


def pct(share: float) -> str:
    """A share for reading; what is not nothing is never shown as 0 %.

    >>> pct(0.5), pct(0.00001), pct(0.123)
    ('50 %', '<0.1 %', '12.3 %')
    """
    if 0 < share < 0.001:  # noqa: PLR2004 - a tenth of a per cent
        return "<0.1 %"
    return f"{100 * share:.1f}".removesuffix(".0") + " %"
