"""Errors as a page, for those who ask for one; everybody else gets RFC 9457."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson

from carms_lake.report.markup import Child, Markup, h, join
from carms_lake.report.words import LANGUAGES
from carms_lake.serve.errors import PROBLEM
from carms_lake.serve.pages.language import language_of
from carms_lake.serve.pages.page import Drawn
from carms_lake.serve.pages.site import HEADERS, HTML, Site

if TYPE_CHECKING:
    from carms_lake.report.words import Words
    from carms_lake.serve.replies import Reply, Scope

UNKNOWN_KEY = 401
_CODE = re.compile(r"`([^`]*)`")
_GENERAL = 500


def as_page(reply: Reply, scope: Scope, site: Site) -> Reply:
    """The reply, as a page where it is an error and a browser asks for pages."""
    wanted = scope["carms"]["headers"].get(b"accept", b"")
    if reply.media_type != PROBLEM or b"text/html" not in wanted.lower():
        return reply
    words = site.words(language_of(scope))
    said = orjson.loads(reply.body)
    drawn = _drawn(reply.status, said.get("detail", ""), said.get("hint", ""), words)
    path = scope["raw_path"].decode("latin-1")
    query = scope["query_string"].decode("latin-1")
    rest = path.removeprefix(f"/{words.lang}")
    is_page = rest != path and rest[:1] in ("", "/")
    places = {
        lang: f"/{lang}{rest}{'?' + query if query else ''}" if is_page else f"/{lang}"
        for lang in LANGUAGES
    }
    reply.body, reply.media_type = site.whole(words, drawn, places), HTML
    reply.headers |= {**HEADERS, "content-language": words.lang, "vary": "accept, accept-language"}
    if reply.status == UNKNOWN_KEY:  # a browser then asks for the key, as a password
        reply.headers["www-authenticate"] = 'Basic realm="carms", charset="UTF-8"'
    return reply


def _drawn(status: int, detail: str, hint: str, words: Words) -> Drawn:
    key = f"error.{status if f'error.{status}' in words else _GENERAL}"
    text = [h("p", _marked(detail)), h("p", _marked(hint)) if hint else None]
    more: Child = h("div", text, lang="en", cls="said")
    if words.lang != "en":  # the messages of the product are in English
        more = h("details", h("summary", words("error.said")), more)
    back = h("p", h("a", words("error.back"), href=f"/{words.lang}"))
    return Drawn(words(key), join([h("p", words(f"{key}.do")), more, back]))


def _marked(said: str) -> Markup:
    """A message, what is between backticks as code."""
    parts = _CODE.split(said)
    return join(h("code", part) if at % 2 else part for at, part in enumerate(parts))


def closed(words: Words) -> Markup:
    """What the first page says where a key is needed."""
    key = h("a", words("site.closed.enter"), href=f"/{words.lang}/tables", cls="button")
    return join([h("p", words("site.closed")), h("p", key)])
