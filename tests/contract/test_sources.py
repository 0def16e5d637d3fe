"""Reader options: what a contract can say of files, and what it is told where that cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from carms_lake.contract.diff import diff
from carms_lake.contract.load import parse_contract
from carms_lake.contract.model import Contract
from carms_lake.contract.spelling import Cells, Extent, Spelling, parsed_format
from carms_lake.errors import ContractError
from carms_lake.names import Layer, TableRef


def contract(*columns: dict[str, Any], **own: Any) -> Contract:
    """A bronze contract with these keys under `carms.`; a column is `name`, `type` and its keys."""

    def custom(keys: dict[str, Any]) -> list[dict[str, Any]]:
        return [{"property": f"carms.{key}", "value": value} for key, value in keys.items()]

    properties = [
        {
            "name": one["name"],
            "physicalType": one.get("type", "varchar"),
            "customProperties": custom({k: v for k, v in one.items() if k not in ("name", "type")}),
        }
        for one in columns or ({"name": "a"},)
    ]
    document = {
        "kind": "DataContract",
        "version": "1.0.0",
        "schema": [
            {
                "name": "things",
                "properties": properties,
                "customProperties": custom({"files": "*.x", "format": "csv", **own}),
            }
        ],
    }
    text = yaml.safe_dump(document, sort_keys=False).encode()
    return parse_contract(text, Path("things.odcs.yaml"), TableRef("d", Layer.BRONZE, "things"))


def test_the_place_of_the_table_is_read():
    spec = contract(header=5, tableEnd="^TOTAL").source
    assert spec is not None
    assert spec.extent == Extent(header=5, ends=("^TOTAL",))
    spec = contract(format="xlsx", sheet=2, range="$B$4:h").source
    assert spec is not None
    assert (spec.sheet, spec.extent.cells) == (2, Cells(4, None, 2, 8, "$B$4:h"))


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("$", ()),
        ("$.books", ("books",)),
        ("data.items", ("data", "items")),
        ('$["data.items"].rows', ("data.items", "rows")),
        ("$['a']['b c']", ("a", "b c")),
    ],
)
def test_the_path_to_records_is_a_list_of_keys(path, keys):
    spec = contract(format="json", records=path).source
    assert spec is not None
    assert spec.extent.records == keys


def test_encodings_by_pattern_keep_their_order():
    spec = contract(encoding={"old/*.csv": "CP1252", "*.csv": "utf-16"}).source
    assert spec is not None
    assert spec.encodings == (("old/*.csv", "cp1252"), ("*.csv", "utf-16"))
    assert spec.encoding == "utf-8"


def test_a_column_has_the_spelling_of_its_table_unless_it_has_its_own():
    found = contract(
        {"name": "a", "type": "decimal(9,2)"},
        {"name": "b", "type": "double", "decimalMark": "."},
        {"name": "c", "type": "boolean"},
        {"name": "d", "type": "date", "formats": "%d/%m/%Y"},
        {"name": "e", "aliases": ["E", "epsilon"]},
        decimalMark=",",
        trueWords=["Ja", 1],
        falseWords="nein",
    )
    by_name = {column.name: column.spelling for column in found.columns}
    assert by_name == {
        "a": Spelling(decimal_mark=","),
        "b": None,
        "c": Spelling(true_words=("ja", "1"), false_words=("nein",)),
        "d": Spelling(formats=("%d/%m/%Y",)),
        "e": None,
    }
    assert found.column("e").aliases == ("E", "epsilon")


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({"records": "$.a"}, "`carms.records` is for files of the format json"),
        ({"format": "json", "header": 2}, "`carms.header` is for files of the format csv and xlsx"),
        (
            {"format": "parquet", "tableEnd": "^T"},
            "`carms.tableEnd` is for files of the format csv",
        ),
        ({"sheet": 2}, "`carms.sheet` is for files of the format xlsx"),
        ({"range": "A1:B2"}, "`carms.range` is for files of the format xlsx"),
        ({"format": "xlsx", "escape": "\\"}, "`carms.escape` is for files of the format csv"),
        ({"format": "xlsx", "quote": "none"}, "`carms.quote` is for files of the format csv"),
        ({"format": "xlsx", "encoding": {"*": "cp1252"}}, "`carms.encoding` is for files of"),
        ({"format": "xlsx", "delimiter": ";"}, "`carms.delimiter` is for files of the format csv"),
        ({"format": "json", "trim": True}, "`carms.trim` is for files of the format csv"),
        ({"header": 0}, "`carms.header` is `0`"),
        ({"header": True}, "`carms.header` is `True`"),
        ({"header": "first"}, "`carms.header` is `first`"),
        ({"header": "none", "dropColumns": "x"}, "`carms.dropColumns` names headers"),
        ({"tableEnd": "("}, "`carms.tableEnd`: `(` is not a regular expression"),
        ({"format": "xlsx", "sheet": 0}, "`carms.sheet` is `0`"),
        ({"format": "xlsx", "range": "H4:B2"}, "name the upper left cell first"),
        ({"format": "xlsx", "range": "4:9"}, "write cells such as"),
        ({"format": "json", "records": "$.a[*]"}, "write the keys that lead to the array"),
    ],
)
def test_an_option_that_cannot_be_used_is_refused_with_the_reason(own, said):
    with pytest.raises(ContractError) as refused:
        contract(**own)
    assert said in refused.value.message


@pytest.mark.parametrize(
    ("column", "own", "said"),
    [
        ({"type": "varchar", "formats": "%d/%m/%Y"}, {}, "is for columns of date, timestamp"),
        ({"type": "date", "decimalMark": ","}, {}, "`carms.decimalMark` is for columns of"),
        ({"type": "double", "trueWords": "x"}, {}, "`carms.trueWords` is for columns of boolean"),
        ({"type": "date", "formats": "%d/%m"}, {}, "must have `%Y` or `%y` once"),
        ({"type": "date", "formats": "%d/%q/%Y"}, {}, "`%q` is not one of"),
        ({"type": "date", "formats": "%d/%d/%Y"}, {}, "`%d` appears twice"),
        ({"type": "date", "formats": "%Y-%m-%d %H %z"}, {}, "has a zone, and a date has none"),
        ({"type": "timestamp", "formats": "%F %I:%M"}, {}, "`%I` and `%p` go together"),
        ({"type": "timestamp", "formats": "%F %M"}, {}, "has `%M` without `%H`"),
        ({"type": "double", "decimalMark": "7"}, {}, "write one character"),
        ({"type": "double", "thousandsSeparator": "."}, {}, "are both `.`"),
        ({"type": "boolean", "trueWords": "0"}, {}, "means both true and false"),
        ({"type": "boolean"}, {"trueWords": [True]}, "which is not text: quote it"),
    ],
)
def test_a_spelling_that_cannot_be_is_refused_with_the_column(column, own, said):
    with pytest.raises(ContractError) as refused:
        contract({"name": "a", **column}, **own)
    assert said in refused.value.message
    assert "column `a`" in refused.value.message


def test_one_name_cannot_be_that_of_two_columns():
    with pytest.raises(ContractError, match="`b` is a name of both"):
        contract({"name": "a", "aliases": ["B "]}, {"name": "b"})
    assert contract({"name": "a", "aliases": ["A"]}, {"name": "b"}).column("a").aliases == ("A",)


def test_other_characters_of_a_format_are_themselves():
    found = parsed_format("%d.%m.%Y (%H h)")
    assert found.parts == set("dmYH")
    assert r"\." in found.pattern
    assert r"\(" in found.pattern


def test_other_options_of_reading_are_other_rules_and_a_breaking_change():
    plain = contract({"name": "a", "type": "date"})
    other = contract({"name": "a", "type": "date", "formats": "%d/%m/%Y"}, header=2)
    assert plain.record_rules != other.record_rules
    changed = {(change.kind, change.level.word) for change in diff(plain, other)}
    assert changed == {("spelling", "major"), ("place of the table", "major")}
    more = contract({"name": "a", "type": "date", "aliases": "b"})
    assert [str(change) for change in diff(plain, more)] == ["minor: `a`: aliases: - -> b"]
