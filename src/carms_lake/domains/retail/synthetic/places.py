"""Addresses: towns by weight, postcodes and phone numbers as their country writes them."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from carms_lake.domains import draws as draw
from carms_lake.domains.retail.synthetic.words import COUNTRIES, Country

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
