"""What the names in a profile mean: ids of disciplines, codes of schools and provinces."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import carms_lake
from carms_lake.domains.carms.analysis import nearest
from carms_lake.domains.carms.analysis.filters import ensure_named
from carms_lake.domains.carms.analysis.ranking.profile import Profile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_KINDS = {"disciplines": "discipline", "schools": "school", "provinces": "province"}
"""Constraints that are names, and what they are names of; wishes are called by the latter."""

TESTS = {
    "casper": "Casper",
    "fmproc": "FMProC",
    "lmcc_certificate": "LMCC",
    "mccqe1": "MCCQE Part I",
    "mccqe2": "MCCQE Part II",
    "nac": "NAC",
    "usmle1": "USMLE Step 1",
    "usmle2_ck": "USMLE Step 2 CK",
    "usmle3": "USMLE Step 3",
}
"""Examinations by their codes in dim_requirement."""

_OTHER_TESTS = {
    "cpromf": "fmproc", "mccqe": "mccqe1", "mccqe i": "mccqe1", "mccqe ii": "mccqe2",
    "eacmc1": "mccqe1", "eacmc partie i": "mccqe1", "cnac": "nac", "nac osce": "nac",
    "lmcc": "lmcc_certificate", "usmle2": "usmle2_ck", "usmle step 2": "usmle2_ck",
}  # fmt: skip


@dataclass(frozen=True)
class Resolved:
    """A profile with codes in place of names; its own words by constraint, and by coded wish."""

    profile: Profile
    said: Mapping[str, str]


def resolved(lake: carms_lake.Lake, profile: Profile) -> Resolved:
    """The profile with codes in place of the names that it has.

    Raises:
        UsageError: nothing is called so, the hint has the nearest names; or nothing can fit.
        GoldMissing: gold is not built yet.
    """
    profile.ensure_sound()
    of_constraints = [
        (kind, name) for key, kind in _KINDS.items() for name in getattr(profile, key)
    ]
    of_wishes = [
        (wish.kind, name)
        for wish in profile.wishes
        if wish.kind in _KINDS.values()
        for name in wish.values
    ]
    codes = _codes(lake, sorted({*of_constraints, *of_wishes}))

    def all_of(kind: str, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted({code for name in names for code in codes[kind, name]}))

    wishes = [
        replace(wish, values=all_of(wish.kind, wish.values))
        if wish.kind in _KINDS.values()
        else wish
        for wish in profile.wishes
    ]
    tests = profile.tests
    with_codes = replace(
        profile,
        disciplines=all_of("discipline", profile.disciplines),
        schools=all_of("school", profile.schools),
        provinces=all_of("province", profile.provinces),
        tests=None if tests is None else tuple(sorted({test_code(test) for test in tests})),
        wishes=tuple(wishes),
    )
    texts = {key: " or ".join(getattr(profile, key)) for key in _KINDS}
    texts |= {coded.text: wish.text for coded, wish in zip(wishes, profile.wishes, strict=True)}
    return Resolved(with_codes, texts)


_CODES = "select <n> as n, code from codes_named($kind_<n>, $name_<n>)"


def _codes(lake: carms_lake.Lake, names: list[tuple[str, str]]) -> dict[tuple[str, str], list[str]]:
    """What each name of a kind means, in one question to the lake."""
    if not names:
        return {}
    asked: dict[str, str] = {}
    parts = []
    for n, (kind, name) in enumerate(names):
        asked |= {f"kind_{n}": kind, f"name_{n}": name}
        parts.append(_CODES.replace("<n>", str(n)))
    found = lake.query(" union all ".join(parts) + " order by all", asked)
    codes: dict[tuple[str, str], list[str]] = {name: [] for name in names}
    for n, code in found.rows():
        codes[names[n]].append(code)
    for (kind, name), of_name in codes.items():
        if not of_name:
            ensure_named(lake, {kind: name})
    return codes


def test_code(name: str) -> str:
    """The code of an examination, by its code or name.

    Raises:
        UsageError: there is none; the hint has the nearest name.
    """
    called = {**{code: code for code in TESTS}, **{n.casefold(): c for c, n in TESTS.items()}}
    called |= {other.casefold(): code for other, code in _OTHER_TESTS.items()}
    folded = " ".join(name.casefold().replace("_", " ").split())
    code = called.get(folded.replace(" ", "_")) or called.get(folded)
    if code is None:
        raise carms_lake.UsageError(
            f"no examination is called `{name}`", nearest.hint(name.casefold(), TESTS)
        )
    return code
