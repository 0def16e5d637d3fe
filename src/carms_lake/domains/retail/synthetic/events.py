"""Events of the shop on the web: one JSON object per line, half of them in an envelope."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from carms_lake.domains import draws as draw
from carms_lake.domains.retail.synthetic import customers, products, words
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
