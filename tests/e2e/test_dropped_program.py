"""A program is dropped from the master alone: figures that were counted with it bind no longer."""

from __future__ import annotations

import hashlib
from pathlib import Path

import openpyxl
import pytest
import yaml
from command import called as carms

from carms_lake.config import builtin_schemas

pytestmark = pytest.mark.slow

SOURCES = ("discipline", "markdown_program_descriptions", "program_master")


def declare(folder: Path, seats: str) -> None:
    """Give the project a contract that declares the seats of its files."""
    files = {
        f"bronze.{name}": hashlib.sha256(path.read_bytes()).hexdigest()
        for name in SOURCES
        for path in (folder / "data_raw/carms").glob(f"9999_{name}*")
    }
    shipped = builtin_schemas() / "carms/silver/document.odcs.yaml"
    document = yaml.safe_load(shipped.read_text(encoding="utf-8"))
    for entry in document["schema"][0]["customProperties"]:
        if entry["property"] == "carms.declaredTotals":
            select = "select sum(quota) from silver.document"
            total = {"name": "seats", "files": files, "select": select, "value": int(seats)}
            entry["value"] = [total]
    path = folder / "schemas/carms/silver/document.odcs.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


def test_it_is_marked_as_deleted_and_kept_and_the_lake_publishes(tmp_path: Path) -> None:
    for arguments in (["init"], ["generate", "carms", "--programs", "30"], ["run"]):
        assert carms(tmp_path, *arguments).code == 0
    counted = carms(tmp_path, "query", "select sum(quota) as n from silver.document").rows[0]["n"]
    declare(tmp_path, counted)
    assert carms(tmp_path, "build").code == 0
    rules = [row["rule"] for row in carms(tmp_path, "check").rows]
    assert "document.declared.seats" in rules
    master = tmp_path / "data_raw/carms/9999_program_master.xlsx"
    book = openpyxl.load_workbook(master)
    sheet = book.worksheets[0]
    headers = [cell.value for cell in sheet[1]]
    dropped = str(sheet[4][headers.index("program_stream_id")].value)
    sheet.delete_rows(4)
    book.save(master)
    done = carms(tmp_path, "run")
    assert done.code == 0, done.err
    sql = "select program_stream_id as p, is_current as c from fact_program where is_deleted"
    assert carms(tmp_path, "query", sql).rows == [{"p": dropped, "c": "true"}]
    rules = [row["rule"] for row in carms(tmp_path, "check").rows]
    assert "document.declared.seats" not in rules
