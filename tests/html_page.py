"""A page as a test reads it."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

EMPTY = {"br", "hr", "input", "link", "meta"}
NO_LANGUAGE = {"code", "pre", "script", "style", "time"}


class Page(HTMLParser):
    """The elements of a page, and its text by what is around it."""

    def __init__(self, said: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[tuple[str, dict[str, str]]] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.labels: list[tuple[str, list[tuple[str, dict[str, str]]]]] = []
        self.texts: list[tuple[str, list[tuple[str, dict[str, str]]]]] = []
        self.feed(said)
        self.close()
        assert not self.open, f"not closed: {self.open[-1]}"

    def handle_starttag(self, tag, attrs):
        element = (tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)
        said = [element[1].get(name) for name in ("aria-label", "title", "alt", "placeholder")]
        self.labels += [(label, [*self.open, element]) for label in said if label]
        if tag not in EMPTY:
            self.open.append(element)

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        if data.strip():
            self.texts.append((data, list(self.open)))

    def ids(self) -> list[str]:
        """The ids, in order."""
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]

    def in_language(self) -> Iterator[str]:
        """Texts and labels that are in the language of the page: no names, SQL, or contracts."""
        for said, around in [*self.texts, *self.labels]:
            apart = any(tag in NO_LANGUAGE or a.get("lang", "fr") != "fr" for tag, a in around[1:])
            if not apart:
                yield said

    def table(self, place: str) -> list[list[str]]:
        """The cells of the table in the element `place`, its header first."""
        rows: list[list[str]] = []
        cells: list[tuple[dict[str, str], list[str]]] = []
        inside = False
        for said, around in self.texts:
            inside = any(a.get("id") == place for _, a in around)
            cell = next((a for tag, a in around if tag in {"td", "th"}), None)
            row = next((a for tag, a in around if tag == "tr"), None)
            if not inside or cell is None or row is None:
                continue
            if not cells or cells[-1][0] is not row:
                cells.append((row, []))
                rows.append([])
                last = None
            if cell is last:
                rows[-1][-1] += said
            else:
                rows[-1].append(said)
            last = cell
        return rows
