"""What the service counted shows in the cockpit of the report."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from served import publish, serving

from carms_lake.report import report
from carms_lake.serve.metrics import Metrics

if TYPE_CHECKING:
    from pathlib import Path


def test_times_are_read_from_the_buckets() -> None:
    metrics = Metrics()
    for seconds, status in ((0.0015, 200), (0.002, 200), (0.02, 404), (20.0, 500)):
        metrics.observe("GET", "/a", status, seconds)
    assert metrics.summary() == [
        {
            "route": "/a", "requests": 4, "refused": 1, "errors": 1,
            "p50_ms": 2.5, "p95_ms": 10_000.0, "p99_ms": 10_000.0,
        }
    ]  # fmt: skip


def test_the_report_shows_requests_and_errors_of_the_service_that_ended(tmp_path: Path) -> None:
    lake = publish(tmp_path)
    assert "Requests to the service" not in report(lake).markdown()
    with serving(lake) as client:
        for path in ("/programs", "/programs?limit=1", "/programs/SECRET", "/nowhere"):
            client.get(path)
    counts = json.loads(lake.config.service_counts.read_text(encoding="utf-8"))
    rows = {row["route"]: row for row in counts["routes"]}
    assert (rows["/programs"]["requests"], rows["/programs"]["refused"]) == (2, 0)
    assert rows["/programs/{program_stream_id}"]["refused"] == 1
    assert "SECRET" not in json.dumps(counts)
    shown = report(lake).markdown()
    assert "Requests to the service" in shown
    assert "| /programs | 2 | 0 | 0 |" in shown
    assert "Requêtes au service" in report(lake, "fr").html()


def test_a_service_that_nobody_asked_and_a_damaged_file_show_nothing(tmp_path: Path) -> None:
    lake = publish(tmp_path)
    with serving(lake):
        pass
    assert not lake.config.service_counts.exists()
    for text in ("", "[]", '{"routes": []}'):
        lake.config.service_counts.write_text(text, encoding="utf-8")
        assert "Requests to the service" not in report(lake).markdown()


def test_the_counts_are_written_while_it_runs(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("carms_lake.serve.counts.EVERY_S", 0.05)
    lake = publish(tmp_path)
    with serving(lake) as client:
        client.get("/programs")
        client.until("/health", lambda _: lake.config.service_counts.exists())
