"""What a contract of a layer of the domain's own must say: who writes the table, and which run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from helpers import property_, write_contract

from carms_lake.contract.load import load_contracts
from carms_lake.errors import ContractError
from carms_lake.names import TableRef

if TYPE_CHECKING:
    from pathlib import Path

RUN = property_("run_id", primaryKey=True)
AT = property_("ingestion_ts", "timestamp", required=True)
WRITTEN = {"carms.writtenBy": "carms count"}


@pytest.mark.parametrize(
    ("layer", "properties", "rest", "message"),
    [
        ("stock", [RUN, AT], {}, "its contract has no `carms.writtenBy`"),
        ("silber", [RUN, AT], {}, "`silber` is not a layer of carms"),
        ("ops", [RUN, AT], WRITTEN, "no layer can be called `ops`"),
        ("test", [RUN, AT], WRITTEN, "no layer can be called `test`"),
        ("stock", [RUN], WRITTEN, "no required column `ingestion_ts` of type timestamp"),
        ("stock", [property_("run_id"), AT], WRITTEN, "no required column `run_id`"),
        ("stock", [RUN, AT], {**WRITTEN, "kind": "view"}, "a view cannot be appended to"),
        ("gold", [RUN, AT], WRITTEN, "`carms.writtenBy` does not belong in gold"),
    ],
)
def test_what_is_wrong_with_a_table_of_an_own_layer_is_said(
    tmp_path: Path, layer: str, properties: list[dict[str, Any]], rest: Any, message: str
) -> None:
    write_contract(tmp_path, TableRef("test", layer, "counting"), properties, **rest)
    with pytest.raises(ContractError, match=message):
        load_contracts([tmp_path], "test")


def test_a_table_of_an_own_layer_may_refer_to_another_one(tmp_path: Path) -> None:
    write_contract(tmp_path, TableRef("test", "stock", "counting"), [RUN, AT], **WRITTEN)
    refers = {**RUN, "relationships": [{"type": "foreignKey", "to": "counting.run_id"}]}
    write_contract(tmp_path, TableRef("test", "stock", "shelf"), [refers, AT], **WRITTEN)
    found = load_contracts([tmp_path], "test")
    assert [ref.in_domain for ref in found] == ["stock.counting", "stock.shelf"]
