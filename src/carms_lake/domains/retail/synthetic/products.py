"""What is sold, and what currencies are worth."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl

from carms_lake.domains import draws as draw
from carms_lake.domains.retail.synthetic import words
from carms_lake.domains.retail.synthetic.plan import date_of

if TYPE_CHECKING:
    from carms_lake.domains.retail.synthetic.plan import Plan, Truth


FIRST_ID = 1_001
_SHARES = {"missing_price": 0.0015, "negative_price": 0.0015, "discontinued_without_date": 0.002}
PRICES_CENTS = (
    99, 310, 452, 577, 699, 820, 945, 1075, 1211, 1357, 1512, 1679, 1860, 2056, 2271, 2508, 2771,
    3065, 3397, 3775, 4210, 4717, 5316, 6036, 6917, 8018, 9429, 11_299, 13_890, 17_716, 23_990,
    36_500, 129_900,
)  # fmt: skip
"""Quantiles of a log-normal distribution about 27.71: few prices are high."""

_THINGS = tuple(
    (category, subcategory, thing)
    for category, subcategories in words.GOODS.items()
    for subcategory, things in subcategories.items()
    for thing in things
)
_FIRST_INTRODUCED = date(2012, 1, 2)
_INTRODUCED_DAYS = 4_000
_FIRST_DISCONTINUED = date(2023, 1, 2)
_LATELY_DISCONTINUED = date(2023, 12, 1)


def product_ids(places: pl.Expr) -> pl.Expr:
    """The id of the product in each place."""
    return places.cast(pl.Int64) + FIRST_ID


def base_prices(plan: Plan) -> pl.Series:
    """The price of each product in Australian cents, at which it is sold; one row per product."""
    place = pl.int_range(plan.products, dtype=pl.UInt64)
    return pl.select(_base_price(plan, place)).to_series()


def products(plan: Plan, truth: Truth) -> pl.DataFrame:
    """One row per product."""
    total = plan.products
    picked = draw.picks(
        plan.seed,
        "products.faults",
        total,
        [plan.count(total, share) for share in _SHARES.values()],
    )
    faults = dict(zip(_SHARES, picked, strict=True))
    for kind, places in faults.items():
        keys = [[FIRST_ID + place] for place in places]
        truth.add_keys("products", kind, ["product_id"], keys)
    rows = pl.LazyFrame({"place": pl.int_range(total, dtype=pl.UInt64, eager=True)})
    return (
        rows.with_columns(
            *(pl.col("place").is_in(found).alias(kind) for kind, found in faults.items()),
            _changed(plan).alias("changed"),
            draw.gathered(pl.col("place"), total).alias("rank"),
        )
        .select(**_cells(plan))
        .collect()
    )


def _cells(plan: Plan) -> dict[str, pl.Expr]:
    seed, place = plan.seed, pl.col("place")
    thing = draw.below(seed, "products.thing", place, len(_THINGS))
    dated, when = _discontinued(plan)
    price = pl.when(~pl.col("missing_price")).then(
        _price(plan) * pl.when("negative_price").then(-1).otherwise(1)
    )
    since = draw.below(seed, "products.introduced", place, _INTRODUCED_DAYS)
    return {
        "product_id": product_ids(place),
        "sku": pl.lit("SKU-") + draw.coded(place, 6),
        "name": pl.format(
            "{} {} {}{}",
            draw.choice(seed, "products.look", place, words.LOOKS),
            draw.choice(seed, "products.material", place, words.MATERIALS),
            draw.at([name for _, _, name in _THINGS], thing),
            draw.choice(seed, "products.size", place, words.SIZES),
        ),
        "category": draw.at([category for category, _, _ in _THINGS], thing),
        "subcategory": draw.at([subcategory for _, subcategory, _ in _THINGS], thing),
        "current_price": draw.decimal(price, 2, 4),
        "currency": pl.lit("AUD"),
        "is_discontinued": dated | pl.col("discontinued_without_date"),
        "introduced_dt": (pl.lit(_FIRST_INTRODUCED) + pl.duration(days=since)).cast(pl.Date),
        "discontinued_dt": pl.when(dated & ~pl.col("discontinued_without_date"))
        .then(when)
        .cast(pl.Date),
    }


def _discontinued(plan: Plan) -> tuple[pl.Expr, pl.Expr]:
    """Whether a product is discontinued, and since when.

    The last ranks are so from the start and are never sold; others become so in later deliveries.
    """
    seed, place = plan.seed, pl.col("place")
    long_ago = pl.col("rank") >= plan.products_sold
    lately = (
        pl.col("changed")
        & (pl.col("rank") >= plan.products // 2)
        & draw.happens(seed, "products.ends", place, 0.2)
    )
    day = draw.below(seed, "products.ended", place, 300)
    first = pl.when(long_ago).then(pl.lit(_FIRST_DISCONTINUED)).otherwise(_LATELY_DISCONTINUED)
    return long_ago | lately, first + pl.duration(
        days=pl.when(long_ago).then(day).otherwise(day % 30)
    )


def _price(plan: Plan) -> pl.Expr:
    """The price in cents; a changed product has another one for every 30 days since the base."""
    seed, place = plan.seed, pl.col("place")
    version = (plan.start + draw.below(seed, "products.phase", place, 30)) // 30
    drawn = draw.below(seed, "products.factor", place * 4096 + version.cast(pl.UInt64), 40)
    percent = pl.when(drawn < 15).then(drawn + 85).otherwise(drawn + 86)
    base = _base_price(plan, place)
    return pl.when("changed").then((base * percent + 50) // 100).otherwise(base)


def _base_price(plan: Plan, place: pl.Expr) -> pl.Expr:
    return draw.from_quantiles(plan.seed, "products.price", place, PRICES_CENTS)


def _changed(plan: Plan) -> pl.Expr:
    share = 0.0 if plan.is_base else min(0.9, 0.05 + plan.start / 3_650)
    return draw.happens(plan.seed, "products.changed", pl.col("place"), share)


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
