"""Where the table is in a file, and in which dialect, as the contract says it."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sources import bronze, column, cut_small, landed, raw_records, read, unique, written

from carms_lake.contract.model import NewColumns
from carms_lake.contract.spelling import Extent
from carms_lake.errors import ContractError, SourceRefused
from carms_lake.readers.lines import record_lines, with_records

REPORT = b'Sales of May\n;made by hand\n\nid;what\n1;ink\n2;pen\n"TOTAL";3\nsigned: Ann\n'


def report(**extent):
    return bronze("id", "what", delimiter=";", extent=Extent(**extent))


INK_AND_PEN = [{"id": "1", "what": "ink"}, {"id": "2", "what": "pen"}]


@pytest.mark.parametrize("header", [4, "auto"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_titles_and_totals_are_left_out_and_counted(tmp_path, header, end):
    file = unique(tmp_path, REPORT.replace(b"\n", end), "csv")
    found = read(file, report(header=header, ends=("^TOTAL",)))
    assert found.rows.drop("src_row_number").to_dicts() == INK_AND_PEN
    assert found.records == 2
    assert found.notes == [
        "left out: 2 rows before the header",
        "left out: 2 rows after record 2, from `carms.tableEnd` on",
    ]


def test_records_keep_the_lines_of_their_file(tmp_path):
    file = written(tmp_path, REPORT)
    contract = report(header="auto", ends=("^TOTAL",))
    assert record_lines(file, contract, [1, 2]) == {1: 5, 2: 6}
    corrected = b"".join(with_records(file, contract, {2: b"2;pens"}))
    assert corrected == REPORT.replace(b"2;pen", b"2;pens")


@given(
    titles=st.lists(st.sampled_from(["Report", "", "a;b", ";;", 'said "so"', "1;2;3"]), max_size=4),
    rows=st.lists(st.sampled_from(["1;ink", '"x\ny";"a;b"', "TOTALS;9", ";TOTAL"]), max_size=6),
    tail=st.lists(st.sampled_from(["TOTAL;5", "  TOTAL", "1;ink", "", "'", '"open']), max_size=4),
    small=st.booleans(),
)  # fmt: skip
def test_a_table_is_what_is_between_header_and_end(tmp_path_factory, titles, rows, tail, small):
    """The oracle knows what was put before, into and after the table."""
    tail = tail if tail and "TOTAL" in tail[0] else []
    text = "\n".join([*titles, "id;what", *rows, *tail]) + "\n"
    file = unique(tmp_path_factory.mktemp("files"), text.encode(), "csv")
    contract = report(header="auto", ends=(r"^TOTAL$",))
    ends = next((n for n, row in enumerate(rows) if row == ";TOTAL"), len(rows))
    cells = list(csv.reader(io.StringIO("\n".join(rows[:ends]), newline=""), delimiter=";"))
    with pytest.MonkeyPatch.context() as patched:
        if small:
            cut_small(patched, 16)
            patched.setattr("carms_lake.readers.csv.header._HEADER_BYTES", 400)
        found = read(file, contract)
    assert [list(row) for row in found.rows.drop("src_row_number").rows()] == [
        [cell or None for cell in row] for row in cells
    ]
    left_out = [text for text in titles if text]
    assert any("before the header" in note for note in found.notes) == bool(left_out)
    assert any("carms.tableEnd" in note for note in found.notes) == bool(tail or ends < len(rows))


def test_a_file_without_header_has_its_columns_by_position(tmp_path):
    contract = report(header="none")
    file = written(tmp_path, b"1;ink\n2\n3;pen\n")
    found = read(file, contract)
    assert found.rows.rows() == [(1, "1", "ink"), (3, "3", "pen")]
    assert found.malformed["src_row_number"].to_list() == [2]
    assert found.chunks[0].header == '"id";"what"'
    assert record_lines(file, contract, [3]) == {3: 3}


def test_columns_by_position_may_be_more_or_fewer_than_known(tmp_path):
    three = unique(tmp_path, b"1;ink;x\n2;pen;y\n", "csv")
    with pytest.raises(SourceRefused, match="unexpected column `column_3`"):
        read(three, report(header="none"))
    accepting = bronze(
        "id", "what", delimiter=";", extent=Extent("none"), new_columns=NewColumns.ACCEPT
    )
    assert landed(three, accepting)[0]["src_extra"] == '{"column_3":"x"}'
    one = unique(tmp_path, b"1\n2\n", "csv")
    with pytest.raises(SourceRefused, match="missing column `what`"):
        read(one, report(header="none"))
    absent = bronze("id", column("what", may_be_absent=True), extent=Extent("none"))
    assert landed(one, absent) == [{"id": "1"}, {"id": "2"}]


@pytest.mark.parametrize(
    ("header", "code", "said"),
    [
        (3, "MISSING_COLUMN", "row 3, which `carms.header` names, is blank"),
        (9, "MISSING_COLUMN", "has 8 rows, and its header should be row 9"),
        (2, "MISSING_COLUMN", "line 2: missing columns `id`, `what`"),
    ],
)
def test_a_header_that_is_elsewhere_is_refused_with_its_place(tmp_path, header, code, said):
    with pytest.raises(SourceRefused) as refused:
        read(written(tmp_path, REPORT), report(header=header))
    assert refused.value.code == code
    assert said in refused.value.message


def test_the_row_with_most_names_is_shown_where_none_has_all(tmp_path):
    with pytest.raises(SourceRefused, match=r"line 2: missing column `what`; found `id`, `that`"):
        read(written(tmp_path, b"title\nid;that\n1;2\n"), report(header="auto"))


def test_a_header_with_line_ends_in_its_names_is_found(tmp_path):
    contract = bronze(column("what", source="what\n(EUR)"), "id", extent=Extent("auto"))
    file = written(tmp_path, b'a title\n"what\n(EUR)",id\n5,1\n')
    assert landed(file, contract) == [{"what": "5", "id": "1"}]
    assert record_lines(file, contract, [1]) == {1: 4}


def test_a_pattern_that_rust_does_not_know_is_the_contract_s_fault(tmp_path):
    with pytest.raises(ContractError, match=r"`carms.tableEnd` cannot be used"):
        read(written(tmp_path, REPORT), report(header=4, ends=("(?=TOTAL)",)))


ESCAPED = bronze("a", "b", escape="\\")


@pytest.mark.parametrize(
    ("text", "row"),
    [
        (r'"say \"hi\"",2', ('say "hi"', "2")),
        (r'say \"hi\",2', ('say "hi"', "2")),
        (r"one\,two,2", ("one,two", "2")),
        ("one\\\ntwo,2", ("one\ntwo", "2")),
        ("one\\\r\ntwo,2", ("one\r\ntwo", "2")),
        (r'"ends\\",2', ("ends\\", "2")),
        (r"ends\\,2", ("ends\\", "2")),
        (r"C:\new,2", (r"C:\new", "2")),
        (r'"a ""b"" \"c\"",2', ('a "b" "c"', "2")),
        (r'\,",2', (',"', "2")),
        (r"\N,2", (r"\N", "2")),
    ],
)  # fmt: skip
@pytest.mark.parametrize("piece", [4 << 20, 7])
def test_an_escaped_character_is_a_character(tmp_path, text, row, piece):
    file = written(tmp_path, f'a,b\nx,1\n{text}\n\\"z,3\n'.encode())
    with pytest.MonkeyPatch.context() as patched:
        cut_small(patched, piece)
        found = read(file, ESCAPED)
    assert found.rows.drop("src_row_number").rows() == [("x", "1"), row, ('"z', "3")]
    assert raw_records(file, ESCAPED, [2]) == {2: text}


@given(
    st.lists(
        st.lists(st.text(alphabet='ab\\",\n\r é', max_size=6), min_size=2, max_size=2), max_size=5
    ),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONE]),
    st.booleans(),
)
def test_python_s_escapes_come_back(tmp_path_factory, rows, quoting, doubled):
    sink = io.StringIO(newline="")
    writer = csv.writer(
        sink, quoting=quoting, escapechar="\\", doublequote=doubled, lineterminator="\r\n"
    )
    writer.writerows([["a", "b"], *rows])
    file = unique(tmp_path_factory.mktemp("files"), sink.getvalue().encode(), "csv")
    assert [tuple(row.values()) for row in landed(file, ESCAPED)] == [
        tuple(cell or None for cell in row) for row in rows
    ]


def test_without_quotes_a_quote_is_a_character(tmp_path):
    contract = bronze("a", "b", delimiter="\t", quote="")
    file = written(tmp_path, b'a\tb\n"x\t5" pipe\n""\t"\n"y\n')
    found = read(file, contract)
    assert found.rows.drop("src_row_number").rows() == [('"x', '5" pipe'), ('""', '"')]
    assert found.malformed["message"].to_list() == ["record 3: 1 fields, the header has 2"]


@pytest.mark.parametrize("cut", [b"\r", b"\xff"])
def test_without_quotes_records_that_are_not_plain_are_the_same(tmp_path, cut):
    """A lone carriage return or a wrong byte sends a piece the slow way."""
    contract = bronze("a", "b", quote="", escape="\\")
    file = written(tmp_path, b'a,b\n"x,\\,"\n\\",z' + cut + b"\n")
    found = read(file, contract)
    assert found.rows.drop("src_row_number").rows()[0] == ('"x', ',"')
    assert found.records == 2


def test_each_file_has_the_encoding_of_the_first_pattern_that_matches(tmp_path):
    contract = bronze("a", encodings=(("old_*.csv", "cp1252"), ("2024/*", "utf-16")))
    for name, encoding in (("old_1.csv", "cp1252"), ("new.csv", "utf-8")):
        file = written(tmp_path, "a\nCafé\n".encode(encoding), name)
        assert landed(file, contract) == [{"a": "Café"}], name


def test_a_column_may_have_other_names_in_files(tmp_path):
    contract = bronze(column("amount", source="Amount", aliases=("Betrag", "Montant")), "id")
    for header, notes in (
        (b"Amount", []),
        (b"AMOUNT", ["line 1: header `AMOUNT` read as `Amount`"]),
        (b"betrag ", ["line 1: header `betrag ` read as `Amount`"]),
    ):
        found = read(unique(tmp_path, header + b",id\n5,1\n", "csv"), contract)
        assert found.rows["amount"].to_list() == ["5"]
        assert [note.partition(", ")[2] for note in found.notes] == notes


@pytest.mark.parametrize("header", [b"Amount,id,Betrag", b"Montant,id,BETRAG", b"Betrag,id,betrag"])
def test_two_names_of_one_column_refuse_a_file(tmp_path, header):
    contract = bronze(column("amount", source="Amount", aliases=("Betrag", "Montant")), "id")
    with pytest.raises(SourceRefused, match="are names of one column, `amount`"):
        read(written(tmp_path, header + b"\n1,2,3\n"), contract)


def test_a_blank_row_may_be_the_end_of_a_table(tmp_path):
    contract = bronze("a", "b", extent=Extent(ends=("^$",)))
    file = written(tmp_path, b"a,b\n1,2\n,\nnotes,x\n")
    found = read(file, contract)
    assert found.rows.drop("src_row_number").rows() == [("1", "2")]
    assert found.notes == ["left out: 2 rows after record 1, from `carms.tableEnd` on"]


@pytest.mark.parametrize("header", [None, 1])
def test_a_file_with_titles_is_refused_with_the_line_of_its_header(tmp_path, header):
    with pytest.raises(SourceRefused) as refused:
        read(written(tmp_path, REPORT), report(header=header))
    assert refused.value.message.endswith("found `Sales of May`")
    assert (
        refused.value.hint
        == "line 4 has the columns: set `carms.header` to `auto`, or to its number"
    )
    with pytest.raises(SourceRefused) as refused:
        read(written(tmp_path, b"x;y\nid;that\n"), report(header=header))
    assert "carms.header" not in refused.value.hint


def test_a_letter_behind_a_closing_quote_of_a_header_is_no_fault_of_decoding(tmp_path):
    with pytest.raises(SourceRefused, match="missing column `a`"):
        read(written(tmp_path, 'b,"a"é\n1,2\n'.encode()), bronze("a", "b"))
