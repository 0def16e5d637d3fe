"""The report's own words, in English and French, and how each language writes numbers and days."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

from carms_lake.report.markup import Markup, text

Lang = Literal["en", "fr"]

LANGUAGES: tuple[Lang, ...] = ("en", "fr")

_NARROW, _HARD = "\u202f", "\u00a0"
"""The spaces of French numbers and units: neither breaks a line."""
_SECONDS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))
_BYTES = ("B", "KB", "MB", "GB")


class Both(NamedTuple):
    """The same words in both languages."""

    en: str
    fr: str


@lru_cache(maxsize=1)
def dictionary() -> dict[str, Both]:
    """All words of the report by key, from `words.csv`."""
    return read_words(Path(__file__).with_name("words.csv"))


def read_words(file: Path) -> dict[str, Both]:
    """The words of a CSV file with the columns key, en and fr."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return {row["key"]: Both(row["en"], row["fr"]) for row in csv.DictReader(lines)}


def both(key: str) -> Both:
    """The words of a key, for what `pages` wants in both languages."""
    return dictionary()[key]


class Words:
    """One language: words by key, numbers, days, spans of time and sizes.

    `more` are words besides those of the report.
    """

    def __init__(self, lang: Lang, more: Mapping[str, Both] | None = None) -> None:
        self.lang: Lang = lang
        self._said = {**dictionary(), **more} if more else dictionary()

    def __contains__(self, key: str) -> bool:
        """Whether there are words of this key."""
        return key in self._said

    def __call__(self, key: str, **values: object) -> str:
        """The words of a key with values in the place of `{name}`.

        Where a value is `n`, one and many differ: `key.one` is for 1, in French for 0 too.
        """
        count = values.get("n")
        if isinstance(count, int) and (count == 1 or (count == 0 and self.lang == "fr")):
            key = f"{key}.one" if f"{key}.one" in self else key
        shown = {
            name: self.number(value) if isinstance(value, int | float) else value
            for name, value in values.items()
        }
        return self.of(self._said[key]).format(**shown)

    def of(self, said: Both | str) -> str:
        """The words in this language; a text is the same in both."""
        return said if isinstance(said, str) else said[LANGUAGES.index(self.lang)]

    def code(self, group: str, value: object) -> str | Markup:
        """What a code of ours is called, `code.severity.error`; one without words as it is."""
        key = f"code.{group}.{value}"
        if key in self:
            return self(key)
        return Markup(f"<code>{text(value)}</code>")

    def number(self, value: float, digits: int | None = None) -> str:
        """A number with its thousands apart; up to 2 digits behind the point, or so many.

        >>> Words("en").number(1234567), Words("en").number(0.126), Words("fr").number(12.5)
        ('1,234,567', '0.13', '12,5')
        """
        if isinstance(value, int):
            shown = f"{value:,}"
        else:
            shown = f"{value:,.{2 if digits is None else digits}f}"
            if digits is None:
                shown = shown.rstrip("0").rstrip(".")
        if self.lang == "fr":
            shown = shown.replace(",", _NARROW).replace(".", ",")
        return shown.replace("-", "\u2212")

    def percent(self, value: float) -> str:
        """A percentage; 100 only where nothing is missing."""
        shown = min(round(value, 1), 99.9) if value < 100 else value  # noqa: PLR2004 - all of it
        return f"{self.number(shown)}{_NARROW if self.lang == 'fr' else ''}%"

    def day(self, value: date) -> str:
        """A day, as ISO 8601 writes it: both languages of Canada use it."""
        return value.strftime("%Y-%m-%d")

    def moment(self, value: datetime) -> str:
        """A moment in UTC, to the minute."""
        at = value if value.tzinfo is None else value.astimezone(UTC)
        return f"{at:%Y-%m-%d %H:%M}{_HARD}UTC"

    def span(self, seconds: float) -> str:
        """A length of time in its largest unit."""
        for unit, name in _SECONDS:
            if seconds >= unit:
                digits = 1 if seconds < 10 * unit else 0
                return self._with_unit(seconds / unit, name, digits)
        return self._with_unit(seconds, "s", 2)

    def size(self, size: float) -> str:
        """Bytes in the unit that people read."""
        unit = 0
        while size >= 1024 and unit < len(_BYTES) - 1:  # noqa: PLR2004 - what a unit is of another
            size, unit = size / 1024, unit + 1
        return self._with_unit(size, _BYTES[unit], 1 if unit else 0)

    def _with_unit(self, value: float, unit: str, digits: int) -> str:
        shown = self.number(round(value, digits) if digits else round(value))
        return f"{shown}{_HARD}{self('unit.' + unit)}"
