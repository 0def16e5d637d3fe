"""JSON Lines: broken lines are set aside, the others land."""

from __future__ import annotations

import gzip

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sources import bronze, collected, column, landed, outcome, raw_records, read, unique, written

from carms_lake.errors import SourceRefused
from carms_lake.readers import content, frames, jsonl

AB = bronze("a", column("b", source="x.b"), format="jsonl")
RAW = bronze(column("line", "json", source="$"), format="jsonl")


def file(tmp_path, content: bytes):
    return written(tmp_path, content, "things.jsonl")


def test_lines_are_records_and_blank_lines_are_none(tmp_path):
    made = file(tmp_path, b'\xef\xbb\xbf{"a": "1", "x": {"b": "2"}}\r\n\n  \n{"x": {"b": "3"}}')
    assert collected(read(made, AB)).rows() == [(1, "1", "2"), (2, None, "3")]


def test_a_broken_line_is_set_aside_with_its_text(tmp_path):
    made = file(
        tmp_path, b'{"a": "1", "x": {"b": "2"}}\n{"a": \n{"a": "caf\xe9"}\n[1]\n{"a": 5, "x": {}}\n'
    )
    batch = read(made, AB)
    assert batch.malformed.select("src_row_number", "code", "raw_record").rows() == [
        (2, "MALFORMED_ROW", '{"a": '),
        (3, "ENCODING_ERROR", '{"a": "caf\\xe9"}'),
        (4, "MALFORMED_ROW", "[1]"),
        (5, "TYPE_MISMATCH", '{"a": 5, "x": {}}'),
    ]
    assert collected(batch).height == 1
    assert batch.records == 5


def test_a_column_may_take_the_whole_line(tmp_path):
    made = file(tmp_path, b'{"any":  1}\n{"b": [2]} \r\nnope\n')
    batch = read(made, RAW)
    assert collected(batch).rows() == [(1, '{"any":  1}'), (2, '{"b": [2]} ')]
    assert batch.malformed["src_row_number"].to_list() == [3]


def test_a_column_may_be_read_beside_the_whole_line(tmp_path):
    contract = bronze(
        column("line", "json", source="$"),
        column("id", source="e.id"),
        column("no"),
        format="jsonl",
    )
    made = file(tmp_path, b'{"e": {"id": "7", "z": 1}}\n')
    assert landed(made, contract) == [{"line": '{"e": {"id": "7", "z": 1}}', "id": "7", "no": None}]


def test_raw_records_are_the_lines(tmp_path):
    made = file(tmp_path, b'{"a":1}\n\n{"a": \xff}\r\n{"c"}\n')
    assert raw_records(made, AB, [1, 2, 3]) == {1: '{"a":1}', 2: '{"a": \\xff}', 3: '{"c"}'}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "EMPTY_FILE"),
        (b'{"a": "1", "x": {"b": "2"}, "c": 3}\n', "UNEXPECTED_COLUMN"),
        (b'{"a": "1"}\n', "MISSING_COLUMN"),
        (b"PK\x03\x04\n\n", "WRONG_FORMAT"),
        (gzip.compress(b"{}", mtime=0), "WRONG_FORMAT"),
    ],
)
def test_a_file_that_is_not_what_the_contract_says_is_refused(tmp_path, content, code):
    with pytest.raises(SourceRefused) as caught:
        read(file(tmp_path, content), AB)
    assert caught.value.code == code
    assert caught.value.hint


def test_rows_of_a_large_file_are_read_again_instead_of_kept(tmp_path, monkeypatch):
    made = file(tmp_path, b"".join(b'{"n": %d}\n' % n if n % 5 else b"{\n" for n in range(100)))
    contract = bronze(column("n", "integer"), format="jsonl")
    kept = read(made, contract)
    monkeypatch.setattr(frames, "KEPT_BYTES", 10)
    monkeypatch.setattr(jsonl, "_PART_RECORDS", 7)
    again = read(made, contract)
    assert collected(again).equals(collected(kept))
    assert again.malformed.equals(kept.malformed)


@pytest.mark.parametrize("block", [1, 7, 50, 10_000])
def test_whole_lines_are_the_same_wherever_blocks_are_cut(tmp_path, monkeypatch, block):
    made = file(tmp_path, b'{"a":1}\r\n\n[]\n {"b":"x^"}\nno\n\r\n{"c":"\xc3\xa9"}')
    monkeypatch.setattr(content, "BLOCK_BYTES", block)
    batch = read(made, RAW)
    assert batch.rows.rows() == [(1, '{"a":1}'), (3, ' {"b":"x^"}'), (5, '{"c":"é"}')]
    assert batch.malformed["src_row_number"].to_list() == [2, 4]
    assert raw_records(made, RAW, [1, 3]) == {1: '{"a":1}', 3: ' {"b":"x^"}'}
    assert batch.records == 5


@pytest.mark.parametrize("contract", [AB, RAW])
def test_a_line_without_end_is_given_up(tmp_path, monkeypatch, contract):
    monkeypatch.setattr(jsonl, "LINE_BYTES", 100)
    with pytest.raises(SourceRefused) as caught:
        read(file(tmp_path, b'{"a": "' + b"x" * 1000), contract)
    assert caught.value.code == "TOO_LARGE"


lines = st.one_of(
    st.binary(max_size=12).map(lambda b: b.replace(b"\n", b"")),
    st.sampled_from([b'{"a": "1", "x": {"b": "2"}}', b"{}", b"null", b"", b"\r", b'{"a": "\xe9"}']),
)


@given(st.lists(lines, max_size=8))
def test_rows_and_malformed_are_all_lines_whatever_the_bytes(tmp_path_factory, content):
    made = unique(tmp_path_factory.mktemp("jsonl"), b"\n".join(content), "jsonl")
    found = outcome(made, RAW)
    if isinstance(found, SourceRefused):
        assert found.code in {"EMPTY_FILE", "WRONG_FORMAT"}
        return
    batch, rows = found
    # A byte order mark in front of the first line is no part of it.
    first, *rest = [*content, b""]
    counted = [first.removeprefix(b"\xef\xbb\xbf"), *rest]
    assert batch.records == sum(1 for line in counted if line.strip(b" \t\r"))
    rows = collected(batch)
    assert rows.height + batch.malformed.height == batch.records
    for line in rows["line"]:
        assert isinstance(orjson.loads(line), dict)
