"""The header of a file against its contract, and the registry of formats."""

from __future__ import annotations

import subprocess
import sys

import pytest
from sources import bronze, column, read, written

from carms_lake.errors import ContractError, SourceRefused
from carms_lake.readers.header import parse, spec_of

CONTRACT = bronze(
    "id",
    column("name", source="Full Name"),
    column("day", from_path=r"(\d+)"),
    column("extra", may_be_absent=True),
    drop_columns=("", "index"),
)


@pytest.mark.parametrize(
    ("found", "positions", "notes"),
    [
        (["id", "Full Name"], {"id": 0, "name": 1}, 0),
        (["Full Name", "id"], {"id": 1, "name": 0}, 1),
        ([" ID ", "full name"], {"id": 0, "name": 1}, 2),
        (["", "id", "", "Full Name", "Index"], {"id": 1, "name": 3}, 0),
        (["id", "Full Name", "day", "extra"], {"id": 0, "name": 1, "day": 2, "extra": 3}, 0),
    ],
)
def test_columns_are_found_in_any_order_case_and_spacing(found, positions, notes):
    layout = parse(found, CONTRACT, "`f.csv`, line 1")
    assert dict(layout.positions) == positions
    assert len(layout.notes) == notes
    assert layout.width == len(found)


@pytest.mark.parametrize(
    ("found", "code", "words"),
    [
        (["id"], "MISSING_COLUMN", ["`Full Name`", "found `id`"]),
        (["id", "Fullname"], "MISSING_COLUMN", ["missing column `Full Name`", "`Fullname`"]),
        ([], "MISSING_COLUMN", ["missing columns `id`, `Full Name`", "found none"]),
        (["id", "Full Name", "x", "y"], "UNEXPECTED_COLUMN", ["unexpected columns `x`, `y`"]),
        (["id", "Full Name", "id"], "UNEXPECTED_COLUMN", ["duplicate column `id`"]),
        (["id", "Full Name", "ID"], "UNEXPECTED_COLUMN", ["duplicate column `ID`"]),
        (["Id", "ID", "Full Name"], "UNEXPECTED_COLUMN", ["duplicate column `ID`"]),
        (["id", "Full Name", "x", "x"], "UNEXPECTED_COLUMN", ["duplicate column"]),
    ],
)
def test_another_header_is_refused_with_all_that_is_wrong(found, code, words):
    with pytest.raises(SourceRefused) as caught:
        parse(found, CONTRACT, "`f.csv`, line 1")
    assert caught.value.code == code
    for word in ["`f.csv`, line 1", *words]:
        assert word in caught.value.message
    assert caught.value.hint


def test_an_exact_header_wins_over_one_that_differs_in_case():
    layout = parse(["ID", "id"], bronze("id", column("upper", source="ID")), "`f`")
    assert dict(layout.positions) == {"id": 1, "upper": 0}


def test_the_nearest_name_is_offered():
    with pytest.raises(SourceRefused) as caught:
        parse(["id", "Fullname"], CONTRACT, "`f`")
    assert "did you mean `Fullname`" in caught.value.hint


def test_an_unknown_format_and_a_table_without_files_are_contract_errors(tmp_path):
    with pytest.raises(ContractError, match="`xml`"):
        read(written(tmp_path, b""), bronze("a", format="xml"))
    from dataclasses import replace

    with pytest.raises(ContractError):
        spec_of(replace(bronze("a"), source=None))


def test_the_room_is_imported_without_any_data_library():
    code = (
        "import sys, carms_lake.readers, carms_lake.readers.discover\n"
        "print({'polars', 'orjson', 'deltalake', 'python_calamine', 'openpyxl'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
