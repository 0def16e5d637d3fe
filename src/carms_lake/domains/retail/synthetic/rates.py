"""Exchange rates: Australian dollars for one unit of each currency, on working days."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl

from carms_lake.domains import draws as draw
from carms_lake.domains.retail.synthetic import words
from carms_lake.domains.retail.synthetic.plan import date_of

if TYPE_CHECKING:
    from carms_lake.domains.retail.synthetic.plan import Plan

_FIRST = date(2020, 10, 5)
"""1,100 working days before the end of the base."""
_CLOSED = ((1, 1), (12, 25), (12, 26))
_MILLION = 1_000_000
_DAILY_PPM = 3_200
_HOMEWARD_PCT = 99


def exchange_rates(plan: Plan) -> pl.DataFrame:
    """One row per working day and currency, up to the run's last day; the date is text."""
    days = (date_of(plan.end) - _FIRST).days
    dates = [_FIRST + timedelta(days=day) for day in range(days)]
    walks = {name: _walk(plan.seed, name, days) for name in words.RATES}
    rows = [
        (on.isoformat(), name, base if name == "AUD" else base * walks[name][day] // _MILLION)
        for day, on in enumerate(dates)
        if on.isoweekday() <= 5 and (on.month, on.day) not in _CLOSED
        for name, base in words.RATES.items()
    ]
    schema = {"date": pl.String, "currency": pl.String, "rate": pl.Int64}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.select(
        "date", "currency", draw.decimal(pl.col("rate"), 8, 8, 18).alias("rate_to_aud")
    )


def _walk(seed: int, currency: str, days: int) -> list[int]:
    """Day by day a factor in millionths, a random walk that tends back to one."""
    index = pl.int_range(days, dtype=pl.UInt64)
    steps = draw.normal(seed, f"rates.{currency}", index, _DAILY_PPM)
    off, factors = 0, []
    for step in pl.select(steps).to_series().to_list():
        off = off * _HOMEWARD_PCT // 100 + step
        factors.append(_MILLION + off)
    return factors
