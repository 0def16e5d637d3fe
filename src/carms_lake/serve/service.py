"""The service as an ASGI application: who may ask, what answers, and what every answer has."""

from __future__ import annotations

import asyncio
import secrets
import traceback
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from time import perf_counter
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.routing import Route as Path
from starlette.routing import Router

from carms_lake.errors import LakeError
from carms_lake.serve.counts import counting
from carms_lake.serve.endpoint import Endpoint
from carms_lake.serve.errors import Refused, status_of
from carms_lake.serve.gate import Gate
from carms_lake.serve.log import log
from carms_lake.serve.pages import assets, endpoint
from carms_lake.serve.pages.errors import as_page
from carms_lake.serve.replies import Receive, Reply, Scope, Send, compressed, refusal
from carms_lake.serve.watch import watching

if TYPE_CHECKING:
    from carms_lake.serve.own import Own
    from carms_lake.serve.pages.site import Site
    from carms_lake.serve.routes import Route
    from carms_lake.serve.state import State

_NO_ROUTE = "(none)"
LONG_BYTES = 256 << 10
"""A longer answer takes milliseconds to compress, so a thread does it."""
_KNOWN = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Service:
    """The routes and pages of a lake's domain and those of any domain, behind one gate."""

    def __init__(
        self, state: State, own: Sequence[Own], routes: Sequence[Route], site: Site
    ) -> None:
        self.state = state
        self._site = site
        self._gate = Gate(state.settings)
        paths = [Path(one.path, one, methods=[one.method]) for one in own]
        paths += [Path(one.path, Endpoint(state, one), methods=[one.method]) for one in routes]
        paths += [Path(one.path, one, methods=["GET"]) for one in assets.ALL]
        paths += [Path(path, one, methods=["GET"]) for path, one in endpoint.paths(state, site)]
        self._router = Router(paths, redirect_slashes=False, lifespan=self._lifespan)

    @asynccontextmanager
    async def _lifespan(self, _: object) -> AsyncIterator[None]:
        state = self.state
        counts = state.lake.config.service_counts
        async with (
            watching(state.snapshots, state.metrics, is_quiet=state.settings.is_quiet),
            counting(state.metrics, counts),
        ):
            yield
        await state.children.stop()
        await state.jobs.stop()
        state.snapshots.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens."""
        if scope["type"] != "http":
            await self._router(scope, receive, send)
            return
        begun = perf_counter()
        headers: dict[bytes, bytes] = dict(scope["headers"])
        request_id = self._gate.request_id(headers) or secrets.token_hex(8)
        scope["carms"] = {"headers": headers, "request_id": request_id, "route": _NO_ROUTE}
        try:
            reply = await self._answered(scope, receive, send, headers)
        except HTTPException as error:  # the router's: unknown path, or not by this method
            reply = self._not_routed(error, scope)
        except LakeError as error:
            reply = _refused(error, request_id)
        except Exception as error:  # noqa: BLE001 - the client gets no traceback, the log does
            reply = refusal(500, "internal error", "report it with the request id", "", request_id)
            places = [
                f"{one.filename}:{one.lineno}" for one in traceback.extract_tb(error.__traceback__)
            ]
            # Not its message, which may quote a value.
            reply.error = f"{type(error).__name__} at {', '.join(places[-6:])}"
        reply = as_page(reply, scope, self._site)
        reply.headers["x-request-id"] = request_id
        reply.headers.update(self._gate.cors(headers))
        if len(reply.body) < LONG_BYTES:
            reply = compressed(reply, headers)
        else:
            reply = await asyncio.to_thread(compressed, reply, headers)
        try:
            await reply.send(send, has_body=scope["method"] != "HEAD")
        finally:
            self._note(scope, reply, perf_counter() - begun)

    async def _answered(
        self, scope: Scope, receive: Receive, send: Send, headers: Mapping[bytes, bytes]
    ) -> Reply:
        early = self._gate.passed(scope, headers)
        if early is not None:
            return early
        scope["app"] = self  # so that the router raises where it has no path
        await self._router(scope, receive, send)
        reply: Reply = scope["carms"]["reply"]
        return reply

    def _not_routed(self, error: HTTPException, scope: Scope) -> Reply:
        request_id = scope["carms"]["request_id"]
        if error.status_code == 404:  # noqa: PLR2004 - not found
            reply = refusal(404, "unknown path", "`/openapi.json` lists all paths", "", request_id)
        else:
            method = scope["method"] if scope["method"] in _KNOWN else "this method"
            reply = refusal(
                error.status_code, f"this path does not accept {method}", "", "", request_id
            )
        allowed = dict(error.headers or {})
        if "Allow" in allowed:
            methods = self._methods_at(scope["path"]) or allowed["Allow"].split(", ")
            allowed["Allow"] = ", ".join(sorted(methods))
        reply.headers.update(allowed)
        return reply

    def _methods_at(self, path: str) -> set[str]:
        """All methods of a path: one path may be several routes."""
        found: set[str] = set()
        for one in self._router.routes:
            if isinstance(one, Path) and one.path_regex.match(path):
                found |= one.methods or set()
        return found

    def _note(self, scope: Scope, reply: Reply, seconds: float) -> None:
        about = scope["carms"]
        method = scope["method"] if scope["method"] in _KNOWN else "OTHER"
        self.state.metrics.observe(method, about["route"], reply.status, seconds)
        if not self.state.settings.is_quiet or reply.status >= 500:  # noqa: PLR2004 - a fault
            log(
                "request",
                request_id=about["request_id"],
                method=method,
                route=about["route"],
                status=reply.status,
                ms=round(seconds * 1_000, 3),
                bytes=len(reply.body),
                client=about.get("client", ""),
                **({"error": reply.error} if reply.error else {}),
            )


def _refused(error: LakeError, request_id: str) -> Reply:
    """An error of the product as an answer."""
    status = status_of(error)
    kind = "" if isinstance(error, Refused) else type(error).__name__
    reply = refusal(status, error.message, error.hint, kind, request_id)
    if isinstance(error, Refused):
        reply.headers.update(error.headers)
    if status == 503:  # noqa: PLR2004 - not now
        reply.headers["retry-after"] = "5"
    return reply
