"""`/api/v1/reports/lake.*`: the report of the lake, as `carms report` writes it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from carms_lake.serve.routes import HTML, MARKDOWN, XLSX, Asked, Parameter, Route, Written

LANG = Parameter(
    "lang",
    {"type": "string", "enum": ["en", "fr"], "default": "en"},
    "The language of the report.",
)
_DESCRIPTION = (
    "It is made for the first who asks after a build, which takes some seconds, and kept until the "
    "next one is published. It has no values of rows that failed."
)


def report_routes() -> Iterator[Route]:
    """The report in each of its forms."""
    for suffix, media_type, summary in (
        ("html", HTML, "The report of the lake, one page"),
        ("md", MARKDOWN, "Its tables as Markdown"),
        ("xlsx", XLSX, "Its tables as a workbook, a sheet for each"),
    ):
        yield Route(
            f"/api/v1/reports/lake.{suffix}",
            partial(_report, suffix, media_type),
            summary,
            parameters=(LANG,),
            media_types=(media_type,),
            description=_DESCRIPTION,
        )


def _report(suffix: str, media_type: str, asked: Asked) -> Written:
    words = ("report", f"--lang={asked.values.get('lang', 'en')}")
    # A page is for the browser to show, the others are for it to keep.
    name = None if suffix == "html" else f"{asked.lake.config.domain.name}-report.{suffix}"
    return Written(words, suffix, media_type, name)
