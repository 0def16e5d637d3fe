"""What tests of optional extras share: they are skipped where their extra is not installed."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from command import called
from lakes import small_lake


def skip_without(extra: str, *modules: str) -> None:
    """Skip the test, unless the modules of an extra can be imported."""
    for name in modules:
        try:
            import_module(name)
        except ModuleNotFoundError:
            # `make test-extras` says which extra it has installed: then nothing is skipped.
            assert os.environ.get("CARMS_EXTRA") != extra, f"no `{name}`"
            pytest.skip(f"the extra `{extra}` is not installed: no `{name}`")


def refused_without(command: str, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its extra a command ends with 2 and says how the extra is installed."""

    def missing(name: str) -> Any:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr("carms_lake.extras.import_module", missing)
    small_lake(project)
    found = called(project, command)
    assert found.code == 2
    assert f'pip install "carms-lake[{command}]"' in found.err
