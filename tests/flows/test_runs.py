"""How a run ended is kept, whatever ended it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tiny import stocked

from carms_lake.errors import NotReconciled, StoreError
from carms_lake.flows.run import running
from carms_lake.store import ops
from carms_lake.store.delta import table as delta
from carms_lake.store.layout import ops_path

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.config import LakeConfig


class PanicException(BaseException):
    """As libraries written in Rust raise it."""


def ended(config: LakeConfig, error: BaseException | None) -> None:
    with running(config, "build"):
        if error is not None:
            raise error


def kept(config: LakeConfig) -> list[tuple[str, str]]:
    path = ops_path(config, "runs")
    if not delta.exists(path):
        return []
    return delta.scan(path).collect().select("status", "message").rows()


@pytest.mark.parametrize(
    ("error", "row"),
    [
        (NotReconciled("3 in, 2 out"), ("failed", "3 in, 2 out")),
        (KeyboardInterrupt(), ("interrupted", "KeyboardInterrupt")),
        (ZeroDivisionError("by zero\nand more"), ("failed", "ZeroDivisionError: by zero")),
        (PanicException("index 7"), ("failed", "PanicException: index 7")),
    ],
)
def test_a_run_that_is_ended_is_recorded_and_its_error_goes_on(
    tmp_path: Path, error: BaseException, row: tuple[str, str]
) -> None:
    config = stocked(tmp_path)
    with pytest.raises(type(error)) as caught:
        ended(config, error)
    assert caught.value is error
    assert kept(config) == [row]
    ended(config, None)
    assert sorted(kept(config)) == sorted([("done", ""), row])


def test_a_store_that_failed_is_not_written_to_again(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    with pytest.raises(StoreError, match="disk full"):
        ended(config, StoreError("disk full"))
    assert kept(config) == []


@pytest.mark.parametrize("second", [StoreError("disk full"), KeyboardInterrupt()])
def test_a_record_that_cannot_be_kept_does_not_hide_why_the_run_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, second: BaseException
) -> None:
    config = stocked(tmp_path)

    def refused(*_: object) -> None:
        raise second

    monkeypatch.setattr(ops, "record_run", refused)
    with pytest.raises(ZeroDivisionError) as caught:
        ended(config, ZeroDivisionError("by zero"))
    assert caught.value.__notes__ == [f"the run could not be recorded: {second!r}"]
