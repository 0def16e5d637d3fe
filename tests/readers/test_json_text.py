"""JSON as programs really write it: every digit, keys with dots, and true words about the rest."""

from __future__ import annotations

import json
import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sources import bronze, column, landed, raw_records, read, unique, written

from carms_lake.contract.model import NewColumns
from carms_lake.errors import SourceRefused
from carms_lake.flows.drift.cells import cells_of
from carms_lake.flows.drift.inference import inferred_type
from carms_lake.readers.json.text import dumped, loaded

FORMATS = ("json", "jsonl")
LONG = "115792089237316195423570985008687907853269984665640564039457584007913129639935"
PRECISE = "12345678901234567.8900"


def of(folder, format_: str, *objects: str):
    """A file of objects: an array, or one per line."""
    text = f"[{','.join(objects)}]" if format_ == "json" else "\n".join(objects)
    return written(folder, text.encode(), f"things.{format_}")


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize(
    "number", [LONG, PRECISE, "1.10", "1E5", "-0", "0.00001", "9007199254740993"]
)
def test_numbers_in_json_columns_and_new_columns_stand_as_in_the_file(tmp_path, format_, number):
    contract = bronze(column("v", "json"), format=format_, new_columns=NewColumns.ACCEPT)
    made = of(tmp_path, format_, f'{{"v": {{"a": [{number}]}}, "new": {number}}}')
    (row,) = landed(made, contract)
    assert row == {"v": f'{{"a":[{number}]}}', "src_extra": f'{{"new":{number}}}'}


@pytest.mark.parametrize("beside", [(), (column("d", "decimal(9,2)", may_be_absent=True),)])
@pytest.mark.parametrize(
    ("type_", "number", "text"),
    [
        ("bigint", "9007199254740993.0", "9007199254740993"),
        ("bigint", "99999999999999999999999", "99999999999999999999999"),
        ("bigint", "1e3", "1000"),
        ("bigint", "1e400", "1e400"),
        ("bigint", "1.50", "1.50"),
        ("double", "1e400", "1e400"),
        ("double", "5e-324", None),
        ("date", "20250102", "20250102"),
    ],
)
def test_numbers_keep_their_digits_whatever_other_columns_there_are(
    tmp_path, beside, type_, number, text
):
    contract = bronze(column("v", type_), *beside, format="json")
    (row,) = landed(of(tmp_path, "json", f'{{"v": {number}}}'), contract)
    if text is None:
        assert float(row["v"]) == float(number)
    else:
        assert row["v"] == text


@pytest.mark.parametrize("type_", ["bigint", "decimal(38,9)", "double", "json", "varchar"])
@pytest.mark.parametrize(
    "number", ["1e999999999", "-1e-999999999", "1e99999999999999999999", "7" * 300_000]
)
def test_no_number_takes_time_or_memory(tmp_path, type_, number):
    contract = bronze(column("v", type_), format="json")
    started = time.perf_counter()
    batch = read(of(tmp_path, "json", f'{{"v": {number}}}'), contract)
    assert time.perf_counter() - started < 5
    assert batch.records == 1
    assert sum(len(text or "") for text in batch.rows.get_column("v").to_list()) <= 300_000
    if type_ == "varchar":
        assert batch.malformed["value"].to_list() == [number]


@pytest.mark.parametrize("number", ["1e400", "-1e400", "8" * 400])
def test_a_number_that_readers_of_json_cannot_take_rejects_its_record_from_a_json_column(
    tmp_path, number
):
    contract = bronze("id", column("v", "json"), format="jsonl")
    made = of(tmp_path, "jsonl", f'{{"id": "a", "v": [{number}]}}', '{"id": "b", "v": [1]}')
    batch = read(made, contract)
    assert batch.rows["id"].to_list() == ["b"]
    assert batch.malformed.select("column", "raw_record").rows() == [
        ("v", f'{{"id": "a", "v": [{number}]}}')
    ]
    assert "larger than readers of JSON can take" in batch.malformed["message"][0]


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=None).map(str)
    | st.integers().map(str)
)
def test_the_digits_of_any_number_go_in_and_out(number):
    text = number.lower().replace("+", "")
    if text.startswith("-0") and Decimal(text) != 0 and "." not in text:
        return
    try:
        json.loads(text)
    except ValueError:
        return
    if abs(Decimal(text)) < Decimal("1e308"):
        assert dumped(loaded(text.encode())) == text


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize(
    ("document", "found"),
    [
        ('{"service.name": "key"}', "key"),
        ('{"service": {"name": "path"}}', "path"),
        ('{"service.name": "key", "service": {"name": "path"}}', "key"),
        ('{"service": {"name": "path"}, "service.name": "key"}', "key"),
        ('{"service.name": null, "service": {"name": "path"}}', None),
    ],
)
def test_a_key_that_is_called_as_the_whole_path_is_found_before_the_path(
    tmp_path, format_, document, found
):
    contract = bronze(column("name", source="service.name"), format=format_)
    assert landed(of(tmp_path, format_, document), contract) == [{"name": found}]


@pytest.mark.parametrize(
    ("document", "found"),
    [
        ('{"resource": {"service.name": "x"}}', "x"),
        ('{"resource.service": {"name": "x"}}', "x"),
        ('{"resource.service.name": "x"}', "x"),
        ('{"resource": {"service": {"name": "x"}}}', "x"),
    ],
)
def test_dots_may_be_anywhere_on_the_way_to_a_value(tmp_path, document, found):
    contract = bronze(column("name", source="resource.service.name"), format="json")
    assert landed(of(tmp_path, "json", document), contract) == [{"name": found}]


def test_a_key_with_a_dot_may_be_dropped_or_unknown(tmp_path):
    contract = bronze("id", format="json", drop_columns=("a.b",), new_columns=NewColumns.ACCEPT)
    made = of(tmp_path, "json", '{"id": "1", "a.b": 2, "a.c": 3, "a": {"b": 4}}')
    assert landed(made, contract) == [{"id": "1", "src_extra": '{"a.c":3}'}]


@pytest.mark.parametrize(
    ("text", "words", "hint"),
    [
        ('[{"v": NaN}]', "line 1, column 8: `NaN` is not a value in JSON", "null"),
        ('[{"v": -Infinity}]', "`Infinity` is not a value in JSON", "allow_nan"),
        ('[{"v": nan}]', "`nan` is not a value in JSON", "null"),
        ('[{"v": None}]', "`None` is not a value in JSON", "JSON writer"),
        ('[{"v": "a"},]', "trailing comma", "comma"),
        ('[{"v": "a",}]', "trailing comma", "comma"),
        ('[{"v": "a"} // b\n]', "`//` begins a comment", "comments removed"),
        ('/* a */ [{"v": "a"}]', "`/*` begins a comment", "comments removed"),
        ("[{'v': 'a'}]", "`'` is not how JSON quotes", "double quotes"),
        ('[{v: "a"}]', "`v` is a key without quotes", "double quotes"),
        ('[{"v": "a"}][{"v": "b"}]', "more after the end", "one array"),
        ('{"v": "a"}{"v": "b"}', "more after the end", "one array"),
        ('[{"v": "a\tb"}]', "control character", "\\t"),
        ('[{"v": 007}]', "leading zero", "JSON writer"),
    ],
)
def test_text_that_is_not_quite_json_is_called_what_it_is_and_not_damaged(
    tmp_path, text, words, hint
):
    with pytest.raises(SourceRefused) as caught:
        read(written(tmp_path, text.encode(), "things.json"), bronze("v", format="json"))
    assert words in caught.value.message
    assert hint in caught.value.hint
    assert "damaged" not in caught.value.hint
    assert "cut off" not in caught.value.hint


def test_a_line_that_is_not_quite_json_says_why(tmp_path):
    batch = read(of(tmp_path, "jsonl", '{"v": NaN}', '{"v": "a"}'), bronze("v", format="jsonl"))
    assert batch.malformed["message"].to_list() == [
        "record 1, column 7: `NaN` is not a value in JSON"
    ]
    assert batch.rows["v"].to_list() == ["a"]


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32-le"])
def test_text_in_another_unicode_encoding_is_refused_by_its_name(tmp_path, format_, encoding):
    text = '{"v": "é"}' if format_ == "jsonl" else '[{"v": "é"}]'
    made = written(tmp_path, text.encode(encoding), f"things.{format_}")
    with pytest.raises(SourceRefused) as caught:
        read(made, bronze("v", format=format_))
    assert f"`{encoding}`" in caught.value.hint
    assert landed(made, bronze("v", format=format_, encoding=encoding)) == [{"v": "é"}]


def test_half_a_character_is_not_text_whatever_numbers_there_are(tmp_path):
    contract = bronze("v", column("n", "bigint"), format="json")
    for half in ("\\ud83d", "\\udE00", "\\ude00\\ud83d"):
        with pytest.raises(SourceRefused, match="half of a character"):
            read(of(tmp_path, "json", f'{{"n": 1e400, "v": "{half}"}}'), contract)
    whole = of(tmp_path, "json", '{"n": 1e400, "v": "\\ud83d\\ude00"}')
    assert landed(whole, contract) == [{"v": "😀", "n": "1e400"}]


def test_a_cut_off_document_is_still_called_so(tmp_path):
    with pytest.raises(SourceRefused) as caught:
        read(written(tmp_path, b'[{"v": "a"}, {"v"', "things.json"), bronze("v", format="json"))
    assert "cut off" in caught.value.hint


@given(st.lists(st.sampled_from(["1e400", "1.50", "3", LONG]), min_size=1, max_size=4))
def test_raw_texts_have_the_digits_of_the_file(tmp_path_factory, numbers):
    text = "[" + ",".join(f'{{"v": {n}}}' for n in numbers) + "]"
    made = unique(tmp_path_factory.mktemp("json"), text.encode(), "json")
    texts = raw_records(made, bronze(column("v", "bigint"), format="json"), range(1, 9))
    assert list(texts.values()) == [f'{{"v": {n}}}' for n in numbers]


@pytest.mark.parametrize(
    ("numbers", "type_"),
    [
        ("1, 2", "bigint"),
        ("1, 2.5", "double"),
        ("0.1234567890123456, 1e-7", "double"),
        ("9223372036854775808", "decimal(38,0)"),
        ("123456789012345678901234567890, 1", "decimal(38,0)"),
        ("12345678901234567.8901, 1", "decimal(38,4)"),
        ("1e999", "double"),
        ("12345678901234567890123456789.5, 0.12345678901234567890", "double"),
    ],
)
def test_drift_proposes_a_type_that_holds_the_digits_of_json(numbers, type_):
    found, not_text = cells_of(loaded(f"[{numbers}]".encode(), is_exact=False))
    assert str(inferred_type(found)) == type_
    assert not_text == 0
