"""Parameters of a file of one's own, which `carms match calibrate` writes and others read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import carms_lake
from carms_lake.domains.carms.match.demand import place, read_toml, unknown
from carms_lake.domains.carms.match.parameters import Parameters

LIMITS: Mapping[str, tuple[float, float]] = {
    "cmg": (0, 20_000), "img": (0, 20_000), "usmg": (0, 20_000), "list_length": (1, 100),
    "one_discipline": (0, 1), "two_disciplines": (0, 1), "per_school": (1, 50), "home": (0, 6),
    "province": (0, 4), "region": (0, 3), "language": (0, 8), "agreement": (0, 1),
    "home_bonus": (0, 4), "second_discipline": (0, 4), "canadian": (0, 4), "bar": (-6, 2),
    "bar_img": (-3, 3), "second_enter": (0, 1), "second_length": (1, 100),
    "second_outside": (-10, 20),
}  # fmt: skip
"""From and to, for each parameter: what a file may say, and where a calibration searches."""

ORIGIN = ("years", "hold_out", "seed", "evaluations", "error_before", "error_fitted")
"""What a file may say of where it comes from; only `years` is read."""


class Fitted(NamedTuple):
    """Parameters, as shipped unless given, and the years to whose tables they were fitted."""

    parameters: Parameters = Parameters()
    years: tuple[int, ...] = ()


def read_parameters(path: Path) -> Fitted:
    """The parameters of a file; what it leaves out is as shipped.

    Raises:
        carms_lake.UsageError: it cannot be read, is not TOML, or has an unknown key or a value
            that is not a number within its limits; the message names line and key.
    """
    text, data = read_toml(path)
    for key, value in data.items():
        at = place(path, text, key)
        if key in LIMITS:
            raise carms_lake.UsageError(
                f"{at}`{key}` is outside of a table", "write it below [parameters]"
            )
        if key not in ("parameters", "origin"):
            raise unknown("key", key, ("parameters", "origin"), at)
        if not isinstance(value, dict):
            raise carms_lake.UsageError(f"{at}write it as [{key}]")
    values = data.get("parameters", {})
    if not values:
        raise carms_lake.UsageError(
            f"`{path}` has no table [parameters]", "`carms match calibrate` writes such a file"
        )
    for key, value in values.items():
        _check(key, value, place(path, text, key))
    shares = Parameters()._replace(**values)
    if shares.one_discipline + shares.two_disciplines > 1:
        key = "two_disciplines" if "two_disciplines" in values else "one_discipline"
        raise carms_lake.UsageError(
            f"{place(path, text, key)}`one_discipline` and `two_disciplines` are"
            f" {shares.one_discipline + shares.two_disciplines:g} together, more than 1"
        )
    return Fitted(shares, _years(data.get("origin", {}), path, text))


def _check(key: str, value: Any, at: str) -> None:
    if key not in LIMITS:
        raise unknown("parameter", key, LIMITS, at)
    low, high = LIMITS[key]
    kind = "whole number" if isinstance(Parameters._field_defaults[key], int) else "number"
    fits = isinstance(value, int if kind == "whole number" else int | float)
    if not fits or isinstance(value, bool) or not low <= value <= high:
        raise carms_lake.UsageError(
            f"{at}`{key}` is `{value}`, not a {kind} from {low:g} to {high:g}"
        )


def _years(origin: Mapping[str, Any], path: Path, text: str) -> tuple[int, ...]:
    for key in origin:
        if key not in ORIGIN:
            raise unknown("key", key, ORIGIN, place(path, text, key))
    years = origin.get("years", [])
    if not isinstance(years, list) or not all(type(year) is int for year in years):
        raise carms_lake.UsageError(
            f"{place(path, text, 'years')}`years` is `{years}`, not a list of years",
            "as [2016, 2017]",
        )
    return tuple(years)


def written(
    parameters: Parameters, origin: Mapping[str, object], remarks: Mapping[str, str]
) -> str:
    """A file that `read_parameters` reads as the same; `remarks`: a comment by parameter."""
    lines = [
        "# Parameters of the model of `carms match`, written by `carms match calibrate`.",
        "# `simulate` and `validate` read them with --parameters. They fit the years below; how",
        "# far they are off in a year that they did not see is what calibrate printed.",
        "",
        "[origin]",
        *(f"{key} = {origin[key]}" for key in ORIGIN if key in origin),
        "",
        "[parameters]",
    ]
    for key, value in parameters._asdict().items():
        remark = f"  # {remarks[key]}" if key in remarks else ""
        lines.append(f"{key} = {value}{remark}")
    return "\n".join(lines) + "\n"
