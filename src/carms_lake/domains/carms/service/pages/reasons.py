"""Why a program is like another one, in the language of the page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from carms_lake.domains.carms import reference
from carms_lake.report.markup import Markup, h
from carms_lake.serve.pages.parts import joined

if TYPE_CHECKING:
    from carms_lake.serve.pages.page import Visit

_THEMES = re.compile(r"both speak much of ([^;]+)")
_SAME = ("discipline", "group", "language", "eligibility")


def of(visit: Visit, row: Mapping[str, Any], seed: Mapping[str, Any]) -> Markup:
    """The reasons of a row of `analysis.similar`, and its score."""
    words = visit.words
    said = [words(f"reason.same_{what}") for what in _SAME if row[f"is_same_{what}"]]
    if row["is_same_discipline"]:  # which is then the same group, too
        said.remove(words("reason.same_group")) if row["is_same_group"] else None
    if found := _THEMES.search(row["reasons"]):
        codes = {name: code for code, name in _names().items()}
        themes = ", ".join(
            words(f"theme.{codes[name]}") for name in found[1].split(", ") if name in codes
        )
        said.append(words("reason.themes", themes=themes))
    if row["quota"] is not None and seed["quota"] is not None:
        theirs = words("n_seats", n=row["quota"])
        said.append(words("reason.seats", ours=words.number(seed["quota"]), theirs=theirs))
    score = f"{words('reason.score')} {words.number(row['score'], 2)}"
    return h("p", joined([score, *said]), cls="note")


def _names() -> Mapping[str, str]:
    """The themes by their codes, as `similar_programs` calls them."""
    return dict(reference.themes().select("theme", "theme_name").collect().rows())
