"""One writer at a time, and the second is told who the first is."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from carms_lake.errors import StoreError, StoreLocked
from carms_lake.store.delta.lock import writing

HOLD = """
import sys, time
from pathlib import Path
from carms_lake.store.delta.lock import writing
with writing(Path(sys.argv[1]), "carms ingest"):
    print("held", flush=True)
    time.sleep(60)
"""


def holder(lake: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lake)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "held"
    return process


def test_a_second_process_is_told_who_holds_the_lake(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        try:
            with pytest.raises(StoreLocked) as caught, writing(tmp_path, "carms build", wait_s=0.1):
                pass
        finally:
            process.kill()
    assert "carms ingest" in caught.value.message
    assert str(process.pid) in caught.value.message


def test_a_killed_process_lets_go(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        process.kill()
    with writing(tmp_path, "carms build", wait_s=5):
        assert str(os.getpid()) in (tmp_path / ".lock.holder").read_text(encoding="utf-8")
    assert not (tmp_path / ".lock.holder").exists()


def test_what_the_work_itself_may_not_do_is_no_fault_of_the_lake(tmp_path: Path) -> None:
    denied = PermissionError(13, "Permission denied", "source.csv")
    with pytest.raises(PermissionError) as caught, writing(tmp_path, "carms ingest"):
        raise denied
    assert caught.value is denied
    with writing(tmp_path, "carms ingest", wait_s=0.1):
        pass


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_lake_that_cannot_be_taken_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_text", refused)
        with pytest.raises(StoreError, match=os.strerror(number)), writing(tmp_path, "carms build"):
            pass
    with writing(tmp_path, "carms build", wait_s=0.1):
        pass
