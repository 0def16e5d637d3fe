"""What takes long: `carms` in a process of its own, one of each kind at a time."""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from carms_lake.serve.children import STOP_S, STOPPED, Children
from carms_lake.serve.errors import Refused
from carms_lake.serve.routes import Command

MOST_KEPT = 50
"""Jobs whose outcome can be asked for; older ones are forgotten."""

MEANINGS = {
    0: "done",
    1: "it ran, and the data is not fine",
    2: "it was called wrongly",
    3: "a contract is wrong, or code does not deliver its contract",
    4: "a source cannot be read; what could be read landed",
    5: "the lake cannot be read or written: locked, disk full, or no gold file yet",
    70: "a fault of carms itself",
    130: "interrupted: everything is as it was",
}
"""The exit codes of `carms`."""

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["id", "kind", "status", "started_at", "ended_at", "exit_code", "meaning"],
    "properties": {
        "id": {"type": "string"},
        "kind": {"type": "string"},
        "status": {"enum": ["running", "done", "failed"]},
        "started_at": {"type": "string", "description": "UTC."},
        "ended_at": {"type": ["string", "null"], "description": "UTC; null while it runs."},
        "exit_code": {"type": ["integer", "null"], "description": "Of `carms`; null until then."},
        "run_id": {
            "type": ["string", "null"],
            "description": "The run that it was, where it was one that writes.",
        },
        "meaning": {"type": ["string", "null"], "description": "What the exit code means."},
        "errors": {"type": "array", "items": {"type": "object"}},
        "data": {"description": "What the command says with `--json`; null until it has ended."},
    },
}

_OF_ERROR = ("code", "kind", "message", "hint")
_OF_REPORT = ("run_id", "command", "domain", "started_at", "seconds", "published")
_OF_FILE = ("table", "status", "records", "accepted", "rejected", "code")
_OF_TABLE = ("table", "status", "rows", "quarantined")


def counts_only(data: Any) -> Any:
    """What `carms run --json` says in names of tables and numbers: no message, no value."""
    if not isinstance(data, list):
        return None
    return [
        {
            **{key: one.get(key) for key in _OF_REPORT},
            "files": [{key: file.get(key) for key in _OF_FILE} for file in one.get("files", ())],
            "tables": [{key: made.get(key) for key in _OF_TABLE} for made in one.get("tables", ())],
        }
        for one in data
    ]


@dataclass
class Job:
    """One child, running or ended."""

    id: str
    kind: str
    started_at: datetime
    shown: Callable[[Any], Any]
    ended_at: datetime | None = None
    exit_code: int | None = None
    run_id: str | None = None
    data: Any = None
    errors: list[Any] = field(default_factory=list)

    @property
    def status(self) -> str:
        """running, done or failed."""
        if self.exit_code is None:
            return "running"
        return "failed" if self.exit_code else "done"

    def said(self, *, whole: bool = True) -> dict[str, Any]:
        """The job as it is answered; without its outcome in a list."""
        about = {
            "id": self.id,
            "kind": self.kind,
            "status": self.status,
            "started_at": _moment(self.started_at),
            "ended_at": None if self.ended_at is None else _moment(self.ended_at),
            "exit_code": self.exit_code,
            "run_id": self.run_id,
            "meaning": None
            if self.exit_code is None
            else MEANINGS.get(self.exit_code, "it was stopped"),
        }
        return {**about, "errors": self.errors, "data": self.data} if whole else about


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S")


class Jobs:
    """The jobs of a service, the newest last; used in the loop's thread alone."""

    def __init__(self, children: Children) -> None:
        self._children = children
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._running: dict[str, asyncio.Task[None]] = {}

    def get(self, job_id: str, kind: str) -> Job | None:
        """The job of an id and kind."""
        found = self._jobs.get(job_id)
        return found if found is not None and found.kind == kind else None

    def of(self, kind: str) -> list[Job]:
        """All jobs of a kind that are remembered, the newest first."""
        return [job for job in reversed(self._jobs.values()) if job.kind == kind]

    def start(self, command: Command, kind: str, shown: Callable[[Any], Any]) -> Job:
        """Start a child; `shown` is what is kept of its outcome.

        Raises:
            Refused: one of its kind runs.
        """
        if kind in self._running:
            running = next(job for job in self.of(kind) if job.status == "running")
            raise Refused(
                409, f"`{running.id}` is running", "wait for it: one of a kind runs at a time"
            )
        job = Job(secrets.token_hex(8), kind, datetime.now(UTC), shown)
        self._jobs[job.id] = job
        while len(self._jobs) > MOST_KEPT:
            oldest = next(key for key, one in self._jobs.items() if one.status != "running")
            del self._jobs[oldest]
        self._running[job.kind] = asyncio.create_task(self._run(job, command))
        return job

    async def _run(self, job: Job, command: Command) -> None:
        try:
            said = await self._children.run(command.words)
            # A message may quote a record: whoever may read the lake finds it there.
            kept = ("code", "kind") if job.shown is counts_only else _OF_ERROR
            job.errors = [{key: one[key] for key in kept if key in one} for one in said.errors]
            job.data, job.run_id, job.exit_code = job.shown(said.data), said.run_id, said.code
        finally:
            if job.exit_code is None:
                job.exit_code = STOPPED
            job.ended_at = datetime.now(UTC)
            del self._running[job.kind]

    async def stop(self) -> None:
        """Wait for the jobs whose children were stopped."""
        if self._running:
            await asyncio.wait(self._running.values(), timeout=STOP_S)
