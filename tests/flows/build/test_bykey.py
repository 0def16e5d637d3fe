"""Made key by key or made whole, a table is the same: rows, quarantine and balance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from ledger_lake import SILVER, accounts, build_of, config_of, digest, entries, path_of, project
from templates import copy_to

from carms_lake.errors import StoreError
from carms_lake.flows.build import build
from carms_lake.flows.build import incremental as bykey
from carms_lake.flows.ingest import ingest
from carms_lake.store import delta, ops_path

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.config import LakeConfig

MANY = [(number, "A" if number % 2 else "B", number) for number in range(1, 41)]


def stocked(folder: Path) -> LakeConfig:
    """Accounts A and B, and forty entries of theirs in two files."""
    copy_to(folder, _stocked)
    return config_of(folder)


def _stocked(folder: Path) -> None:
    config = project(folder)
    accounts(config, "AB")
    entries(config, "day_1", MANY[:20])
    entries(config, "day_2", MANY[20:])
    made(config)


def made(config: LakeConfig) -> dict[str, str]:
    """What a run of ingest and build does with each silver table: nothing, all, or `3 keys`."""
    ingest(config)
    report = build(config, SILVER)
    return {t.table.table: t.message or t.status for t in report.tables}


def equals_a_rebuild(config: LakeConfig) -> bool:
    before = digest(config)
    build(config, SILVER, full_refresh=True)
    return digest(config) == before


def test_a_new_file_touches_its_keys_alone(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    files = set(delta.pinned(path_of(config, "entry")).files)
    entries(config, "day_3", [(41, "A", 1), (42, "B", 2)])
    assert made(config) == {
        "entry": "2 keys",
        "posting": "2 keys",
        "account": "unchanged",
        "label": "2 new rows",
    }
    assert files < set(delta.pinned(path_of(config, "entry")).files)
    assert equals_a_rebuild(config)


def test_a_build_says_how_many_rows_it_read(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    entries(config, "day_3", [(41, "A", 1), (42, "B", 2), (7, "A", 3)])
    ingest(config)
    read = {t.table.table: (t.status, t.rows_read) for t in build(config, SILVER).tables}
    assert read == {
        "account": ("unchanged", 0),
        "entry": ("built", 4),  # 7 stands in the first file, too
        "posting": ("built", 4),
        "label": ("built", 43),  # 7 is there already: it is made whole
    }
    again = build(config, SILVER, full_refresh=True)
    whole = {t.table.table: t.rows_read for t in again.tables}
    assert whole == {"account": 2, "entry": 43, "posting": 43, "label": 43}
    kept = delta.scan(ops_path(config, "table_versions")).filter(pl.col("run_id") == again.run_id)
    assert dict(kept.select("table_name", "rows_read").collect().rows()) == whole


def test_a_data_file_without_a_touched_key_stays_the_same_file(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    entries(config, "day_3", [(41, "A", 1), (42, "B", 2)])
    made(config)
    first, second = sorted(delta.pinned(path_of(config, "entry")).files, key=_rows, reverse=True)
    entries(config, "day_3", [(41, "A", 5), (42, "B", 2)])
    made(config)
    files = set(delta.pinned(path_of(config, "entry")).files)
    assert first in files
    assert second not in files
    assert equals_a_rebuild(config)


def test_a_late_file_changes_the_keys_that_it_repeats(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    entries(config, "day_1_late", [(7, "B", 700), (50, "A", 1)])
    assert made(config)["entry"] == "2 keys"
    rows = delta.scan(path_of(config, "entry")).collect().rows()
    assert (7, "B", 700) in rows
    assert build_of(config, "entry").superseded == 1
    assert equals_a_rebuild(config)


def test_a_key_that_vanished_from_a_replaced_file_leaves_silver(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    entries(config, "day_3", [(41, "A", 1), (42, "Z", 2)])
    made(config)
    entries(config, "day_3", [(43, "A", 1)])
    assert made(config)["entry"] == "3 keys"
    held = delta.scan(path_of(config, "entry")).collect()["entry_id"].to_list()
    assert 41 not in held
    assert 43 in held
    assert build_of(config, "entry").quarantined == 0
    assert equals_a_rebuild(config)


def test_rows_that_wait_for_a_reference_come_when_it_comes(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    entries(config, "day_3", [(41, "C", 1), (42, "D", 2), (43, "A", -3)])
    made(config)
    assert build_of(config, "entry").unknown == {"account_id.relationship": 2}
    accounts(config, "C", "accounts_2.csv")
    assert made(config)["entry"] == "2 keys"  # 43 waits for nothing
    assert build_of(config, "entry").unknown == {"account_id.relationship": 1}
    assert build_of(config, "entry").quarantined == 2
    assert equals_a_rebuild(config)


def test_rows_whose_reference_goes_are_set_aside(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    accounts(config, "CD", "accounts_2.csv")
    entries(config, "day_3", [(41, "C", 1), (42, "D", 2)])
    made(config)
    accounts(config, "D", "accounts_2.csv")
    assert made(config)["entry"] == "1 key"
    assert build_of(config, "entry").unknown == {"account_id.relationship": 1}
    assert equals_a_rebuild(config)


def test_rows_of_new_files_are_added_where_only_the_function_knows_the_key(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    files = set(delta.pinned(path_of(config, "label")).files)
    entries(config, "day_3", [(41, "A", 1), (None, "A", 2)])
    assert made(config)["label"] == "2 new rows"
    assert files < set(delta.pinned(path_of(config, "label")).files)
    entries(config, "day_4", [(None, "A", 1), (42, "A", 1), (42, "A", 2)])
    assert made(config)["label"] == "3 new rows"
    assert build_of(config, "label").quarantined == 4
    assert equals_a_rebuild(config)


@pytest.mark.parametrize(
    ("file", "rows", "why"),
    [
        ("day_3", [(1, "A", 9)], "a new row has a key"),  # in the table
        ("day_3", [(41, "A", 9)], "a new row has a key"),  # quarantined
        ("day_2", MANY[20:39], "a file was replaced"),
    ],
)
def test_a_known_key_or_a_replaced_file_rebuilds_all_rows(
    tmp_path: Path, file: str, rows: list[tuple[Any, ...]], why: str
) -> None:
    config = project(tmp_path)
    accounts(config, "AB")
    entries(config, "day_1", MANY[:20])
    entries(config, "day_2", [*MANY[20:], (41, "A", 1), (41, "A", 2)])
    made(config)
    entries(config, file, rows)
    found = made(config)["label"]
    assert found.startswith("all rows: ")
    assert why in found
    assert equals_a_rebuild(config)


def test_where_many_keys_changed_all_is_made_again(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    entries(config, "day_2", [(number, "A", 0) for number in range(21, 41)])
    assert made(config)["entry"] == "all rows: more than 30 % of its driver changed"
    assert equals_a_rebuild(config)


def test_what_changes_no_row_of_a_table_makes_nothing_of_what_reads_it(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    entries(config, "day_3", [(41, "C", 1)])
    version = delta.version(path_of(config, "entry"))
    found = made(config)
    assert (found["entry"], found["posting"]) == ("1 key", "1 key")
    assert delta.version(path_of(config, "entry")) == version + 1
    assert build_of(config, "entry").rows_since == version
    accounts(config, "BA")  # the same accounts in another order
    many = "all rows: more than 30 % of its driver changed"
    assert made(config) == {"account": many} | dict.fromkeys(SILVER[1:], "unchanged")
    assert equals_a_rebuild(config)


def test_a_build_that_ends_before_its_commit_changes_nothing(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    entries(config, "day_3", [(41, "A", 1), (42, "Z", 2)])
    obstacle = path_of(config, "entry") / ".staging"
    obstacle.write_text("a file where the folder should be", encoding="utf-8")
    before = digest(config)
    with pytest.raises(StoreError, match="staging"):
        made(config)
    after = digest(config)
    assert all(after[part] == before[part] for part in ("entry", "entry counts", "rejects"))
    obstacle.unlink()
    assert made(config)["entry"] == "2 keys"
    assert equals_a_rebuild(config)


def test_a_function_that_gives_other_keys_than_its_drivers_is_made_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ledger.silver

    monkeypatch.setattr(_lower_account, "__module__", ledger.silver.__name__)
    monkeypatch.setattr(ledger.silver, "account", _lower_account)
    _stocked(tmp_path)
    config = config_of(tmp_path)
    assert not build_of(config, "account").has_driver_keys
    accounts(config, "ABCDEFGHIJ", "accounts_2.csv")
    made(config)
    accounts(config, "J", "accounts_3.csv")
    assert made(config)["account"] == "all rows: its keys are not its driver's"
    assert equals_a_rebuild(config)


def _lower_account(bronze_accounts: pl.LazyFrame) -> pl.LazyFrame:
    return bronze_accounts.select(pl.col("account_id").str.to_lowercase(), "owner")


def test_rows_of_an_older_version_that_are_gone_are_not_needed(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    table = delta.open_table(config.lake / "bronze" / "entries")
    entries(config, "day_2", [*MANY[20:], (41, "A", 1)])
    ingest(config)
    table.update_incremental()
    table.vacuum(0, dry_run=False, enforce_retention_duration=False)
    assert made(config)["entry"] == "all rows: its driver does not say which rows changed"
    assert equals_a_rebuild(config)


def _rows(file: str) -> int:
    return int(pl.scan_parquet(file).select(pl.len()).collect().item())


ENTRY = st.tuples(
    st.one_of(st.none(), st.integers(1, 6)), st.sampled_from("ABC"), st.sampled_from([0, 1, -1])
)
STEP: st.SearchStrategy[tuple[str, Any, Any]] = st.one_of(
    st.tuples(st.just("entries"), st.sampled_from("xyz"), st.lists(ENTRY, max_size=4)),
    st.tuples(st.just("accounts"), st.sampled_from("pq"), st.text("ABC", max_size=3)),
)


@pytest.mark.slow
@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # an example takes seconds
)
@given(runs=st.lists(st.lists(STEP, min_size=1, max_size=3), min_size=1, max_size=4))
def test_any_sequence_of_deliveries_gives_the_same_as_a_rebuild(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    runs: list[list[tuple[str, Any, Any]]],
) -> None:
    monkeypatch.setattr(bykey, "LARGE_PCT", 100.0)
    config = project(tmp_path_factory.mktemp("ledger"))
    accounts(config, "A")
    entries(config, "x", [(1, "A", 1), (2, "B", 1)])
    made(config)
    for steps in runs:
        for kind, file, rows in steps:
            if kind == "entries":
                entries(config, file, rows)
            else:
                accounts(config, rows, f"accounts_{file}.csv")
        made(config)
    assert equals_a_rebuild(config)
