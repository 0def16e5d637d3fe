"""A replay that is killed between its rejects and its rows has changed nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from faults.crash import ended, is_mended, steps_of
from faults.subjects import run
from faults.test_kill import KILLED
from tiny import digest

if TYPE_CHECKING:
    from collections.abc import Callable

    from faults.subjects import Arranged

pytestmark = pytest.mark.slow


def test_rejects_without_their_rows_count_for_nothing_and_the_next_replay_lands_them(
    arranged: Callable[[str], Arranged],
) -> None:
    subject = arranged("replay")
    commits = [n for n, s in enumerate(steps_of(subject), 1) if s.startswith("after create_write")]
    config = subject.copy()
    done = ended(config.project, "replay", "kill", commits[0])
    assert done.returncode in KILLED, done.stderr
    run(config)
    assert digest(config) == subject.before != subject.expected
    assert is_mended(config, subject)
