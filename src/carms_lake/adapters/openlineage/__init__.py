"""Runs of a lake as OpenLineage events, for tools such as Marquez, DataHub and OpenMetadata.

The same lake gives the same events: the ids of runs are made of our own, and the times are those
that `ops` has. No network, no client library.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from carms_lake.adapters.openlineage.datasets import Datasets
from carms_lake.adapters.openlineage.event import Event, job_event, run_event, uuid7
from carms_lake.adapters.openlineage.facets import facets
from carms_lake.adapters.openlineage.jobs import JobRun, jobs_of, unchanged
from carms_lake.adapters.openlineage.runs import RunRecord, read_runs

if TYPE_CHECKING:
    from carms_lake import Lake

__all__ = ["NAMESPACE", "events"]

NAMESPACE = "carms"
"""Of the jobs, where none is named."""

_ENDS = {"done": "COMPLETE", "failed": "FAIL", "interrupted": "ABORT"}


def events(lake: Lake, run: str | None = None, *, namespace: str = NAMESPACE) -> list[Event]:
    """The events of a run, or of the newest ones of `ingest` and `build`.

    A run is a job that starts and completes, fails or aborts. Each source that it loaded and each
    table that it built or checked is a job of its own, whose parent is the run; all events of a run
    have the time of its beginning or its end, since only those are kept. Without `run`, each table
    that these runs left as it was has an event about its job alone.

    Raises:
        UsageError: nothing was loaded or built yet, or no run has that name.
        ContractError: a contract is wrong.
        StoreError: the lake cannot be read.
    """
    records = read_runs(lake, run)
    datasets = Datasets(lake)
    domain = lake.config.domain.name
    found: list[Event] = []
    made: set[str | None] = set()
    for record in records:
        parent = f"{domain}.{record.command.replace(' ', '_')}"
        jobs = list(jobs_of(record, datasets, parent))
        found += _of_run(record, parent, jobs, namespace)
        made |= {job.table for job in jobs}
    if run is None:
        for name in sorted(datasets.lines.keys() - made):
            command = "ingest" if name.startswith("bronze.") else "build"
            job = unchanged(f"{domain}.{command}", name, datasets)
            found.append(job_event(records[-1].ended, job, namespace))
    return found


def _of_run(record: RunRecord, name: str, jobs: list[JobRun], namespace: str) -> Iterator[Event]:
    row, state = record.row, _ENDS[record.row["status"]]
    error = (row["message"] or row["status"]) if state != "COMPLETE" else ""
    facts = {"runId": record.run_id, "seconds": row["seconds"]}
    parent = JobRun(name, "COMMAND", state, error, facts=facts)
    engine = facets(processing_engine={"name": "carms", "version": row["tool_version"]})
    own = {"runId": _id(record, parent), "facets": engine}
    above = {"run": {"runId": own["runId"]}, "job": {"namespace": namespace, "name": name}}
    its = {**engine, **facets(parent={**above, "root": above})}

    yield run_event("START", record.began, parent, own, namespace)
    for job in jobs:
        child = {"runId": _id(record, job), "facets": its}
        yield run_event("START", record.began, job, child, namespace)
        yield run_event(job.state, record.ended, job, child, namespace)
    yield run_event(state, record.ended, parent, own, namespace)


def _id(record: RunRecord, job: JobRun) -> str:
    return uuid7(record.began, f"{record.run_id} {job.name}")
