"""The records of delimited text against a parser that goes byte by byte."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from naive_csv import naive_records

from carms_lake.readers.csv import records as csv_records
from carms_lake.readers.csv.judge import judged, texts_of
from carms_lake.readers.csv.records import Form, RecordTooLong, fields_of, grammar, pieces

RULES = grammar(",", '"')


tokens = st.sampled_from(
    [b'"', b'""', b",", b"\n", b"\r\n", b"\r", b"a", b" ", b"\xc3\xa9", b"\x00", b"long text"]
)
messy = st.lists(tokens, max_size=40).map(b"".join)
cells = st.one_of(
    st.sampled_from(
        [b"", b"1", b"a b", b'""', b'"x,y"', b'"l1\nl2"', b'"q""q"', b'"\r\n"', b'5" x']
    )
)
tidy = st.lists(st.lists(cells, min_size=3, max_size=3).map(b",".join), max_size=12).map(b"\n".join)


@given(data=st.one_of(messy, tidy), piece_bytes=st.integers(1, 30), block=st.integers(1, 9))
@example(data=b'a,b,"1\n2', piece_bytes=1, block=1)
@example(data=b'5" x,1,2\n"a\nb",2,3\n', piece_bytes=9, block=3)
@example(data=b'a,"b""\nc",d\r\nx,y,z', piece_bytes=4, block=1)
def test_records_are_the_same_wherever_blocks_and_pieces_are_cut(data, piece_bytes, block):
    expected = naive_records(data)
    blocks = [data[at : at + block] for at in range(0, len(data), block)]
    found = list(pieces(blocks, RULES, 3, piece_bytes=piece_bytes))
    assert b"".join(piece.raw for piece in found) == data
    texts: dict[int, bytes] = {}
    for piece in found:
        texts |= texts_of(piece, RULES, range(1, len(expected) + 1))
    assert texts == {n: record.raw for n, record in enumerate(expected, start=1)}
    good: dict[int, bytes] = {}
    broken: dict[int, bytes] = {}
    for piece in found:
        outcome = judged(piece, RULES, 3)
        lines = [plain.raw for plain in naive_records(outcome.text)]
        good |= dict(zip(outcome.numbers, lines, strict=True))
        broken |= {record.number: record.raw for record in outcome.broken}
        assert len(outcome.numbers) + len(outcome.broken) == piece.records
    assert sorted([*good, *broken]) == list(range(1, len(expected) + 1))
    for number, plain in enumerate(expected, start=1):
        is_good = not plain.is_malformed and len(plain.fields) == 3
        assert (number in good) == is_good, plain
        if is_good:
            assert fields_of(good[number], RULES) == plain.fields
        else:
            assert broken[number] == plain.raw
    assert sum(piece.records for piece in found) == len(expected)


@given(data=st.one_of(messy, tidy), piece_bytes=st.integers(1, 30))
def test_a_piece_is_called_clean_only_if_all_its_records_are_well_formed(data, piece_bytes):
    for piece in pieces([data], RULES, 3, piece_bytes=piece_bytes):
        if piece.form is Form.CLEAN:
            plain = naive_records(piece.raw)
            assert len(plain) == piece.records
            assert all(len(r.fields) == 3 and not r.is_malformed for r in plain)
            assert b"\n\n" not in re.sub(rb'"[^"]*"', b"", piece.raw)


@given(data=st.one_of(messy, tidy), piece_bytes=st.integers(1, 30))
def test_a_piece_is_called_plain_only_if_its_lines_are_its_records(data, piece_bytes):
    for piece in pieces([data], RULES, 3, piece_bytes=piece_bytes):
        if piece.form is Form.PLAIN:
            lines = piece.raw.decode().replace("\r\n", "\n").split("\n")
            assert [line.encode() for line in lines if line] == [
                record.raw for record in naive_records(piece.raw)
            ]


@pytest.mark.parametrize(
    "data", [b"a,b,c\n1,2,3\n", b"a,b,c\r\n\r\n1,2", "é,ü,ß".encode(), b",,\n"]
)
def test_pieces_without_quotes_are_plain(data):
    (piece,) = pieces([data], RULES, 3)
    assert piece.form is Form.PLAIN


@pytest.mark.parametrize(
    "data",
    [
        b'"a\n\n",b,"c,,"\n',
        b'"q""q","""","\r"\r\n',
    ],
)
def test_well_formed_pieces_with_quotes_are_clean(data):
    (piece,) = pieces([data], RULES, 3)
    assert piece.form is Form.CLEAN


@pytest.mark.parametrize(
    "data",
    [
        b'"a",b\n',
        b'a,b,c\n"a",b,c,d\n',
        b'"a",b,c\n\n',
        b"a,b,c\r1,2,3\n",
        b'a,b,5" x\n',
        b'"a"b,c,d\n',
        b'"a,b,c\n',
        b"a,b,\xff\n",
        b"a,b,c\r",
    ],
)
def test_pieces_that_need_a_judge_are_messy(data):
    (piece,) = pieces([data], RULES, 3)
    assert piece.form is Form.MESSY


def test_a_record_without_end_is_given_up_at_the_limit(monkeypatch):
    monkeypatch.setattr(csv_records, "RECORD_BYTES", 1000)
    blocks = [b"1,2,3\n", *[b'"' + b"x" * 99] * 1, *[b"y" * 100] * 30]
    with pytest.raises(RecordTooLong) as caught:
        list(pieces(blocks, RULES, 3, piece_bytes=10))
    assert caught.value.args == (2,)
