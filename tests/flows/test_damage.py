"""Files of a lake that are missing, cut off or cannot be read: what is said, and what cures it."""

from __future__ import annotations

import os
import shutil
import sys
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
from deltalake import DeltaTable
from hypothesis import given, settings
from hypothesis import strategies as st
from lakes import config_of
from tiny import SALES, built, digest, put

from carms_lake.api import Lake
from carms_lake.config import Domain, LakeConfig
from carms_lake.errors import StoreError, system_refusal
from carms_lake.flows.build import build
from carms_lake.flows.check import check, integrity
from carms_lake.flows.ingest import ingest
from carms_lake.flows.maintenance import optimize
from carms_lake.flows.rejects.replay import replay
from carms_lake.flows.status import status
from carms_lake.flows.timetravel.restore import restore
from carms_lake.store import delta
from carms_lake.store.delta.inspection import inspected
from carms_lake.store.delta.integrity import cure, name_of
from carms_lake.store.delta.write import append

if TYPE_CHECKING:
    from collections.abc import Callable

DAMAGES: dict[str, Callable[[Path], object]] = {
    "missing": lambda file: file.unlink(),
    "cut off": lambda file: file.write_bytes(file.read_bytes()[:-300]),
    "empty": lambda file: file.write_bytes(b""),
}
TABLES = ("bronze/sales", "silver/sale", "rejects", "ops/runs")


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> LakeConfig:
    return built(tmp_path_factory.mktemp("lake"), sales="s3,p9,1\ns4,p1,x\n")


@pytest.fixture
def copy(lake: LakeConfig, tmp_path: Path) -> LakeConfig:
    shutil.copytree(lake.project, tmp_path / "copy")
    return project_at(tmp_path / "copy")


def project_at(folder: Path) -> LakeConfig:
    schemas = Path(str(files("tiny_shop"))) / "schemas"
    return LakeConfig(folder, Domain("tiny", "tiny_shop", (schemas,)))


def damage(config: LakeConfig, table: str, how: str) -> Path:
    path = config.lake / table
    for file in delta.data_files(path):
        DAMAGES[how](file)
    return path


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("table", TABLES)
def test_every_command_names_a_damaged_table_and_what_cures_it(
    copy: LakeConfig, table: str, how: str
) -> None:
    path = damage(copy, table, how)
    name = name_of(path)
    asked: list[Callable[[LakeConfig], object]] = [build, check]
    if table == "bronze/sales":
        asked.append(ingest)
    for command in asked:
        with pytest.raises(StoreError, match=f"data file of `{name}` is missing or damaged") as e:
            command(copy)
        assert e.value.hint == cure(path)
    if table.startswith(("bronze", "silver")):
        with pytest.raises(StoreError, match=f"data file of `{name}`"):
            Lake(copy).query(f"from {name}")
        assert [text for text in status(copy).damage if f"`{name}`" in text]


@pytest.mark.slow
@pytest.mark.parametrize("how", DAMAGES)
def test_the_cures_cure(copy: LakeConfig, how: str) -> None:
    before = digest(copy)
    damage(copy, "bronze/sales", how)
    damage(copy, "silver/sale", how)
    ingest(copy, ["sales"], full_refresh=True)
    build(copy, ["silver.sale"], full_refresh=True)
    build(copy)
    assert digest(copy) == before
    assert not status(copy).damage


@pytest.mark.slow
def test_a_full_refresh_says_whose_rows_it_cannot_read_again(copy: LakeConfig) -> None:
    path = damage(copy, "bronze/sales", "missing")
    (copy.data_raw / "sales" / "day_2.csv").unlink()
    with pytest.raises(StoreError, match=r"files that are not read: `sales/day_2\.csv`") as caught:
        ingest(copy, full_refresh=True)
    assert "from a backup" in caught.value.hint
    path.rename(path.with_name("kept"))
    ingest(copy)
    build(copy)


def test_a_log_without_an_entry_in_the_middle_is_not_read_around_it(copy: LakeConfig) -> None:
    path = copy.lake / "bronze" / "sales"
    entry = path / "_delta_log" / f"{1:020}.json"
    append(path, delta.scan(path).collect(), {})
    entry.unlink()
    for command in (status, build, ingest):
        with pytest.raises(StoreError, match=r"entry `.*1\.json` is missing"):
            command(copy)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no permission to take from a file")
@pytest.mark.parametrize("number", [13, 24, 5])
def test_what_the_system_refuses_is_said_and_nothing_is_to_be_deleted(
    copy: LakeConfig, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "Kernel error -> Generic error\n \x1b[31m↳\x1b[0m Unable to open file /x/0.json\n"
    said += f" \x1b[31m↳\x1b[0m {os.strerror(number)} (os error {number})\n"

    def refuse(*_: object, **__: object) -> None:
        raise OSError(said)

    monkeypatch.setattr(DeltaTable, "__init__", refuse)
    with pytest.raises(StoreError) as caught:
        delta.open_table(copy.lake / "bronze" / "sales")
    assert f"Unable to open file /x/0.json: {os.strerror(number)}" in caught.value.message
    assert "delete" not in caught.value.hint
    assert "folder" not in caught.value.hint


def test_the_words_of_the_system_are_known_in_every_librarys_error() -> None:
    denied, full = os.strerror(13), os.strerror(24)
    for error in (
        OSError(13, denied, "x.parquet"),
        ValueError(f'IO Error: Cannot open file "x": {denied}'),
        OSError(f"Generic error\n {denied} (os error 13): x.parquet"),
    ):
        refusal = system_refusal(error)
        assert refusal is not None
        assert denied in refusal[0]
        assert "permission" in refusal[1]
    refusal = system_refusal(RuntimeError(f"IO Error: Cannot open file x: {full}"))
    assert refusal is not None
    assert "ulimit" in refusal[1]
    assert system_refusal(ValueError("File out of specification")) is None


def test_a_damaged_checkpoint_loses_nothing(copy: LakeConfig) -> None:
    path = copy.lake / "bronze" / "sales"
    before = digest(copy)
    delta.open_table(path).create_checkpoint()
    (checkpoint,) = (path / "_delta_log").glob("*.checkpoint.parquet")
    content = bytearray(checkpoint.read_bytes())
    content[100:400] = bytes(byte ^ 0x55 for byte in content[100:400])
    checkpoint.write_bytes(bytes(content))
    with pytest.raises(StoreError, match="no row is lost") as caught:
        delta.open_table(path)
    assert "`carms ingest`, puts it aside" in caught.value.hint
    ingest(copy)
    assert digest(copy) == before


def test_another_project_is_not_damaged(tmp_path: Path) -> None:
    assert not status(config_of(tmp_path)).damage


def put_back(backup: Path, path: Path) -> None:
    shutil.rmtree(path)
    shutil.copytree(backup, path)


SALES_HEADER = "sale_id,product_id,quantity\n"
NEXT: dict[str, Callable[[LakeConfig], object]] = {
    "nothing": lambda _: None,
    "another file": lambda config: put(config, "sales/day_3.csv", f"{SALES_HEADER}s9,p2,7\n"),
    "changed products": lambda config: put(
        config, "products.csv", "product_id,name,price\np1,Tea,9.50\np2,Jam,4.00\np3,Salt,1.00\n"
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("folder", "then"),
    [
        ("bronze/sales", "another file"),
        ("bronze/products", "changed products"),
        ("silver", "nothing"),
        ("rejects", "nothing"),
        ("ops", "another file"),
        (".", "changed products"),
    ],
)
def test_a_folder_from_a_backup_is_known_by_its_commits_not_by_their_numbers(
    copy: LakeConfig, tmp_path: Path, folder: str, then: str
) -> None:
    path = copy.lake / folder
    shutil.copytree(path, tmp_path / "backup")
    # As many commits as come after the backup was put back, with other rows.
    put(copy, "sales/day_2.csv", f"{SALES_HEADER}s3,p9,5\ns4,p1,y\ns5,p2,2\n")
    put(copy, "products.csv", "product_id,name,price\np1,Tea,3.50\np2,Jam,4.00\n")
    ingest(copy)
    build(copy)
    put_back(tmp_path / "backup", path)
    NEXT[then](copy)
    ingest(copy)
    build(copy)
    fresh = project_at(tmp_path / "fresh")
    shutil.copytree(copy.data_raw, fresh.data_raw)
    ingest(fresh)
    build(fresh)
    found, wanted = digest(copy), digest(fresh)
    of_deliveries = {"silver.product_history", "bronze.products", "dim_product"}
    for name in wanted.keys() - of_deliveries:
        assert found[name] == wanted[name], name
    assert not [c for c in check(copy).checks if not c.passed]


def flip(file: Path, at: int, bit: int) -> None:
    content = bytearray(file.read_bytes())
    content[at % len(content)] ^= 1 << bit
    file.write_bytes(bytes(content))


def a_file(config: LakeConfig, table: str) -> Path:
    return delta.data_files(config.lake / table)[-1]  # the oldest


@given(at=st.integers(min_value=0), bit=st.integers(0, 7), table=st.sampled_from(TABLES))
@settings(max_examples=40, deadline=None)
def test_no_bit_can_flip_unnoticed(lake: LakeConfig, at: int, bit: int, table: str) -> None:
    path = lake.lake / table
    file = delta.data_files(path)[0]
    assert not inspected(path, contents=True).wrong
    flip(file, at, bit)
    try:
        assert inspected(path, contents=True).wrong == (
            f"`{file.name}` does not hold the bytes that were written",
        )
    finally:
        flip(file, at, bit)


@pytest.mark.slow
@pytest.mark.parametrize("table", TABLES)
def test_the_check_of_integrity_says_what_is_damaged_and_status_when_it_was(
    copy: LakeConfig, table: str
) -> None:
    assert status(copy).integrity is None
    found = integrity(copy)
    assert found.fault is None
    assert found.tables["without_checksum"].sum() == 0
    flip(a_file(copy, table), 700, 3)
    found = integrity(copy)
    name = name_of(copy.lake / table)
    assert found.tables.filter(pl.col("damaged").is_not_null())["table"].to_list() == [name]
    assert found.fault is not None
    assert found.fault.hint == cure(copy.lake / table)
    flip(a_file(copy, table), 700, 3)
    last = status(copy).integrity
    assert last is not None
    assert (last["files"], last["damaged"]) == (found.tables["files"].sum(), 1)


def test_a_damaged_file_is_not_spread(copy: LakeConfig) -> None:
    put(copy, "sales/day_3.csv", f"{SALES_HEADER}s7,p1,1\n")
    ingest(copy)
    before = digest(copy)
    sales = a_file(copy, "bronze/sales")
    flip(sales, 700, 3)
    put(copy, "sales/day_1.csv", f"{SALES_HEADER}s1,p1,3\n")
    spreading: list[Callable[[], object]] = [
        lambda: build(copy, full_refresh=True),
        lambda: optimize(copy, ["bronze.sales"]),
        lambda: replay(copy, ["sales"]),
        lambda: restore(copy, "bronze.sales", "1", yes=True),
    ]
    for command in spreading:
        with pytest.raises(StoreError, match=f"`{sales.name}` does not hold the bytes"):
            command()
    flip(sales, 700, 3)
    put(copy, "sales/day_1.csv", SALES)
    assert digest(copy) == before


def test_rows_of_a_damaged_file_are_not_copied_by_a_new_delivery(copy: LakeConfig) -> None:
    put(copy, "sales/day_1.csv", f"{SALES_HEADER}s1,p1,3\n")
    flip(a_file(copy, "bronze/sales"), 700, 3)
    with pytest.raises(StoreError, match="does not hold the bytes"):
        ingest(copy)


@pytest.mark.slow
def test_files_of_an_earlier_version_of_the_tool_get_their_checksums(copy: LakeConfig) -> None:
    for log in copy.lake.rglob("*.json"):
        text = log.read_text(encoding="utf-8")
        log.write_text(text.replace('\\"sha256\\": {', '\\"other\\": {'), encoding="utf-8")
    found = integrity(copy)
    assert found.fault is None
    assert found.tables["without_checksum"].sum() > 5
    build(copy, full_refresh=True)
    before = digest(copy)
    optimize(copy)
    assert all(
        f.sha256 for log in copy.lake.rglob("_delta_log") for f in inspected(log.parent).files
    )
    assert digest(copy) == before


@pytest.mark.slow
def test_a_damaged_gold_file_is_named_and_built_again(copy: LakeConfig) -> None:
    before = digest(copy)
    content = bytearray(copy.gold_file.read_bytes())
    for at in range(20_000, len(content), 4096):
        content[at] ^= 8
    copy.gold_file.write_bytes(bytes(content))
    found = integrity(copy)
    assert found.fault is not None
    assert found.tables.filter(table="gold")["damaged"].item()
    assert "`carms build --full-refresh`" in found.fault.hint
    build(copy, full_refresh=True)
    assert digest(copy) == before
    assert integrity(copy).fault is None


def test_the_error_of_a_library_is_not_a_bug_where_a_file_is_damaged(copy: LakeConfig) -> None:
    # Of the same size, so that only reading it shows the damage.
    file = a_file(copy, "bronze/sales")
    file.write_bytes(bytes(file.stat().st_size))
    with pytest.raises(StoreError, match=f"`{file.name}` does not hold the bytes"):
        check(copy)
    with pytest.raises(StoreError, match=r"data file of `bronze\.sales` is missing or damaged"):
        Lake(copy).query("select count(*), max(quantity) from bronze.sales")


def test_two_folders_that_were_exchanged_are_told_apart(copy: LakeConfig) -> None:
    for layer, one, other in (("bronze", "sales", "products"), ("silver", "sale", "product")):
        first, second = copy.lake / layer / one, copy.lake / layer / other
        first.rename(first.with_name("x"))
        second.rename(first)
        first.with_name("x").rename(second)
        asked: list[Callable[[], object]] = [
            lambda: build(copy),
            lambda: check(copy),
            lambda table=f"{layer}.{one}": Lake(copy).query(f"from {table}"),  # type: ignore[misc]  # a default is typed by its value
        ]
        for command in asked:
            with pytest.raises(StoreError, match="holds the table"):
                command()
        second.rename(first.with_name("x"))
        first.rename(second)
        first.with_name("x").rename(first)
    build(copy)
