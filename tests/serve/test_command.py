"""`carms serve`: what it says before it serves, and that it ends as it is asked to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from typing import TYPE_CHECKING

import pytest
from command import called
from extras import refused_without, skip_without
from lakes import small_lake

if TYPE_CHECKING:
    from pathlib import Path


def test_without_the_extra_the_command_says_how_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused_without("serve", tmp_path, monkeypatch)


def test_another_address_without_a_key_is_refused(tmp_path: Path) -> None:
    skip_without("serve", "uvicorn")
    small_lake(tmp_path)
    found = called(tmp_path, "serve", "--host", "0.0.0.0")
    assert found.code == 2
    assert "no API key" in found.err
    assert "--key-file" in found.err


@pytest.mark.skipif(sys.platform == "win32", reason="a process is not asked to end so there")
def test_it_says_where_it_is_and_ends_when_asked(tmp_path: Path) -> None:
    skip_without("serve", "uvicorn")
    small_lake(tmp_path)
    command = [sys.executable, "-m", "carms_lake", "-q", "serve", "--port", "0"]
    environment = {**os.environ, "CARMS_PROJECT": str(tmp_path)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as child:
        assert child.stderr is not None
        try:
            where = child.stderr.readline().split()[-1]
            with urllib.request.urlopen(f"{where}/health", timeout=60) as answer:
                said = answer.read()
            child.send_signal(signal.SIGTERM)
            rest = child.stderr.read()
            child.wait(30)
        finally:
            child.kill()
    assert b'"status":"ok"' in said
    assert "Traceback" not in rest
