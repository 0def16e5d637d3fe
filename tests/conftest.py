"""What every test may use."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from command import called
from filelock import FileLock
from hypothesis import HealthCheck, settings
from tiny import built

import carms_lake

if TYPE_CHECKING:
    from collections.abc import Iterator

SMALL = {
    "carms": ("--programs", "20"),
    "retail": ("--scale", "0.003", "--days", "20"),
    "ticketing": ("--scale", "0.02"),
}
"""The options with which each domain that comes with the tool generates few rows."""

settings.register_profile(
    "carms", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=25
)
settings.load_profile("carms")


@pytest.fixture(scope="session")
def real_carms() -> Path:
    """The folder with the four public CaRMS files; the test is skipped where it is absent."""
    root = os.environ.get("CARMS_REAL_DATA")
    if not root:
        pytest.skip("CARMS_REAL_DATA is not set: the real files are not here")
    folder = Path(root) / "carms"
    if not folder.is_dir():
        pytest.skip(f"CARMS_REAL_DATA has no folder `carms`: {folder}")
    return folder


@pytest.fixture(scope="session")
def real_project(real_carms: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of these files, run once for all processes; a test that changes it copies it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "real"
    with FileLock(f"{folder}.lock"):
        if not (folder / "is_built").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            assert called(folder, "init").code == 0
            for path in real_carms.iterdir():
                shutil.copy(path, folder / "data_raw/carms")
            done = called(folder, "run")
            assert done.code == 0, done.err
            (folder / "is_built").touch()
    return folder


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of the domain `tiny`, built; no test changes its lake."""
    config = built(tmp_path_factory.mktemp("tiny"))
    (config.project / "carms.toml").write_text('domain = "tiny"\n', encoding="utf-8")
    return config.project


@pytest.fixture(scope="session", params=list(SMALL))
def shipped_lake(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> carms_lake.Lake:
    """A small lake of each domain that comes with the tool; no test changes it."""
    domain, folder = request.param, tmp_path_factory.mktemp(request.param)
    assert called(folder, "init", "-d", domain).code == 0
    assert called(folder, "-d", domain, "generate", *SMALL[domain]).code == 0
    done = called(folder, "-d", domain, "run")
    assert done.code == 0, done.err
    return carms_lake.open(folder, domain)


@pytest.fixture(autouse=True, scope="session")
def _nothing_waits_for_the_disk() -> Iterator[None]:
    """What this process writes need not survive a power cut; `test_durable` watches other ones."""
    with patch.object(os, "fsync", lambda _: None):
        yield
