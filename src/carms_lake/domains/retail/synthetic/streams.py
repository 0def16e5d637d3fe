"""Events of visitors, and readings of sensors on the shelves of a few stores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from carms_lake.domains import draws as draw
from carms_lake.domains.retail.synthetic import customers, products, stores, words
from carms_lake.domains.retail.synthetic.orders import DAY_TIMES_S
from carms_lake.domains.retail.synthetic.plan import date_of, midnight, moment

if TYPE_CHECKING:
    from carms_lake.domains.retail.synthetic.plan import Plan


_MALFORMED = 0.0005
_MISSING = 0.003
_REQUIRED = ("event_id", "event_ts", "event_type")
_FIELDS = (*_REQUIRED, "user_id", "session_id")
_TYPES = (
    "page_view",
    "product_view",
    "add_to_cart",
    "search",
    "login",
    "checkout",
    "purchase",
)
_WEIGHTS = (38, 30, 12, 9, 4, 4, 3)
_PAGES = ("/", "/sale", "/category/home", "/category/garden", "/account", "/stores", "/help")
_REFERRERS = ('"search"', '"mail"', '"social"', '"direct"', "null")
_METHODS = ("password", "passkey", "google", "apple")
_CURRENCIES = ("AUD", "NZD", "GBP", "USD")


def event_lines(events: pl.LazyFrame, plan: Plan) -> pl.LazyFrame:
    """One row per event: `line`, its text; `day`; `record`, its place in the day; its faults."""
    seed, number = plan.seed, pl.col("number")
    malformed = draw.one_in(seed, "events.malformed", number, plan.every(_MALFORMED))
    missing = draw.one_in(seed, "events.missing", number, plan.every(_MISSING))
    per_session = 4
    sessions = pl.col("of") // per_session + 1
    session = draw.below(seed, "events.session", number, 1 << 32) % sessions
    return (
        events.with_columns(
            malformed_json=malformed,
            missing_envelope_field=missing & ~malformed,
            record=pl.col("place") + 1,
            session=session,
            event_type=draw.choice(seed, "events.type", number, _TYPES, _WEIGHTS),
        )
        .with_columns(payload=_payload(plan), envelope=_envelope(plan))
        .with_columns(line=_record(seed))
        .with_columns(line=pl.when("malformed_json").then(_broken(seed)).otherwise("line"))
        .select("line", "day", "record", "malformed_json", "missing_envelope_field")
    )


def _envelope(plan: Plan) -> pl.Expr:
    """The fields of the envelope, without braces; a faulty record lacks one of those it needs."""
    seed, number, day = plan.seed, pl.col("number"), pl.col("day")
    date = (pl.lit(date_of(0)) + pl.duration(days=day)).dt.strftime("%Y%m%d")
    spread = draw.below(seed, "events.time", number, 1 << 16)
    second = draw.quantile(DAY_TIMES_S, (pl.col("place") * (1 << 16) + spread) // pl.col("of"))
    thousandth = draw.below(seed, "events.ms", number, 1000)
    at = moment(midnight(day) + second * 1_000_000 + thousandth * 1000)
    visit = (day * 100_000 + pl.col("session")).cast(pl.UInt64)
    rank = draw.power_law(seed, "events.user", visit, plan.customers, 0.1)
    user = draw.scattered(rank, plan.customers) + customers.FIRST_ID
    is_known = draw.happens(seed, "events.known", visit, 0.8)
    values = {
        "event_id": pl.format('"evt-{}-{}"', date, _padded(pl.col("record"), 7)),
        "event_ts": pl.format('"{}"', at.dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ")),
        "event_type": pl.format('"{}"', "event_type"),
        "user_id": pl.when(is_known).then(user.cast(pl.String)).otherwise(pl.lit("null")),
        "session_id": pl.format('"s-{}-{}"', date, _padded(pl.col("session"), 6)),
    }
    lacks = draw.below(seed, "events.lacks", number, len(_REQUIRED))
    pairs = []
    for place, name in enumerate(_FIELDS):
        pair = pl.format(f'"{name}": {{}}', values[name])
        if name in _REQUIRED:
            pair = pl.when(~(pl.col("missing_envelope_field") & (lacks == place))).then(pair)
        pairs.append(pair)
    return pl.concat_str(pairs, separator=", ", ignore_nulls=True)


def _payload(plan: Plan) -> pl.Expr:
    """The fields of the payload, without braces."""
    seed, number, kind = plan.seed, pl.col("number"), pl.col("event_type")
    rank = draw.power_law(seed, "events.product", number, plan.products_sold, 0.03)
    product = draw.scattered(rank, plan.products)
    cents = draw.at(products.base_prices(plan), product)
    few = draw.below(seed, "events.few", number, 4) + 1
    texts = {
        "page_view": pl.format(
            '"url": "{}", "referrer": {}',
            draw.choice(seed, "events.page", number, _PAGES),
            draw.choice(seed, "events.referrer", number, _REFERRERS),
        ),
        "product_view": pl.format(
            '"product_id": {}, "price": {}', products.product_ids(product), _money(cents)
        ),
        "add_to_cart": pl.format(
            '"product_id": {}, "price": {}, "quantity": {}',
            products.product_ids(product),
            _money(cents),
            few,
        ),
        "search": pl.format(
            '"query": "{}", "results": {}',
            draw.choice(seed, "events.query", number, words.SEARCHES),
            draw.below(seed, "events.results", number, 240),
        ),
        "login": pl.format('"method": "{}"', draw.choice(seed, "events.method", number, _METHODS)),
    }
    paid = pl.format(
        '"amount": {}, "currency": "{}", "items": {}',
        _money(cents * few),
        draw.choice(seed, "events.currency", number, _CURRENCIES),
        few,
    )
    named = [pl.when(kind == name).then(text) for name, text in texts.items()]
    return pl.coalesce(*named, paid)


def _record(seed: int) -> pl.Expr:
    text = pl.lit
    nested = pl.concat_str(
        text('{"envelope": {'), "envelope", text('}, "payload": {'), "payload", text("}}")
    )
    flat = pl.concat_str(text("{"), "envelope", text(", "), "payload", text("}"))
    is_nested = draw.happens(seed, "events.nested", pl.col("number"), 0.5)
    return pl.when(is_nested).then(nested).otherwise(flat)


def _broken(seed: int) -> pl.Expr:
    """A record cut short, or without the comma behind its first text."""
    length = pl.col("line").str.len_chars()
    cut = pl.col("line").str.head(length * 6 // 10)
    unseparated = pl.col("line").str.replace('", "', '" "', literal=True)
    is_cut = draw.happens(seed, "events.cut", pl.col("number"), 0.5)
    return pl.when(is_cut).then(cut).otherwise(unseparated)


def _money(cents: pl.Expr) -> pl.Expr:
    return pl.format("{}.{}", cents // 100, _padded(cents % 100, 2))


def _padded(number: pl.Expr, width: int) -> pl.Expr:
    return number.cast(pl.String).str.zfill(width)


SENSOR_COLUMNS = (
    "sensor_ts",
    "store_id",
    "shelf_id",
    "temperature_c",
    "humidity_pct",
    "battery_mv",
)
TIME_FORMAT = "%Y-%m-%d %H:%M:%S%.6f"

_OUT_OF_RANGE = 0.003
_WITHOUT_TIME = 0.001
_READINGS_A_DAY = 19_200
_MOST_SHELVES = 4
_DAY_US = 86_400_000_000
_JITTER_US = 59_000_000
_WARMTH = (
    -70, -80, -90, -95, -100, -95, -80, -55, -25, 10, 40, 65,
    85, 95, 100, 98, 90, 75, 50, 25, 0, -20, -40, -55,
)  # fmt: skip
"""Hour by hour between the coldest and the warmest, in hundredths."""
_SHELVES = ((2100, 250, 4800), (400, 60, 6500), (-1800, 40, 5500), (700, 90, 6000))
"""Shelf, fridge, freezer, cold drinks: temperature and how far it swings, humidity; hundredths."""
_OUTSIDE = ((8500, None), (-9999, None), (15_000, None), (None, 12_500), (None, -500))
"""What a broken sensor says: a temperature or a humidity that cannot be."""


@dataclass(frozen=True)
class Layout:
    """How many sensors there are, and how often each is read."""

    stores: int
    shelves: int
    times: int


def layout(plan: Plan) -> Layout:
    """Few stores with many readings each, so that there are few files."""
    wanted = _READINGS_A_DAY * plan.scale
    count = min(plan.stores, max(1, round(wanted / (48 * _MOST_SHELVES))))
    times = 48 if plan.scale >= 0.01 else 24
    shelves = max(1, min(_MOST_SHELVES, round(wanted / (count * times))))
    return Layout(count, shelves, max(times, round(wanted / (count * shelves))))


def store_ids(plan: Plan) -> list[int]:
    """The stores that have sensors."""
    count = layout(plan).stores
    return [stores.FIRST_ID + at * plan.stores // count for at in range(count)]


def readings(plan: Plan, store_id: int, start: int, end: int) -> pl.DataFrame:
    """One row per reading of one store on these days, by time and shelf, with its faults."""
    shape, seed = layout(plan), plan.seed
    nth = store_ids(plan).index(store_id)
    a_day = shape.times * shape.shelves
    row, number = pl.col("row"), pl.col("number")
    rows = pl.LazyFrame({"row": pl.int_range(start * a_day, end * a_day, eager=True)})
    shelf = row % shape.shelves
    time = row // shape.shelves % shape.times
    in_slot = draw.below(seed, "sensors.jitter", number, _JITTER_US)
    at = midnight(row // a_day) + time * (_DAY_US // shape.times) + in_slot
    timeless = draw.one_in(seed, "sensors.timeless", number, plan.every(_WITHOUT_TIME))
    outside = draw.one_in(seed, "sensors.outside", number, plan.every(_OUT_OF_RANGE))
    day = row // a_day
    in_all = (day * shape.stores + nth) * a_day + row % a_day
    return (
        rows.with_columns(number=in_all.cast(pl.UInt64))
        .with_columns(
            day=day,
            shelf=shelf,
            hour=time * 24 // shape.times,
            missing_sensor_ts=timeless,
            out_of_range=outside & ~timeless,
            at=moment(at),
        )
        .select(
            pl.when(~pl.col("missing_sensor_ts")).then("at").alias("sensor_ts"),
            pl.lit(store_id, dtype=pl.Int64).alias("store_id"),
            pl.format("SHELF-{}", (pl.col("shelf") + 1).cast(pl.String).str.zfill(2)).alias(
                "shelf_id"
            ),
            *_measured(plan, nth),
            "day",
            "missing_sensor_ts",
            "out_of_range",
        )
        .collect()
    )


def _measured(plan: Plan, nth: int) -> list[pl.Expr]:
    seed, number, shelf = plan.seed, pl.col("number"), pl.col("shelf")
    warmth = draw.at(_WARMTH, pl.col("hour"))
    base, swing, damp = (draw.at(values, shelf) for values in zip(*_SHELVES, strict=True))
    noise = draw.normal(seed, "sensors.noise", number, 45)
    damp_noise = draw.normal(seed, "sensors.damp", number, 210)
    temperature = base + swing * warmth // 100 + noise
    humidity = damp - 4 * warmth + damp_noise
    kind = draw.below(seed, "sensors.wrong", number, len(_OUTSIDE))
    wrong = [draw.at(values, kind) for values in zip(*_OUTSIDE, strict=True)]
    shown = [
        pl.when("out_of_range").then(pl.coalesce(beyond, value)).otherwise(value)
        for beyond, value in zip(wrong, (temperature, humidity), strict=True)
    ]
    # A battery lasts 180 days; each sensor got its first one on another day.
    age = (pl.col("day") + shelf * 37 + nth * 53) % 180
    battery = 3000 - age * 4 - draw.below(seed, "sensors.battery", number, 12)
    return [
        draw.decimal(shown[0], 2, 2, 5).alias("temperature_c"),
        draw.decimal(shown[1], 2, 2, 5).alias("humidity_pct"),
        battery.cast(pl.Int32).alias("battery_mv"),
    ]
