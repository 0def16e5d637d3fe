"""Every contract keeps to the Open Data Contract Standard, by the standard's own JSON Schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tools.lint_contracts import SCHEMAS, findings, main

if TYPE_CHECKING:
    from pathlib import Path

CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
id: shop.bronze.orders
version: 1.0.0
status: active
schema:
  - name: orders
    logicalType: object
    properties:
      - name: order_id
        logicalType: string
        required: true
"""


def write(folder: Path, text: str, name: str = "orders.odcs.yaml") -> Path:
    path = folder / "shop" / "bronze" / name
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.slow
def test_every_contract_that_is_shipped_keeps_to_the_standard():
    assert list(findings(SCHEMAS)) == []


def test_a_contract_that_keeps_to_the_standard_has_no_findings(tmp_path, capsys):
    write(tmp_path, CONTRACT)
    assert main([str(tmp_path)]) == 0
    assert capsys.readouterr().out == "1 contracts are ODCS\n"


@pytest.mark.parametrize(
    ("old", "new", "place", "message"),
    [
        ("v3.2.0", "v9.0.0", "$.apiVersion", "'v9.0.0' is not one of"),
        ("version: 1.0.0\n", "", "$", "'version' is a required property"),
        (
            "required: true",
            "requird: true",
            "$.schema[0].properties[0]",
            "'requird' was unexpected",
        ),
        ("required: true", "required: often", "$.schema[0].properties[0].required", "'often'"),
        (
            "logicalType: string",
            "logicalType: text",
            "$.schema[0].properties[0].logicalType",
            "'text'",
        ),
        ("name: orders", "name: order", "$.schema[*].name", "one table `orders`, found `order`"),
        ("kind: DataContract", "kind: [", "file", "is no YAML"),
    ],
)
def test_a_finding_names_file_place_and_fault(tmp_path, capsys, old, new, place, message):
    path = write(tmp_path, CONTRACT.replace(old, new, 1))
    assert main([str(tmp_path)]) == 1
    found = capsys.readouterr().out
    assert f"{path}: {place}: " in found
    assert message in found


def test_an_older_version_of_a_contract_bears_the_name_of_its_table(tmp_path):
    write(tmp_path, CONTRACT, "orders.v1.odcs.yaml")
    assert list(findings(tmp_path)) == []


def test_a_folder_without_contracts_is_a_finding(tmp_path):
    assert list(findings(tmp_path)) == [f"{tmp_path}: no contract (`*.odcs.yaml`) is here"]
