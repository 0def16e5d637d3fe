"""An answer on its way out: headers, ETag and 304, gzip; and the body of a request."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from carms_lake.serve.errors import PROBLEM, Refused, problem
from carms_lake.serve.settings import MOST_BODY_BYTES

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = Mapping[bytes, bytes]

LEAST_GZIP_BYTES = 1_400
"""Shorter answers fit into one packet uncompressed."""


@dataclass
class Reply:
    """Status, body and headers of one answer."""

    status: int
    body: bytes
    media_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    error: str = ""
    """The class of the error behind it, for the log."""

    async def send(self, send: Send, *, has_body: bool = True) -> None:
        """Send it whole."""
        headers = [
            (b"content-type", self.media_type.encode("latin-1")),
            (b"content-length", str(len(self.body)).encode()),
            (b"x-content-type-options", b"nosniff"),
        ]
        if self.status == 304:  # noqa: PLR2004 - not modified has neither type nor length
            headers = headers[2:]
        headers += [(k.lower().encode(), v.encode("latin-1")) for k, v in self.headers.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body if has_body else b""})


def refusal(
    status: int, message: str, hint: str = "", kind: str = "", request_id: str = ""
) -> Reply:
    """An error as an answer."""
    more = {"kind": kind} if kind else {}
    body = problem(status, message, hint, **more, request_id=request_id)
    return Reply(status, body, PROBLEM, {"cache-control": "no-store"}, kind or "Refused")


def etag_of(tag: str, scope: Scope) -> str:
    """The ETag of what a path and query answer as long as one file is published.

    It is weak, since the same answer is sent compressed, too.
    """
    where = scope["raw_path"] + b"?" + scope["query_string"]
    return f'W/"{tag}-{hashlib.blake2b(where, digest_size=6).hexdigest()}"'


def is_known(headers: Headers, etag: str) -> bool:
    """Whether the client has what the ETag names."""
    given = headers.get(b"if-none-match")
    if given is None:
        return False
    bare = etag.removeprefix("W/")
    return any(one.strip().removeprefix("W/") == bare for one in given.decode("latin-1").split(","))


def compressed(reply: Reply, headers: Headers) -> Reply:
    """The reply in gzip where the client takes it and it is worth it."""
    is_text = reply.media_type.startswith(("text/", "application/json", "application/problem"))
    if len(reply.body) < LEAST_GZIP_BYTES or not is_text:
        return reply
    reply.headers["vary"] = ", ".join(filter(None, [reply.headers.get("vary"), "accept-encoding"]))
    if _takes_gzip(headers.get(b"accept-encoding", b"").decode("latin-1")):
        reply.headers["content-encoding"] = "gzip"
        # No time in its header: the same answer has the same bytes.
        reply.body = gzip.compress(reply.body, compresslevel=4, mtime=0)
    return reply


def _takes_gzip(said: str) -> bool:
    for one in said.split(","):
        name, _, quality = one.strip().partition(";")
        if name.strip().lower() in ("gzip", "*"):
            return quality.replace(" ", "").lower() not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


async def read_body(receive: Receive, headers: Headers, timeout_s: float) -> bytes:
    """The body of a request.

    Raises:
        Refused: it is too large or too slow, or the client disconnected.
    """
    too_large = Refused(
        413,
        f"the body is larger than {MOST_BODY_BYTES >> 10} KiB",
        "send less",
        (("connection", "close"),),
    )
    said = headers.get(b"content-length", b"0")
    if said.isdigit() and int(said) > MOST_BODY_BYTES:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Refused(400, "the client disconnected")
                body += message.get("body", b"")
                if len(body) > MOST_BODY_BYTES:
                    raise too_large
                if not message.get("more_body"):
                    return bytes(body)
    except TimeoutError:
        raise Refused(
            408,
            f"the body did not arrive within {timeout_s:g} s",
            "send it at once",
            (("connection", "close"),),
        ) from None
