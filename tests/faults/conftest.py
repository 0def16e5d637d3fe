"""The subjects, arranged once for all tests of a module."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from faults.scale import ROWS, SUBJECTS_TRIED
from faults.subjects import SUBJECTS, Arranged

if TYPE_CHECKING:
    from collections.abc import Callable

    Arrange = Callable[[str], Arranged]


@pytest.fixture(scope="session")
def arranged(tmp_path_factory: pytest.TempPathFactory) -> Arrange:
    made: dict[str, Arranged] = {}

    def of(name: str) -> Arranged:
        if name not in made:
            made[name] = Arranged(name, tmp_path_factory.mktemp(name.replace(" ", "_")), ROWS)
        return made[name]

    return of


@pytest.fixture(params=list(SUBJECTS)[:SUBJECTS_TRIED])
def subject(request: pytest.FixtureRequest, arranged: Arrange) -> Arranged:
    return arranged(request.param)


@pytest.fixture
def posix() -> None:
    if sys.platform == "win32":
        pytest.skip("Windows has no such limit")
