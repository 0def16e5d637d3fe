"""Towns and addresses, and the stores and suppliers, which are delivered once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from carms_lake.domains import draws as draw
from carms_lake.domains.retail.synthetic import words
from carms_lake.domains.retail.synthetic.words import COUNTRIES, Country

if TYPE_CHECKING:
    from carms_lake.domains.retail.synthetic.plan import Plan, Truth


_LETTERS = tuple("ABDEFGHJLNPQRSTUWXYZ")


@dataclass(frozen=True)
class Place:
    """A town and how many of 100,000 people live there."""

    country: Country
    city: str
    state: str
    postcode: str
    latitude: int
    longitude: int
    weight: int


def _places() -> tuple[Place, ...]:
    return tuple(
        Place(
            country, city.name, city.state, city.postcode, city.latitude, city.longitude,
            country.share_pct * 10 // (1 + at // 3),
        )
        for country in COUNTRIES
        for at, city in enumerate(country.cities)
    )  # fmt: skip


PLACES = _places()
"""All towns; a frame's column `at` says which one a row has."""


def postcode(seed: int, stream: str, index: pl.Expr) -> pl.Expr:
    """A postcode of the town at `at`."""
    starts = draw.at([place.postcode for place in PLACES], pl.col("at"))
    code = draw.at([place.country.code for place in PLACES], pl.col("at"))
    number = draw.below(seed, stream, index, 100).cast(pl.String).str.zfill(2)
    british = pl.format(
        "{}{} {}{}{}",
        starts,
        draw.below(seed, f"{stream}.district", index, 20) + 1,
        draw.below(seed, f"{stream}.sector", index, 9) + 1,
        draw.choice(seed, f"{stream}.first", index, _LETTERS),
        draw.choice(seed, f"{stream}.second", index, _LETTERS),
    )
    return pl.when(code == "GB").then(british).otherwise(starts + number)


def phone(seed: int, stream: str, index: pl.Expr) -> pl.Expr:
    """A phone number of the country of the town at `at`."""
    code = draw.at([place.country.code for place in PLACES], pl.col("at"))
    short = draw.below(seed, stream, index, 100).cast(pl.String).str.zfill(2)
    parts = [
        draw.below(seed, f"{stream}.{part}", index, 1000).cast(pl.String).str.zfill(3)
        for part in (1, 2)
    ]
    texts = {
        "AU": pl.format("+61 4{} {} {}", short, *parts),
        "US": pl.format("+1 5{} 555 0{}", short, parts[0]),
        "GB": pl.format("+44 7{}0 {}{}", short, *parts),
        "NZ": pl.format("+64 21 {} {}{}", parts[0], short, parts[1]),
    }
    return pl.coalesce(pl.when(code == name).then(text) for name, text in texts.items())


def near(seed: int, source: str, index: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Latitude and longitude within 0.1 degrees of the town at `at`, in 1/10,000 degree."""
    latitudes = draw.at([place.latitude for place in PLACES], pl.col("at"))
    longitudes = draw.at([place.longitude for place in PLACES], pl.col("at"))
    return (
        latitudes + draw.below(seed, f"{source}.latitude", index, 2001) - 1000,
        longitudes + draw.below(seed, f"{source}.longitude", index, 2001) - 1000,
    )


def degrees(number: pl.Expr) -> pl.Expr:
    """1/10,000 degrees as a decimal: text of a float differs between releases."""
    return draw.decimal(number, 4, 4)


FIRST_ID = 1
UNQUOTED = "is_unquoted"
"""The column that says which rows are written without the quotes they need."""

_IMPOSSIBLE = 0.005
_DUPLICATE = 0.001
"""Half of 0.2 %: the other store of the pair has the code too."""
_UNQUOTED = 0.002
_KINDS = ("Central", "Plaza", "Market", "Junction", "Westfield", "Outlet", "Arcade", "Quay")
_FLOORS = (", Level 1", ", Level 2", ", Ground Floor", ", North Wing")
_CHANNELS = ("store", "outlet", "pop_up", "online")
_DEGREE = 10_000
_FIRST_OPEN = date(1998, 3, 2)
_OPEN_DAYS = 9_000


def cities(plan: Plan) -> pl.Series:
    """The town of each store as its number in `PLACES`; one row per store."""
    weights = [place.weight for place in PLACES]
    place = pl.int_range(plan.stores, dtype=pl.UInt64)
    drawn = draw.choice(plan.seed, "stores.city", place, range(len(PLACES)), weights)
    return pl.select(drawn).to_series()


def stores(plan: Plan, truth: Truth, file: str) -> pl.DataFrame:
    """One row per store; of two stores with one code the second has the other's."""
    total, seed = plan.stores, plan.seed
    pairs = plan.count(total, _DUPLICATE)
    counts = [plan.count(total, _IMPOSSIBLE), plan.count(total, _UNQUOTED), 2 * pairs]
    impossible, unquoted, doubled = draw.picks(seed, "stores.faults", total, counts)
    truth.add_keys("stores", "impossible_coordinates", ["store_id"], _ids(impossible))
    truth.add_keys("stores", "duplicate_store_code", ["store_id"], _ids(doubled))
    truth.add_keys("stores", "unquoted_comma", ["file", "record"], _records(file, unquoted))
    code_of = dict(zip(doubled[1::2], doubled[::2], strict=True))
    place = pl.col("place")
    rows = pl.DataFrame({"place": pl.int_range(total, dtype=pl.UInt64, eager=True)})
    return rows.with_columns(
        place.replace(code_of).alias("coded"),
        place.is_in(impossible).alias("impossible"),
        place.is_in(unquoted).alias(UNQUOTED),
        cities(plan).alias("at"),
    ).select(**_store_cells(seed))


def _store_cells(seed: int) -> dict[str, pl.Expr]:
    place = pl.col("place")
    has_comma = draw.happens(seed, "stores.comma", place, 0.12) | pl.col(UNQUOTED)
    floor = (
        pl.when(has_comma)
        .then(draw.choice(seed, "stores.floor", place, _FLOORS))
        .otherwise(pl.lit(""))
    )
    beyond = draw.below(seed, "stores.beyond", place, 3)
    opened = draw.below(seed, "stores.open", place, _OPEN_DAYS)
    open_days = draw.below(seed, "stores.closed", place, 300) + 20
    has_closed = draw.happens(seed, "stores.has_closed", place, 0.06)
    opened_on = pl.lit(_FIRST_OPEN) + pl.duration(days=opened)
    latitude, longitude = near(seed, "stores", place)
    wrong = pl.col("impossible")
    north = pl.when(wrong & (beyond != 1)).then(200 * _DEGREE).otherwise(0)
    east = pl.when(wrong & (beyond != 0)).then(400 * _DEGREE).otherwise(0)
    return {
        "store_id": place.cast(pl.Int64) + FIRST_ID,
        "store_code": pl.lit("STR-") + (pl.col("coded") + FIRST_ID).cast(pl.String).str.zfill(5),
        "name": pl.format(
            "{} {}{}",
            draw.at([city.city for city in PLACES], pl.col("at")),
            draw.choice(seed, "stores.kind", place, _KINDS),
            floor,
        ),
        "channel": draw.choice(seed, "stores.channel", place, _CHANNELS, (80, 10, 5, 5)),
        "region": draw.at([city.country.name for city in PLACES], pl.col("at")),
        "state": draw.at([city.state for city in PLACES], pl.col("at")),
        "latitude": degrees(latitude + north),
        "longitude": degrees(longitude + east),
        "open_dt": opened_on.cast(pl.Date),
        "close_dt": pl.when(has_closed).then(opened_on + pl.duration(days=open_days)).cast(pl.Date),
        UNQUOTED: pl.col(UNQUOTED),
    }


def suppliers(plan: Plan, truth: Truth, file: str) -> pl.DataFrame:
    """One row per supplier."""
    total, seed, place = plan.suppliers, plan.seed, pl.col("place")
    counts = [plan.count(total, _UNQUOTED)]
    (unquoted,) = draw.picks(seed, "suppliers.faults", total, counts)
    truth.add_keys("suppliers", "unquoted_comma", ["file", "record"], _records(file, unquoted))
    ending = draw.below(seed, "suppliers.form", place, len(words.FORMS))
    with_comma = pl.when(UNQUOTED).then(ending % 2 + len(words.FORMS) - 2).otherwise(ending)
    codes = ["AU", "NZ", "US", "GB", "CN", "VN", "IN", "DE", "IT"]
    rows = pl.DataFrame({"place": pl.int_range(total, dtype=pl.UInt64, eager=True)})
    return rows.with_columns(place.is_in(unquoted).alias(UNQUOTED)).select(
        (place.cast(pl.Int64) + FIRST_ID).alias("supplier_id"),
        (pl.lit("SUP-") + (place + FIRST_ID).cast(pl.String).str.zfill(6)).alias("supplier_code"),
        pl.format(
            "{} {}{}",
            draw.choice(seed, "suppliers.firm", place, words.FIRMS),
            draw.choice(seed, "suppliers.trade", place, words.TRADES),
            draw.at(words.FORMS, with_comma),
        ).alias("name"),
        draw.choice(seed, "suppliers.country", place, codes, (30, 8, 8, 6, 24, 8, 8, 5, 3)).alias(
            "country_code"
        ),
        draw.from_quantiles(seed, "suppliers.lead", place, (1, 4, 7, 10, 14, 21, 30, 45, 90)).alias(
            "lead_time_days"
        ),
        draw.happens(seed, "suppliers.preferred", place, 0.2).alias("preferred"),
        pl.col(UNQUOTED),
    )


def _ids(places: list[int]) -> list[list[int]]:
    return [[FIRST_ID + place] for place in places]


def _records(file: str, places: list[int]) -> list[list[object]]:
    return [[file, place + 1] for place in places]
