"""Gold as Parquet files in a folder: whole runs behind a pointer."""

from __future__ import annotations

import errno
import json
import os
import threading
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from command import called
from lakes import digest
from tiny import built, sell, with_classified_name

from carms_lake import Lake, StoreError, UsageError
from carms_lake.adapters import parquet
from carms_lake.adapters.parquet import publish

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    config = built(tmp_path / "project")
    (config.project / "carms.toml").write_text('domain = "tiny"\n', encoding="utf-8")
    return Lake(config)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def pointer(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "tiny/current.json").read_text(encoding="utf-8"))
    return found


def runs(out: Path) -> list[str]:
    return sorted(path.name for path in (out / "tiny/runs").iterdir())


def test_what_a_contract_classifies_stays_in_the_lake(tmp_path: Path, out: Path) -> None:
    built(tmp_path)
    lake = Lake(with_classified_name(tmp_path))
    publish(lake, out)
    files = list(out.rglob("*.parquet"))
    columns = {file.stem: pl.read_parquet_schema(file).names() for file in files}
    assert columns["dim_product"] == ["product_key", "product_id", "price"]
    assert not any("name" in names for names in columns.values())


def test_it_writes_what_gold_has_and_a_manifest_that_is_true(lake: Lake, out: Path) -> None:
    done = publish(lake, out)
    folder = out / "tiny/runs" / pointer(out)["run"]
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    tables = manifest["tables"]
    gold = lake.tables().filter((pl.col("layer") == "gold") & (pl.col("kind") != "macro"))
    assert {f"gold.{table}" for table in tables} == {*gold["table"]}
    assert {path.name for path in folder.iterdir()} == {
        "manifest.json",
        *(f"{table}.parquet" for table in tables),
    }
    for table, said in tables.items():
        file = folder / said["file"]
        lake.to_parquet(f"from gold.{table}", out / "expected.parquet")
        assert file.read_bytes() == (out / "expected.parquet").read_bytes()
        assert said["rows"] == pl.read_parquet(file).height
        assert (said["bytes"], said["sha256"]) == (
            file.stat().st_size,
            sha256(file.read_bytes()).hexdigest(),
        )
        assert said["contract_version"] == lake.contracts[f"gold.{table}"].version
    assert manifest["run"] == lake.query("select run_id from ops.build").item()
    assert pointer(out)["digest"] == manifest["digest"] == done.publication.digest


def test_published_twice_nothing_changes(lake: Lake, out: Path) -> None:
    assert publish(lake, out).is_changed
    before, count = digest(out), lake.table("ops.runs").collect().height
    assert not publish(lake, out).is_changed
    assert (digest(out), lake.table("ops.runs").collect().height) == (before, count)


def test_a_later_build_moves_the_pointer_and_the_last_runs_stay(lake: Lake, out: Path) -> None:
    first = publish(lake, out).publication
    sell(lake, 1)
    assert lake.publications()["is_behind"].to_list() == [True]
    second = publish(lake, out).publication
    assert pointer(out)["run"] == second.gold_run_id != first.gold_run_id
    assert runs(out) == [first.gold_run_id, second.gold_run_id]
    listed = lake.publications()
    assert listed.select("kind", "target", "gold_run_id", "tables", "rows", "is_behind").rows() == [
        ("parquet", str(out / "tiny"), second.gold_run_id, 4, second.rows, False)
    ]
    assert lake.table("ops.publications").collect().height == 2
    sell(lake, 2)
    third = publish(lake, out, keep=2).publication
    assert runs(out) == [second.gold_run_id, third.gold_run_id]
    assert not publish(lake, out, keep=1).is_changed
    assert runs(out) == [third.gold_run_id]


def test_an_interrupted_publish_leaves_the_old_run_and_the_next_removes_what_it_left(
    lake: Lake, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = publish(lake, out).publication
    sell(lake, 1)
    written = parquet.write_run

    def interrupted(*given: Any) -> None:
        written(*given)
        raise KeyboardInterrupt

    monkeypatch.setattr(parquet, "write_run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        publish(lake, out)
    monkeypatch.undo()
    assert pointer(out)["run"] == first.gold_run_id
    killed = out / "tiny/runs" / f".{first.gold_run_id}.0123abcd.part"
    killed.mkdir()
    (killed / "dim_product.parquet").write_bytes(b"half")
    (out / "tiny/.current.json.0123abcd.part").write_bytes(b"{")
    second = publish(lake, out).publication
    assert pointer(out)["run"] == second.gold_run_id
    assert runs(out) == [first.gold_run_id, second.gold_run_id]
    assert {path.name for path in (out / "tiny").iterdir()} == {"current.json", "runs"}


def test_a_run_that_was_written_and_not_pointed_to_is_not_written_again(
    lake: Lake, out: Path
) -> None:
    run = publish(lake, out).publication.gold_run_id
    (out / "tiny/current.json").unlink()
    file = out / "tiny/runs" / run / "dim_product.parquet"
    written = file.stat().st_mtime_ns
    assert publish(lake, out).is_changed
    assert (pointer(out)["run"], file.stat().st_mtime_ns) == (run, written)


@pytest.mark.parametrize("name", ["manifest.json", "dim_product.parquet"])
def test_a_damaged_run_is_written_again(lake: Lake, out: Path, name: str) -> None:
    run = publish(lake, out).publication.gold_run_id
    before = digest(out)
    (out / "tiny/runs" / run / name).write_bytes(b"{}")
    assert publish(lake, out).is_changed
    assert digest(out) == before


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("", StoreError, "is damaged"),
        ("[]", StoreError, "is damaged"),
        ('{"run": "x"}', StoreError, "is damaged"),
        ('{"format": 9, "domain": "tiny", "run": "x"}', StoreError, "has format 9"),
        ('{"format": 1, "domain": "other", "run": "x"}', UsageError, "of the domain `other`"),
    ],
)
def test_a_pointer_that_is_not_ours_or_damaged_is_left_as_it_is(
    lake: Lake, out: Path, text: str, error: type[Exception], message: str
) -> None:
    publish(lake, out)
    (out / "tiny/current.json").write_text(text, encoding="utf-8")
    before = digest(out)
    with pytest.raises(error, match=message):
        publish(lake, out)
    assert digest(out) == before


@pytest.mark.parametrize("name", ["holiday.jpg", "runs/thesis.docx"])
def test_a_folder_of_somebody_else_is_refused(lake: Lake, out: Path, name: str) -> None:
    file = out / "tiny" / name
    file.parent.mkdir(parents=True)
    file.write_bytes(b"mine")
    with pytest.raises(UsageError, match=f"not published by carms: it has `{file.name}`"):
        publish(lake, out)
    assert digest(out) == {f"tiny/{name}": sha256(b"mine").hexdigest()}


def test_the_lake_and_its_sources_are_no_place_to_publish_to(lake: Lake) -> None:
    lakes, sources = lake.config.lake.parent, lake.config.data_raw.parent
    for folder in (lakes, lakes / "other", sources, sources / "other", lake.config.data_raw / "x"):
        with pytest.raises(UsageError, match="which carms reads"):
            publish(lake, folder)


def test_a_full_disk_and_a_folder_that_cannot_be_made_exit_as_for_stores(
    lake: Lake, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(lake, out)
    before = digest(out)
    sell(lake, 1)

    def full(_: Lake, __: str, path: Path) -> int:
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(Lake, "to_parquet", full)
    done = called(lake.config.project, "publish", "parquet", str(out))
    assert done.code == 5
    assert "free space on the disk" in done.err
    assert digest(out) == before
    (out / "file").touch()
    assert called(lake.config.project, "publish", "parquet", str(out / "file")).code == 5
    assert lake.table("ops.runs").sort("run_id").collect()["status"].to_list()[-1] == "failed"


def test_a_reader_that_follows_the_pointer_never_sees_a_mix(lake: Lake, out: Path) -> None:
    publish(lake, out)
    seen: set[int] = set()
    faults: list[str] = []
    is_over = threading.Event()

    def read() -> None:
        while not is_over.is_set():
            folder = out / "tiny/runs" / pointer(out)["run"]
            sold = pl.read_parquet(folder / "fact_sale.parquet")["quantity"].sum()
            by_product = pl.read_parquet(folder / "sales_by_product.parquet")["quantity"].sum()
            if by_product != sold:
                faults.append(f"{folder.name}: {by_product} of {sold}")
            seen.add(sold)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(2):
            sell(lake, number)
            publish(lake, out)
    finally:
        is_over.set()
        reader.join(timeout=30)
    assert not faults
    assert len(seen) > 1


def test_the_command_says_what_it_did_and_lists_it(lake: Lake, out: Path) -> None:
    project = lake.config.project
    assert called(project, "publish", "--list").rows == []
    first = called(project, "publish", "parquet", str(out))
    assert (first.code, first.err) == (0, "")
    again = called(project, "publish", "parquet", str(out))
    assert again.err == f"`{out / 'tiny'}` has this build already: nothing changed\n"
    assert [one.rows[0]["status"] for one in (first, again)] == ["published", "unchanged"]
    for words in ([], ["list"], ["--list"]):
        (row,) = called(project, "publish", *words).rows
        assert (row["target"], row["is_behind"]) == (str(out / "tiny"), "false")
    sell(lake, 1)
    status = called(project, "status").rows
    found = {r["name"]: r["value"] for r in status if r["section"] == "publications"}
    assert (found["kind"], found["is_behind"]) == ("parquet", "true")


def test_a_lake_without_gold_has_nothing_to_publish(lake: Lake, out: Path) -> None:
    lake.config.gold_file.unlink()
    done = called(lake.config.project, "publish", "parquet", str(out))
    assert (done.code, out.exists()) == (5, False)
    assert "carms build" in done.err
