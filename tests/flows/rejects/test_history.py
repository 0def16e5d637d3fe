"""What became of everything that was ever rejected: derived from rejects and logs alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from reject_lake import SALES_2, edit, loosen, shop
from tiny import PRODUCTS, put, rejects

from carms_lake.errors import UsageError
from carms_lake.flows.build import build
from carms_lake.flows.ingest import ingest
from carms_lake.flows.maintenance import optimize, vacuum
from carms_lake.flows.rejects.history import reject_history
from carms_lake.flows.rejects.replay import replay
from carms_lake.flows.timetravel.restore import restore

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.config import LakeConfig

FIELDS = ("src_row_number", "first_seen_run", "last_seen_run", "mended_run", "mended_by")


def told(config: LakeConfig, **wanted: Any) -> dict[str, tuple[Any, ...]]:
    """By raw record or key: its number, and the runs of its history."""
    found = reject_history(config, **wanted)
    rows = found.rows(named=True)
    return {r["row_key"] or r["raw_record"]: tuple(r[name] for name in FIELDS) for r in rows}


@pytest.mark.slow
def test_a_record_is_followed_from_the_run_that_saw_it_to_the_one_that_mended_it(
    tmp_path: Path,
) -> None:
    config = shop(tmp_path)
    first = ingest(config).run_id
    assert told(config, table="sales")["s3,p1,0"] == (1, first, first, None, None)
    loosen(config)
    second = replay(config).run.run_id
    found = told(config, table="sales")
    assert found["s3,p1,0"] == (1, first, first, second, "replay")
    assert found["s4,p2,x"] == (2, first, second, None, None), "validated again, and still rejected"
    put(config, "sales/day_2.csv", "sale_id,product_id,quantity\nnew,p1,1\ns4,p2,x\ns5,p1,3\n")
    third = ingest(config).run_id
    found = told(config, table="sales")
    assert found["s4,p2,x"] == (2, first, third, None, None)
    assert found["s5,p1,3,4"] == (3, first, second, third, "delivery")
    put(config, "sales/day_2.csv", "sale_id,product_id,quantity\ns3,p1,1\nnew,p1,1\ns4,p2,x\n")
    fourth = ingest(config).run_id
    assert told(config)["s4,p2,x"] == (3, first, fourth, None, None), "it moved down a line"
    assert told(config)["s3,p1,0"] == (1, first, first, second, "replay")


def test_the_times_are_those_of_the_runs_and_the_filters_hold(tmp_path: Path) -> None:
    config = shop(tmp_path)
    first = ingest(config).run_id
    loosen(config)
    second = replay(config).run.run_id
    found = reject_history(config, code="OUT_OF_RANGE")
    seen = {f"{at:%Y%m%dT%H%M%S.%fZ}" for at in found["first_seen_at"]}
    assert seen == {first.partition("-")[0]}
    assert set(told(config, code="type_mismatch")) == {"s4,p2,x"}
    assert len(told(config, column="quantity")) == 3
    assert told(config, layer="silver") == {}
    assert len(told(config, run=first)) == 4
    assert len(told(config, run=second)) == 4, "two mended, two seen last"
    assert told(config, run="last") == told(config, run="1") == told(config, run=second[-6:])
    with pytest.raises(UsageError, match="no run `none`"):
        told(config, run="none")


def test_of_equal_records_each_is_followed(tmp_path: Path) -> None:
    config = shop(tmp_path)
    put(config, "sales/day_2.csv", "sale_id,product_id,quantity\nd,p1,x\nd,p1,x\nd,p1,x\n")
    ingest(config)
    put(config, "sales/day_2.csv", "sale_id,product_id,quantity\nd,p1,x\nd,p1,1\n")
    again = ingest(config).run_id
    found = reject_history(config, table="sales")
    assert sorted(found["mended_run"].to_list(), key=str) == [again, again, None]


def test_a_file_read_again_under_another_contract_mends_too(tmp_path: Path) -> None:
    config = shop(tmp_path)
    first = ingest(config).run_id
    edit(config, "bronze/sales", "minimum: 1", "minimum: 0")
    again = ingest(config, full_refresh=True).run_id
    assert told(config)["s3,p1,0"] == (1, first, first, again, "ingest")


@pytest.mark.slow
def test_a_quarantined_row_that_comes_back_was_mended_by_that_build(tmp_path: Path) -> None:
    config = shop(tmp_path)
    put(config, "sales/day_2.csv", "sale_id,product_id,quantity\ns9,p3,1\ns8,p4,1\n")
    ingest(config)
    first = build(config).run_id
    put(config, "products.csv", PRODUCTS + "p3,Oil,1.00\n")
    ingest(config)
    second = build(config).run_id
    found = told(config, layer="silver")
    assert found['{"sale_id": "s9"}'] == (None, first, first, second, "build")
    assert found['{"sale_id": "s8"}'] == (None, first, second, None, None)


def test_a_restored_table_has_its_rejects_back(tmp_path: Path) -> None:
    config = shop(tmp_path)
    first = ingest(config).run_id
    loosen(config)
    replay(config)
    restore(config, "bronze.sales", first, yes=True)
    assert len(rejects(config)) == 4
    found = told(config)["s3,p1,0"]
    assert found[1] == first
    assert found[2] > first
    assert found[3:] == (None, None)
    last = replay(config).run.run_id
    assert told(config)["s3,p1,0"][3:] == (last, "replay")


@pytest.mark.slow
def test_maintenance_and_later_runs_lose_nothing_of_it(tmp_path: Path) -> None:
    config = shop(tmp_path)
    ingest(config)
    loosen(config)
    replay(config)
    build(config)
    put(config, "sales/day_2.csv", SALES_2.replace("x", "4"))
    ingest(config)
    before = reject_history(config)
    optimize(config)
    vacuum(config, keep_runs=0, keep_days=0, yes=True)
    ingest(config)
    build(config, full_refresh=True)
    assert reject_history(config).equals(before)


def test_a_lake_without_rejects_has_no_history(tmp_path: Path) -> None:
    assert reject_history(shop(tmp_path)).is_empty()
