"""All pages of a service, those of its domain and those that every domain has; and their head."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from carms_lake import __version__, authored
from carms_lake.errors import ContractError
from carms_lake.report.markup import Markup, h
from carms_lake.report.words import LANGUAGES, Both, Lang, Words, read_words
from carms_lake.serve.pages import assets
from carms_lake.serve.pages.page import Drawn, Page

if TYPE_CHECKING:
    from carms_lake.serve.pages.page import Visit

CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""What a browser lets a page do: its stylesheet, its icon, forms that lead to the service."""
HEADERS = {"content-security-policy": CSP, "referrer-policy": "same-origin"}
HTML = "text/html; charset=utf-8"
NAMES = {"en": "English", "fr": "Français"}


@dataclass(frozen=True)
class Site:
    """The pages of a service; of two with one path the first counts."""

    domain: str
    pages: tuple[Page, ...]
    said: Mapping[str, Both]
    """The words of the domain."""

    def words(self, lang: Lang) -> Words:
        """The words of a language: the report's, those of all pages, the domain's."""
        return Words(lang, {**own_words(), **self.said})

    def document(self, visit: Visit, drawn: Drawn) -> bytes:
        """A page as it is sent."""
        run_id = visit.asked.snapshot.run_id
        places = {lang: visit.again(lang) for lang in LANGUAGES}
        return self.whole(visit.words, drawn, places, visit.page.path, run_id)

    def whole(
        self,
        words: Words,
        drawn: Drawn,
        places: Mapping[Lang, str],
        at: str = "",
        run_id: str = "",
    ) -> bytes:
        """A page with its head, navigation and foot; `places` is where it is, by language."""
        name = self.name(words)
        title = drawn.title if drawn.title == name else f"{drawn.title} \u00b7 {name}"
        others = [lang for lang in LANGUAGES if lang != words.lang]
        head = h(
            "head",
            h("meta", charset="utf-8"),
            h("meta", name="viewport", content="width=device-width, initial-scale=1"),
            h("meta", name="color-scheme", content="light dark"),
            h("title", title, lang=drawn.lang),
            h("link", rel="stylesheet", href=assets.STYLE.path),
            h("link", rel="icon", href=assets.ICON.path, type_="image/svg+xml"),
            [h("link", rel="alternate", hreflang=one, href=places[one]) for one in others],
        )
        switch = [
            h("a", NAMES[one], href=places[one], lang=one, hreflang=one, cls="switch")
            for one in others
        ]
        top = h(
            "header",
            h("a", name, href=f"/{words.lang}", cls="brand"),
            self._navigation(words, at),
            switch,
            cls="top",
        )
        main = h(
            "main",
            drawn.lead or None,
            h("h1", drawn.title, lang=drawn.lang),
            drawn.body,
            id="main",
            tabindex="-1",
        )
        body = h(
            "body",
            h("a", words("skip"), href="#main", cls="skip"),
            top,
            main,
            _foot(words, run_id),
        )
        return f"<!doctype html>\n{h('html', head, body, lang=words.lang)}\n".encode()

    def name(self, words: Words) -> str:
        """What the site is called: by its domain, else by the domain's name."""
        return words("site.name" if "site.name" in words else "site.lake", domain=self.domain)

    def _navigation(self, words: Words, at: str) -> Markup:
        entries = []
        for page in self.pages:
            if page.label:
                current = (
                    "page" if page.path == at else "true" if _is_below(at, page.path) else None
                )
                place = f"/{words.lang}{page.path}"
                entries.append(h("li", h("a", words(page.label), href=place, aria_current=current)))
        return h("nav", h("ul", entries), aria_label=words("site.nav"))


def _is_below(at: str, path: str) -> bool:
    return path != "/" and at.startswith(f"{path}/")


def _foot(words: Words, run_id: str) -> Markup:
    run = h("p", words("site.run"), " ", h("code", run_id)) if run_id else None
    return h("footer", run, h("p", words("site.made", version=__version__)))


@lru_cache(maxsize=1)
def own_words() -> dict[str, Both]:
    """The words of the pages that every domain has."""
    return read_words(Path(__file__).with_name("words.csv"))


def site_of(domain: str, package: str, module: str, generic: tuple[Page, ...]) -> Site:
    """The pages of a domain, then those that every domain has.

    Raises:
        ContractError: the module cannot be imported, or declares what is not a page.
    """
    code = authored.load(package, module)
    where = authored.shown(package, module)
    found = tuple(getattr(code, "PAGES", ()))
    said = dict(getattr(code, "WORDS", {}))
    for one in found:
        if not isinstance(one, Page):
            raise ContractError(
                f"`{where}`: `PAGES` has {type(one).__name__}, which is not a page",
                "write `carms_lake.serve.pages.page.Page(...)`",
            )
        if one.label and one.label not in said:
            raise ContractError(f"`{where}`: `WORDS` lacks `{one.label}`", "add it")
    paths = [one.path for one in found]
    if twice := [path for path in paths if paths.count(path) > 1]:
        raise ContractError(f"`{where}`: the page `{twice[0]}` is there twice", "declare it once")
    return Site(domain, (*found, *(one for one in generic if one.path not in paths)), said)
