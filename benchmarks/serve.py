"""Requests a second of `carms serve`, next to the same contract written straight over DuckDB.

    python benchmarks/serve.py PROJECT [SECONDS]

PROJECT is a folder with a built lake of the carms domain. Both services run in a process of their
own on this machine, and so does the load: 8 connections that ask one after the other.
"""

from __future__ import annotations

import http.client
import json
import multiprocessing
import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

CONNECTIONS = 8
PATH = "/programs?province=ON&limit=5"
_REQUEST = "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def peer(project: str) -> None:
    """The same contract as its author would write it first: the macro, for each request."""
    import duckdb
    import orjson
    import uvicorn
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.responses import Response
    from starlette.routing import Route

    gold = Path(project) / "lake/carms.duckdb"
    connection = duckdb.connect(str(gold), read_only=True)

    def rows(province: str, limit: int) -> bytes:
        cursor = connection.cursor()
        sql = "from gold.programs_matching(in_province := $province)"
        total, seats = cursor.execute(
            f"select count(*), sum(quota) {sql}", {"province": province}
        ).fetchall()[0]
        order = "order by discipline_name, school_name, program_site, program_stream"
        found = cursor.execute(
            f"select * {sql} {order}, program_stream_id limit $limit",
            {"province": province, "limit": limit},
        )
        names = [column[0] for column in found.description or ()]
        programs = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        answer = {"total": total, "seats": int(seats), "programs": programs}
        return orjson.dumps(answer, default=str)

    async def programs(request: Any) -> Response:
        asked = request.query_params
        body = await run_in_threadpool(rows, asked["province"], int(asked["limit"]))
        return Response(body, media_type="application/json")

    app = Starlette(routes=[Route("/programs", programs)])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", ws="none"))
    from carms_lake.serve.server import _listening

    listening = _listening("127.0.0.1", 0)
    print(f"serving on http://127.0.0.1:{listening.getsockname()[1]}", file=sys.stderr, flush=True)
    server.run(sockets=[listening])


@contextmanager
def started(*command: str) -> Iterator[tuple[int, int]]:
    """A service in a process of its own: its port and its process."""
    child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert child.stderr is not None
        line = child.stderr.readline()
        found = re.search(r":(\d+)$", line.strip())
        assert found, line
        # A log that nobody reads would stop the service once the pipe is full.
        Thread(target=child.stderr.read, daemon=True).start()
        yield int(found[1]), child.pid
    finally:
        child.terminate()
        child.wait(30)


def one_after_the_other(port: int, path: str, seconds: float, times: list[float]) -> None:
    """One connection: ask, read all of the answer, ask again."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.connect()
    stream = connection.sock
    assert stream is not None
    sent, begun, kept = _REQUEST.format(path=path).encode(), time.perf_counter(), b""
    while (at := time.perf_counter()) - begun < seconds:
        stream.sendall(sent)
        while b"\r\n\r\n" not in kept:
            kept += stream.recv(1 << 16)
        head, _, kept = kept.partition(b"\r\n\r\n")
        assert head[9:12] == b"200", head
        (length,) = re.findall(rb"(?i)content-length: (\d+)", head)
        while len(kept) < int(length):
            kept += stream.recv(1 << 16)
        kept = kept[int(length) :]
        times.append(time.perf_counter() - at)


def load(port: int, path: str, seconds: float) -> list[float]:
    """The times of all requests, in seconds, in order of size."""
    times: list[float] = []
    asking = [
        Thread(target=one_after_the_other, args=(port, path, seconds, times))
        for _ in range(CONNECTIONS)
    ]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    return sorted(times)


def measured(port: int, path: str, seconds: float) -> tuple[float, float]:
    """Requests a second, and the 99th percentile in ms, after a first request."""
    load(port, path, 0.2)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        times = pool.apply(load, (port, path, seconds))
    return len(times) / seconds, times[int(len(times) * 0.99)] * 1_000


def memory_mb(process: int) -> float:
    """What a process holds in memory (Linux; elsewhere 0)."""
    try:
        text = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    except OSError:
        return 0.0
    return int(re.findall(r"VmRSS:\s+(\d+)", text)[0]) / 1_024


def main() -> None:
    """Measure both, print a table and the ratio."""
    project, *rest = sys.argv[1:]
    seconds = float(rest[0]) if rest else 5.0
    carms = [sys.executable, "-m", "carms_lake", "-q", "-p", project, "serve", "--port", "0"]
    with started(sys.executable, __file__, "--peer", project) as (port, _):
        straight = measured(port, PATH, seconds)
    with started(*carms) as (port, process):
        ours = measured(port, PATH, seconds)
        health = measured(port, "/health", seconds)
        held = memory_mb(process)
    print(f"{os.cpu_count()} cores, {CONNECTIONS} connections, {seconds:g} s each")
    print("| what | requests/s | p99 ms |\n|---|---|---|")
    print(f"| `{PATH}` | {ours[0]:,.0f} | {ours[1]:.1f} |")
    print(f"| `/health` | {health[0]:,.0f} | {health[1]:.1f} |")
    print(f"| the same straight over DuckDB | {straight[0]:,.0f} | {straight[1]:.1f} |")
    print(json.dumps({"ratio": round(ours[0] / straight[0], 1), "memory_mb": round(held)}))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peer"]:
        peer(sys.argv[2])
    else:
        main()
