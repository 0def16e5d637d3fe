"""A page as it is asked over HTTP: a route below `/en` and `/fr` whose answer is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from carms_lake import authored
from carms_lake.report.words import LANGUAGES, Lang
from carms_lake.serve.endpoint import Endpoint
from carms_lake.serve.memory import Memory
from carms_lake.serve.pages.errors import closed
from carms_lake.serve.pages.language import language_of
from carms_lake.serve.pages.page import Drawn, Page, Visit
from carms_lake.serve.pages.site import HEADERS, HTML, Site
from carms_lake.serve.replies import Receive, Reply, Scope, Send
from carms_lake.serve.routes import Asked, Encoded, Route

if TYPE_CHECKING:
    from carms_lake.serve.state import State

MOST_KEPT = 64
"""So many drawn pages of a published file are kept; one is about 60 KB."""


class PageEndpoint:
    """A page in one language, as ASGI calls it; the answer is left in the scope."""

    def __init__(self, state: State, site: Site, page: Page, lang: Lang) -> None:
        self._page = page
        self._lists = {one.name for one in page.parameters if one.schema.get("type") == "array"}
        self._endpoint = Endpoint(state, _route(site, page, lang))
        self._lang = lang

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; what a form sends is led to its address without what is empty."""
        query = self._tidy(scope["query_string"])
        if query is not None:
            scope["carms"]["route"] = f"/{self._lang}{self._page.path}"
            place = scope["raw_path"].decode("latin-1") + (f"?{query}" if query else "")
            reply = Reply(303, b"", HTML, {"location": place, "cache-control": "no-cache"})
            scope["carms"]["reply"] = reply
            return
        await self._endpoint(scope, receive, send)
        scope["carms"]["reply"].headers |= {**HEADERS, "content-language": self._lang}

    def _tidy(self, said: bytes) -> str | None:
        """The query as it should be; None where it is so."""
        try:
            pairs = parse_qsl(said.decode("ascii"), keep_blank_values=True, errors="strict")
        except UnicodeError:
            return None  # the endpoint refuses it
        filled = [(name, value.strip()) for name, value in pairs if value.strip()]
        tidied = list(self._page.tidy(filled) if self._page.tidy else filled)
        tidied = list(_joined(tidied, self._lists))
        return None if tidied == pairs else urlencode(tidied, safe=",:")


def _joined(pairs: Iterable[tuple[str, str]], lists: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The values of a list that boxes of a form send one by one, with commas."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        if name not in lists:
            yield name, value
            continue
        known = found.setdefault(name, [])
        known += [one for one in value.split(",") if one and one not in known]
    yield from ((name, ",".join(values)) for name, values in found.items())


def _route(site: Site, page: Page, lang: Lang) -> Route:
    words = site.words(lang)

    def kept(asked: Asked) -> tuple[Memory, Visit, str]:
        pages: Memory = asked.memory.once("pages", lambda: Memory(MOST_KEPT))
        visit = Visit(asked, words, page)
        return pages, visit, visit.again()

    def draw(asked: Asked) -> Encoded:
        pages, visit, place = kept(asked)

        def drawn() -> Encoded:
            with authored.called(f"the page `{page.path}`", page.draw):
                found: Drawn = page.draw(visit)
            return Encoded(site.document(visit, found), HTML)

        found: Encoded = pages.once(place, drawn)
        return found

    def quick(asked: Asked) -> Encoded | None:
        pages, _, place = kept(asked)
        found: Encoded | None = pages.get(place)
        return found

    return Route(
        f"/{lang}{'' if page.path == '/' else page.path}",
        draw,
        page.label,
        parameters=page.parameters,
        quick=quick,
        takes_more=page.takes_more,
        media_types=(HTML,),
    )


class First:
    """The first page in the language that the browser asks for."""

    def __init__(self, state: State, site: Site) -> None:
        self._state, self._site = state, site
        page = next(one for one in site.pages if one.path == "/")
        self._pages = {lang: PageEndpoint(state, site, page, lang) for lang in LANGUAGES}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; without the key that is needed, say so and nothing else."""
        about = scope["carms"]
        lang = language_of(scope)
        if self._state.settings.keys and not about["is_known"]:
            words = self._site.words(lang)
            drawn = Drawn(self._site.name(words), closed(words))
            body = self._site.whole(words, drawn, dict.fromkeys(LANGUAGES, "/"))
            about["route"] = "/"
            about["reply"] = Reply(200, body, HTML, {"cache-control": "no-store", **HEADERS})
        else:
            scope["raw_path"] = f"/{lang}".encode()  # of which its ETag is made
            await self._pages[lang](scope, receive, send)
        about["reply"].headers["vary"] = "accept-language"


def paths(state: State, site: Site) -> Iterator[tuple[str, PageEndpoint | First]]:
    """The paths of all pages, and what answers there."""
    yield "/", First(state, site)
    for lang in LANGUAGES:
        for page in site.pages:
            endpoint = PageEndpoint(state, site, page, lang)
            yield f"/{lang}{page.path}", endpoint
            if page.path == "/":
                yield f"/{lang}", endpoint
