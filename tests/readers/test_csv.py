"""Delimited text: every record lands or is set aside with a reason, whatever the bytes."""

from __future__ import annotations

import codecs
import csv
import gzip
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from naive_csv import naive_records
from sources import (
    bronze,
    collected,
    column,
    cut_small,
    landed,
    outcome,
    raw_records,
    read,
    source,
    unique,
    written,
)

from carms_lake.contract.model import NewColumns
from carms_lake.errors import ContractError, SourceRefused

AB = bronze("a", "b")


def row(a: str | None, b: str | None) -> dict[str, str | None]:
    return {"a": a, "b": b}


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"a,b\n1,2\n3,4", [row("1", "2"), row("3", "4")]),
        (b"a,b\r\n1,2\r\n", [row("1", "2")]),
        (b"a,b\r1,2\r3,4\r", [row("1", "2"), row("3", "4")]),
        (b"a,b\n1,2\r3,4\r\n5,6\n", [row("1", "2"), row("3", "4"), row("5", "6")]),
        (b"\n\na,b\n\n1,2\n\n\n3,4\n\n", [row("1", "2"), row("3", "4")]),
        (b"\xef\xbb\xbfa,b\n1,2\n", [row("1", "2")]),
        (b"a,b\nx^,1\nx\x01,2\n", [row("x^", "1"), row("x\x01", "2")]),
        (b'a,b\nx^,1\n"x\n",2\n', [row("x^", "1"), row("x\n", "2")]),
        (b'\xef\xbb\xbf"a","b"\n"1","2"\n', [row("1", "2")]),
        (b'a,b\n"",\n,""\n', [row(None, None), row(None, None)]),
        (b'a,b\n"x\ny","p,q"\n', [row("x\ny", "p,q")]),
        (b'a,b\n"say ""hi""",""""\n', [row('say "hi"', '"')]),
        (b'a,b\n 5" pipe ,"6"" pipe"\n', [row(' 5" pipe ', '6" pipe')]),
        (b"a,b\n1\x002,\x00\n", [row("1\x002", "\x00")]),
        (b"a,b\n", []),
        (b"a,b", []),
        ("a,b\n\u2028,\u00a0\n".encode(), [row("\u2028", "\u00a0")]),
        (b"a,b\nNA,null\n", [row("NA", "null")]),
        (b"a,b\n#1,2\n", [row("#1", "2")]),
        (b"a,b\n,2\n\xef\xbb\xbf1,2\n\n", [row(None, "2"), row("\ufeff1", "2")]),
        (b"a,b\n\n\xef\xbb\xbf1,2\n", [row("\ufeff1", "2")]),
    ],
)
def test_cells_are_what_rfc_4180_says(tmp_path, content, rows):
    assert landed(written(tmp_path, content), AB) == rows


@pytest.mark.parametrize(
    ("content", "codes", "good"),
    [
        (b"a,b\n1\n3,4\n", {1: "MALFORMED_ROW"}, [2]),
        (b"a,b\n1,2,3\n3,4\n", {1: "MALFORMED_ROW"}, [2]),
        (b"a,b\n1\n1,2,3\n5,6\n", {1: "MALFORMED_ROW", 2: "MALFORMED_ROW"}, [3]),
        (b'a,b\n1,2\n"3"x,4\n5,6\n', {2: "MALFORMED_ROW"}, [1, 3]),
        (b'a,b\n1,2\n3,"4\n5,6\n7,8', {2: "MALFORMED_ROW"}, [1]),
        (b"a,b\n1,caf\xe9\n3,4\n", {1: "ENCODING_ERROR"}, [2]),
        (b'a,b\n"x\n\xff",2\n3,4\n', {1: "ENCODING_ERROR"}, [2]),
        (b"a,b\n \n3,4\n", {1: "MALFORMED_ROW"}, [2]),
    ],
)
def test_a_broken_record_is_reject_and_the_others_land(tmp_path, content, codes, good):
    batch = read(written(tmp_path, content), AB)
    assert dict(batch.malformed.select("src_row_number", "code").iter_rows()) == codes
    assert collected(batch)["src_row_number"].to_list() == good
    assert batch.records == len(codes) + len(good)


def test_a_reject_record_keeps_its_raw_text(tmp_path):
    file = written(tmp_path, b'a,b\r\n1,2\r\nx,"y\r\nz",\r\nq,caf\xe9\r\n8,"rest\r\n9,10\r\n')
    raw = ['x,"y\r\nz",', "q,caf\\xe9", '8,"rest\r\n9,10\r\n']
    assert read(file, AB).malformed["raw_record"].to_list() == raw
    assert raw_records(file, AB, [1, 2, 3, 4]) == dict(enumerate(["1,2", *raw], start=1))


def test_raw_records_of_a_clean_file_are_its_lines(tmp_path):
    file = written(tmp_path, b'a,b\n1,"x\ny"\n3,4\n')
    assert raw_records(file, AB, [1]) == {1: '1,"x\ny"'}
    assert raw_records(file, AB, []) == {}


@pytest.mark.parametrize(
    ("encoding", "text", "extra"),
    [
        ("cp1252", "a,b\nœuvre,5 €\n", {}),
        ("latin-1", "a,b\né,ü\n", {}),
        ("utf-8-sig", "a,b\né,ü\n", {}),
        ("utf-16", "a,b\né,ü\n", {}),
        ("utf-16-le", "\ufeffa,b\né,ü\n", {}),
        ("shift_jis", "a|b\n表|ソ\n", {"delimiter": "|"}),
    ],
)
def test_the_contract_names_the_encoding(tmp_path, encoding, text, extra):
    file = written(tmp_path, text.encode(encoding))
    (values,) = landed(file, bronze("a", "b", encoding=encoding, **extra))
    expected = text.splitlines()[1].split(extra.get("delimiter", ","))
    assert list(values.values()) == expected


def test_a_byte_that_the_encoding_lacks_rejects_its_record_alone(tmp_path):
    file = written(tmp_path, b"a,b\n1,\x93x\x94\n2,\x81\n3,ok\n")
    batch = read(file, bronze("a", "b", encoding="cp1252"))
    assert batch.malformed.select("src_row_number", "code", "raw_record").rows() == [
        (2, "ENCODING_ERROR", "2,\\x81")
    ]
    assert collected(batch)["b"].to_list() == ["\u201cx\u201d", "ok"]


def test_the_dialect_is_the_contracts(tmp_path):
    file = written(tmp_path, b"a;b\n'x;y';'it''s'\n\"1\";2,3\n")
    contract = bronze("a", "b", delimiter=";", quote="'")
    assert landed(file, contract) == [row("x;y", "it's"), row('"1"', "2,3")]


@pytest.mark.parametrize(
    "spec", [{"delimiter": "||"}, {"quote": "«"}, {"delimiter": '"'}, {"encoding": "klingon"}]
)
def test_a_dialect_that_cannot_be_is_a_contract_error(tmp_path, spec):
    with pytest.raises(ContractError):
        read(written(tmp_path, b"a,b\n"), bronze("a", "b", **spec))


def test_null_values_are_the_contracts(tmp_path):
    file = written(tmp_path, b'a,b\nN/A,""\n"NULL",x\n')
    assert landed(file, bronze("a", "b", null_values=("N/A", "NULL"))) == [
        row(None, ""),
        row(None, "x"),
    ]
    assert landed(file, bronze("a", "b", null_values=())) == [row("N/A", ""), row("NULL", "x")]


def test_cells_are_trimmed_where_the_contract_says(tmp_path):
    file = written(tmp_path, b'a,b\n  x y\t, N/A \n" ",""\n')
    contract = bronze("a", "b", trim=True, null_values=("", "N/A"))
    assert landed(file, contract) == [row("x y", None), row(None, None)]


def test_one_column_is_enough_and_an_empty_quoted_line_is_a_record(tmp_path):
    batch = read(written(tmp_path, b'a\n1\n\n""\n2\n'), bronze("a"))
    assert collected(batch).rows() == [(1, "1"), (2, None), (3, "2")]


def test_columns_are_found_by_their_headers(tmp_path):
    contract = bronze(
        "a",
        column("b", source="B col"),
        column("c", from_path=r"(\d+)"),
        column("d", may_be_absent=True),
        drop_columns=("",),
    )
    batch = read(written(tmp_path, b",b COL ,a\n0,2,1\n"), contract)
    assert collected(batch).to_dicts() == [{"src_row_number": 1, "a": "1", "b": "2"}]
    assert len(batch.notes) == 2


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"", "EMPTY_FILE", "0 bytes"),
        (b"\xef\xbb\xbf\n\r\n", "EMPTY_FILE", "header"),
        (b"a\n1\n", "MISSING_COLUMN", "`b`"),
        (b"a,B2\n1,2\n", "MISSING_COLUMN", "`B2`"),
        (b"a,b,c\n", "UNEXPECTED_COLUMN", "`c`"),
        (b"a,b,A\n", "UNEXPECTED_COLUMN", "duplicate column"),
        (b"a,b,b\n", "UNEXPECTED_COLUMN", "duplicate column"),
        (b"a;b\n1;2\n", "MISSING_COLUMN", "';'"),
        (b"PK\x03\x04\x14\x00\x08\x00", "WRONG_FORMAT", "zip"),
        (b"%PDF-1.7\nabc", "WRONG_FORMAT", "PDF"),
        (b'{"a": 1}', "WRONG_FORMAT", "JSON"),
        (b"<html><body>", "WRONG_FORMAT", "HTML"),
        ("a,b\n1,2\n".encode("utf-16"), "WRONG_FORMAT", "UTF-16"),
        (b'a,"b\n1,2\n', "WRONG_FORMAT", "text"),
        (b"x" * (2 << 20), "WRONG_FORMAT", "text"),
    ],
)
def test_a_file_that_is_not_what_the_contract_says_is_refused_with_its_name(
    tmp_path, content, code, words
):
    with pytest.raises(SourceRefused) as caught:
        read(written(tmp_path, content), AB)
    assert caught.value.code == code
    assert words in caught.value.message
    assert "things.csv" in caught.value.message
    assert caught.value.hint


texts = st.text(st.sampled_from('abx^,"\n\ré€\x00\x01 ;\ufeff\u2028'), max_size=8)
tables = st.lists(st.tuples(texts, texts, texts), max_size=8)


def quoted(text: str, *, always: bool) -> str:
    return '"' + text.replace('"', '""') + '"' if always or set(text) & set('",\r\n') else text


@given(table=tables, ending=st.sampled_from(["\n", "\r\n"]), always=st.booleans())
def test_a_written_table_is_read_back_packed_or_not(tmp_path_factory, table, ending, always):
    lines = [("a", "b", "c"), *table]
    text = "".join(",".join(quoted(c, always=always) for c in line) + ending for line in lines)
    content = text.encode()
    folder = tmp_path_factory.mktemp("csv")
    plain, packed = unique(folder, content, "csv"), unique(folder, gzip.compress(content), "csv.gz")
    contract = bronze("a", "b", "c", null_values=())
    fast, slow = read(plain, contract), read(packed, contract)
    expected = [(number, *cells) for number, cells in enumerate(table, start=1)]
    assert collected(fast).rows() == collected(slow).rows() == expected
    assert fast.records == slow.records == len(table)


chunks = st.sampled_from(
    [
        b"a",
        b",",
        b",,",
        b"\n",
        b"\r\n",
        b"\r",
        b'"',
        b'""',
        b"\xc3\xa9",
        b"\xe9",
        b"\x00",
        b"1,2\n",
        b'"x\ny",z\n',
    ]
)


@given(body=st.lists(chunks, max_size=25).map(b"".join))
def test_rows_and_malformed_are_all_records_whatever_the_bytes(tmp_path_factory, body):
    folder = tmp_path_factory.mktemp("csv")
    plain = unique(folder, b"a,b\n" + body, "csv")
    packed = unique(folder, gzip.compress(b"a,b\n" + body), "csv.gz")
    expected = naive_records(body)
    batch, again = read(plain, AB), read(packed, AB)
    rows = collected(batch)
    assert rows.equals(collected(again))
    assert batch.malformed.equals(again.malformed)
    assert batch.records == again.records == len(expected) == rows.height + batch.malformed.height
    for number, *cells in rows.rows():
        naive = expected[number - 1]
        assert [cell or "" for cell in cells] == [field.decode() for field in naive.fields]
    numbers = [*rows["src_row_number"], *batch.malformed["src_row_number"]]
    assert sorted(numbers) == list(range(1, len(expected) + 1))


@given(data=st.one_of(st.binary(max_size=60), st.binary(max_size=40).map(lambda b: b"a,b\n" + b)))
def test_any_bytes_land_or_are_refused_with_a_reason(tmp_path_factory, data):
    file = unique(tmp_path_factory.mktemp("csv"), data, "csv")
    found = outcome(file, AB)
    if isinstance(found, SourceRefused):
        assert found.code
        assert found.message
        return
    batch, rows = found
    assert rows.height + batch.malformed.height == batch.records


@pytest.mark.parametrize("is_plain", [True, False])
@pytest.mark.parametrize("piece_bytes", [1, 9, 40, 10_000])
def test_a_file_reads_the_same_in_pieces_of_any_size(tmp_path, monkeypatch, piece_bytes, is_plain):
    lines = [b'%d,"x\ny"\n' % n if n % 7 else b"%d\n" % n for n in range(1, 60)]
    if is_plain:
        lines = [line.replace(b'"x\ny"', b"xy") for line in lines]
    content = b"a,b\n" + b"".join(lines)
    file = written(tmp_path, content)
    whole = read(file, AB)
    cut_small(monkeypatch, piece_bytes)
    again = read(file, AB)
    assert (len(again.chunks) > 1) == (piece_bytes < len(content))
    assert collected(again).equals(collected(whole))
    assert again.malformed.equals(whole.malformed)
    assert again.records == whole.records == 59
    expected = {n: lines[n - 1].decode().removesuffix("\n") for n in (1, 6, 7, 8, 59)}
    assert raw_records(file, AB, list(expected)) == expected


REPAIRED = bronze("id", "name", "city", merge_surplus_into="name")


def repairs(tmp_path, body: bytes) -> list[tuple]:
    found = read(written(tmp_path, b"id,name,city\n" + body), REPAIRED)
    assert found.records == found.rows.height + found.malformed.height
    return found.rows.rows()


@pytest.mark.parametrize(
    ("record", "name"),
    [
        (b"1,Smith, Jones & Co,Perth", "Smith, Jones & Co"),
        (b"1,a,b,c,d,Perth", "a,b,c,d"),
        (b'1,"a",b "c",Perth', 'a,b "c"'),
        (b'1,"a, b",c,Perth', "a, b,c"),
    ],
)
def test_surplus_fields_are_joined_back_where_the_contract_says(tmp_path, record, name):
    how = "merge_surplus_into:name"
    rows = repairs(tmp_path, b"0,plain,Perth\n" + record + b"\n2,next,Perth")
    assert rows == [
        (1, "0", "plain", "Perth", None),
        (2, "1", name, "Perth", how),
        (3, "2", "next", "Perth", None),
    ]


def test_a_repair_saves_no_short_and_no_broken_record(tmp_path):
    file = written(tmp_path, b'id,name,city\n1,x\n2,"a"b,c,d\n3,caf\xe9,x,y\n4,ok,Perth\n')
    found = read(file, REPAIRED)
    codes = dict(found.malformed.select("src_row_number", "code").iter_rows())
    assert codes == {1: "MALFORMED_ROW", 2: "MALFORMED_ROW", 3: "MALFORMED_ROW"}
    assert found.rows["id"].to_list() == ["4"]


@pytest.mark.parametrize("policy", ["accept", "reject"])
def test_values_of_new_columns_are_kept_apart(tmp_path, policy):
    contract = bronze("a", "b", new_columns=NewColumns(policy))
    batch = read(written(tmp_path, b"a,New One,b,z\n1,x,2,\n3,,4,\n"), contract)
    assert batch.rows.rows() == [(1, "1", "2", '{"New One":"x","z":null}'), (2, "3", "4", None)]
    assert "`New One`" in batch.notes[-1]


def test_a_refused_new_column_is_one_that_the_contract_could_take(tmp_path):
    with pytest.raises(SourceRefused) as caught:
        read(written(tmp_path, b"a,b,New One\n"), AB)
    assert caught.value.columns == ["New One"]
    assert "add it to the contract" in caught.value.hint


@pytest.mark.slow
@pytest.mark.parametrize("broken", [b"", b'short\n"\n'])
def test_26_megabytes_take_seconds_on_the_repair_path(tmp_path, broken):
    line = b'1503-27447,"a cell\nwith ""quotes"" and\nlines, many of them",%s\n' % (b"x" * 40)
    content = b"a,b,c\n" + broken + line * 230_000
    contract = bronze("a", "b", "c")
    file = written(tmp_path, content)
    started = time.process_time()
    batch = read(file, contract)
    seconds = time.process_time() - started
    assert batch.records is not None
    # A clock proves nothing on a shared machine; a quadratic scan would take minutes.
    assert seconds < 30


def test_a_cell_of_megabytes_is_one_cell(tmp_path):
    cell = "long\nline, " * 500_000
    file = written(tmp_path, f'a,b\n1,"{cell}"\n2,x\n'.encode())
    assert landed(file, AB) == [row("1", cell), row("2", "x")]
    bad = written(tmp_path, f'a,b\n1,"{cell}"\n2\n'.encode(), "bad.csv")
    assert landed(bad, AB) == [row("1", cell)]


def test_a_path_with_glob_characters_is_one_file(tmp_path):
    file = written(tmp_path, b"a,b\n1,2\n", "b[1]*.csv")
    assert landed(file, AB) == [row("1", "2")]


def test_encodings_of_every_byte_round_trip(tmp_path):
    characters = bytes(range(256)).decode("latin-1").translate(dict.fromkeys(map(ord, '\r\n",')))
    file = written(tmp_path, codecs.encode(f"a,b\n{characters},x\n", "latin-1"))
    assert landed(file, bronze("a", "b", encoding="latin-1")) == [row(characters, "x")]


@pytest.mark.real_data
def test_the_real_sections_are_read_as_pythons_csv_reads_them(real_carms):
    path = real_carms / "1503_program_descriptions_x_section.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        csv.field_size_limit(1 << 30)
        header, *rows = list(csv.reader(stream))
    names = [f"c{position}" for position in range(len(header))]
    contract = bronze(
        *(column(n, source=h) for n, h in zip(names, header, strict=True)), null_values=()
    )
    batch = read(source(path), contract)
    assert [list(row) for row in collected(batch).drop("src_row_number").iter_rows()] == rows
    assert batch.records == 815
    assert raw_records(source(path), contract, [815])[815].startswith("814,")


def test_surplus_records_far_from_each_other_are_told_apart_from_good_ones(tmp_path):
    text = "id,name,score\n1,a,12\n2,b,7\n3,c,x\n4,d,9,9\n5,e,1\n6,Smith, Jones & Co,70\n"
    batch = read(written(tmp_path, text.encode()), bronze("id", "name", "score"))
    said = [f"record {n}: 4 fields, the header has 3" for n in (4, 6)]
    assert batch.malformed["message"].to_list() == said
    assert batch.records == 6
