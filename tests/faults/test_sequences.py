"""Whatever happens to files and lake, gold is that of a fresh lake made from the final files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from faults.scale import SEED, SEQUENCES, tell
from faults.sequences import History, differences

from carms_lake.flows.generate import generate

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

STEPS = 2 if SEQUENCES == 1 else 4
"""Builds of a history; `make test` has no time for more."""

POOLS: dict[str, dict[str, object]] = {
    "carms": {"programs": 8, "anomalies": True},
    "retail": {"scale": 0.0005, "days": 3},
    "ticketing": {"scale": 0.0003, "batches": 2},
}


@pytest.fixture(scope="session", params=list(POOLS))
def pool(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a domain's generated files."""
    folder = tmp_path_factory.mktemp("pool") / request.param
    generate(f"carms_lake.domains.{request.param}", folder, POOLS[request.param])
    return folder


@pytest.mark.parametrize("number", range(SEQUENCES))
def test_gold_is_that_of_a_fresh_lake(pool: Path, tmp_path: Path, number: int) -> None:
    seed = SEED + number
    history = History(pool.name, pool, tmp_path, seed)
    for _ in range(STEPS):
        history.play()
        differs = history.compare()
        assert not differs, "\n".join([f"seed {seed}", *history.log, differs])
    tell(f"{pool.name}: history {seed}, {len(history.log)} accidents, equal after each of {STEPS}")


def test_a_row_too_many_a_row_too_few_and_a_row_twice_are_told() -> None:
    assert not differences({"t": "a\nb"}, {"t": "a\nb"})
    assert differences({"t": "a\nb"}, {"t": "a"}) == "t: not expected ['b'], missing []"
    assert differences({}, {"t": "a"}) == "t: not expected [], missing ['a']"
    assert differences({"t": "a\na"}, {"t": "a"}) == "t: not expected [], missing []"
