"""The committed samples and the picture are what generator and commands make today."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from carms_lake.contract.load import load_contracts
from carms_lake.names import Layer

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "docs/samples/retail"


def records(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_samples_of_retail_are_current() -> None:
    command = [sys.executable, str(ROOT / "tools/retail_samples.py"), "--check"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize("script", ["match_picture", "pictures", "powerbi_pages"])
def test_pictures_and_their_parts_of_pages_are_current(script: str) -> None:
    command = [sys.executable, str(ROOT / f"tools/{script}.py"), "--check"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


def test_every_picture_has_a_title_and_says_what_is_to_be_seen() -> None:
    pictures = list((ROOT / "docs").rglob("*.svg"))
    assert pictures
    for picture in pictures:
        drawn = ET.parse(picture).getroot()
        names = {child.tag.partition("}")[2]: child.text or "" for child in drawn}
        assert names["title"]
        assert len(names["desc"]) > len(names["title"])
        assert picture.stat().st_size < 30_000


def test_every_source_has_a_sample_of_its_bronze_table_with_the_contract_s_columns() -> None:
    contracts = load_contracts([ROOT / "schemas/retail"], "retail")
    bronze = {ref.table: c for ref, c in contracts.items() if ref.layer is Layer.BRONZE}
    there = {path.stem: path for path in (SAMPLES / "bronze").glob("*.csv")}
    assert there.keys() == bronze.keys()
    for table, contract in bronze.items():
        header = there[table].read_text(encoding="utf-8").partition("\n")[0]
        assert header.split(",") == [*contract.column_names, *contract.audit_columns]


def test_every_sampled_record_is_in_bronze_or_set_aside() -> None:
    sampled = 0
    for path in (SAMPLES / "source").rglob("*"):
        if path.is_file():
            lines = path.read_text(encoding="utf-8").splitlines()
            sampled += len(lines) - (path.suffix == ".csv")
    landed = sum(len(records(path)) for path in (SAMPLES / "bronze").glob("*.csv"))
    rejected = records(SAMPLES / "rejects.csv")
    assert sampled == landed + len(rejected)
    assert {row["table_name"] for row in rejected} == {"events", "sensors"}
