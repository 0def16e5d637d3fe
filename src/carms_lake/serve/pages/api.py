"""The paths of the API as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carms_lake.report.markup import Markup, h, join
from carms_lake.serve.pages.page import Drawn, Page, Visit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from carms_lake.serve.routes import Route

_OWN = ("/openapi.json", "/health", "/metrics")


def api_page(routes: Sequence[Route]) -> Page:
    """The page about these routes."""

    def draw(visit: Visit) -> Drawn:
        words = visit.words
        lines = [
            h(
                "tr",
                h("td", route.method, lang="zxx"),
                h("th", _path(route), scope="row", lang="zxx"),
                h("td", route.summary, lang="en"),
            )
            for route in routes
        ]
        heads = [h("th", words(f"api.{key}"), scope="col") for key in ("method", "path", "answer")]
        own = [h("li", h("a", h("code", path), href=path)) for path in _OWN]
        table = h("table", h("thead", h("tr", heads)), h("tbody", lines), cls="list")
        return Drawn(
            words("api.title"), join([h("p", words("api.lead")), h("ul", own, cls="index"), table])
        )

    return Page("/api", draw, label="api.nav")


def _path(route: Route) -> Markup:
    shown = h("code", route.path)
    is_link = route.method == "GET" and "{" not in route.path
    needs_more = any(one.is_required for one in route.parameters)
    return h("a", shown, href=route.path) if is_link and not needs_more else shown
