"""A format of another package: found by its entry point, read and written like a built-in one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl
import pytest
from helpers import property_, write_contract
from sources import bronze, raw_records, read, source

from carms_lake.contract.load import load_contracts
from carms_lake.errors import ContractError, UsageError
from carms_lake.names import Layer, TableRef
from carms_lake.writers import write

if TYPE_CHECKING:
    from pathlib import Path

ROWS = pl.DataFrame({"id": ["1", "2"], "name": ["a", "b"]})


def test_a_file_of_an_added_format_is_written_and_read(tmp_path: Path) -> None:
    path = tmp_path / "things.pipes"
    write(path, [ROWS], "pipes")
    assert path.read_bytes() == b"id|name\n1|a\n2|b\n"
    contract = bronze("id", "name", format="pipes")
    assert read(source(path), contract).rows.select("id", "name").equals(ROWS)
    assert raw_records(source(path), contract, [2, 3]) == {2: "2|b"}


def test_an_option_of_an_added_format_is_its_keyword(tmp_path: Path) -> None:
    write(tmp_path / "x", [ROWS], "pipes", {"is_headed": False})
    assert (tmp_path / "x").read_bytes() == b"1|a\n2|b\n"
    with pytest.raises(UsageError, match="has no option `is_haeded`") as caught:
        write(tmp_path / "x", [ROWS], "pipes", {"is_haeded": False})
    assert "is_headed" in caught.value.hint


def test_a_contract_may_name_an_added_format(tmp_path: Path) -> None:
    ref = TableRef("test", Layer.BRONZE, "things")
    own = {"carms.files": ["*.pipes"], "carms.format": "pipes"}
    write_contract(tmp_path, ref, [property_("id")], **own)
    assert load_contracts([tmp_path], "test")[ref].source.formats == ("pipes",)  # type: ignore[union-attr]
    write_contract(tmp_path, ref, [property_("id")], **{**own, "carms.format": "pipe"})
    with pytest.raises(ContractError, match="`pipe`") as caught:
        load_contracts([tmp_path], "test")
    assert caught.value.hint == "did you mean `pipes`?"


@pytest.mark.parametrize("name", ["pipe", "json_object"])
def test_a_format_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / "things.pipes"
    write(path, [ROWS], "pipes")
    with pytest.raises(ContractError, match=f"no reader for the format `{name}`"):
        read(replace(source(path), format=name), bronze("id"))
    with pytest.raises(UsageError, match="no writer for the format `pipe`"):
        write(path, [ROWS], "pipe")
