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

if TYPE_CHECKING:
    from collections.abc import Iterator

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


@pytest.fixture(autouse=True, scope="session")
def _nothing_waits_for_the_disk() -> Iterator[None]:
    """What this process writes need not survive a power cut; `test_durable` watches other ones."""
    with patch.object(os, "fsync", lambda _: None):
        yield
