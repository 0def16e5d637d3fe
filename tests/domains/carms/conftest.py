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
def real_lake(real_carms: Path, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The lake of the real files, built; the test is skipped where they are absent."""
    lake = Lake(LakeConfig(tmp_path_factory.mktemp("lake"), DOMAIN))
    lake.ingest(from_path=real_carms)
    report = lake.build()
    assert report.is_balanced
    assert report.rejected == 0
    return lake
