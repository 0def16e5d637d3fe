"""What the parts of a service share."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from anyio import CapacityLimiter

from carms_lake.errors import LakeError
from carms_lake.serve.children import Children
from carms_lake.serve.jobs import Jobs
from carms_lake.serve.metrics import Metrics
from carms_lake.serve.routes import Asked
from carms_lake.serve.snapshot import Snapshots
from carms_lake.serve.written import Files

if TYPE_CHECKING:
    from carms_lake import Lake
    from carms_lake.serve.routes import Route
    from carms_lake.serve.settings import Settings
    from carms_lake.serve.snapshot import Snapshot

AT_ONCE = 1
"""Questions that DuckDB answers at once. `similar` alone takes most of the memory that is allowed,
so that two at once would fail; statements of users have a turn and a memory limit of their own."""


class State:
    """A lake, the settings, the snapshot of now, the jobs and the counts."""

    def __init__(self, lake: Lake, settings: Settings, routes: Sequence[Route]) -> None:
        self.lake = lake
        self.settings = settings
        self.metrics = Metrics()
        self.turns = CapacityLimiter(AT_ONCE)
        self.turns_of_users = CapacityLimiter(AT_ONCE)
        self.children = Children(lake.config.project, lake.config.domain.name)
        self.jobs = Jobs(self.children)
        self.files = Files(lake, self.children)

        def warm(snapshot: Snapshot) -> None:
            """Let each route read what it answers from, before anybody asks."""
            for route in routes:
                if route.warm is None:
                    continue
                with suppress(LakeError):  # the route itself reports it
                    route.warm(Asked(snapshot.lake, snapshot.memory, {}, snapshot=snapshot))

        self.snapshots = Snapshots(lake, warm)
