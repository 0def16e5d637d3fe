"""The paths of the service itself, without a published file: health, metrics, jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from carms_lake import __version__
from carms_lake.api.published import encoded
from carms_lake.errors import UsageError, did_you_mean
from carms_lake.serve.jobs import SCHEMA as JOB
from carms_lake.serve.metrics import TEXT
from carms_lake.serve.replies import Receive, Reply, Scope, Send, etag_of, is_known, refusal
from carms_lake.serve.routes import JSON
from carms_lake.serve.schema import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from carms_lake.serve.routes import Route
    from carms_lake.serve.state import State

Schema = Mapping[str, Any]
_JOBS: Schema = {
    "type": "object",
    "required": ["jobs"],
    "properties": {"jobs": {"type": "array", "items": {"type": "object"}}},
}
_HEALTH: Schema = {
    "type": "object",
    "required": ["status", "version", "domain", "run_id", "fault"],
    "properties": {
        "status": {"enum": ["ok", "no gold file"]},
        "version": {"type": "string"},
        "domain": {"type": "string"},
        "run_id": {"type": ["string", "null"], "description": "The run whose file is served."},
        "fault": {
            "type": ["string", "null"],
            "description": "The kind of error because of which no newer file is served; the log "
            "has its message.",
        },
    },
}


@dataclass(frozen=True)
class Own:
    """A path of the service itself, as ASGI calls it; the answer is left in the scope."""

    path: str
    answer: Callable[[Scope], Reply]
    summary: str
    response: Schema = field(default_factory=dict)
    method: str = "GET"
    media_type: str = JSON
    parameters: tuple[str, ...] = ()
    """Names in the path."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request.

        Raises:
            UsageError: it has parameters; these paths take none.
        """
        del receive, send
        about = scope["carms"]
        about["route"] = self.path
        if scope["query_string"]:
            name = scope["query_string"].decode("latin-1").partition("=")[0]
            raise UsageError(f"unknown parameter {shown(name)}", did_you_mean(name, ()))
        about["reply"] = self.answer(scope)


def own_paths(
    state: State, routes: Sequence[Route], document: Callable[[], Mapping[str, Any]]
) -> Iterator[Own]:
    """The paths of the service itself; `document` makes the description in OpenAPI."""

    def health(_: Scope) -> Reply:
        snapshot, fault = state.snapshots.current, state.snapshots.fault
        body = encoded(
            {
                "status": "ok" if snapshot else "no gold file",
                "version": __version__,
                "domain": state.lake.config.domain.name,
                "run_id": snapshot.run_id if snapshot else None,
                "fault": None if fault is None else type(fault).__name__,
            }
        )
        return Reply(200, body, headers={"cache-control": "no-store"})

    def metrics(_: Scope) -> Reply:
        snapshot = state.snapshots.current
        text = state.metrics.text(snapshot.run_id if snapshot else None)
        return Reply(200, text.encode(), TEXT, {"cache-control": "no-store"})

    def openapi(scope: Scope) -> Reply:
        snapshot = state.snapshots.current
        tag = snapshot.tag if snapshot else "none"
        etag = etag_of(tag, scope)
        headers = {"etag": etag, "cache-control": "no-cache"}
        if is_known(scope["carms"]["headers"], etag):
            return Reply(304, b"", headers=headers)
        made = documents.get(tag)
        if made is None:
            documents.clear()
            made = documents[tag] = encoded(document())
        return Reply(200, made, headers=headers)

    documents: dict[str, bytes] = {}
    yield Own("/health", health, "Whether the service answers, and from which run", _HEALTH)
    yield Own("/metrics", metrics, "Counts and times of requests, for Prometheus", media_type=TEXT)
    yield Own("/openapi.json", openapi, "This description", {"type": "object"})
    for place in dict.fromkeys(route.outcomes for route in routes if route.outcomes):
        yield from _jobs(state, place)


def _jobs(state: State, place: str) -> Iterator[Own]:
    """Where the jobs of one kind are asked for."""

    def listed(_: Scope) -> Reply:
        return _fresh({"jobs": [job.said(whole=False) for job in state.jobs.of(place)]})

    def one(scope: Scope) -> Reply:
        job = state.jobs.get(scope["path_params"]["job_id"], place)
        if job is None:
            message = "unknown job"
            hint = f"`{place}` lists the last ones"
            return refusal(404, message, hint, "", scope["carms"]["request_id"])
        return _fresh(job.said())

    yield Own(place, listed, "Its jobs, the newest first", _JOBS)
    yield Own(f"{place}/{{job_id}}", one, "One job and its outcome", JOB, parameters=("job_id",))


def _fresh(value: object) -> Reply:
    return Reply(200, encoded(value), headers={"cache-control": "no-store"})
