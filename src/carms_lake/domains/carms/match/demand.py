"""Which discipline applicants want first: an input, with an invented default."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import carms_lake
from carms_lake.domains.carms.match.supply import KINDS, Program

INVENTED: Mapping[str, float] = {
    "Family Medicine": 34, "Internal Medicine": 14, "Psychiatry": 6.5, "Pediatrics": 5.5,
    "Anesthesiology": 6, "Emergency Medicine": 5, "General Surgery": 3.5, "Diagnostic Radiology": 4,
    "Obstetrics and Gynecology": 4, "Orthopedic Surgery": 2.5, "Neurology": 2, "Ophthalmology": 2,
    "Dermatology": 2, "Otolaryngology - Head and Neck Surgery": 1.5, "Urology": 1.3,
    "Plastic Surgery": 1.8, "Physical Medicine & Rehabilitation": 1, "Neurosurgery": 0.7,
    "Radiation Oncology": 0.5, "Diagnostic and Molecular Pathology": 0.6,
}  # fmt: skip
"""Round weights of nobody's but ours. Other disciplines get `PER_SEAT` of weight for each seat."""

PER_SEAT = 0.02

Shares = dict[str, dict[str, float]]
"""By kind of applicant, discipline -> share of first choices; each sums to 1."""


def unknown(what: str, said: str, known: Collection[str], where: str = "") -> carms_lake.UsageError:
    """The error for a name that is none, with the nearest ones."""
    folded = {name.casefold(): name for name in known}
    near = [folded[name] for name in get_close_matches(said.casefold(), folded, 3, 0.5)]
    near += [name for name in sorted(known) if said.casefold() in name.casefold()][:3]
    hint = ", ".join(f"`{name}`" for name in dict.fromkeys(near))
    return carms_lake.UsageError(
        f"{where}unknown {what} `{said}`", f"did you mean {hint}?" if hint else ""
    )


def invented(programs: Collection[Program]) -> Shares:
    """The default, by kind of applicant: of the disciplines that have a program for them."""
    shares: Shares = {}
    for kind in KINDS:
        seats: dict[str, int] = {}
        for program in programs:
            if kind in program.kinds:
                seats[program.discipline] = seats.get(program.discipline, 0) + program.appeal
        weights = {name: INVENTED.get(name, PER_SEAT * n) for name, n in sorted(seats.items())}
        shares[kind] = shared(weights)
    return shares


def shared(weights: Mapping[str, float]) -> dict[str, float]:
    """Weights as shares, rounded so that they are the same on every machine."""
    total = sum(weights.values())
    return {name: round(weight / total, 12) for name, weight in weights.items() if weight > 0}


def read_demand(path: Path, programs: Collection[Program]) -> Shares:
    """The shares of a demand file; a kind that it leaves out is as in the default.

    Raises:
        carms_lake.UsageError: a missing file, wrong TOML, an unknown discipline or kind, a negative
            share, or shares that do not sum to 1; the message names line and key.
    """
    text, data = read_toml(path)
    known = {program.discipline for program in programs}
    found = invented(programs)
    for kind, weights in data.items():
        at = place(path, text, kind)
        if kind not in KINDS or not isinstance(weights, dict):
            raise unknown("kind of applicant", kind, KINDS, at)
        for name, share in weights.items():
            at = place(path, text, name)
            if name not in known:
                raise unknown("discipline", name, known, at)
            if not isinstance(share, int | float) or isinstance(share, bool) or share < 0:
                raise carms_lake.UsageError(f"{at}the share of `{name}` is `{share}`, not 0 to 1")
        total = sum(weights.values())
        if abs(total - 1) > 0.001:  # noqa: PLR2004 - so that people may round
            raise carms_lake.UsageError(
                f"{place(path, text, kind)}the shares of `{kind}` sum to {total:.4g}, not to 1"
            )
        found[kind] = shared(weights)
    return found


def read_toml(path: Path) -> tuple[str, dict[str, Any]]:
    """A TOML file as text and as data.

    Raises:
        carms_lake.UsageError: it cannot be read, or is not TOML; the message names the line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise carms_lake.UsageError(f"`{path}` cannot be read: {error}") from None
    try:
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise carms_lake.UsageError(f"`{path}` is not TOML: {error}") from None


def place(path: Path | str, text: str, key: str) -> str:
    """Where a key is in a file, as the beginning of a message: `demand.toml`, line 3: ."""
    for number, line in enumerate(text.splitlines(), 1):
        begin, found, rest = line.strip(" \t[]\"'").partition(key)
        if found and not begin and not re.match(r"[\w-]", rest):
            return f"`{path}`, line {number}: "
    return f"`{path}`: "
