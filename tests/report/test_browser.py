"""The page in a real browser: nothing is asked for, blocked or wrong, and everything is reached.

`in_browser` says what it needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from in_browser import chromium, opened
from tiny import built

from carms_lake.api import Lake
from carms_lake.report import report

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

HOSTILE = "<img src=x onerror=alert(1)>,p1,1\n"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The addresses of the page of a small lake in both languages."""
    folder = tmp_path_factory.mktemp("page")
    lake = Lake(built(folder / "lake", sales=f",p1,1\ns4,p9,1\n{HOSTILE}"))
    found = {}
    for lang in ("en", "fr"):
        file: Path = folder / f"{lang}.html"
        file.write_text(report(lake, lang).html(), encoding="utf-8")
        found[lang] = file.as_uri()
    return found


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1400])
def test_the_page_asks_for_nothing_and_fits(browser, files, lang, scheme, width) -> None:
    size = {"width": width, "height": 900}
    with opened(browser, files[lang], viewport=size, color_scheme=scheme, offline=True) as seen:
        assert (seen.complaints, len(seen.requests), seen.width() <= width) == ([], 1, True)


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_rules_of_axe_pass(browser, files, lang, scheme) -> None:
    with opened(browser, files[lang], color_scheme=scheme, bypass_csp=True) as seen:
        assert seen.violations() == []


def test_the_keyboard_reaches_every_link_field_and_region(browser, files) -> None:
    with opened(browser, files["en"]) as seen:
        assert seen.missed_by_keyboard() == []


def test_the_search_leaves_the_tables_that_have_the_word(browser, files) -> None:
    with opened(browser, files["en"]) as seen:
        seen.page.get_by_label("Search tables and columns").fill("PRICE history")
        shown = seen.page.locator("#catalogue-tables > details:visible summary code")
        assert "gold.price_history" in shown.all_inner_texts()
        assert "gold.fact_sale" not in shown.all_inner_texts()
        count = seen.page.locator("output").first.inner_text()
        assert count.startswith(f"{shown.count()} of ")


def test_a_table_of_the_lineage_leaves_its_relatives_and_again_all(browser, files) -> None:
    with opened(browser, files["en"]) as seen:
        box = seen.page.locator('.lineage a[data-table="silver.product"]')
        entries = seen.page.locator("#catalogue-tables > details")
        before = entries.filter(visible=True).count()
        box.focus()
        seen.page.keyboard.press("Enter")
        left = {one.get_attribute("data-table") for one in entries.filter(visible=True).all()}
        assert {"bronze.products", "silver.product", "gold.dim_product"} <= left
        assert "bronze.sales" not in left
        assert seen.page.locator(".lineage a.off").count() > 0
        box.click()
        assert entries.filter(visible=True).count() == before
        assert seen.page.locator(".lineage a.off").count() == 0


def test_a_link_opens_what_is_folded(browser, files) -> None:
    address = f"{files['en']}#t-gold.dim_product"
    with opened(browser, files["en"]) as seen:
        seen.page.goto(address)
        entry = seen.page.locator('details[id="t-gold.dim_product"]')
        assert entry.get_attribute("open") is not None
        seen.page.get_by_label("Search tables and columns").fill("nothing has this")
        assert not entry.is_visible()
        seen.page.goto(f"{files['en']}#t-gold.fact_sale")
        assert seen.page.locator('details[id="t-gold.fact_sale"]').is_visible()


def test_without_javascript_text_tables_and_charts_are_there(browser, files) -> None:
    with opened(browser, files["en"], java_script_enabled=False) as seen:
        assert seen.page.locator("#cockpit .sentence").is_visible()
        assert seen.page.locator("#sales-by_product .bars").is_visible()
        summary = seen.page.locator("#sales-by_product summary").first
        summary.click()
        assert seen.page.locator("#sales-by_product table").is_visible()
        assert not seen.page.locator(".finder").first.is_visible()


def test_it_prints_without_its_navigation(browser, files) -> None:
    with opened(browser, files["en"]) as seen:
        seen.page.emulate_media(media="print")
        assert not seen.page.locator("nav").is_visible()
        assert seen.page.locator("#cockpit .sentence").is_visible()
        assert len(seen.page.pdf()) > 10_000
