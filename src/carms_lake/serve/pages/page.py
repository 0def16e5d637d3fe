"""What a page is: a path, typed parameters, and a function that draws it. No library of the web.

A domain declares its own in its module `service`, with `PAGES`, a sequence of `Page`, and `WORDS`,
its words by key (`carms_lake.report.words.read_words`). The head, the navigation, the language,
errors and caching are the service's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from carms_lake.report.markup import Markup
from carms_lake.report.words import Lang, Words
from carms_lake.serve.routes import Asked, Parameter

Pairs = Sequence[tuple[str, str]]
"""Names and values of a query, as they are written."""


class Drawn(NamedTuple):
    """What a page shows."""

    title: str
    """Its heading, and the name of its window."""
    body: Markup
    """What comes below the heading."""
    lead: str | Markup = ""
    """What is above the heading, such as the way back."""
    lang: str | None = None
    """The language of the title, where it is not that of the page."""


@dataclass(frozen=True)
class Visit:
    """A page that is asked for: its values, the words of its language, and links."""

    asked: Asked
    words: Words
    page: Page

    @property
    def path(self) -> str:
        """Its path below the language, as `/programs/27447`."""
        parts = {
            one.name: quote(str(self.asked.values[one.name]), safe="")
            for one in self.page.parameters
            if "{" + one.name + "}" in self.page.path
        }
        return self.page.path.format(**parts)

    def link(self, path: str, **values: Any) -> str:
        """Where another page is, in the same language; values that are None are left out."""
        return address(self.words.lang, path, values)

    def again(self, lang: Lang | None = None, **changes: Any) -> str:
        """Where this page is with other values, or in another language."""
        mine = {
            name: value
            for name, value in self.asked.values.items()
            if "{" + name + "}" not in self.page.path
        }
        return address(
            lang or self.words.lang, self.path, {**mine, **dict(self.asked.more)} | changes
        )

    def without(self, name: str) -> str:
        """Where this page is without one of its values, at its beginning."""
        changes: dict[str, Any] = {name: None, "offset": None}
        return self.again(**changes)


@dataclass(frozen=True)
class Page:
    """One page, in both languages."""

    path: str
    """Below the language: `/` is the first page, `/programs/{program_stream_id}` another one."""
    draw: Callable[[Visit], Drawn]
    parameters: tuple[Parameter, ...] = ()
    label: str = ""
    """The key of its words in the navigation; it is not there without."""
    takes_more: bool = False
    """Whether it checks parameters that it does not name by itself: `Asked.more`."""
    tidy: Callable[[Pairs], Pairs] | None = None
    """What a form sends, as the address of the page has it; the browser is led there."""


def address(lang: str, path: str, values: Mapping[str, Any]) -> str:
    """Where a page is in a language, with the values that are not None."""
    given = [(name, written(value)) for name, value in values.items() if value is not None]
    query = urlencode([pair for pair in given if pair[1]], safe=",:")
    return f"/{lang}{'' if path == '/' else path}{'?' + query if query else ''}"


def written(value: Any) -> str:
    """A value as the query of an address has it."""
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
