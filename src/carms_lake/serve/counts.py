"""What the service has counted, in a file of the lake, so that the report can show it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from carms_lake.files import whole
from carms_lake.serve.background import in_background

if TYPE_CHECKING:
    from carms_lake.serve.metrics import Metrics

EVERY_S = 60.0


@asynccontextmanager
async def counting(metrics: Metrics, file: Path) -> AsyncIterator[None]:
    """Write the counts each minute until the end, and once more then; none before a request."""
    started_at = _now()
    try:
        async with in_background(_each_minute(metrics, file, started_at)):
            yield
    finally:
        _write(file, _counts(metrics, started_at))


async def _each_minute(metrics: Metrics, file: Path, started_at: str) -> None:
    while True:
        await asyncio.sleep(EVERY_S)
        await asyncio.to_thread(_write, file, _counts(metrics, started_at))


def _counts(metrics: Metrics, started_at: str) -> dict[str, Any]:
    return {"started_at": started_at, "written_at": _now(), "routes": metrics.summary()}


def _write(file: Path, counts: dict[str, Any]) -> None:
    """Replace the file as a whole; a lake that cannot be written is served all the same."""
    if not counts["routes"]:
        return
    with suppress(OSError), whole(file, is_synced=False) as partial:
        partial.write_bytes(orjson.dumps(counts, option=orjson.OPT_INDENT_2))


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
