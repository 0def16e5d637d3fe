"""Pages in a real browser: what they ask for, what they complain of, what axe-core finds.

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

if TYPE_CHECKING:
    from collections.abc import Iterator

CHROMIUM = os.environ.get("CARMS_CHROMIUM") or shutil.which("chromium")
AXE = os.environ.get("CARMS_AXE", "")
REACHABLE = 'a, summary, input, select, button, [tabindex="0"]'


@contextmanager
def chromium() -> Iterator[Any]:
    """The browser; the test is skipped where there is none."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("there is no chromium on the path, and CARMS_CHROMIUM names none")
    with api.sync_playwright() as playwright:
        # A container has no user namespaces for Chromium's own sandbox.
        arguments = ["--headless=new", "--no-sandbox"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


class Seen:
    """A page that is open, and what it asked for and complained of."""

    def __init__(self, browser: Any, address: str, **options: Any) -> None:
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.goto(address)

    def width(self) -> int:
        """How wide the whole page is."""
        return int(self.page.evaluate("document.documentElement.scrollWidth"))

    def violations(self) -> list[tuple[str, str]]:
        """The rules of axe-core that are broken, with all that is folded open; else skipped."""
        if not Path(AXE).is_file():
            pytest.skip("CARMS_AXE does not name axe.min.js of axe-core")
        self.page.evaluate(Path(AXE).read_text(encoding="utf-8"))
        said = []
        for is_open in (False, True):
            script = "o => document.querySelectorAll('details').forEach(d => d.open = o)"
            self.page.evaluate(script, is_open)
            tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
            found = self.page.evaluate("tags => axe.run({runOnly: tags})", tags)
            said += [(v["id"], v["nodes"][0]["html"]) for v in found["violations"]]
        return said

    def missed_by_keyboard(self) -> list[str]:
        """What can be seen and used, and the Tab key does not reach."""
        wanted = self.page.evaluate(
            """what => [...document.querySelectorAll(what)]
                .filter(e => e.checkVisibility()).length""",
            REACHABLE,
        )
        reached = self.page.evaluate_handle("new Set()")
        for _ in range(wanted + 5):
            self.page.keyboard.press("Tab")
            self.page.evaluate("seen => seen.add(document.activeElement)", reached)
        found: list[str] = self.page.evaluate(
            """([what, seen]) => [...document.querySelectorAll(what)]
                .filter(e => e.checkVisibility() && e.type !== 'hidden' && !seen.has(e))
                .map(e => e.outerHTML)""",
            [REACHABLE, reached],
        )
        return found


@contextmanager
def opened(browser: Any, address: str, **options: Any) -> Iterator[Seen]:
    """A page, open in a context of its own."""
    seen = Seen(browser, address, **options)
    yield seen
    seen.context.close()
