"""JSON documents: objects by dotted path, numbers as written, and what is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sources import bronze, collected, column, landed, outcome, raw_records, read, unique, written

from carms_lake.contract.model import NewColumns
from carms_lake.errors import SourceRefused

DOCS = bronze(
    column("id", may_be_absent=True), "text", column("url", source="metadata.source"), format="json"
)


def file(tmp_path, content: bytes | str):
    return written(
        tmp_path, content if isinstance(content, bytes) else content.encode(), "things.json"
    )


def test_nested_values_are_found_by_their_path(tmp_path):
    made = file(
        tmp_path,
        '[{"id": "1", "text": "a\\nb", "metadata": {"source": "u"}},'
        ' {"text": "é", "metadata": {"source": null}}]',
    )
    assert landed(made, DOCS) == [
        {"id": "1", "text": "a\nb", "url": "u"},
        {"id": None, "text": "é", "url": None},
    ]


def test_a_byte_order_mark_and_another_encoding_are_accepted(tmp_path):
    text = '[{"text": "é", "metadata": {"source": "u"}}]'
    for content, encoding in (
        (b"\xef\xbb\xbf" + text.encode(), "utf-8"),
        (text.encode("utf-16"), "utf-16"),
    ):
        contract = bronze(
            "text", column("url", source="metadata.source"), format="json", encoding=encoding
        )
        assert landed(file(tmp_path, content), contract) == [{"text": "é", "url": "u"}]


@pytest.mark.parametrize(
    ("type_", "value", "text"),
    [
        ("bigint", "12", "12"),
        ("bigint", "12.0", "12"),
        ("bigint", "9223372036854775807", "9223372036854775807"),
        ("double", "1e-7", "0.0000001"),
        ("double", '"x"', "x"),
        ("boolean", "true", "true"),
        ("decimal(38,2)", "12345678901234567890.12", "12345678901234567890.12"),
        ("decimal(4,2)", "1.10", "1.10"),
        ("decimal(38,0)", "99999999999999999999", "99999999999999999999"),
        ("date", '"2025-01-02"', "2025-01-02"),
        ("json", '{"b": [1, 2.5, null], "a": "é"}', '{"b":[1,2.5,null],"a":"é"}'),
        ("json", '"text"', '"text"'),
        ("json", "5", "5"),
        ("varchar", '"00123"', "00123"),
        ("varchar", "null", None),
    ],
)
def test_values_are_canonical_text_of_the_contracts_type(tmp_path, type_, value, text):
    contract = bronze(column("v", type_), format="json")
    assert landed(file(tmp_path, f'[{{"v": {value}}}]'), contract) == [{"v": text}]


@pytest.mark.parametrize(
    ("type_", "value", "words"),
    [
        ("varchar", "27447", "the number 27447"),
        ("varchar", "true", "the boolean true"),
        ("varchar", '{"a": 1}', "an object"),
        ("bigint", "[1]", "an array"),
        ("varchar", "[]", "an array"),
    ],
)
def test_a_value_of_another_kind_rejects_its_record(tmp_path, type_, value, words):
    contract = bronze("id", column("v", type_), format="json")
    batch = read(
        file(tmp_path, f'[{{"id": "a", "v": "1"}},\n {{"id": "b",  "v": {value}}} ]'), contract
    )
    (fault,) = batch.malformed.to_dicts()
    assert (fault["src_row_number"], fault["code"], fault["column"]) == (2, "TYPE_MISMATCH", "v")
    assert words in fault["message"]
    assert fault["raw_record"] == f'{{"id": "b",  "v": {value}}}'
    assert collected(batch)["src_row_number"].to_list() == [1]


@pytest.mark.parametrize("element", ["5", "null", '"x"', "[1, [2]]", "[]"])
def test_an_element_that_is_no_object_is_malformed(tmp_path, element):
    batch = read(
        file(tmp_path, f'[{{"v": "1"}}, {element}, {{"v": "2"}}]'), bronze("v", format="json")
    )
    assert batch.malformed.select("src_row_number", "code", "raw_record").rows() == [
        (2, "MALFORMED_ROW", element)
    ]
    assert collected(batch)["src_row_number"].to_list() == [1, 3]


def test_a_value_in_the_place_of_an_object_rejects_its_record(tmp_path):
    batch = read(
        file(
            tmp_path, '[{"text": "a", "metadata": {"source": "u"}}, {"text": "b", "metadata": 7}]'
        ),
        DOCS,
    )
    assert batch.malformed.select("column", "value").rows() == [("url", "7")]
    assert "`metadata` is the number, not an object" in batch.malformed["message"][0]


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        ("", "EMPTY_FILE", "0 bytes"),
        (" \n", "EMPTY_FILE", "blanks"),
        ('{"text": "a"}', "WRONG_FORMAT", "object"),
        ("5", "WRONG_FORMAT", "value"),
        ('[{"text": "a"', "UNREADABLE", "line 1, column"),
        ('[{"text": "a"},\n {"text": nope}]', "UNREADABLE", "line 2, column 1"),
        ('{"text": 1}\n{"text": 2}', "UNREADABLE", "line 2"),
        (b'[{"text": "caf\xe9"}]', "UNREADABLE", "UTF-8"),
        (b"PK\x03\x04", "WRONG_FORMAT", "zip"),
        ("text,metadata\n", "WRONG_FORMAT", "text"),
        ("[" * 5000, "UNREADABLE", "line 1"),
        (
            '[{"text": "a", "metadata": {"source": "u", "more": 1}, "new": 2}]',
            "UNEXPECTED_COLUMN",
            "`metadata.more`, `new`",
        ),
        ('[{"text": "a"}]', "MISSING_COLUMN", "`metadata.source`"),
        (
            '[{"txt": "a", "metadata": {"source": "u"}}]',
            "MISSING_COLUMN",
            "found `metadata.source`, `txt`",
        ),
    ],
)
def test_a_document_that_is_not_what_the_contract_says_is_refused(tmp_path, content, code, words):
    with pytest.raises(SourceRefused) as caught:
        read(file(tmp_path, content), DOCS)
    assert caught.value.code == code
    assert words in caught.value.message
    assert "things.json" in caught.value.message
    assert caught.value.hint


def test_objects_one_per_line_are_told_from_a_damaged_document(tmp_path):
    with pytest.raises(SourceRefused) as caught:
        read(file(tmp_path, '{"text": 1}\n{"text": 2}\n'), DOCS)
    assert "jsonl" in caught.value.hint


def test_an_empty_array_has_no_records_and_lacks_nothing(tmp_path):
    batch = read(file(tmp_path, "[]"), DOCS)
    assert (batch.records, collected(batch).height) == (0, 0)


def test_keys_are_free_inside_a_json_column_and_dropped_where_the_contract_says(tmp_path):
    contract = bronze("id", column("rest", "json"), format="json", drop_columns=("x", "y.z"))
    made = file(tmp_path, '[{"id": "1", "rest": {"any": 1}, "x": {"deep": 2}, "y": {"z": 3}}]')
    assert landed(made, contract) == [{"id": "1", "rest": '{"any":1}'}]


def test_the_last_of_equal_keys_wins(tmp_path):
    assert landed(file(tmp_path, '[{"v": "1", "v": "2"}]'), bronze("v", format="json")) == [
        {"v": "2"}
    ]


def test_raw_records_are_the_text_of_the_elements(tmp_path):
    made = file(tmp_path, '[ {"v": "a,]}\\"\\\\"} ,{"v":\n"é"},[ ], "x" ]')
    texts = raw_records(made, bronze("v", format="json"), [1, 2, 3, 4, 9])
    assert texts == {1: '{"v": "a,]}\\"\\\\"}', 2: '{"v":\n"é"}', 3: "[ ]", 4: '"x"'}


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(
    elements=st.lists(values, max_size=5), indent=st.sampled_from([None, 2]), is_ascii=st.booleans()
)
def test_raw_text_is_found_for_every_element_of_any_array(
    tmp_path_factory, elements, indent, is_ascii
):
    text = json.dumps(elements, indent=indent, ensure_ascii=is_ascii)
    made = unique(tmp_path_factory.mktemp("json"), text.encode("utf-8", "surrogatepass"), "json")
    contract = bronze(column("v", may_be_absent=True), format="json", new_columns=NewColumns.ACCEPT)
    texts = raw_records(made, contract, range(1, len(elements) + 1))
    assert [json.loads(texts[n]) for n in range(1, len(elements) + 1)] == elements


GOOD = (
    b'[{"text": "a\\u00e9", "metadata": {"source": "u"}},'
    b' {"text": "b", "metadata": {"source": null}}]'
)


@given(
    st.one_of(
        st.binary(max_size=30),
        st.tuples(st.integers(0, len(GOOD) - 1), st.binary(max_size=2)).map(
            lambda change: GOOD[: change[0]] + change[1] + GOOD[change[0] + 1 :]
        ),
    )
)
def test_any_bytes_land_or_are_refused_with_a_reason(tmp_path_factory, data):
    made = unique(tmp_path_factory.mktemp("json"), data, "json")
    found = outcome(made, DOCS)
    if isinstance(found, SourceRefused):
        assert found.code
        return
    batch, rows = found
    assert rows.height + batch.malformed.height == batch.records


@pytest.mark.real_data
def test_the_real_documents_land_whole(real_carms):
    from sources import source

    path = real_carms / "1503_markdown_program_descriptions_v2.json"
    contract = bronze("id", "page_content", column("url", source="metadata.source"), format="json")
    rows = landed(source(path), contract)
    expected = json.loads(path.read_text(encoding="utf-8"))
    assert rows == [
        {"id": d["id"], "page_content": d["page_content"], "url": d["metadata"]["source"]}
        for d in expected
    ]
