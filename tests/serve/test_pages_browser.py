"""The pages in a real browser: nothing else is asked for or blocked, and all can be reached.

`in_browser` says what it needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from in_browser import chromium, opened
from served import Client, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carms_lake import Lake

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("shipped_lake", ["carms"], indirect=True),
]

PATHS = (
    "", "/programs?q=rural&limit=5", "/programs/{one}", "/compare?programs={one},{two}",
    "/rank?wish1=province%3DON&applicant=IMG", "/tables", "/tables/program_profile?limit=5", "/api",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def service(shipped_lake: Lake) -> Iterator[Client]:
    with serving(shipped_lake) as client:
        yield client


@pytest.fixture(scope="module")
def site(service: Client) -> str:
    return f"http://127.0.0.1:{service.port}"


def addresses(service: Client, lang: str) -> list[str]:
    programs = service.get("/programs?limit=2").json["programs"]
    one, two = (each["program_stream_id"] for each in programs)
    place = f"http://127.0.0.1:{service.port}/{lang}"
    return [place + path.format(one=one, two=two) for path in PATHS]


@pytest.mark.parametrize(("lang", "width"), [("en", 1400), ("fr", 390)])
def test_a_page_asks_for_its_own_files_alone_and_fits(browser, service, site, lang, width) -> None:
    for address in addresses(service, lang):
        with opened(browser, address, viewport={"width": width, "height": 900}) as seen:
            assert (address, seen.complaints) == (address, [])
            assert all(one.startswith(site) for one in seen.requests)
            assert {urlsplit(one).path.split("/")[1] for one in seen.requests} <= {lang, "assets"}
            assert (address, seen.width() <= width) == (address, True)


@pytest.mark.parametrize(("lang", "scheme", "width"), [("en", "light", 1400), ("fr", "dark", 390)])
def test_the_rules_of_axe_pass(browser, service, lang, scheme, width) -> None:
    size = {"width": width, "height": 900}
    for address in addresses(service, lang):
        with opened(browser, address, viewport=size, color_scheme=scheme, bypass_csp=True) as seen:
            assert (address, seen.violations()) == (address, [])


def test_the_keyboard_reaches_everything_and_what_it_is_on_is_seen(browser, service) -> None:
    for address in addresses(service, "en"):
        with opened(browser, address) as seen:
            seen.page.keyboard.press("Tab")
            assert seen.page.evaluate("document.activeElement.className") == "skip"
            assert seen.page.locator(".skip").bounding_box()["x"] >= 0
            style = "getComputedStyle(document.activeElement).outlineStyle"
            assert seen.page.evaluate(style) == "solid"
    with opened(browser, addresses(service, "en")[1]) as seen:
        assert seen.missed_by_keyboard() == []


def test_a_person_finds_compares_and_changes_the_language(browser, service, site) -> None:
    """By the controls of the pages alone, without a script."""
    with opened(browser, f"{site}/en", java_script_enabled=False) as seen:
        page = seen.page
        page.get_by_label("Province of training").select_option("ON")
        page.get_by_role("button", name="Search").click()
        assert page.url == f"{site}/en/programs?province=ON"
        total = service.get("/programs?province=ON").json
        assert page.locator(".total").inner_text().startswith(f"{total['total']} programs")
        boxes = page.locator(".hit input[type=checkbox]")
        boxes.nth(0).check()
        boxes.nth(1).check()
        page.get_by_role("button", name="Compare the chosen programs").click()
        assert page.locator("table.compared").first.is_visible()
        before = page.url
        page.get_by_role("link", name="Français").click()
        assert page.url == before.replace("/en/", "/fr/")
        assert page.locator("html").get_attribute("lang") == "fr"
        page.locator("table.compared a").first.click()
        page.locator("details.why summary").first.click()
        assert page.locator("details.why blockquote").first.is_visible()


def test_a_page_is_printed_without_its_controls(browser, site) -> None:
    with opened(browser, f"{site}/en/programs") as seen:
        seen.page.emulate_media(media="print")
        assert not seen.page.locator("form.filters").is_visible()
        assert seen.page.locator(".hit").first.is_visible()
