"""A PostgreSQL server on a socket in a temporary folder; tests are skipped where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pg import started, url_of
from tiny import built

from carms_lake import Lake

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def server() -> Iterator[Path]:
    """The folder of the socket of a server."""
    with started() as server:
        yield server.folder


@pytest.fixture
def url(server: Path) -> str:
    """The URL of a new database."""
    return url_of(server)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    config = built(tmp_path / "project")
    (config.project / "carms.toml").write_text('domain = "tiny"\n', encoding="utf-8")
    return Lake(config)
