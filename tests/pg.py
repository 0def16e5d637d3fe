"""A PostgreSQL of the tests, and statements for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

USER = "postgres"
_NUMBERS = count(1)


IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


@dataclass(frozen=True)
class Server:
    """A server on a socket in a folder, that anybody here may use as `postgres`."""

    folder: Path
    programs: Path

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs, which refuse to run as root."""
        prefix = ["runuser", "-u", USER, "--"] if IS_ROOT else []
        command = [*prefix, str(self.programs / program), "-D", str(self.folder / "data")]
        subprocess.run([*command, *arguments], check=True, capture_output=True, cwd=self.folder)

    def start(self) -> None:
        """Start it, also after a crash."""
        options = f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c fsync=off"
        self.run("pg_ctl", "-o", options, "-l", str(self.folder / "log"), "-w", "start")

    def crash(self) -> None:
        """End it at once, with all that it does."""
        self.run("pg_ctl", "-m", "immediate", "stop")


@contextmanager
def started() -> Iterator[Server]:
    """A new server; the test is skipped where PostgreSQL or the extra is not installed."""
    pytest.importorskip("adbc_driver_postgresql", reason="the extra `postgres` is not installed")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    initdb = str(found[-1]) if found else shutil.which("initdb")
    if initdb is None:
        pytest.skip("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # the path of a socket is short
    server = Server(folder, Path(initdb).parent)
    try:
        if IS_ROOT:
            shutil.chown(folder, USER)
        server.run("initdb", "-A", "trust", "-U", USER, "-E", "UTF8", "--no-sync")
        server.start()
        try:
            yield server
        finally:
            server.crash()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def url_of(server: Path) -> str:
    """The URL of a new database."""
    name = f"test_{next(_NUMBERS)}"
    asked(f"postgresql://{USER}@/postgres?host={server}", f"create database {name}")
    return f"postgresql://{USER}@/{name}?host={server}"


def asked(url: str, *statements: str) -> list[tuple[Any, ...]]:
    """The rows of the last of some statements, which are committed one by one."""
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        # Without COPY, in which only SELECTs are.
        cursor.adbc_statement.set_options(**{"adbc.postgresql.use_copy": "false"})
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []
