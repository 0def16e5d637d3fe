"""What takes long runs in a process of its own, one of a kind at a time."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest
from served import KEY, publish, serving

from carms_lake.serve.children import Children
from carms_lake.serve.errors import Refused
from carms_lake.serve.jobs import MEANINGS, Jobs, counts_only
from carms_lake.serve.keys import Keys
from carms_lake.serve.routes import Command

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake import Lake


def test_a_child_says_what_the_command_says_and_a_second_one_waits(
    carms_lake_of_six: Lake,
) -> None:
    async def both() -> tuple[object, object, object]:
        jobs = Jobs(Children(carms_lake_of_six.config.project, "carms"))
        good = jobs.start(Command(("disciplines",)), "k", lambda data: data)
        with pytest.raises(Refused, match="is running"):
            jobs.start(Command(("disciplines",)), "k", lambda data: data)
        other = jobs.start(Command(("programs", "--province=Nowhere")), "l", lambda data: data)
        while "running" in (good.status, other.status):  # noqa: ASYNC110 - as a client asks
            await asyncio.sleep(0.05)
        assert jobs.get(good.id, "l") is None
        return good.said(), other.said(), [job.said(whole=False) for job in jobs.of("k")]

    good, other, listed = asyncio.run(both())
    assert (good["status"], good["exit_code"], good["meaning"]) == ("done", 0, "done")
    assert good["data"][0]["discipline_name"] == "Neurology"
    assert (other["status"], other["exit_code"]) == ("failed", 2)
    assert "no province is called" in other["errors"][0]["message"]
    assert [job["id"] for job in listed] == [good["id"]]


@pytest.mark.skipif(not hasattr(os, "getpriority"), reason="priorities are others there")
def test_a_child_leaves_the_processor_to_the_service(carms_lake_of_six: Lake) -> None:
    async def priority() -> int:
        children = Children(carms_lake_of_six.config.project, "carms")
        task = asyncio.create_task(children.run(("match", "simulate", "--reps=10000")))
        while not children._running:  # noqa: ASYNC110 - until it has started
            await asyncio.sleep(0.01)
        (child,) = children._running
        found = os.getpriority(os.PRIO_PROCESS, child.pid)
        await children.stop()
        await task
        return found

    assert asyncio.run(priority()) == os.getpriority(os.PRIO_PROCESS, 0) + 10


def test_a_child_ends_when_the_service_stops(carms_lake_of_six: Lake) -> None:
    async def stopped() -> str:
        children = Children(carms_lake_of_six.config.project, "carms")
        jobs = Jobs(children)
        words = ("match", "simulate", "--reps=10000")
        job = jobs.start(Command(words), "k", lambda data: data)
        await asyncio.sleep(0.2)
        await children.stop()
        await jobs.stop()
        return job.status

    assert asyncio.run(stopped()) == "failed"


def test_a_run_is_started_with_the_key_and_shows_numbers_alone(tmp_path: Path) -> None:
    lake = publish(tmp_path)
    with serving(lake, keys=Keys((KEY,))) as client:
        assert client.ask("POST", "/pipeline/run").status == 401
        started = client.ask("POST", "/pipeline/run", x_api_key=KEY)
        assert (started.status, started.json["status"]) == (202, "running")
        assert client.ask("POST", "/pipeline/run", x_api_key=KEY).status == 409
        place = started.headers["location"]
        ended = client.until(place, lambda reply: reply.json["status"] != "running", x_api_key=KEY)
        assert client.get("/health").status == 200
        assert client.get("/pipeline/runs/none", x_api_key=KEY).status == 404
    assert ended.json["exit_code"] in MEANINGS
    assert ended.json["meaning"] == MEANINGS[ended.json["exit_code"]]
    assert all("message" not in error for error in ended.json["errors"])


def test_what_a_run_says_of_records_is_left_out() -> None:
    file = {"table": "t", "name": "Ottoline.csv", "message": "Ottoline", "rejected": 1}
    report = {"run_id": "r", "files": [file], "tables": [], "notes": ["Ottoline"]}
    found = counts_only([report])
    assert found[0]["files"][0]["rejected"] == 1
    assert "Ottoline" not in repr(found)
    assert counts_only(None) is None


def test_a_simulation_is_bounded_and_its_words_are_values(client: object) -> None:
    from carms_lake.domains.carms.service.match import _simulate
    from carms_lake.serve.routes import Asked

    body = {"repetitions": 5, "quota": ["--export=/tmp/x"], "seed": 3}
    words = _simulate(Asked(None, None, {}, body)).words  # type: ignore[arg-type]
    assert words == (
        "match", "simulate", "--no-keep", "--reps=5", "--seed=3", "--quota=--export=/tmp/x",
    )  # fmt: skip
    wrong = client.ask("POST", "/api/v1/match/simulate", {"repetitions": 1_000})  # type: ignore[attr-defined]
    assert wrong.status == 400
