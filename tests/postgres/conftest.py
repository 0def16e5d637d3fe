"""A PostgreSQL server on a socket in a temporary folder; tests are skipped where there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pg import USER, url_of
from tiny import built

from carms_lake import Lake

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def server() -> Iterator[Path]:
    """The folder of the socket of a server that anybody here may use as `postgres`."""
    pytest.importorskip("adbc_driver_postgresql", reason="the extra `postgres` is not installed")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    initdb = str(found[-1]) if found else shutil.which("initdb")
    if initdb is None:
        pytest.skip("PostgreSQL is not installed")
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    prefix = ["runuser", "-u", USER, "--"] if is_root else []  # it does not run as root
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # the path of a socket is short
    if is_root:
        shutil.chown(folder, USER)
    data, control = str(folder / "data"), str(Path(initdb).with_name("pg_ctl"))
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"

    def run(*command: str) -> None:
        subprocess.run([*prefix, *command], check=True, capture_output=True, cwd=folder)

    try:
        run(initdb, "-D", data, "-A", "trust", "-U", USER, "-E", "UTF8", "--no-sync")
        run(control, "-D", data, "-o", options, "-l", str(folder / "log"), "-w", "start")
        try:
            yield folder
        finally:
            run(control, "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def url(server: Path) -> str:
    """The URL of a new database."""
    return url_of(server)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    config = built(tmp_path / "project")
    (config.project / "carms.toml").write_text('domain = "tiny"\n', encoding="utf-8")
    return Lake(config)
