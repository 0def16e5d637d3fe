"""Counts and times of requests, in Prometheus' text format."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from typing import Any

BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
TEXT = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """What was answered since the start; written and read in the loop's thread alone."""

    def __init__(self) -> None:
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._times: dict[str, list[int]] = {}
        self._seconds: Counter[str] = Counter()
        self.reloads = 0
        self.failed_reloads = 0

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer; `route` is the path with its parameters' names, never their values."""
        self._requests[method, route, status] += 1
        times = self._times.setdefault(route, [0] * (len(BUCKETS_S) + 1))
        times[bisect_left(BUCKETS_S, seconds)] += 1
        self._seconds[route] += seconds  # type: ignore[assignment]  # a sum of seconds

    def summary(self) -> list[dict[str, Any]]:
        """A row for each route: requests, and in ms the times of half, 95 % and 99 % of them."""
        rows: dict[str, dict[str, Any]] = {}
        for (_, route, status), count in sorted(self._requests.items()):
            row = rows.setdefault(route, {"route": route, "requests": 0, "refused": 0, "errors": 0})
            row["requests"] += count
            row["errors"] += count * (status >= 500)  # noqa: PLR2004 - a fault of ours
            row["refused"] += count * (400 <= status < 500)  # noqa: PLR2004 - one of the client
        for route, row in rows.items():
            for part in (50, 95, 99):
                row[f"p{part}_ms"] = round(_within(self._times[route], part / 100) * 1_000, 1)
        return list(rows.values())

    def text(self, run_id: str | None) -> str:
        """All of it as Prometheus reads it."""
        lines = [
            "# HELP carms_requests_total Requests that were answered.",
            "# TYPE carms_requests_total counter",
        ]
        for (method, route, status), count in sorted(self._requests.items()):
            labels = f'method="{_safe(method)}",route="{_safe(route)}",status="{status}"'
            lines.append(f"carms_requests_total{{{labels}}} {count}")
        lines += [
            "# HELP carms_request_seconds Time from a request to its answer.",
            "# TYPE carms_request_seconds histogram",
        ]
        for route, times in sorted(self._times.items()):
            total = 0
            for edge, count in zip((*BUCKETS_S, "+Inf"), times, strict=True):
                total += count
                lines.append(
                    f'carms_request_seconds_bucket{{route="{_safe(route)}",le="{edge}"}} {total}'
                )
            label = f'{{route="{_safe(route)}"}}'
            lines.append(f"carms_request_seconds_sum{label} {self._seconds[route]:.6f}")
            lines.append(f"carms_request_seconds_count{label} {total}")
        lines += [
            "# HELP carms_reloads_total Newly published files that were loaded.",
            "# TYPE carms_reloads_total counter",
            f"carms_reloads_total {self.reloads}",
            "# HELP carms_failed_reloads_total Published files that could not be opened.",
            "# TYPE carms_failed_reloads_total counter",
            f"carms_failed_reloads_total {self.failed_reloads}",
            "# HELP carms_published_info The run whose gold file is served.",
            "# TYPE carms_published_info gauge",
            f'carms_published_info{{run_id="{_safe(run_id or "")}"}} 1',
        ]
        return "\n".join(lines) + "\n"


def _within(times: Sequence[int], part: float) -> float:
    """The seconds within which a part of the requests was answered, from a histogram.

    Inside of a bucket times are taken as even, as by Prometheus' `histogram_quantile`; what took
    longer than the last edge counts as that edge.
    """
    wanted, before, low = part * sum(times), 0, 0.0
    for edge, count in zip(BUCKETS_S, times, strict=False):
        if count and before + count >= wanted:
            return low + (edge - low) * (wanted - before) / count
        before, low = before + count, edge
    return low


def _safe(text: str) -> str:
    """A text as the value of a label."""
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
