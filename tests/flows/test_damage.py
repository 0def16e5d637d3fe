"""Files of a lake that are missing, cut off or cannot be read: what is said, and what cures it."""

from __future__ import annotations

import os
import shutil
import sys
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from deltalake import DeltaTable
from lakes import config_of
from tiny import built, digest, put

from carms_lake.api import Lake
from carms_lake.config import Domain, LakeConfig
from carms_lake.errors import StoreError
from carms_lake.flows.build import build
from carms_lake.flows.check import check
from carms_lake.flows.ingest import ingest
from carms_lake.flows.status import status
from carms_lake.store import delta
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
        config, "products.csv", "product_id,name,price\np1,Tea,9.50\np3,Salt,1.00\n"
    ),
}


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
