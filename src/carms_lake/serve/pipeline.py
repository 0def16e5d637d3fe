"""`POST /pipeline/run`: `carms run` in a process of its own."""

from __future__ import annotations

from carms_lake.serve.jobs import counts_only
from carms_lake.serve.routes import Asked, Command, Route


def _run(_: Asked) -> Command:
    return Command(("run",))


ROUTE = Route(
    "/pipeline/run",
    _run,
    "Ingest all sources, then build: `carms run`",
    method="POST",
    needs_key=True,
    outcomes="/pipeline/runs",
    shown=counts_only,
    words=("run",),
    description="One runs at a time. What it publishes is served as soon as it is there; what is "
    "shown of it are names of tables and numbers, and the exit code of `carms`.",
)
