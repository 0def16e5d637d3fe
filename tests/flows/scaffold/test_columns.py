"""What a column is, by its values: type, spelling, nulls, pattern; what is ambiguous is text."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from carms_lake.flows.scaffold.columns import columns_of, key_of
from carms_lake.flows.scaffold.look import look_at

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.flows.scaffold.columns import Column


def columns(folder: Path, text: str) -> list[Column]:
    path = folder / "a.csv"
    path.write_text(text, encoding="utf-8")
    return columns_of(look_at(path))


def column(folder: Path, *values: str) -> Column:
    lines = "\n".join(f"r{number}|{value}" for number, value in enumerate(values))
    return columns(folder, f"row|value\n{lines}\n")[1]


@pytest.mark.parametrize(
    ("values", "kind", "keys"),
    [
        (["1", "2"], "integer", {}),
        (["001", "002"], "varchar", {}),
        (["3000000000", "1"], "bigint", {}),
        (["1.50", "2.75"], "decimal(18,2)", {}),
        (["1e5", "2.5"], "double", {}),
        (["12345678901234567890", "12345678901234567891"], "varchar", {}),
        (["+4912345678", "+4912345679"], "varchar", {}),
        (["1,50", "2,75"], "decimal(18,2)", {"decimalMark": ","}),
        (["1.234,50", "2,75"], "decimal(18,2)", {"decimalMark": ",", "thousandsSeparator": "."}),
        (["1 234,50", "2,75"], "decimal(18,2)", {"decimalMark": ",", "thousandsSeparator": " "}),
        (["1,234.50", "2.75"], "decimal(18,2)", {"thousandsSeparator": ","}),
        (["1'234'567", "5"], "integer", {"thousandsSeparator": "'"}),
        (["1,234", "5,678"], "varchar", {}),
        (["€ 5", "€ 6"], "varchar", {}),
        (["true", "false"], "boolean", {}),
        (["Yes", "no", ""], "boolean", {}),
        (["ja", "nein"], "boolean", {"trueWords": ["ja"], "falseWords": ["nein"]}),
        (["oui", "oui"], "varchar", {}),
        (["2024-01-31", "2024-02-01"], "date", {}),
        (["2024-01-31 10:00:00", "2024-02-01 11:30:00"], "timestamp", {}),
        (["31/01/2024", "01/02/2024"], "date", {"formats": ["%d/%m/%Y"]}),
        (["01/31/2024", "02/01/2024"], "date", {"formats": ["%m/%d/%Y"]}),
        (["31.01.99", "01.02.24"], "date", {"formats": ["%d.%m.%y"]}),
        (["31.1.2024 9:05", "1.2.2024 10:30"], "timestamp", {"formats": ["%d.%m.%Y %H:%M"]}),
        (
            ["1/31/2024 1:30 PM", "2/1/2024 9:05 AM"],
            "timestamp",
            {"formats": ["%m/%d/%Y %I:%M %p"]},
        ),
        (["31 Jan 2024", "1 Feb 2024"], "date", {"formats": ["%d %b %Y"]}),
        (["Jan 31, 2024", "May 1, 2024"], "date", {"formats": ["%b %d, %Y"]}),
        (["3 May 2024", "4 May 2024"], "date", {"formats": ["%d %b %Y"]}),
        (["03/04/2024", "05/06/2024"], "varchar", {}),
        (["31.01.24", "01.02.24"], "varchar", {}),
        (["03/04/2024", "soon"], "varchar", {}),
        (['{"a": 1}', '{"a": 2}'], "json", {}),
        (["", ""], "varchar", {}),
    ],
)
def test_a_column_has_the_type_that_its_values_leave_no_doubt_of(
    tmp_path: Path, values: list[str], kind: str, keys: dict[str, Any]
) -> None:
    found = column(tmp_path, *values)
    assert (str(found.type), found.keys) == (kind, keys)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["03/04/2024", "03/04/2024"], "`03/04/2024` may be 2024-04-03 or 2024-03-04"),
        (["1,234", "1,234"], "`1,234` may have thousands or decimals"),
        (["", ""], "no value to tell the type from"),
    ],
)
def test_what_is_ambiguous_is_said(tmp_path: Path, values: list[str], said: str) -> None:
    assert said in column(tmp_path, *values).evidence[1]


def test_a_dot_between_thousands_is_told_by_the_commas_of_another_column(tmp_path: Path) -> None:
    found = columns(tmp_path, "id;count;price\n1;1.234;1,50\n2;2.500;12,75\n")
    assert str(found[1].type) == "integer"
    assert found[1].keys == {"decimalMark": ",", "thousandsSeparator": "."}


def test_a_word_for_nothing_is_null_unless_another_column_has_it_as_text(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,n\n1,5\n2,NA\n3,7\n", encoding="utf-8")
    table = look_at(path)
    found = columns_of(table)[1]
    assert (str(found.type), found.required) == ("integer", False)
    assert table.keys["carms.nullValues"][0] == ["", "NA"]
    kept = columns(tmp_path, "id,n,country\n1,5,NA\n2,NA,DE\n3,7,FR\n")
    assert str(kept[1].type) == "varchar"


def test_ids_have_a_pattern_and_words_have_none(tmp_path: Path) -> None:
    ids = [f"AB-{number:04}" for number in range(9)]
    assert column(tmp_path, *ids).pattern == r"^[A-Z]{2}-\d{4}$"
    assert column(tmp_path, *[f"s{10**number}" for number in range(6)]).pattern == r"^[a-z]\d+$"
    assert column(tmp_path, "Tea", "Jam", "Cup", "Pot", "Mug").pattern == ""
    assert column(tmp_path, *ids, "none").pattern == ""
    assert column(tmp_path, *ids[:3]).pattern == ""


def test_the_evidence_counts_what_is_missing_and_distinct(tmp_path: Path) -> None:
    few = [*"AABABAB", ""]
    assert column(tmp_path, *few).evidence == ["1 of 8 values are missing; 2 distinct; `A`, `B`"]
    assert not column(tmp_path, "A", "").required
    assert column(tmp_path, "A", "B").required


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("name,customer_id\nAnn,1\nBob,2\n", ("customer_id",)),
        ("order,line,qty\n1,1,5\n1,2,5\n2,1,3\n", ("order", "line")),
        ("name,n\nAnn,1\nBob,1\n", ("name",)),
        ("price,n\n1.5,1\n2.5,1\n", ()),
        ("id,n\n1,1\n,1\n", ()),
        ("id,n\n", ()),
    ],
)
def test_the_key_is_what_tells_the_rows_apart(
    tmp_path: Path, text: str, key: tuple[str, ...]
) -> None:
    assert key_of(columns(tmp_path, text)) == key


def test_names_are_those_of_columns_and_none_is_taken(tmp_path: Path) -> None:
    found = columns(tmp_path, "Order No,order-no,Größe,src_filename,2nd\n1,2,3,4,5\n")
    assert [one.name for one in found] == [
        "order_no",
        "order_no_2",
        "groe",
        "src_filename_2",
        "c_2nd",
    ]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([12345678901234567890, 1], "decimal(38,0)"),
        ([1, 2], "bigint"),
        ([1.5, 2.25], "decimal(18,2)"),
        ([1.123456, 2], "double"),
        (["1", "2"], "varchar"),
        (["2024-01-01", None], "date"),
        ([1, "one"], "json"),
        ([[1], [2]], "json"),
        ([True, None], "boolean"),
    ],
)
def test_values_of_json_keep_their_types(tmp_path: Path, values: list[Any], kind: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"v": value} for value in values]), encoding="utf-8")
    assert str(columns_of(look_at(path))[0].type) == kind


def test_values_of_parquet_keep_their_types(tmp_path: Path) -> None:
    day = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    frame = pl.DataFrame(
        {
            "moment": [day, day],
            "span": [dt.timedelta(hours=1)] * 2,
            "kind": pl.Series(["1", "2"], dtype=pl.Categorical),
            "nan": [float("nan")] * 2,
            "money": [1.5, None],
            "parts": [[1], [2, 3]],
        }
    )
    frame.write_parquet(tmp_path / "a.parquet")
    found = columns_of(look_at(tmp_path / "a.parquet"))
    kinds = [str(one.type) for one in found]
    assert kinds == ["timestamp", "varchar", "varchar", "double", "decimal(18,2)", "json"]
    assert [one.required for one in found] == [True, True, True, False, False, True]
