from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

import carms_lake
from carms_lake.domains.carms.match.processes import processes

pytestmark = pytest.mark.slow

VICTIM = """
import sys
import polars  # its handler of Ctrl-C is there
from carms_lake.domains.carms.match.processes import processes

WORK = "import os, time; os.write(2, b'at work\\\\n'); time.sleep(600)"
try:
    with processes(2) as mapped:
        list(mapped(exec, [WORK]))
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_answers_come_in_the_order_of_what_was_asked(workers) -> None:
    with processes(workers, at_once=3) as mapped:
        assert list(mapped(abs, range(-10, 0))) == list(range(10, 0, -1))
        assert list(mapped(abs, [])) == []


def test_an_error_of_the_work_is_raised_here() -> None:
    with pytest.raises(ZeroDivisionError), processes(2) as mapped:
        list(mapped(exec, ["pass", "1 / 0", "import time; time.sleep(600)"]))


def test_a_process_that_is_ended_from_outside_is_said() -> None:
    with pytest.raises(carms_lake.LakeError, match="ended from outside"), processes(2) as mapped:
        list(mapped(os._exit, [7]))


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal's Ctrl-C cannot be sent there")
def test_ctrl_c_waits_for_no_answer_and_leaves_no_process() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", VICTIM], stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "at work\n"
        os.killpg(process.pid, signal.SIGINT)
        # stderr ends when all that hold it have ended.
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "")
