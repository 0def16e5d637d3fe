"""Watching for a newly published file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from carms_lake.serve.background import in_background
from carms_lake.serve.log import log

if TYPE_CHECKING:
    from carms_lake.serve.metrics import Metrics
    from carms_lake.serve.snapshot import Snapshots

EVERY_S = 0.5
"""Seconds between two looks at the published file."""
RETRY_S = 10.0
"""Seconds after which a file that could not be opened is tried again."""


@asynccontextmanager
async def watching(
    snapshots: Snapshots, metrics: Metrics, *, is_quiet: bool = False
) -> AsyncIterator[None]:
    """Open the published file, and every newer one as it comes, until the end."""
    await asyncio.to_thread(_load, snapshots, metrics, is_quiet=is_quiet)
    async with in_background(_watch(snapshots, metrics, is_quiet=is_quiet)):
        yield


async def _watch(snapshots: Snapshots, metrics: Metrics, *, is_quiet: bool) -> None:
    waited_s = 0.0
    while True:
        await asyncio.sleep(EVERY_S)
        waited_s += EVERY_S
        is_due = snapshots.fault is not None and waited_s >= RETRY_S
        if snapshots.is_stale or is_due:
            waited_s = 0.0
            await asyncio.to_thread(_load, snapshots, metrics, is_quiet=is_quiet)


def _load(snapshots: Snapshots, metrics: Metrics, *, is_quiet: bool) -> None:
    try:
        is_new = snapshots.refresh()
    except Exception as error:  # noqa: BLE001 - the previous file stays
        metrics.failed_reloads += 1
        log("reload failed", error=f"{type(error).__name__}: {error}")
        return
    if is_new and snapshots.current is not None:
        metrics.reloads += 1
        if not is_quiet:
            log("published", run_id=snapshots.current.run_id)
    elif snapshots.fault is not None:
        metrics.failed_reloads += 1
        log("reload failed", error=snapshots.fault.message)
