"""Servers of Spark Connect: Sail in this process, and the one that CARMS_SPARK_SERVER names."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from extras import skip_without

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carms_lake.adapters.spark.server import Server

ENGINES = ["sail", *filter(None, [os.environ.get("CARMS_SPARK_SERVER")])]


@pytest.fixture(scope="session", params=ENGINES)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    skip_without("spark", "pyspark.sql.connect.session", "pysail.spark")
    from carms_lake.adapters.spark.server import connected

    with connected(request.param) as session:
        yield session


@pytest.fixture(autouse=True)
def _only_with_the_extra() -> None:
    skip_without("spark", "pyspark.sql.connect.session", "pysail.spark")
