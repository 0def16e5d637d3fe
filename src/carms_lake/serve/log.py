"""One line of JSON on stderr for each thing that happens: never a value of a row or of a query."""

from __future__ import annotations

import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import orjson


def log(event: str, **about: Any) -> None:
    """Write a line; where stderr is closed, nothing is written."""
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    line = orjson.dumps({"at": at, "event": event, **about}).decode()
    with suppress(OSError, ValueError):
        sys.stderr.write(line + "\n")
        sys.stderr.flush()
