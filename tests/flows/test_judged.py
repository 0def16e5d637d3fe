"""Which contract judged a file's records is remembered, and said until today's has judged them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tiny import SALES, put, rows, stocked, with_contract

from carms_lake.contract.limits import Severity
from carms_lake.flows.build import build
from carms_lake.flows.check import check
from carms_lake.flows.ingest import ingest
from carms_lake.flows.status import status
from carms_lake.names import Layer, TableRef
from carms_lake.store import table_path
from carms_lake.store.delta import log
from carms_lake.store.delta.manifest import read_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.config import LakeConfig


def said(config: LakeConfig, *, full_refresh: bool = False) -> list[str]:
    notes = ingest(config, ["sales"], full_refresh=full_refresh).notes
    return [note for note in notes if "the contract of" in note]


def old_files(config: LakeConfig) -> int:
    found = {source["source"]: source for source in status(config).sources.to_dicts()}
    return int(found["sales"]["old_contract"])


def stricter(config: LakeConfig) -> LakeConfig:
    config = with_contract(config, "sales", "minimum: 1", "minimum: 2")
    return with_contract(config, "sales", "version: 1.0.0", "version: 2.0.0")


@pytest.mark.slow
def test_it_is_said_until_no_file_of_an_older_contract_is_left(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    put(config, "sales/day_2.csv", SALES.replace("s1", "s3").replace("s2", "s4"))
    ingest(config)
    build(config)
    assert (said(config), old_files(config)) == ([], 0)
    config = stricter(config)
    put(config, "sales/day_2.csv", SALES.replace("s1", "s5").replace("s2", "s6"))
    for _ in range(2):
        (note,) = said(config)
        assert "1 file of it was read (by version 1.0.0; now 2.0.0)" in note
        assert "`carms ingest sales --full-refresh`" in note
    assert old_files(config) == 1
    (broken,) = (c for c in check(config).checks if c.rule == "sales.contract")
    assert (broken.passed, broken.severity) == (False, Severity.WARNING)
    assert (broken.failed_rows, broken.checked_rows) == (1, 2)
    assert said(config, full_refresh=True) == []
    assert old_files(config) == 0
    assert all(c.rule != "sales.contract" for c in check(config).checks)
    assert rows(config, "bronze.sales", "sale_id") == [("s1",), ("s5",)]


def test_a_contract_in_other_words_judges_alike(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    ingest(config)
    config = with_contract(config, "sales", "description: Quantity.", "description: How many.")
    config = with_contract(config, "sales", "version: 1.0.0", "version: 1.0.1")
    assert said(config) == []


def test_a_file_that_left_is_told_from_those_that_can_be_read_again(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    ingest(config)
    (config.data_raw / "sales/day_1.csv").unlink()
    put(config, "sales/other.csv", SALES.replace("s1", "s3").replace("s2", "s4"))
    config = stricter(config)
    (note,) = said(config, full_refresh=True)
    assert note.endswith("reads them again, but for 1 no longer in data_raw")


def test_in_a_lake_that_did_not_keep_the_rules_the_version_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = stocked(tmp_path)
    ingest(config)
    kept = log.commits

    def as_then(path: Path) -> list[log.Commit]:
        found = kept(path)
        for commit in found:
            for entry in commit.metadata.get("files", ()):
                entry.pop("record_rules", None)
                entry.pop("contract_version", None)
        return found

    monkeypatch.setattr("carms_lake.flows.ingest.table.commits", as_then)
    assert said(config) == []
    assert len(said(stricter(config))) == 1
    path = table_path(config, TableRef(config.domain.name, Layer.BRONZE, "sales"))
    assert read_manifest(as_then(path)).current["sales/day_1.csv"].contract_version == "1.0.0"
