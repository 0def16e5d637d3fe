"""A profile from a TOML file, and wishes from words of the command line."""

from __future__ import annotations

import re
import tomllib
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import carms_lake
from carms_lake.domains.carms.analysis import nearest
from carms_lake.domains.carms.analysis.ranking.names import test_code
from carms_lake.domains.carms.analysis.ranking.profile import (
    WISHES,
    Applicant,
    Language,
    Profile,
    Service,
    Wish,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_FIELDS = {"for": "applicant"}
"""Keys of the file whose field of a profile has another name."""

_CHOICES = {
    "for": get_args(Applicant),
    "apply_in": get_args(Language),
    "return_of_service": get_args(Service),
}
_LISTS = ("apply_in", "tests", "disciplines", "schools", "provinces", "fixed")
_NUMBERS = ("min_length", "max_length", "min_seats", "max_seats")
_IN_LOWER_CASE = ("apply_in", "return_of_service", "seats", "length", "low_contestedness", "theme")
KEYS = (
    "for", "apply_in", "tests", "disciplines", "schools", "provinces", "return_of_service",
    *_NUMBERS, "fixed", "busy", "strict", "iteration", "wishes",
)  # fmt: skip
"""The keys of a profile's file."""


def template() -> str:
    """A commented profile to start from; it is valid as it is."""
    return Path(__file__).with_name("template.toml").read_text(encoding="utf-8")


def read_profile(path: Path) -> Profile:
    """The profile in a TOML file.

    Raises:
        UsageError: the file is missing, is not TOML, or a key or value is wrong; the message
            names file, line and key.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        said = getattr(error, "strerror", None) or "it is not text in UTF-8"
        raise carms_lake.UsageError(
            f"`{path}` cannot be read: {said}", "`carms rank --template` writes one to start from"
        ) from None
    return profile_of(text, str(path))


def profile_of(text: str, name: str) -> Profile:
    """The profile in a text of TOML that is called `name` in messages.

    Raises:
        UsageError: as `read_profile`.
    """
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise carms_lake.UsageError(
            f"`{name}` is not TOML: {error}", "write texts in quotes and lists in [ ]"
        ) from None
    values: dict[str, Any] = {}
    for key, value in found.items():
        try:
            values[_FIELDS.get(key, key)] = (
                _wishes(value) if key == "wishes" else _value(key, value)
            )
        except _WrongWish as error:
            raise _at(name, text, error, error.place, error.key) from None
        except carms_lake.UsageError as error:
            raise _at(name, text, error, key, key) from None
    try:
        return Profile(**values)
    except carms_lake.UsageError as error:
        raise carms_lake.UsageError(f"`{name}`: {error.message}", error.hint) from None


def with_options(profile: Profile, options: Mapping[str, Any]) -> Profile:
    """The profile with the options of a command in place of what it says; empty ones are ignored.

    `options` are fields of a profile, with wishes as `wish_of_words` takes them. A wish replaces
    those of its kind. `none` among the tests means that the applicant has none.

    Raises:
        UsageError: a value is wrong.
    """
    given = {name: value for name, value in options.items() if value}
    if "wishes" in given:
        wishes = [wish_of_words(words) for words in given["wishes"]]
        kinds = {wish.kind for wish in wishes}
        given["wishes"] = (*(w for w in profile.wishes if w.kind not in kinds), *wishes)
    if "tests" in given:
        named = [name for name in given["tests"] if name.casefold() != "none"]
        given["tests"] = tuple(test_code(name) for name in named)
    if "apply_in" in given:
        given["apply_in"] = [_chosen(one, get_args(Language)) for one in given["apply_in"]]
    changed: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in given.items()
    }
    return replace(profile, **changed)


def _value(key: str, value: object) -> object:
    """A value of the file as a field of a profile.

    Raises:
        UsageError: it is not what the key takes.
    """
    if key not in KEYS:
        raise carms_lake.UsageError(f"there is no key `{key}`", nearest.hint(key, KEYS))
    choices = _CHOICES.get(key)
    if key in _LISTS:
        texts = _texts(key, value)
        if key == "tests":
            return tuple(test_code(text) for text in texts)
        return tuple(_chosen(text, choices) for text in texts) if choices else texts
    if key == "busy":
        return tuple(_day(day) for day in (value if isinstance(value, list) else [value]))
    if key in _NUMBERS:
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise carms_lake.UsageError(f"{_shown(value)} is not a whole number from 0 upward")
        return value
    if key == "strict":
        if not isinstance(value, bool):
            raise carms_lake.UsageError(f"{_shown(value)} is neither true nor false")
        return value
    (text,) = _texts(key, [value])
    return _chosen(text, choices) if choices else text


def _texts(key: str, value: object) -> tuple[str, ...]:
    """One text or a list of texts; an id or a year may be written as a number."""
    values = value if isinstance(value, list) else [value]
    for one in values:
        if isinstance(one, bool) or not isinstance(one, str | int) or not str(one).strip():
            raise carms_lake.UsageError(
                f"{_shown(one)} is not a text", f'write `{key} = "..."`, with quotes'
            )
    return tuple(str(one).strip() for one in values)


def _chosen(text: str, choices: tuple[str, ...]) -> str:
    """The choice that is meant, upper and lower case alike."""
    for choice in choices:
        if choice.casefold() == text.casefold():
            return choice
    raise carms_lake.UsageError(f"`{text}` is not known", nearest.hint(text, choices))


def _day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str):
        with suppress(ValueError):
            return date.fromisoformat(value)
    raise carms_lake.UsageError(f"{_shown(value)} is not a day", "write it as 2025-01-20")


def _shown(value: object) -> str:
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


class _WrongWish(carms_lake.UsageError):
    """A wish is wrong: `place` is which one, `key` the word in it."""

    def __init__(self, error: carms_lake.UsageError, place: str, key: str) -> None:
        super().__init__(error.message, error.hint)
        self.place = place
        self.key = key


def _wishes(value: object) -> tuple[Wish, ...]:
    """Wishes from a list of tables, each with a kind and its values, and perhaps a weight."""
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise carms_lake.UsageError(
            "wishes are a list of tables", 'write `wishes = [{ province = "ON", weight = 2 }]`'
        )
    return tuple(_wish(n, one) for n, one in enumerate(value, start=1))


def _wish(n: int, table: dict[str, Any]) -> Wish:
    kinds = [key for key in table if key != "weight"]
    wrong = next((key for key in kinds if key not in WISHES), None)
    key = wrong or (kinds[0] if kinds else "weight")
    try:
        weight = _weight(table.get("weight"))
    except carms_lake.UsageError as error:
        raise _WrongWish(error, f"wishes[{n}]", "weight") from None
    try:
        if wrong:
            return Wish(wrong, ())
        return wish_of(_only(kinds), _values(key, table.get(key)), weight)
    except carms_lake.UsageError as error:
        raise _WrongWish(error, f"wishes[{n}]", key) from None


def _only(kinds: list[str]) -> str:
    if len(kinds) == 1:
        return kinds[0]
    said = " and ".join(f"`{kind}`" for kind in kinds) or "nothing but a weight"
    raise carms_lake.UsageError(
        f"a wish is one thing, and this is {said}", "give each wish a table of its own"
    )


def _values(key: str, value: object) -> tuple[str, ...]:
    return ("true",) if key == "low_contestedness" and value is True else _texts(key, value)


def _weight(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise carms_lake.UsageError(f"{_shown(value)} is not a number", "write `weight = 2`")
    return float(value)


def wish_of(kind: str, values: tuple[str, ...], weight: float | None) -> Wish:
    """A wish, with choices in lower case.

    Raises:
        UsageError: as `Wish`.
    """
    return Wish(kind, tuple(map(str.lower, values)) if kind in _IN_LOWER_CASE else values, weight)


def wish_of_words(words: str) -> Wish:
    """A wish as the command line has it: `province=ON,QC:2`, `seats=many`, `low-contestedness`.

    Raises:
        UsageError: it is not written so, or as `Wish`.
    """
    said, colon, weight = words.rpartition(":")
    if not colon:
        said, weight = words, ""
    kind, _, values = said.partition("=")
    number: float | None = None
    if colon:
        try:
            number = float(weight)
        except ValueError:
            raise carms_lake.UsageError(
                f"`{words}`: `{weight}` is not a number",
                "a wish is KIND=VALUE:WEIGHT, as `province=ON:2`",
            ) from None
    texts = tuple(text.strip() for text in values.split(",") if text.strip())
    kind = kind.strip().replace("-", "_")
    if kind == "low_contestedness":
        texts = texts or ("true",)
    return wish_of(kind, texts, number)


def _at(
    name: str, text: str, error: carms_lake.UsageError, place: str, key: str
) -> carms_lake.UsageError:
    """The error with file, place, and the line if the key is written on one line only."""
    written = re.compile(rf"(?:^|[\s{{,.\[\"']){re.escape(key)}[\"']?\s*=")
    lines = [
        n
        for n, line in enumerate(text.splitlines(), start=1)
        if written.search(line.partition("#")[0])
    ]
    line = f", line {lines[0]}" if len(lines) == 1 else ""
    return carms_lake.UsageError(f"`{name}`{line}: `{place}`: {error.message}", error.hint)
