"""What a contract promises about time: ODCS `slaProperties`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from carms_lake.contract.keys import SLA_KEYS, custom
from carms_lake.contract.limits import Age, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

AGES = {
    "freshness": "freshness",
    "latency": "latency",
    "ly": "latency",
    "frequency": "frequency",
    "fy": "frequency",
}
"""The properties that say how old the newest data may be, with the short names of ODCS."""

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


def ages(properties: Iterable[Mapping[str, Any]], table: str, where: str) -> tuple[Age, ...]:
    """The promises about age among `slaProperties`, in their order, one per element.

    Raises:
        ValueError: a value is no number, a unit none of time, an element none of the table.
        ContractError: an unknown custom property.
    """
    found: list[Age] = []
    for entry in properties:
        name = AGES.get(str(entry.get("property")).lower())
        if name is None:
            continue
        own = custom(dict(entry), SLA_KEYS, f"{where}, slaProperties, `{entry['property']}`")
        severity = Severity(own.get("severity") or "warning")
        found += [Age(name, _limit(entry), c, severity) for c in _columns(entry, table)]
    return tuple(found)


def _columns(entry: Mapping[str, Any], table: str) -> list[str | None]:
    """The columns of `element`: `table.column` or `column`, several with commas; else None."""
    texts = [text.strip() for text in str(entry.get("element") or "").split(",") if text.strip()]
    for text in texts:
        owner, _, _ = text.rpartition(".")
        if owner not in ("", table):
            raise ValueError(f"slaProperties, `{entry['property']}`: `{text}` is not of `{table}`")
    return [text.rpartition(".")[2] for text in texts if text != table] or [None]


def _limit(entry: Mapping[str, Any]) -> timedelta:
    name, unit = entry["property"], str(entry.get("unit") or "d").lower()
    days = _DAYS.get(unit, _DAYS.get(unit.removesuffix("s")))
    if days is None:
        raise ValueError(f"slaProperties, `{name}`: `{unit}` is no unit of time")
    return timedelta(days=float(entry["value"]) * days)
