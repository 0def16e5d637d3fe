"""One service over a lake of a few programs, for tests that only read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from served import Client, publish, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carms_lake import Lake


@pytest.fixture(scope="session")
def carms_lake_of_six(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return publish(tmp_path_factory.mktemp("served"))


@pytest.fixture(scope="module")
def client(carms_lake_of_six: Lake) -> Iterator[Client]:
    with serving(carms_lake_of_six) as found:
        yield found
