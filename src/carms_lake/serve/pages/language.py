"""The language of a page: what its address says, else what the browser asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carms_lake.report.words import LANGUAGES, Lang

if TYPE_CHECKING:
    from carms_lake.serve.replies import Scope


def language_of(scope: Scope) -> Lang:
    """The language of a request: of its path, else of `Accept-Language`, else English."""
    first = scope["path"].split("/", 2)[1:2]
    for lang in LANGUAGES:
        if first == [lang]:
            return lang
    said = scope["carms"]["headers"].get(b"accept-language", b"").decode("latin-1")
    wanted: dict[str, tuple[float, int]] = {}
    for at, one in enumerate(said.lower().split(",")):
        name, _, quality = one.strip().partition(";")
        try:
            weight = float(quality.partition("q=")[2] or 1)
        except ValueError:
            weight = 0.0
        wanted.setdefault(name[:2], (-weight, at))
    known = [lang for lang in LANGUAGES if wanted.get(lang, (0, 0))[0] < 0]
    return min(known, key=lambda lang: wanted[lang]) if known else LANGUAGES[0]
