"""A command that is killed while it appends to two tables: readers see all of it, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from faults.crash import ended, is_mended, steps_of
from faults.test_kill import KILLED

from carms_lake import Lake

if TYPE_CHECKING:
    from faults.conftest import Arrange

pytestmark = pytest.mark.slow

BOTH = """
select (select count(*) from stock.counting), (select count(*) from stock.shelf)
"""


def test_a_killed_append_is_whole_or_nothing_to_readers_and_to_the_next_run(
    arranged: Arrange,
) -> None:
    append = arranged("append")
    steps = steps_of(append)
    commits = [n for n, step in enumerate(steps, 1) if step.endswith("create_write_transaction")]
    assert len(commits) >= 6, steps
    seen = set()
    for number in commits[:4]:
        config = append.copy()
        assert ended(config.project, "append", "kill", number).returncode in KILLED
        lake = Lake(config)
        (counts,) = lake.query(BOTH).rows()
        seen.add(counts)
        tables = (lake.table("stock.counting"), lake.table("stock.shelf"))
        assert tuple(table.collect().height for table in tables) == counts
        assert is_mended(config, append), steps[number - 1]
    assert seen == {(0, 0), (1, 2)}
