"""`carms` in processes of their own: what they say, and their end with the service."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import orjson

MOST_BYTES = 16 << 20
"""Of what a child prints; more is dropped."""
STOP_S = 10.0
"""How long a child may take to end when the service stops."""
LESS_URGENT = 10
"""Steps of niceness of a child above the service's own."""
NOT_STARTED, STOPPED = 70, 130
"""Exit codes of a process that could not be started, and of one that was stopped."""


@dataclass(frozen=True)
class Said:
    """How a child ended, and the object that it wrote with `--json`."""

    code: int
    data: Any = None
    errors: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    run_id: str | None = None


class Children:
    """The processes of a service; used in the loop's thread alone."""

    def __init__(self, project: Path, domain: str) -> None:
        self._place = ("--project", str(project), "--domain", domain)
        self._running: set[asyncio.subprocess.Process] = set()

    async def run(self, words: Sequence[str], timeout_s: float | None = None) -> Said:
        """Run `carms` with these words to its end; after `timeout_s` it is killed."""
        command = [sys.executable, "-m", "carms_lake", *words, "--json", "--quiet", *self._place]
        try:
            with tempfile.TemporaryFile() as out:
                code = await self._code(command, out, timeout_s)
                return _said(code, out)
        except OSError as error:
            message = f"the process could not be started: {error.strerror}"
            return Said(NOT_STARTED, errors=({"message": message},))

    async def _code(self, command: Sequence[str], out: IO[bytes], timeout_s: float | None) -> int:
        child = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=out,
            stderr=asyncio.subprocess.DEVNULL,
            env=_environment(os.environ),
            creationflags=getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0),  # on Windows
        )
        _lower_priority(child.pid)
        self._running.add(child)
        try:
            async with asyncio.timeout(timeout_s):
                return await child.wait()
        except TimeoutError:
            child.kill()
            await child.wait()
            return STOPPED
        finally:
            self._running.discard(child)

    async def stop(self) -> None:
        """End the children: first asked, then, if they do not, made to."""
        ending = list(self._running)
        for child in ending:
            with contextlib.suppress(ProcessLookupError):
                child.terminate()
        if not ending:
            return
        waiting = [asyncio.ensure_future(child.wait()) for child in ending]
        _, late = await asyncio.wait(waiting, timeout=STOP_S)
        for child in ending:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
        if late:
            await asyncio.wait(late, timeout=STOP_S)


def _said(code: int, out: IO[bytes]) -> Said:
    """Read the one object that a child wrote."""
    out.seek(0)
    text = out.read(MOST_BYTES + 1)
    if len(text) > MOST_BYTES:
        return Said(code, errors=({"message": f"the outcome has over {MOST_BYTES >> 20} MiB"},))
    try:
        said = orjson.loads(text)
    except orjson.JSONDecodeError:
        return Said(code)
    return Said(code, said.get("data"), said.get("errors") or (), said.get("run_id"))


def _lower_priority(process: int) -> None:
    """Let the service answer first where both want the processor."""
    if hasattr(os, "setpriority"):
        with contextlib.suppress(OSError):  # it has ended
            own = os.getpriority(os.PRIO_PROCESS, 0)
            os.setpriority(os.PRIO_PROCESS, process, own + LESS_URGENT)


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables of a child: it needs no key of the service."""
    return {name: value for name, value in variables.items() if name != "CARMS_API_KEY"}
