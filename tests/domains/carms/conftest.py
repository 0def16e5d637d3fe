"""What tests of the carms domain may use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from domains.carms.gold_lake import DOMAIN

from carms_lake import Lake
from carms_lake.config import LakeConfig

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def real_lake(real_project: Path) -> Lake:
    """The lake of the real files, built; the test is skipped where they are absent."""
    return Lake(LakeConfig(real_project, DOMAIN))
