"""Round numbers along an axis."""

from __future__ import annotations

import math
from typing import NamedTuple

_PRECISION = 1e-9
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


class Scale(NamedTuple):
    """A linear axis from `low` to `high`, both of them ticks."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def share(self, value: float) -> float:
        """Where a value is along the axis, from 0 to 1; values beyond an end are at the end."""
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)

    def up_to(self, most: float) -> Scale:
        """The same axis without what is beyond the most that a value can be."""
        ticks = tuple(tick for tick in self.ticks if tick <= most)
        return Scale(ticks[0], ticks[-1], ticks)


def scale(values: list[float], *, from_zero: bool = True, wanted: int = 4) -> Scale:
    """The axis for values: about so many steps of 1, 2, 2.5 or 5 times a power of ten.

    >>> scale([3, 87]).ticks
    (0.0, 25.0, 50.0, 75.0, 100.0)
    >>> scale([98.5, 99.2], from_zero=False).ticks
    (98.4, 98.6, 98.8, 99.0, 99.2)
    """
    low, high = min(values, default=0.0), max(values, default=1.0)
    if from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    least = _PRECISION * max(abs(low), abs(high), _PRECISION)
    if high - low <= least:  # all the same, as far as an axis can tell
        low, high = (0.0, 1.0) if from_zero and high <= 0 else (low - 1.0, high + 1.0)
    raw = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(s * power for s in _STEPS if s * power >= raw * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    digits = 2 - math.floor(math.log10(step))
    ticks = tuple(round(n * step, digits) for n in range(first, last + 1))
    return Scale(ticks[0], ticks[-1], ticks)
