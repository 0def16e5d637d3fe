"""The page in a real browser: nothing is asked for, blocked or wrong, and everything is reached.

It needs playwright and a Chromium of the system (`CARMS_CHROMIUM`, or `chromium` on the path); the
rules of axe-core are looked at where `CARMS_AXE` names its `axe.min.js`.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tiny import built

from carms_lake.api import Lake
from carms_lake.report import report

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = os.environ.get("CARMS_CHROMIUM") or shutil.which("chromium")
AXE = os.environ.get("CARMS_AXE", "")
HOSTILE = "<img src=x onerror=alert(1)>,p1,1\n"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("there is no chromium on the path, and CARMS_CHROMIUM names none")
    with api.sync_playwright() as playwright:
        # A container has no user namespaces for Chromium's own sandbox.
        arguments = ["--headless=new", "--no-sandbox"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The page of a small lake in both languages."""
    folder = tmp_path_factory.mktemp("page")
    lake = Lake(built(folder / "lake", sales=f",p1,1\ns4,p9,1\n{HOSTILE}"))
    found = {}
    for lang in ("en", "fr"):
        found[lang] = folder / f"{lang}.html"
        found[lang].write_text(report(lake, lang).html(), encoding="utf-8")
    return found


class Seen:
    """A page that is open, and what it asked for and complained of."""

    def __init__(self, browser: Any, file: Path, **options: Any) -> None:
        self.context = browser.new_context(offline=True, **options)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.goto(file.as_uri())


@contextmanager
def opened(browser: Any, file: Path, **options: Any) -> Iterator[Seen]:
    seen = Seen(browser, file, **options)
    yield seen
    seen.context.close()


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1400])
def test_the_page_asks_for_nothing_and_fits(browser, files, lang, scheme, width) -> None:
    size = {"width": width, "height": 900}
    with opened(browser, files[lang], viewport=size, color_scheme=scheme) as seen:
        wide = seen.page.evaluate("document.documentElement.scrollWidth")
        assert (seen.complaints, len(seen.requests), wide <= width) == ([], 1, True)


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_rules_of_axe_pass(browser, files, lang, scheme) -> None:
    if not Path(AXE).is_file():
        pytest.skip("CARMS_AXE does not name axe.min.js of axe-core")
    rules = Path(AXE).read_text(encoding="utf-8")
    with opened(browser, files[lang], color_scheme=scheme, bypass_csp=True) as seen:
        seen.page.evaluate(rules)
        for is_open in (False, True):
            script = "o => document.querySelectorAll('details').forEach(d => d.open = o)"
            seen.page.evaluate(script, is_open)
            tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
            found = seen.page.evaluate("tags => axe.run({runOnly: tags})", tags)
            said = [(v["id"], v["nodes"][0]["html"]) for v in found["violations"]]
            assert said == []


def test_the_keyboard_reaches_every_link_field_and_region(browser, files) -> None:
    with opened(browser, files["en"]) as seen:
        wanted = seen.page.evaluate(
            """() => [...document.querySelectorAll('a, summary, input, select, [tabindex="0"]')]
                .filter(e => e.checkVisibility()).length"""
        )
        reached = seen.page.evaluate_handle("new Set()")
        for _ in range(wanted + 5):
            seen.page.keyboard.press("Tab")
            seen.page.evaluate("seen => seen.add(document.activeElement)", reached)
        missed = seen.page.evaluate(
            """seen => [...document.querySelectorAll('a, summary, input, select, [tabindex="0"]')]
                .filter(e => e.checkVisibility() && !seen.has(e)).map(e => e.outerHTML)""",
            reached,
        )
        assert missed == []


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
    address = f"{files['en'].as_uri()}#t-gold.dim_product"
    with opened(browser, files["en"]) as seen:
        seen.page.goto(address)
        entry = seen.page.locator('details[id="t-gold.dim_product"]')
        assert entry.get_attribute("open") is not None
        seen.page.get_by_label("Search tables and columns").fill("nothing has this")
        assert not entry.is_visible()
        seen.page.goto(f"{files['en'].as_uri()}#t-gold.fact_sale")
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
