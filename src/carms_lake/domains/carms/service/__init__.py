"""What the domain answers over HTTP besides what every domain does: `ROUTES` and `PAGES`."""

from __future__ import annotations

from carms_lake.domains.carms.service.analysis import ROUTES as ANALYSIS
from carms_lake.domains.carms.service.match import ROUTES as MATCH
from carms_lake.domains.carms.service.pages import PAGES, WORDS
from carms_lake.domains.carms.service.places import ROUTES as PLACES
from carms_lake.domains.carms.service.programs import ROUTES as PROGRAMS
from carms_lake.domains.carms.service.rank import ROUTE as RANK
from carms_lake.domains.carms.service.reports import ROUTES as REPORTS
from carms_lake.serve.routes import TableRoute

ROUTES = (
    *PROGRAMS,
    *PLACES,
    *ANALYSIS,
    RANK,
    *MATCH,
    *REPORTS,
    TableRoute(
        "/api/v1/analytics/match-pressure", "match_pressure", "Applications per seat, by program"
    ),
    TableRoute("/api/v1/analytics/geography", "geo_summary", "Programs by province, discipline"),
    TableRoute("/api/v1/analytics/disciplines", "discipline_summary", "Programs by discipline"),
    TableRoute("/api/v1/analytics/completeness", "completeness", "How many programs have a fact"),
)
"""All routes of the domain."""

__all__ = ["PAGES", "ROUTES", "WORDS"]
