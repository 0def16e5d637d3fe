"""A search field and selects that filter the elements of a list, by the page's one script.

Without JavaScript they are hidden, and the whole list is there.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from carms_lake.report.markup import Attribute, Child, Markup, h
from carms_lake.report.words import Words


def folded(said: str) -> str:
    """A text as it is searched: lower case, without accents.

    >>> folded("Médecine d'urgence")
    "medecine d'urgence"
    """
    apart = unicodedata.normalize("NFKD", said)
    return "".join(c for c in apart if not unicodedata.combining(c)).casefold()


def item(tag: str, *children: Child, find: str = "", **attributes: Attribute) -> Markup:
    """An element of a list that `finder` filters.

    It is found by its text, or by `find` where that is given; `data_<key>` is what selects compare.
    """
    return h(tag, *children, data_find=" ".join(folded(find).split()), **attributes)


def finder(
    words: Words,
    target: str,
    label: str,
    selects: Sequence[tuple[str, str, Mapping[str, str]]] = (),
) -> Markup:
    """The controls for the children of the element `target`.

    `selects` are (key, label, value -> what it is called): an element stays whose `data-<key>` is
    the value chosen, or one of several with `|` between them.
    """
    fields = [
        h("label", label, " ", h("input", type_="search", data_filters=target, autocomplete="off"))
    ]
    for key, name, values in selects:
        options = [h("option", words("find.all"), value="")]
        options += [h("option", called, value=value) for value, called in values.items()]
        fields.append(h("label", name, " ", h("select", options, data_filters=target, data_by=key)))
    count = h("output", data_count=target, data_words=words("find.count"), aria_live="polite")
    return h("div", fields, " ", count, cls="finder", hidden=True)
