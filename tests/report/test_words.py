"""The dictionaries of the report and of pages are whole in both languages; each writes numbers."""

from __future__ import annotations

import re
import string
from datetime import UTC, datetime
from pathlib import Path

import pytest

import carms_lake
from carms_lake.report.words import Words, read_words

ENGLISH = {
    "age", "all", "and", "are", "as", "be", "been", "by", "can", "check", "checks", "column",
    "columns", "each", "every", "failed", "file", "files", "for", "from", "has", "have", "here",
    "in", "is", "it", "its", "late", "may", "newest", "no", "none", "not", "of", "oldest", "on",
    "one", "promised", "record", "row", "rows", "run", "runs", "search", "severity", "shown",
    "size", "start", "than", "that", "the", "then", "there", "this", "to", "today", "two",
    "value", "was", "were", "what", "which", "with", "without", "yes",
}  # fmt: skip
FILES = Path(carms_lake.__file__).parent.rglob("words.csv")
WORDS = [
    (f"{file.parent.name}: {key}", said) for file in FILES for key, said in read_words(file).items()
]
BY_KEY = dict(WORDS)
SAME_IN_FRENCH = {"table", "on", "source", "sources", "version", "as"}


@pytest.mark.parametrize("key", sorted(BY_KEY))
def test_both_languages_say_something_with_the_same_values(key: str) -> None:
    said = BY_KEY[key]
    assert all(one == one.strip() and one for one in said)
    names = [{name for _, name, _, _ in string.Formatter().parse(one) if name} for one in said]
    if key.endswith(".one"):  # one may be said without its figure
        names = [found - {"n"} for found in names]
    assert names[0] == names[1]


@pytest.mark.parametrize("key", sorted(BY_KEY))
def test_no_english_word_is_in_the_french(key: str) -> None:
    said = re.sub(r"\{+\w+\}+", "", BY_KEY[key].fr.casefold())
    words = set(re.findall(r"[a-zà-ÿœ]+", said))
    assert not words & (ENGLISH - SAME_IN_FRENCH)


@pytest.mark.parametrize("key", [key for key in BY_KEY if key.endswith(".one")])
def test_the_words_for_one_have_words_for_many(key: str) -> None:
    assert key.removesuffix(".one") in BY_KEY


def test_one_and_many_differ_and_nought_is_one_in_french() -> None:
    en, fr = Words("en"), Words("fr")
    assert [en("n_rows", n=n) for n in (0, 1, 2000)] == ["0 rows", "1 row", "2,000 rows"]
    assert [fr("n_rows", n=n) for n in (0, 1, 2)] == ["0 ligne", "1 ligne", "2 lignes"]


@pytest.mark.parametrize(
    ("value", "en", "fr"),
    [(0, "0", "0"), (-1234.5, "\u22121,234.5", "\u22121\u202f234,5"), (0.126, "0.13", "0,13")],
)
def test_numbers_are_written_as_each_language_does(value: float, en: str, fr: str) -> None:
    assert (Words("en").number(value), Words("fr").number(value)) == (en, fr)


def test_a_percentage_is_100_only_where_nothing_is_missing() -> None:
    assert [Words("en").percent(n) for n in (100, 99.99, 50)] == ["100%", "99.9%", "50%"]
    assert Words("fr").percent(99.5) == "99,5\u202f%"


def test_spans_sizes_and_moments_have_their_units() -> None:
    en, fr = Words("en"), Words("fr")
    assert [en.span(s) for s in (0.25, 90, 7200, 864000)] == [
        "0.25\u00a0s", "1.5\u00a0min", "2\u00a0h", "10\u00a0d"
    ]  # fmt: skip
    assert [fr.size(s) for s in (500, 1536, 3 * 2**30)] == [
        "500\u00a0o", "1,5\u00a0Ko", "3\u00a0Go"
    ]  # fmt: skip
    at = datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert en.moment(at) == "2025-03-04 05:06\u00a0UTC"
