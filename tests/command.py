"""The installed command, run as a user runs it: a process, its two outputs, its exit code."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
import typer

from carms_lake.cli import main, make_app

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Outcome:
    """What a finished command left."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, str]]:
        """Standard output as CSV."""
        return list(csv.DictReader(io.StringIO(self.out)))

    @property
    def json(self) -> Any:
        """Standard output as one JSON value."""
        return json.loads(self.out)


def executable() -> str:
    """The `carms` beside this Python."""
    found = shutil.which("carms", path=str(Path(sys.executable).parent))
    assert found is not None, "`carms` is not installed beside this Python"
    return found


def carms(folder: Path, *arguments: str, stdin: str | None = None, **environment: str) -> Outcome:
    """Run `carms` in a folder and wait for it."""
    done = subprocess.run(
        [executable(), *arguments],
        cwd=folder,
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "CARMS_PROJECT": "", **environment},
        timeout=300,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def called(folder: Path, *arguments: str) -> Outcome:
    """The command in this process, which has its libraries already: a process takes a second more.

    Whether a process ends as it should is for `carms` to see.
    """
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
    with (
        contextlib.chdir(folder),
        patch.dict(os.environ, CARMS_PROJECT=""),
        patch.object(sys, "argv", ["carms", *arguments]),
        patch.object(sys, "stdout", out),
        patch.object(sys, "stderr", err),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    for stream in (out, err):
        stream.flush()
    texts = (stream.buffer.getvalue().decode() for stream in (out, err))  # type: ignore[attr-defined]
    return Outcome(int(ended.value.code or 0), *texts)


def every_command(app: typer.Typer | None = None, *, with_hidden: bool = True) -> list[str]:
    """The words of each command: `query`, `rejects replay`; hidden are the old spellings.

    Of `app`, such as that of a domain; without it, of all that there is.
    """

    def walk(group: Any, *words: str) -> Iterator[str]:
        for name, one in group.commands.items():
            if hasattr(one, "commands"):
                yield from walk(one, *words, name)
            elif with_hidden or not one.hidden:
                yield " ".join([*words, name])

    return list(walk(typer.main.get_group(app or make_app())))
