"""What a contract classifies is not for agents: neither values, nor whether somebody exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml
from agents import ask, ask_all
from reject_lake import shop
from tiny import built, with_classified_name

from carms_lake import Lake

if TYPE_CHECKING:
    from pathlib import Path


def test_nothing_of_a_classified_column_of_gold_is_answered(tmp_path: Path) -> None:
    built(tmp_path)
    lake = Lake(with_classified_name(tmp_path))
    found = ask_all(
        lake,
        [
            ("query", {"sql": "from dim_product"}),
            ("trace", {"key": "product_id=p1", "table": "gold.dim_product"}),
            ("trace", {"key": "product_id=p9", "table": "gold.dim_product"}),
            ("describe", {"table": "dim_product"}),
            ("tables", {}),
            ("rejects", {}),
        ],
    )
    assert [said.is_error for said in found] == [True, True, True, False, False, False]
    assert found[1].text == found[2].text
    assert all("Jam" not in said.text for said in found)
    withheld = {c["name"]: c["is_withheld"] for c in (found[3].data or {})["columns"]}
    assert withheld["name"]
    assert not withheld["price"]


def test_rejected_records_of_tables_about_people_show_their_place_alone(tmp_path: Path) -> None:
    config = shop(tmp_path)
    path = config.domain.schemas[-1] / "bronze/sales.odcs.yaml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    for column in document["schema"][0]["properties"]:
        if column["name"] == "quantity":
            column["classification"] = "personal"
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    lake = Lake(config)
    lake.ingest()
    found = ask(lake, "rejects")
    rejects = (found.data or {})["rejects"]
    assert rejects
    assert {one["message"] for one in rejects} == {None}
    assert {one["value"] for one in rejects} == {None}
    assert all(one["place"].startswith("sales/day_2.csv, record ") for one in rejects)
    found = ask(lake, "trace", key="s4", table="bronze.sales")
    assert found.is_error
    assert "may name people" in found.text
