"""What every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

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
