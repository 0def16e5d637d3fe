"""What a contract promises about time: ODCS `slaProperties`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

AGES = frozenset({"freshness", "latency", "frequency", "ly", "fy"})
"""The properties that say how old the newest delivery may be; ODCS knows the last two by their
short names."""

_DAYS = {
    "s": 1 / 86400,
    "second": 1 / 86400,
    "min": 1 / 1440,
    "minute": 1 / 1440,
    "h": 1 / 24,
    "hr": 1 / 24,
    "hour": 1 / 24,
    "d": 1,
    "day": 1,
    "w": 7,
    "week": 7,
    "mo": 31,
    "month": 31,
    "q": 92,
    "quarter": 92,
    "y": 366,
    "yr": 366,
    "year": 366,
}


def max_age(properties: Iterable[Mapping[str, Any]]) -> timedelta | None:
    """The strictest promise about age among `slaProperties`; None where there is none.

    Raises:
        ValueError: its value is no number, or its unit is none of time.

    >>> max_age([{"property": "latency", "value": 4, "unit": "d"}])
    datetime.timedelta(days=4)
    """
    ages = [_age(entry) for entry in properties if str(entry.get("property")).lower() in AGES]
    return min(ages, default=None)


def _age(entry: Mapping[str, Any]) -> timedelta:
    name, unit = entry["property"], str(entry.get("unit") or "d").lower()
    days = _DAYS.get(unit, _DAYS.get(unit.removesuffix("s")))
    if days is None:
        raise ValueError(f"slaProperties, `{name}`: `{unit}` is no unit of time")
    return timedelta(days=float(entry["value"]) * days)
