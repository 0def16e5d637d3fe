"""Errors as RFC 9457 has them: the message and the hint of the product, and a status."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import orjson

from carms_lake.errors import (
    ContractError,
    DataError,
    GoldMissing,
    LakeError,
    QueryLimit,
    SourceError,
    StoreError,
    StoreLocked,
    UnknownKey,
    UsageError,
)

PROBLEM = "application/problem+json"

_STATUSES: tuple[tuple[type[LakeError], int], ...] = (
    (UnknownKey, 404),
    (QueryLimit, 422),
    (DataError, 422),
    (GoldMissing, 503),
    (StoreLocked, 409),
    (StoreError, 503),
    (UsageError, 400),
    (ContractError, 500),
    (SourceError, 500),
)
"""The first branch that an error belongs to counts."""


class Refused(LakeError):
    """A request that the service does not answer, with the status that says why."""

    def __init__(
        self, status: int, message: str, hint: str = "", headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        super().__init__(message, hint)
        self.status = status
        self.headers = headers


def status_of(error: LakeError) -> int:
    """The status of an error."""
    if isinstance(error, Refused):
        return error.status
    if isinstance(error, KeyError):  # an unknown table, which is a UsageError too
        return 404
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)


def problem(status: int, message: str, hint: str = "", **more: Any) -> bytes:
    """The body of an error."""
    said = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": message,
        **({"hint": hint} if hint else {}),
        **more,
    }
    return orjson.dumps(said)


SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong."},
        "hint": {"type": "string", "description": "What to do about it."},
        "kind": {"type": "string", "description": "The class of the error in `carms_lake`."},
        "request_id": {"type": "string"},
    },
}
"""As OpenAPI describes it."""
