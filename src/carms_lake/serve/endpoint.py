"""One route over HTTP: parameters and body in, an answer of one snapshot out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote_to_bytes

import orjson
from anyio import to_thread

from carms_lake.api.published import encoded
from carms_lake.errors import GoldMissing, UsageError, did_you_mean
from carms_lake.serve.errors import Refused, status_of
from carms_lake.serve.gate import no_key
from carms_lake.serve.replies import Receive, Reply, Scope, Send, etag_of, is_known, read_body
from carms_lake.serve.routes import JSON, Asked, Command, Encoded, Written
from carms_lake.serve.schema import ensure, shown, value_of

if TYPE_CHECKING:
    from carms_lake.serve.routes import Route
    from carms_lake.serve.snapshot import Snapshot
    from carms_lake.serve.state import State

MOST_PARAMETERS = 500
"""A wide table has three or more for each column."""
MOST_WAITING = 64
"""More get 503 at once: nobody waits for such a long queue."""


class Endpoint:
    """A route, as ASGI calls it; the answer is left in the scope."""

    def __init__(self, state: State, route: Route) -> None:
        self._state = state
        self._route = route
        self._parameters = {one.name: one for one in route.parameters}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        del send
        scope["carms"]["route"] = self._route.path
        scope["carms"]["reply"] = await self._reply(scope, receive)

    async def _reply(self, scope: Scope, receive: Receive) -> Reply:
        route, about = self._route, scope["carms"]
        if route.needs_key and not about["is_known"]:
            return self._no_key(about)
        values, more = self._values(scope)
        body = await self._body(scope, receive)
        if route.needs_key_for(body) and not about["is_known"]:
            return self._no_key(about)
        if route.words:
            return self._begun(route.answer(Asked(None, None, values, body)))  # type: ignore[arg-type]  # it asks neither
        snapshot = self._state.snapshots.current
        if snapshot is None:
            raise self._state.snapshots.fault or GoldMissing(
                "no gold file yet", "run `carms build`"
            )
        headers = about["headers"]
        if route.quick is not None:
            etag = etag_of(snapshot.tag, scope)
            asked = Asked(snapshot.lake, snapshot.memory, values, body, more, snapshot)
            if is_known(headers, etag):
                return _not_modified(etag)
            found = route.quick(asked)
            if found is not None:
                return _of(found, etag)
        return await self._slowly(scope, values, body, more)

    def _no_key(self, about: Mapping[str, Any]) -> Reply:
        """The answer to a request that needs a key and shows none that is known.

        Raises:
            Refused: the service has no keys, so that none would do.
        """
        if self._state.settings.keys:
            return no_key(about["request_id"])
        raise Refused(
            403,
            "this needs an API key, and the service has none",
            "start it with `--key-file FILE` or `CARMS_API_KEY`",
        )

    async def _slowly(
        self, scope: Scope, values: Mapping[str, Any], body: Any, more: Sequence[tuple[str, str]]
    ) -> Reply:
        route, headers = self._route, scope["carms"]["headers"]
        has_etag = route.method == "GET" and not route.is_live

        def work() -> tuple[Encoded | Written | Command | None, str, Snapshot]:
            with self._state.snapshots.using() as snapshot:
                etag = etag_of(snapshot.tag, scope)
                if has_etag and is_known(headers, etag):
                    return None, etag, snapshot
                asked = Asked(snapshot.lake, snapshot.memory, values, body, more, snapshot)
                try:
                    found = route.answer(asked)
                except UsageError as error:
                    if isinstance(error, KeyError) or route.contradiction == status_of(error):
                        raise
                    raise Refused(route.contradiction, error.message, error.hint) from None
                if not isinstance(found, Encoded | Written | Command):
                    found = Encoded(encoded(snapshot.public(found)))
                return found, etag, snapshot

        limiter = self._state.turns_of_users if route.is_users else self._state.turns
        if limiter.statistics().tasks_waiting >= MOST_WAITING:
            raise Refused(503, "too many requests are waiting", "try again in a few seconds")
        found, etag, snapshot = await to_thread.run_sync(work, limiter=limiter)
        if found is None:
            return _not_modified(etag)
        if isinstance(found, Command):
            return self._begun(found)
        if isinstance(found, Written):
            body, is_current = await self._state.files.get(snapshot, found)
            whole = Encoded(body, found.media_type, found.file_name)
            return _of(whole, etag if is_current else None)
        return _of(found, etag if has_etag else None)

    def _begun(self, command: Command) -> Reply:
        """The answer to what takes long: where its outcome will be."""
        route = self._route
        job = self._state.jobs.start(command, route.outcomes, route.shown)
        place = f"{route.outcomes}/{job.id}"
        return Reply(202, encoded(job.said()), JSON, {"location": place})

    def _values(self, scope: Scope) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """The values of the path and of the query, checked; and what the route checks by itself."""
        try:
            if b"%" in scope["raw_path"]:
                unquote_to_bytes(scope["raw_path"]).decode("utf-8")
            pairs = parse_qsl(
                scope["query_string"].decode("ascii"),
                keep_blank_values=True,
                errors="strict",
                max_num_fields=MOST_PARAMETERS,
            )
        except UnicodeDecodeError:
            raise UsageError("the URL is not UTF-8", "encode it as UTF-8, then with %") from None
        except ValueError:
            raise UsageError(f"more than {MOST_PARAMETERS} parameters", "give fewer") from None
        values: dict[str, Any] = {}
        more = []
        path = scope.get("path_params") or {}
        for name, text in (*path.items(), *pairs):
            parameter = self._parameters.get(name)
            if parameter is None or (name in path and name in values):
                if self._route.takes_more:
                    more.append((name, text))
                    continue
                raise UsageError(
                    f"unknown parameter {shown(name)}", did_you_mean(name, self._parameters)
                )
            if name in values:
                raise UsageError(f"`{name}` is given twice", "give it once")
            values[name] = value_of(text, parameter.schema, name)
        for name, parameter in self._parameters.items():
            if parameter.is_required and name not in values:
                raise UsageError(f"`{name}` is missing", parameter.description)
        return values, more

    async def _body(self, scope: Scope, receive: Receive) -> Any:
        """The body as JSON, checked; None where the route takes none."""
        headers = scope["carms"]["headers"]
        if self._route.method == "GET":
            return None
        timeout_s = self._state.settings.body_timeout_s
        text = await read_body(receive, headers, timeout_s)
        if self._route.body is None:
            if text.strip():
                raise UsageError("this route takes no body", "send none")
            return None
        kind = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
        if kind != JSON.encode():
            raise Refused(415, "the body is not declared as JSON", f"send `Content-Type: {JSON}`")
        try:
            body = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise UsageError(f"the body is not JSON: {error}", "send one object") from None
        ensure(body, self._route.body, "the body")
        return body


def _of(found: Encoded, etag: str | None) -> Reply:
    headers = {"cache-control": "no-cache", "etag": etag} if etag else {"cache-control": "no-store"}
    if found.file_name:
        headers["content-disposition"] = f'attachment; filename="{found.file_name}"'
    return Reply(200, found.body, found.media_type, headers)


def _not_modified(etag: str) -> Reply:
    return Reply(304, b"", JSON, {"etag": etag, "cache-control": "no-cache"})
