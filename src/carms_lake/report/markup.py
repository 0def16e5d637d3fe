"""HTML that escapes: a text is text wherever it comes from, and only `h` makes tags.

h("p", "a < b", h("b", name), cls="note")
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Union

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})
_EMPTY = frozenset(("br", "hr", "input", "link", "meta"))
_NAMES = {"cls": "class", "for_": "for", "type_": "type"}
_SAFE_ATTRIBUTE = re.compile(r"[a-zA-Z][a-zA-Z0-9:_-]*")
_UNSEEN = re.compile(
    # Controls but tab and line feed; marks that turn or hide text; halves of pairs; non-characters.
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\U000e0000-\U000e007f]"
)


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Child = Union[str, int, float, None, "Iterable[Child]"]
Attribute = str | int | float | bool | None


def text(value: object) -> Markup:
    r"""A value as text for HTML; marks that move a cursor, hide or turn writing are escaped, too.

    >>> print(text("<b>\x1b[1m \u202e & 'x'"))
    &lt;b&gt;\x1b[1m \u202e &amp; &#39;x&#39;
    """
    if isinstance(value, Markup):
        return value
    return Markup(seen(str(value)).translate(_ESCAPES))


def seen(said: str) -> str:
    """A text in which all is seen: controls and marks that hide or turn text are escaped."""
    if said.isprintable():
        return said
    return _UNSEEN.sub(lambda found: repr(found[0])[1:-1], said.replace("\r\n", "\n"))


def h(tag: str, *children: Child, **attributes: Attribute) -> Markup:
    """An element; attributes that are None or False are left out, True has no value.

    `cls` is `class`, `for_` is `for`, and `_` in a name is `-`.

    Raises:
        ValueError: an attribute that a page may not have: a name that is none, or a handler.
    """
    parts = [f"<{tag}"]
    for key, value in attributes.items():
        name = _NAMES.get(key, key.replace("_", "-"))
        if not _SAFE_ATTRIBUTE.fullmatch(name) or name.startswith("on") or name == "style":
            raise ValueError(f"`{name}` is not an attribute of a page without scripts in it")
        if value is True:
            parts.append(f" {name}")
        elif value is not None and value is not False:
            parts.append(f' {name}="{text(value)}"')
    if tag in _EMPTY:
        return Markup("".join((*parts, ">")))
    return Markup("".join((*parts, ">", join(children), f"</{tag}>")))


def join(children: Iterable[Child]) -> Markup:
    """Children one after the other; lists are taken apart, None is nothing."""
    parts = []
    for child in children:
        if child is None:
            continue
        if isinstance(child, str | int | float):
            parts.append(text(child))
        else:
            parts.append(join(child))
    return Markup("".join(parts))


def data(name: str, value: Any) -> Markup:
    """Data for a script of the page, as JSON in which nothing can end the element."""
    said = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    for character in "<>&\u2028\u2029":
        said = said.replace(character, f"\\u{ord(character):04x}")
    return h("script", Markup(said), type_="application/json", id=name)
