"""What several pages are made of: fields of a form, pages of a list, values as they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from carms_lake.report.markup import Attribute, Child, Markup, h, join

if TYPE_CHECKING:
    from carms_lake.report.words import Words
    from carms_lake.serve.pages.page import Visit


def field(label: str, control: Markup, *, cls: str = "field") -> Markup:
    """A control of a form below its label."""
    return h("label", h("span", label), control, cls=cls)


def text_input(name: str, value: Any = None, **attributes: Attribute) -> Markup:
    """A field for text."""
    shown = None if value is None else str(value)
    return h("input", name=name, value=shown, **{"type_": "text", **attributes})


def select(
    name: str,
    options: Mapping[str, Child],
    chosen: object = None,
    empty: str | None = None,
    lang: str | None = None,
) -> Markup:
    """A list to choose from.

    `empty` is what choosing nothing is called, `lang` the language of the others.
    """
    shown = [] if empty is None else [h("option", empty, value="")]
    wanted = None if chosen is None else str(chosen)
    shown += [
        h("option", said, value=value, selected=value == wanted, lang=lang)
        for value, said in options.items()
    ]
    return h("select", shown, name=name)


def boxes(
    name: str, options: Mapping[str, Child], chosen: Iterable[object] = (), **attributes: Attribute
) -> Markup:
    """Boxes to tick, of a list whose values go together."""
    wanted = {str(one) for one in chosen}
    shown = [
        h(
            "label",
            h("input", type_="checkbox", name=name, value=value, checked=value in wanted),
            " ",
            h("span", said),
        )
        for value, said in options.items()
    ]
    return h("div", shown, **{"cls": "boxes", **attributes})


def pager(visit: Visit, total: int, offset: int, limit: int) -> Markup | None:
    """Links to the pages before and after; nothing where there is one page."""
    if total <= limit and not offset:
        return None
    words = visit.words
    first, last = min(offset + 1, total), min(offset + limit, total)
    before = max(offset - limit, 0)
    links = [
        _step(
            words, "site.previous", visit.again(offset=before or None), "prev", is_there=offset > 0
        ),
        h("span", words("site.range", first=first, last=last, total=total)),
        _step(
            words, "site.next", visit.again(offset=offset + limit), "next", is_there=last < total
        ),
    ]
    return h("nav", links, cls="pager", aria_label=words("site.pages"))


def _step(words: Words, key: str, place: str, rel: str, *, is_there: bool) -> Markup:
    if not is_there:
        return h("span", words(key), cls="off")
    return h("a", words(key), href=place, rel=rel)


def chips(entries: Iterable[tuple[Child, str]], words: Words) -> Markup | None:
    """What is asked for, each with a link that takes it away."""
    shown = [
        h(
            "li",
            h(
                "a",
                said,
                h("span", " ", words("site.remove"), cls="unseen"),
                h("span", " \u00d7", aria_hidden="true"),
                href=place,
            ),
        )
        for said, place in entries
    ]
    return h("ul", shown, cls="chips", aria_label=words("site.asked")) if shown else None


def facts(rows: Iterable[tuple[Child, Child]], **attributes: Attribute) -> Markup:
    """Names and values."""
    return h("dl", [(h("dt", name), h("dd", value)) for name, value in rows], **attributes)


def scroll(table: Markup, label: str) -> Markup:
    """A table that scrolls by itself where it is too wide."""
    return h("div", table, cls="scroll", tabindex="0", role="region", aria_label=label)


def joined(parts: Iterable[Child], between: Child = " \u00b7 ") -> Markup:
    """Parts with something between them."""
    found: list[Child] = []
    for part in parts:
        found += [between, part] if found else [part]
    return join(found)
