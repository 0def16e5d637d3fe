"""Several processes at once: one works, the others wait or say who does; the lake is the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import duckdb
import pytest
from faults.crash import PATIENCE_S, begun, is_mended, said, started
from faults.scale import AT_ONCE, tell

from carms_lake.flows.query import query_frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from faults.subjects import Arranged

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("count", AT_ONCE)
def test_processes_at_once_take_turns_or_say_who_holds_the_lake(
    arranged: Callable[[str], Arranged], count: int
) -> None:
    subject = arranged("ingest")
    config = subject.copy()
    processes = [started(config.project, "run") for _ in range(count)]
    ends = [process.communicate(timeout=PATIENCE_S) for process in processes]
    codes = [process.returncode for process in processes]
    told = [said(out)["message"] for (out, _), code in zip(ends, codes, strict=True) if code == 5]
    assert set(codes) <= {0, 5}, [err for _, err in ends]
    assert 0 in codes
    assert all("is being written by" in message for message in told), told
    tell(f"{count} processes at once: {codes.count(0)} worked, {len(told)} said who holds the lake")
    assert is_mended(config, subject)


def test_readers_see_one_published_state_while_writers_write(
    arranged: Callable[[str], Arranged],
) -> None:
    subject = arranged("ingest")
    config = subject.copy()
    query = "select count(*), sum(price)::varchar from gold.dim_product"
    old = query_frame(config, query).rows()
    writers = [begun(config.project, "run") for _ in range(2)]
    seen: list[str] = []
    while any(writer.poll() is None for writer in writers):
        seen.append(json.dumps(query_frame(config, query).rows()))
        with duckdb.connect(str(config.gold_file), read_only=True) as connection:
            connection.execute("from gold.fact_sale").fetchall()
    for writer in writers:
        writer.communicate(timeout=PATIENCE_S)
    new = query_frame(config, query).rows()
    assert old != new
    assert set(seen) <= {json.dumps(old), json.dumps(new)}
    tell(f"queries while two processes write: {len(seen)} answered, each of one published state")
    assert is_mended(config, subject)


def test_a_lock_whose_holder_was_killed_is_free(arranged: Callable[[str], Arranged]) -> None:
    subject = arranged("ingest")
    config = subject.copy()
    with begun(config.project, "run") as process:
        while not (config.lake / ".lock.holder").exists() and process.poll() is None:
            pass
        process.kill()
        process.communicate()
    assert is_mended(config, subject)
