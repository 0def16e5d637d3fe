"""`carms serve` under load while new files are published: errors, memory, open files, times.

    python benchmarks/soak.py PROJECT [--requests 100000] [--publishes 20] [--builds 4]

PROJECT is a folder with a built lake of the carms domain; a copy of it is served and built. So many
files are published one after the other while 8 connections ask: `--builds` of them by
`carms build --full-refresh`, the others as a build ends, by the rename of a file with another run's
id. A failed request, or two answers to one question under one ETag, is an error; then it exits 1.
Memory and open files are those of the service after each publish (Linux).
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from serve import CONNECTIONS, memory_mb, started

PATHS = (
    *("/programs?province=ON&limit=5",) * 4,
    "/programs?discipline=psychiatry&sort=-quota&limit=20",
    "/programs?applicant=IMG&casper=true",
    "/api/v1/programs?province=QC&language=fr&offset=20",
    "/api/v1/analytics/match-pressure?quota__gte=5&limit=50",
)
"""Asked most: what is answered from memory."""
RARE = (
    "/programs/27447",
    "/disciplines",
    "/map/data.json",
    "/api/v1/tables/fact_program?limit=20&offset=40",
    "/api/v1/requirements?program=27447",
    "/api/v1/search?q=rural+obstetrics",
    "/api/v1/similar/27447",
    "/openapi.json",
)
"""Asked once in a hundred requests: what DuckDB has to answer."""
EXPECTED = (200, 304)


@dataclass
class Tally:
    """What came back."""

    wanted: int
    done: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    bodies: dict[tuple[str, str], bytes] = field(default_factory=dict)
    """By path and ETag: the digest of the answer."""
    seconds: list[float] = field(default_factory=list)
    health: list[float] = field(default_factory=list)
    is_over: bool = False


async def ask(
    stream: tuple[asyncio.StreamReader, asyncio.StreamWriter], path: str, tag: str = ""
) -> tuple[int, str, bytes]:
    """One request on an open connection: status, ETag, body."""
    reader, writer = stream
    known = f"If-None-Match: {tag}\r\n" if tag else ""
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{known}\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    pairs = (line.split(": ", 1) for line in head[1:] if line)
    headers = {name.lower(): value for name, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return int(head[0].split()[1]), headers.get("etag", ""), body


async def connection(port: int, tally: Tally, seed: int) -> None:
    """One client that asks until all is asked and all is published."""
    draws = random.Random(seed)
    stream = await asyncio.open_connection("127.0.0.1", port)
    tags: dict[str, str] = {}
    while not (tally.is_over and tally.done >= tally.wanted):
        path = draws.choice(PATHS if draws.randrange(100) else RARE)
        # Half of them as a browser asks again.
        known = draws.choice((tags.get(path, ""), ""))
        at = time.perf_counter()
        try:
            status, tag, body = await ask(stream, path, known)
        except (OSError, EOFError, ValueError) as error:
            tally.errors.append(f"{path}: {type(error).__name__}: {error}")
            stream = await asyncio.open_connection("127.0.0.1", port)
            continue
        tally.seconds.append(time.perf_counter() - at)
        tally.done += 1
        tally.statuses[status] += 1
        if status not in EXPECTED:
            tally.errors.append(f"{path}: {status}: {body[:200]!r}")
        elif status == EXPECTED[0]:
            tags[path] = tag
            digest = hashlib.sha256(body).digest()
            if tally.bodies.setdefault((path, tag), digest) != digest:
                tally.errors.append(f"{path}: two answers under {tag}")
    stream[1].close()


async def health(port: int, tally: Tally, is_building: asyncio.Event) -> None:
    """Ask `/health` every 20 ms; the times while a build runs count."""
    stream = await asyncio.open_connection("127.0.0.1", port)
    while not (tally.is_over and tally.done >= tally.wanted):
        at = time.perf_counter()
        status, _, _ = await ask(stream, "/health")
        if is_building.is_set():
            tally.health.append(time.perf_counter() - at)
        if status != EXPECTED[0]:
            tally.errors.append(f"/health: {status}")
        await asyncio.sleep(0.02)
    stream[1].close()


async def newest(port: int) -> bytes:
    """What `/health` says on a connection of its own: the run whose file is served."""
    stream = await asyncio.open_connection("127.0.0.1", port)
    _, _, body = await ask(stream, "/health")
    stream[1].close()
    return body


def rename(gold: Path, number: int) -> None:
    """Publish as a build does at its end: another file in place of this one."""
    import duckdb

    other = gold.with_name(f".{gold.name}.soak")
    shutil.copyfile(gold, other)
    with duckdb.connect(str(other)) as connection:
        connection.execute("update ops.build set run_id = $run", {"run": f"soak-{number}"})
    other.replace(gold)


async def publish(
    project: Path, number: int, is_building: asyncio.Event, *, is_build: bool
) -> None:
    """Publish another file."""
    if not is_build:
        await asyncio.to_thread(rename, project / "lake/carms.duckdb", number)
        return
    command = (sys.executable, "-m", "carms_lake", "-q", "-p", str(project), "-d", "carms", "build")
    is_building.set()
    child = await asyncio.create_subprocess_exec(
        *command, "--full-refresh", stdout=subprocess.DEVNULL
    )
    code = await child.wait()
    is_building.clear()
    assert code == 0, code


def open_files(process: int) -> int:
    """How many descriptors a process has open (Linux; elsewhere 0)."""
    folder = Path(f"/proc/{process}/fd")
    return len(list(folder.iterdir())) if folder.is_dir() else 0


async def soak(project: Path, port: int, process: int, asked: argparse.Namespace) -> Tally:
    """Ask and publish at once; a line for each publish."""
    tally, is_building = Tally(asked.requests), asyncio.Event()
    tasks = [asyncio.create_task(connection(port, tally, seed)) for seed in range(CONNECTIONS)]
    tasks.append(asyncio.create_task(health(port, tally, is_building)))
    every = max(1, asked.publishes // asked.builds) if asked.builds else asked.publishes + 1
    print("| published | requests | errors | memory MB | open files |\n|---|---|---|---|---|")
    for number in range(asked.publishes):
        while tally.done < tally.wanted * number / asked.publishes:  # noqa: ASYNC110 - a count
            await asyncio.sleep(0.1)
        before = await newest(port)
        await publish(project, number, is_building, is_build=number % every == every - 1)
        for _ in range(600):
            if await newest(port) != before:
                break
            await asyncio.sleep(0.1)
        else:
            tally.errors.append(f"publish {number} was not served within a minute")
        await asyncio.sleep(2)  # whoever had the file of before has given it back
        held = f"{memory_mb(process):.0f} | {open_files(process)}"
        print(f"| {number + 1} | {tally.done:,} | {len(tally.errors)} | {held} |", flush=True)
    tally.is_over = True
    await asyncio.gather(*tasks)
    return tally


def share(times: list[float], part: float) -> str:
    """The time within which a part of the requests is answered, in ms."""
    return f"{statistics.quantiles(times, n=1_000)[round(part * 1_000) - 1] * 1_000:.1f}"


def main() -> int:
    """Soak a copy of the project, and print what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("project", type=Path)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--publishes", type=int, default=20)
    parser.add_argument("--builds", type=int, default=4, help="of the publishes")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        shutil.copytree(asked.project, project)
        carms = (sys.executable, "-m", "carms_lake", "-q", "-p", str(project), "-d", "carms")
        with started(*carms, "serve", "--port", "0") as (port, process):
            begun = time.perf_counter()
            tally = asyncio.run(soak(project, port, process, asked))
            seconds = time.perf_counter() - begun
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg()) if hasattr(os, "getloadavg") else "-"
    print(f"\n{os.cpu_count()} cores, load {load}; {CONNECTIONS} connections, {seconds:.0f} s")
    answers = ", ".join(f"{count:,} x {status}" for status, count in sorted(tally.statuses.items()))
    print(f"{tally.done:,} requests ({tally.done / seconds:,.0f} a second): {answers}")
    print(f"ms: {share(tally.seconds, 0.5)} half of them, {share(tally.seconds, 0.99)} 99 %")
    if len(tally.health) > 1:
        print(f"`/health` during builds, ms: 99 % within {share(tally.health, 0.99)}")
    print(f"{len(tally.errors)} errors", *tally.errors[:20], sep="\n")
    return 1 if tally.errors else 0


if __name__ == "__main__":
    sys.exit(main())
