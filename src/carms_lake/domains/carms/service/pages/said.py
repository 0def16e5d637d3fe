"""What pages call things: schools, disciplines and provinces in both languages, counts, lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from carms_lake.domains.carms.analysis.known import gold_of_this_version
from carms_lake.report.markup import Child, Markup, h
from carms_lake.serve.pages.parts import joined

if TYPE_CHECKING:
    from carms_lake.report.words import Lang, Words
    from carms_lake.serve.pages.page import Visit
    from carms_lake.serve.routes import Asked

_NAMES = """
select kind, code, language, min(name) as name
from other_name
where name_type = 'name' and kind in ('discipline', 'school', 'province')
group by kind, code, language
order by name
"""

Names = Mapping[tuple[str, str], str]
"""By kind and code: the name in the language of the page."""


def names_of(visit: Visit) -> Names:
    """The names in the language of a page."""
    return names(visit.asked, visit.words.lang)


def names(asked: Asked, lang: Lang) -> Names:
    """The names of disciplines, schools and provinces in a language, in its order."""

    def read() -> dict[str, dict[tuple[str, str], str]]:
        with gold_of_this_version():
            _, rows = asked.lake.rows(_NAMES)
        found: dict[str, dict[tuple[str, str], str]] = {"en": {}, "fr": {}}
        for kind, code, language, name in rows:
            found[language][kind, code] = name
        return found

    by_language: dict[str, dict[tuple[str, str], str]] = asked.memory.once(("names",), read)
    return by_language[lang]


def discipline(row: Mapping[str, Any], known: Names) -> str:
    """A program's discipline; as delivered where it has no other name."""
    return known.get(("discipline", row["discipline_id"]), row["discipline_name"])


def school(row: Mapping[str, Any], known: Names) -> str:
    """A program's school."""
    return known.get(("school", str(row["school_code"])), row["school_name"])


def province(code: str | None, known: Names, words: Words) -> str:
    """A province by its code."""
    return words("home.elsewhere") if code is None else known.get(("province", code), code)


def stream(row: Mapping[str, Any]) -> Markup:
    """A program's stream, which is named in English only."""
    return h("span", row["program_stream"], lang="en")


def of_code(words: Words, group: str, code: object, otherwise: Child = None) -> Child:
    """What a code of ours is called; one without words as it is."""
    if code is None:
        return otherwise
    key = f"{group}.{code}"
    return words(key) if key in words else h("span", str(code), lang="zxx")


def who(row: Mapping[str, Any], words: Words) -> Child:
    """Who may apply, by the kinds of applicants that the stream takes."""
    takes = [words(f"who.{kind}") for kind in ("cmg", "img", "usmg") if row[f"eligible_{kind}"]]
    return ", ".join(takes) or of_code(words, "eligibility", row["eligibility"])


def counted(words: Words, programs: int, seats: int) -> str:
    """So many programs with so many seats."""
    return words("with", programs=words("n_programs", n=programs), seats=words("n_seats", n=seats))


def between(words: Words, low: float | None, high: float | None, unit: str = "") -> str | None:
    """A range that may have no upper end; None where nothing is known."""
    if low is None:
        return None
    if high is None:
        return words("fact.open", low=low) + unit
    return words("fact.between", low=low, high=high) + unit


def days(words: Words, first: date | None, last: date | None) -> Child:
    """From a first to a last day, as HTML knows days; None where nothing is known."""
    if first is None or last is None:
        return None
    ends = [time(words, one) for one in dict.fromkeys((first, last))]
    return joined(ends, " \u2013 ")


def time(words: Words, day: date) -> Markup:
    """A day."""
    return h("time", words.day(day), datetime=day.isoformat())


def program_link(visit: Visit, row: Mapping[str, Any], said: Child) -> Markup:
    """A link to a program's page; of an earlier match, to what it was there."""
    iteration = None if row["is_newest_iteration"] else row["match_iteration_id"]
    place = visit.link(f"/programs/{row['program_stream_id']}", iteration=iteration)
    return h("a", said, href=place)


def listed(said: Iterable[Child]) -> Markup:
    """Texts with commas."""
    return joined([one for one in said if one], ", ")
