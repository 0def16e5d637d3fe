"""From a record that is rejected to one that counts, by the commands that a user types."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from command import Outcome, called
from tiny import PRODUCTS, SALES

pytestmark = pytest.mark.slow

PACKAGES = Path(__file__).parents[1] / "packages"
BROKEN = "sale_id,product_id,quantity\ns3,p1,0\ns4,p1,many\n"


def carms(folder: Path, *argv: str) -> Outcome:
    done = called(folder, *argv)
    assert done.code == 0, done.err
    return done


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "carms.toml").write_text('domain = "tiny"\n', encoding="utf-8")
    shutil.copytree(PACKAGES / "tiny_shop" / "schemas", tmp_path / "schemas" / "tiny")
    sales = tmp_path / "data_raw" / "tiny" / "sales"
    sales.mkdir(parents=True)
    sales.with_name("products.csv").write_text(PRODUCTS, encoding="utf-8")
    (sales / "day_1.csv").write_text(SALES, encoding="utf-8")
    (sales / "day_2.csv").write_text(BROKEN, encoding="utf-8")
    carms(tmp_path, "run")
    return tmp_path


def sold(folder: Path) -> str:
    return carms(folder, "query", "select count(*), sum(quantity) from fact_sale").out.split()[1]


def test_a_contract_is_loosened_and_a_record_corrected_and_both_reach_gold(project: Path) -> None:
    assert sold(project) == "2,3"
    assert [row["place"] for row in carms(project, "rejects").rows] == [
        "record 1, line 2",
        "record 2, line 3",
    ]
    contract = project / "schemas" / "tiny" / "bronze" / "sales.odcs.yaml"
    text = contract.read_text(encoding="utf-8").replace("minimum: 1", "minimum: 0")
    contract.write_text(text, encoding="utf-8")
    assert carms(project, "rejects", "replay", "--dry-run").rows[0]["landed"] == "1"
    assert sold(project) == "2,3"
    assert carms(project, "rejects", "replay").rows[0]["left"] == "1"
    assert sold(project) == "3,3"
    sent = project / "data_raw" / "tiny" / "sales" / "day_2_corrected.csv"
    carms(project, "rejects", "sales", "--export", "-o", str(sent))
    corrected = sent.read_text(encoding="utf-8").replace("s4,p1,many", "s4,p1,5")
    sent.write_text(corrected, encoding="utf-8")
    carms(project, "run")
    assert sold(project) == "4,8"
    told = carms(project, "rejects", "--history").rows
    assert [row["mended_by"] for row in told] == ["replay", ""]
    ops = "select status, records, accepted, rejected from ops.processed_files order by run_id"
    assert "replayed,2,1,1" in carms(project, "query", ops).out
