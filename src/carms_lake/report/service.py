"""The block of the cockpit about `carms serve`: what it counted since it started."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from carms_lake.report.blocks import column, name_column, table
from carms_lake.report.words import Both

if TYPE_CHECKING:
    from carms_lake.report.facts import Facts
    from carms_lake.report.filled import Filled
    from carms_lake.report.pages import Column

_MS = Both("ms", "ms")


def service(facts: Facts) -> Iterator[Filled]:
    """A row for each route: requests, errors, and the times within which most were answered."""
    if facts.service is None:
        return
    rows = [{"counted_at": facts.service["written_at"], **one} for one in facts.service["routes"]]
    columns: tuple[Column, ...] = (
        name_column("route"),
        column("requests"),
        column("refused"),
        column("errors"),
        *(column(f"p{part}_ms", unit=_MS) for part in (50, 95, 99)),
        column("counted_at"),
    )
    yield table("service", rows, columns, note="service")
