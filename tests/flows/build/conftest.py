"""A published ledger, of which each test has a copy."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ledger_lake import FIRST, accounts, entries, project

from carms_lake.flows.build import build
from carms_lake.flows.ingest import ingest

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.config import LakeConfig


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> LakeConfig:
    """A published ledger, made once."""
    config = project(tmp_path_factory.mktemp("ledger") / "project")
    accounts(config, "AB")
    entries(config, "day_1", FIRST)
    ingest(config)
    build(config)
    return config


@pytest.fixture
def config(tmp_path: Path, published: LakeConfig) -> LakeConfig:
    """A copy of the published ledger."""
    shutil.copytree(published.project, tmp_path / "copy")
    return replace(published, project=tmp_path / "copy")
