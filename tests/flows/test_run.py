"""How a run ended is kept, whatever ended it."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING

import duckdb
import pytest
from polars.testing import assert_frame_equal
from tiny import PRODUCTS, put, rows, stocked

from carms_lake.errors import NotReconciled, StoreError
from carms_lake.flows.build import build
from carms_lake.flows.ingest import ingest
from carms_lake.flows.query import query_frame
from carms_lake.flows.run import running
from carms_lake.flows.status import status
from carms_lake.flows.timetravel import history
from carms_lake.store import delta, ops, ops_path

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


@pytest.mark.slow
def test_the_published_file_says_of_its_run_what_the_lake_says(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    ingest(config)
    report = build(config)
    assert report.published == config.gold_file
    for table in ("runs", "table_versions", "check_results", "scorecard", "lineage"):
        here = delta.scan(ops_path(config, table)).filter(run_id=report.run_id).collect()
        with duckdb.connect(config.gold_file, read_only=True) as connection:
            found = connection.sql(f"from ops.{table} where run_id = '{report.run_id}'").pl()
        there = found.select(here.columns).cast(here.schema)
        assert_frame_equal(here, there, check_row_order=False)
    runs = delta.scan(ops_path(config, "runs")).filter(run_id=report.run_id).collect()
    assert runs.select("status", "is_published").rows() == [("done", True)]
    assert runs["seconds"].to_list() == [report.seconds]


def test_a_run_that_has_published_is_recorded_as_done_whatever_comes_after(tmp_path: Path) -> None:
    config = stocked(tmp_path)

    def interrupted() -> None:
        with running(config, "build") as run:
            run.finish(published={})
            run.publish(config.gold_file)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert kept(config) == [("done", "")]


def test_a_run_whose_file_was_not_put_in_its_place_has_failed(tmp_path: Path) -> None:
    config = stocked(tmp_path)

    def failed() -> None:
        with running(config, "build") as run:
            run.finish(published={"lineage": [{"run_id": run.run_id}]})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failed()
    assert kept(config) == [("failed", "ZeroDivisionError")]
    assert not delta.exists(ops_path(config, "lineage"))


def test_a_finished_run_takes_notes_only(tmp_path: Path) -> None:
    with running(stocked(tmp_path), "build", keep=False) as run:
        run.finish()
        run.add(notes=["the file is elsewhere"])
        assert run.report().notes == ("the file is elsewhere",)
        with pytest.raises(RuntimeError, match="notes only"):
            run.add(rows={"lineage": []}, checks=[None])  # type: ignore[list-item]


def clock_at(monkeypatch: pytest.MonkeyPatch, ahead: timedelta) -> None:
    """Let runs begin with a clock that is ahead, or behind."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime.now(tz) + ahead

    monkeypatch.setattr("carms_lake.flows.run.datetime", Clock)


@pytest.mark.slow
@pytest.mark.parametrize("first", [timedelta(hours=1), timedelta(days=4000)])
def test_after_a_clock_was_set_back_runs_are_still_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: timedelta
) -> None:
    config = stocked(tmp_path)
    clock_at(monkeypatch, first)
    began = [ingest(config).run_id, build(config).run_id]
    clock_at(monkeypatch, timedelta())
    put(config, "products.csv", PRODUCTS.replace("2.50", "3.50"))
    landed = ingest(config)
    assert any("is the clock right?" in note for note in landed.notes)
    clock_at(monkeypatch, timedelta(minutes=-5))
    began += [landed.run_id, build(config).run_id]
    assert began == sorted(began)
    prices = rows(config, "silver.product_history", "product_id", "price", "is_current")
    assert [row[1:] for row in prices if row[0] == "p1"] == [
        (Decimal("2.50"), False),
        (Decimal("3.50"), True),
    ]
    price = "select price from silver.product where product_id = 'p1'"
    then = [query_frame(config, price, as_of=run).item() for run in (began[1], began[3])]
    assert then == [Decimal("2.50"), Decimal("3.50")]
    found = history(config, "bronze.products")
    assert found["at"].is_sorted(descending=True)
    assert status(config).runs["run_id"].to_list() == began[::-1]
    assert (status(config).sources["age_s"] >= 0).all()


@pytest.mark.slow
def test_what_a_killed_run_committed_counts_as_the_newest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = stocked(tmp_path)
    clock_at(monkeypatch, timedelta(hours=1))
    ahead = ingest(config).run_id
    shutil.rmtree(config.lake / "ops")  # as if it had not come to record itself
    clock_at(monkeypatch, timedelta())
    assert build(config).run_id > ahead


@pytest.mark.slow
def test_a_clock_that_goes_on_is_not_mentioned(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    notes = [*ingest(config).notes, *build(config).notes]
    assert not any("clock" in note for note in notes)
