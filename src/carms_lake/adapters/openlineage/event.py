"""One event of OpenLineage, and the ids of runs."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from carms_lake.adapters.openlineage.facets import PRODUCER, SPEC, Facets, facets
from carms_lake.adapters.openlineage.jobs import JobRun

Event = dict[str, Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def uuid7(at: datetime, name: str) -> str:
    """A UUID of version 7 (RFC 9562) of a moment: what is random in others is a hash of a name.

    >>> uuid7(datetime(2026, 11, 21, tzinfo=UTC), "carms.build")
    '01a1fb67-1800-75b7-b839-c63cdf57ac5a'
    """
    milliseconds = (at - _EPOCH) // timedelta(milliseconds=1)
    random = int.from_bytes(hashlib.sha256(name.encode()).digest()[:10], "big")
    low = random & (1 << 62) - 1
    return str(UUID(int=milliseconds << 80 | 7 << 76 | (random >> 68) << 64 | 2 << 62 | low))


def run_event(state: str, at: datetime, job: JobRun, run: Event, namespace: str) -> Event:
    """What happened to a run of a job; `run` is its id and facets.

    What is known only at the end is in the last event alone.
    """
    about = _about(job, namespace)
    if state == "START":
        for side in ("inputs", "outputs"):
            about[side] = [{key: one[key] for key in ("namespace", "name")} for one in about[side]]
        more: Facets = {}
    else:
        error = {"message": job.error, "programmingLanguage": "PYTHON"} if job.error else None
        more = facets(errorMessage=error, carms_run=dict(job.facts) or None)
    return {
        "eventType": state,
        "eventTime": _moment(at),
        "run": {**run, "facets": {**run["facets"], **more}},
        **about,
        "schemaURL": f"{SPEC}#/$defs/RunEvent",
    }


def job_event(at: datetime, job: JobRun, namespace: str) -> Event:
    """What a job reads and writes, without a run of it."""
    return {
        "eventTime": _moment(at),
        **_about(job, namespace),
        "schemaURL": f"{SPEC}#/$defs/JobEvent",
    }


def _about(job: JobRun, namespace: str) -> Event:
    kind = {"processingType": "BATCH", "integration": "CARMS", "jobType": job.kind}
    of_job: Facets = facets(jobType=kind)
    return {
        "job": {"namespace": namespace, "name": job.name, "facets": of_job},
        "inputs": job.inputs,
        "outputs": job.outputs,
        "producer": PRODUCER,
    }


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
