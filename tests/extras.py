"""Tests of an optional extra are skipped where it is not installed."""

from __future__ import annotations

import os
from importlib import import_module

import pytest


def skip_without(extra: str, *modules: str) -> None:
    """Skip the test, unless the modules of an extra can be imported."""
    for name in modules:
        try:
            import_module(name)
        except ModuleNotFoundError:
            # `make test-extras` says which extra it has installed: then nothing is skipped.
            assert os.environ.get("CARMS_EXTRA") != extra, f"no `{name}`"
            pytest.skip(f"the extra `{extra}` is not installed: no `{name}`")
