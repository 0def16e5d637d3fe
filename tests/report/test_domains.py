"""The shipped domains' pages, on a small lake of each: both languages, small, equal bytes."""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING

import pytest
from html_page import Page

from carms_lake.config import builtin_domains
from carms_lake.report import report
from carms_lake.report import words as words_of_report
from carms_lake.report.pages import Chart
from carms_lake.report.words import Both, Words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carms_lake.api import Lake
    from carms_lake.contract.model import Contract

LARGEST_BYTES = 1_000_000


def declared(domain: str) -> tuple:
    try:
        return import_module(f"carms_lake.domains.{domain}.report").PAGES
    except ModuleNotFoundError:
        return ()


def said(thing: object) -> Iterator[Both]:
    """All words in both languages within a page."""
    if isinstance(thing, Both):
        yield thing
    elif isinstance(thing, dict):
        for one in thing.values():
            yield from said(one)
    elif isinstance(thing, tuple):
        for one in thing:
            yield from said(one)
    elif hasattr(thing, "__dataclass_fields__"):
        for name in thing.__dataclass_fields__:
            yield from said(getattr(thing, name))


@pytest.mark.parametrize("domain", builtin_domains())
def test_pages_say_everything_in_both_languages(domain: str) -> None:
    for page in declared(domain):
        for both in said(page):
            assert all(one.strip() == one and one for one in both), both
            assert "'" not in both.fr, f"an apostrophe is \u2019 in French: {both.fr}"


@pytest.mark.parametrize("domain", builtin_domains())
def test_every_chart_has_its_columns_and_a_unit_or_a_label(domain: str) -> None:
    for page in declared(domain):
        for block in page.blocks:
            if isinstance(block, Chart):
                names = {column.name for column in block.columns}
                assert {block.x, *block.y} <= names, block.key


@pytest.mark.slow
def test_the_report_of_a_domain_is_small_and_the_same_each_time(shipped_lake: Lake) -> None:
    for lang in ("en", "fr"):
        first = report(shipped_lake, lang).html()
        assert len(first.encode()) < LARGEST_BYTES
        assert report(shipped_lake, lang).html() == first
        ids = Page(first).ids()
        assert len(set(ids)) == len(ids)


@pytest.mark.slow
def test_no_word_of_a_french_report_is_left_in_english(
    shipped_lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    signs = dict.fromkeys(words_of_report.dictionary(), Both("\u00b6", "\u00b6"))
    monkeypatch.setattr(words_of_report, "dictionary", lambda: signs)
    plain = Words.of
    monkeypatch.setattr(
        Words, "of", lambda w, one: "\u00b6" if isinstance(one, Both) else plain(w, one)
    )
    # A program's own part mixes words and names; tests of carms read it.
    whole = re.sub(
        r'<details[^>]* id="p-.*?</details>', "", report(shipped_lake, "fr").html(), flags=re.DOTALL
    )
    page = Page(whole)
    left = {
        text
        for text in page.in_language()
        if re.search(r"[^\W\d_]", re.sub(_SAME_IN_BOTH, "", text))
    }
    assert left - french_names(shipped_lake) == set()


_SAME_IN_BOTH = r"\d\d:\d\d\u00a0UTC|\b(AUD|CAD)\b|^\d+ (ou plus|à \d+)( pour \d+ postes?)?$"
"""And what SQL writes in French: ranges of applications."""


def french_names(lake: Lake) -> set[str]:
    """Names that the data has in French."""
    if lake.config.domain.name != "carms":
        return set()
    asked = "select name from other_name where language = 'fr' and name_type = 'name'"
    return {name for (name,) in lake.query(asked).rows()}


def _described(contract: Contract) -> list[str]:
    return [said for column in contract.columns for said in (column.description, column.rule)]


@pytest.mark.slow
def test_values_of_people_are_never_in_the_report(shipped_lake: Lake) -> None:
    """Neither in statistics nor with samples: what contracts classify is on no page."""
    made = report(shipped_lake, with_samples=True)
    page, text = made.html(), made.markdown()
    described = " ".join(
        words for c in shipped_lake.contracts.values() for words in (c.description, *_described(c))
    )
    for name, contract in shipped_lake.contracts.items():
        private = [c.name for c in contract.columns if c.is_private and str(c.type) == "varchar"]
        if contract.kind == "macro" or not private or contract.ref.layer == "gold":
            continue
        columns = ", ".join(f'"{column}"' for column in private)
        for row in shipped_lake.query(f"select {columns} from {name} limit 20").rows():
            values = [v for v in row if v and len(v) > 12 and v not in described]
            shown = [v for v in values if v in page or v in text]
            assert shown == [], name
