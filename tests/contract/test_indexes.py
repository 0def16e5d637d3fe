"""What a contract says in `carms.indexes`: over columns that it has, of types that can."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from helpers import property_, write_contract

from carms_lake.contract.indexes import Index
from carms_lake.contract.load import load_contracts
from carms_lake.errors import ContractError
from carms_lake.names import TableRef

if TYPE_CHECKING:
    from pathlib import Path


def read(folder: Path, indexes: Any, table: str = "gold.town") -> tuple[Index, ...]:
    """The indexes of a table with an id, a name, inhabitants, notes and a JSON."""
    ref = TableRef.parse(table, domain="test")
    assert ref is not None
    columns = [
        property_("town_id", primaryKey=True),
        property_("name"),
        property_("inhabitants", "integer"),
        property_("notes", "array", "varchar[]"),
        property_("about", "string", "json"),
    ]
    write_contract(folder, ref, columns, **{"carms.indexes": indexes})
    return load_contracts([folder], "test")[ref].indexes


def test_indexes_are_read_in_their_order(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        [{"columns": ["name"], "kind": "trigram"}, {"columns": ["inhabitants", "name"]}],
    )
    assert found == (Index(("name",), "trigram"), Index(("inhabitants", "name"), "btree"))


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"columns": ["nam"]}, "no column `nam`. did you mean `name`"),
        ({"columns": ["inhabitants"], "kind": "trigram"}, "type bigint, and trigrams are of"),
        ({"columns": ["about"]}, "type json, which has no order"),
        ({"columns": ["notes"]}, "type varchar[], which has no order"),
        ({"columns": ["name"], "kind": "hash"}, "write one of btree, trigram"),
        ({"columns": []}, "must name one column or more"),
        ({"columns": ["name", "name"]}, "each once"),
        ({"columns": [1]}, "not text"),
        ({"column": ["name"]}, "write `columns`"),
        ("name", "write `columns`"),
        ({"columns": ["inhabitants"]}, "it is there twice"),
    ],
)
def test_what_is_wrong_with_an_index_is_said_with_file_and_line(
    tmp_path: Path, entry: Any, message: str
) -> None:
    with pytest.raises(ContractError) as error:
        read(tmp_path, [{"columns": ["inhabitants"]}, entry])
    path = tmp_path / "gold/town.odcs.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    first = next(n for n, text in enumerate(lines, 1) if "carms.indexes" in text)
    assert message.casefold() in error.value.message.casefold()
    assert str(path) in error.value.message
    said = int(error.value.message.partition("line ")[2].partition(":")[0])
    assert said > first + 1


def test_indexes_are_a_list_and_belong_in_gold(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="write a list"):
        read(tmp_path, {"columns": ["name"]})
    with pytest.raises(ContractError, match="it belongs in gold"):
        read(tmp_path / "other", [{"columns": ["name"]}], "silver.town")
