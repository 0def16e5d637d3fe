"""A dry run tells what a run would: files, rows, refusals, and why records would be rejected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tiny import SALES, project, put, stocked, with_contract

from carms_lake.errors import ContractError
from carms_lake.flows.ingest import ingest

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.records import RunReport

HEADER = "sale_id,product_id,quantity\n"


def told(report: RunReport) -> list[tuple[object, ...]]:
    return [
        (f.name, f.status, f.records, f.accepted, f.rejected, f.code, f.message, f.hint)
        for f in report.files
    ]


def test_each_reason_is_told_with_its_first_record(tmp_path: Path) -> None:
    config = project(tmp_path)
    put(config, "sales/day_1.csv", f"{HEADER}s1,p1,1\ns2,p1,x\ns3,p1,y\n,p1,1\ns5,p1\ns6,p1\n")
    (file,) = ingest(config, ["sales"], dry_run=True).files
    assert (file.accepted, file.rejected) == (1, 5)
    assert file.notes == (
        "TYPE_MISMATCH in 2 records, first in record 2: `quantity` must be integer",
        "MALFORMED_ROW in 2 records, first in record 5: 2 fields, the header has 3",
        "REQUIRED_NULL in 1 record, first in record 4: `sale_id` must have a value",
    )
    assert not ingest(config, ["sales"]).files[0].notes


def test_of_many_reasons_the_most_frequent_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("carms_lake.flows.ingest.outcome._SHOWN", 1)
    monkeypatch.setattr("carms_lake.flows.ingest.batches.BATCH_RECORDS", 2)
    monkeypatch.setattr("carms_lake.readers.csv.records.PIECE_BYTES", 8)
    config = project(tmp_path)
    put(config, "sales/day_1.csv", f"{HEADER},p1,1\ns2,p1,x\ns3,p1,y\ns4,p1\ns5,p1,z\n")
    (file,) = ingest(config, ["sales"], dry_run=True).files
    first, others = file.notes
    assert first.startswith("TYPE_MISMATCH in 3 records, first in record 2:")
    assert others == "and 2 other reasons"


def test_a_copy_of_what_was_corrected_is_told_as_a_run_tells_it(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    ingest(config)
    put(config, "sales/day_1.csv", SALES.replace("p2,1", "p2,3"))
    put(config, "sales/copy.csv", SALES)
    put(config, "sales/day_2.csv", f"{HEADER}s9,p1,x\ns8,p1,1\n")
    put(config, "sales/bad.csv", "sale_id,other\n")
    tried, done = ingest(config, dry_run=True), ingest(config)
    assert told(tried) == told(done)
    assert {str(file.status) for file in done.files} == {
        "unchanged", "replaced", "copy", "landed", "refused"
    }  # fmt: skip


def test_a_table_of_other_columns_than_its_contract_is_told(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    ingest(config)
    changed = with_contract(config, "sales", "physicalType: integer", "physicalType: bigint")
    put(changed, "sales/day_2.csv", SALES.replace("s1", "s3"))
    for dry_run in (True, False):
        with pytest.raises(ContractError, match="other columns than its contract"):
            ingest(changed, ["sales"], dry_run=dry_run)
    assert ingest(changed, ["sales"], dry_run=True, full_refresh=True).files
