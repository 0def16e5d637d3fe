"""Customers: all of them in each delivery, a few of them moved since the base."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from carms_lake.domains import draws as draw
from carms_lake.domains.retail.synthetic import words
from carms_lake.domains.retail.synthetic.plan import moment
from carms_lake.domains.retail.synthetic.stores import PLACES, degrees, near, phone, postcode

if TYPE_CHECKING:
    from carms_lake.domains.retail.synthetic.plan import Plan, Truth

FIRST_ID = 10_001
_SHARES = {
    "malformed_email": 0.007,
    "duplicate_natural_key": 0.002,
    "null_phone": 0.02,
    "null_address_line1": 0.01,
    "text_none": 0.005,
}
_NONE_CELLS = ("city", "state_region", "address_line2")
_FIRST_JOIN_S = 1_420_070_400
_JOIN_SPAN_S = 282_000_000
"""From 2015 to 8 December 2023."""
_DAY_S = 86_400
_FIRST_BIRTH = date(1940, 1, 1)
_LAST_BIRTH = date(2006, 12, 31)


def customers(plan: Plan, truth: Truth) -> pl.DataFrame:
    """One row per customer.

    A duplicate has the natural key and the person of another row, and joined before it.
    """
    total = plan.customers
    counts = [plan.count(total, share) for share in _SHARES.values()]
    picked = draw.picks(plan.seed, "customers.faults", total, [*counts, counts[1]])
    faults = dict(zip(_SHARES, picked, strict=False))
    for kind, places in faults.items():
        keys = [[FIRST_ID + place] for place in places]
        truth.add_keys("customers", kind, ["customer_id"], keys)
    person = dict(zip(faults["duplicate_natural_key"], picked[-1], strict=True))
    everyone = pl.LazyFrame({"place": pl.int_range(total, dtype=pl.UInt64, eager=True)})
    people = everyone.with_columns(
        pl.col("place").replace(person).alias("person"),
        *(pl.col("place").is_in(found).alias(kind) for kind, found in faults.items()),
    )
    return _written(_drawn(people, plan), plan).collect()


def _drawn(people: pl.LazyFrame, plan: Plan) -> pl.LazyFrame:
    seed, person = plan.seed, pl.col("person")
    # Whoever has moved has another address for every 90 days since the base.
    phase = draw.below(seed, "customers.phase", person, 90)
    moved = draw.happens(seed, "customers.moved", person, _changed_share(plan))
    version = pl.when(moved).then(1 + (plan.start + phase) // 90).otherwise(0)
    home = (pl.col("place") * 4096 + version.cast(pl.UInt64)).alias("home")
    city = draw.choice(
        seed, "customers.city", person, range(len(PLACES)), [place.weight for place in PLACES]
    )
    return people.with_columns(
        home,
        city.alias("at"),
        moved.alias("moved"),
        draw.choice(seed, "customers.first", person, words.FIRST_NAMES).alias("first_name"),
        draw.choice(seed, "customers.last", person, words.LAST_NAMES).alias("last_name"),
    )


def _written(people: pl.LazyFrame, plan: Plan) -> pl.LazyFrame:
    """The columns of the file."""
    seed, place, person = plan.seed, pl.col("place"), pl.col("person")
    moved = pl.col("moved")
    days = (_LAST_BIRTH - _FIRST_BIRTH).days
    born = pl.lit(_FIRST_BIRTH) + pl.duration(
        days=draw.below(seed, "customers.birth", person, days)
    )
    has_birth = draw.happens(seed, "customers.has_birth", person, 0.97)
    consents = draw.happens(seed, "customers.consent", person, 0.82)
    changed_mind = moved & draw.happens(seed, "customers.mind", person, 0.1)
    becomes_vip = moved & draw.happens(seed, "customers.becomes_vip", person, 0.2)
    cells = {
        "customer_id": place.cast(pl.Int64) + FIRST_ID,
        "natural_key": pl.lit("CUST-") + draw.coded(person, 8),
        "first_name": pl.col("first_name"),
        "last_name": pl.col("last_name"),
        "email": _email(seed),
        "phone": pl.when(~pl.col("null_phone")).then(phone(seed, "customers.phone", person)),
        **_address(seed),
        "birth_date": pl.when(has_birth).then(born).cast(pl.Date),
        "join_ts": _joined(seed),
        "is_vip": draw.happens(seed, "customers.vip", person, 0.06) | becomes_vip,
        "gdpr_consent": consents.xor(changed_mind),
    }
    none = draw.choice(seed, "customers.none", place, _NONE_CELLS)
    for name in _NONE_CELLS:
        is_none = pl.col("text_none") & (none == name)
        cells[name] = pl.when(is_none).then(pl.lit("None")).otherwise(cells[name])
    return people.select(**cells)


def _address(seed: int) -> dict[str, pl.Expr]:
    home = pl.col("home")
    unit = pl.format(
        "{} {}",
        draw.choice(seed, "customers.unit", home, words.UNITS),
        draw.below(seed, "customers.unit_number", home, 60) + 1,
    )
    has_unit = draw.happens(seed, "customers.has_unit", home, 0.3)
    street = pl.format(
        "{} {} {}",
        draw.below(seed, "customers.house", home, 240) + 1,
        draw.choice(seed, "customers.street", home, words.STREETS),
        draw.choice(seed, "customers.street_kind", home, words.STREET_KINDS),
    )
    latitude, longitude = near(seed, "customers", home)
    return {
        "address_line1": pl.when(~pl.col("null_address_line1")).then(street),
        "address_line2": pl.when(has_unit).then(unit),
        "city": draw.at([city.city for city in PLACES], pl.col("at")),
        "state_region": draw.at([city.state for city in PLACES], pl.col("at")),
        "postcode": postcode(seed, "customers.postcode", home),
        "country_code": draw.at([city.country.code for city in PLACES], pl.col("at")),
        "latitude": degrees(latitude),
        "longitude": degrees(longitude),
    }


def _joined(seed: int) -> pl.Expr:
    """When the customer joined; a duplicate did so before the row that it repeats."""
    joined = _FIRST_JOIN_S + draw.below(seed, "customers.join", pl.col("person"), _JOIN_SPAN_S)
    earlier = draw.below(seed, "customers.earlier", pl.col("place"), 300) * _DAY_S + _DAY_S
    before = pl.when("duplicate_natural_key").then(earlier).otherwise(0)
    return moment((joined - before) * 1_000_000)


def _email(seed: int) -> pl.Expr:
    place, person = pl.col("place"), pl.col("person")
    mailbox = pl.format(
        "{}.{}{}",
        pl.col("first_name").replace_strict({name: _ascii(name) for name in words.FIRST_NAMES}),
        pl.col("last_name").replace_strict({name: _ascii(name) for name in words.LAST_NAMES}),
        person,
    )
    host = draw.choice(seed, "customers.host", person, words.MAIL_HOSTS)
    broken = [
        pl.format("{}.{}", mailbox, host),
        pl.format("@{}", host),
        pl.format("{}@", mailbox),
        pl.format("{}@@{}", mailbox, host),
        pl.format("{} at {}", mailbox, host),
    ]
    kind = draw.below(seed, "customers.broken_email", place, len(broken))
    malformed = pl.coalesce(pl.when(kind == at).then(text) for at, text in enumerate(broken))
    sound = pl.format("{}@{}", mailbox, host)
    return pl.when("malformed_email").then(malformed).otherwise(sound)


def _changed_share(plan: Plan) -> float:
    """More and more rows differ from the base; whoever once differs does so for good."""
    return 0.0 if plan.is_base else min(0.9, 0.05 + plan.start / 3_650)


def _ascii(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub("[^a-z]", "", plain.lower())
