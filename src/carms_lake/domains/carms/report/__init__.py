"""What the report shows of the programs of the newest match."""

from __future__ import annotations

from carms_lake.domains.carms.report import (
    calendar,
    changes,
    demand,
    match_runs,
    programs,
    requirements,
    seats,
)

PAGES = (
    seats.PAGE,
    demand.PAGE,
    calendar.PAGE,
    requirements.PAGE,
    changes.PAGE,
    match_runs.PAGE,
    programs.PAGE,
)
