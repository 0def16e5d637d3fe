"""Where the table is in a workbook, and where the records are in a JSON document."""

from __future__ import annotations

import datetime as dt
import io
import json
from decimal import Decimal

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from sources import bronze, column, landed, raw_records, read, unique, written

from carms_lake.contract.sources import source_spec
from carms_lake.contract.spelling import Spelling
from carms_lake.errors import SourceRefused
from carms_lake.readers.xlsx import addresses
from carms_lake.records import AS_TYPED

REPORT = [
    ["Sales of May"],
    [None, "by hand"],
    [],
    [None, "id", "what"],
    [None, "1", "ink"],
    [],
    [None, "2", "pen"],
    [None, "TOTAL", "2"],
    ["signed"],
]


def book(folder, *sheets):
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as made:
        day = made.add_format({"num_format": "yyyy-mm-dd"})
        for number, rows in enumerate(sheets, start=1):
            page = made.add_worksheet(f"S{number}")
            for row, cells in enumerate(rows):
                for at, cell in enumerate(cells):
                    if isinstance(cell, dt.date):
                        page.write_datetime(row, at, cell, day)
                    elif isinstance(cell, str):
                        page.write_string(row, at, cell)
                    elif cell is not None:
                        page.write(row, at, cell)
    return unique(folder, buffer.getvalue(), "xlsx")


def report(*columns, **own):
    spec = source_spec({"files": "*.xlsx", "format": "xlsx", **own})
    return bronze(*columns or ("id", "what"), format="xlsx", extent=spec.extent, sheet=spec.sheet)


@pytest.mark.parametrize(
    ("own", "numbers", "notes"),
    [
        ({"header": 4, "tableEnd": "^TOTAL"}, [5, 7], ["2 rows before", "2 rows after record 7"]),
        ({"header": "auto", "tableEnd": "^TOTAL"}, [5, 7], ["2 rows before", "2 rows after"]),
        ({"range": "B4:C7"}, [5, 7], ["4 rows with values outside of B4:C7"]),
        ({"range": "b4:$C$5"}, [5], ["5 rows with values outside of b4:$C$5"]),
        ({"range": "B4:C", "tableEnd": ["^x", "^TOTAL"]}, [5, 7], ["3 rows with", "1 row after"]),
        ({"range": "B4", "tableEnd": "^TOTAL$"}, [5, 7], ["3 rows with", "1 row after"]),
    ],
)
def test_titles_and_totals_of_a_sheet_are_left_out_and_counted(tmp_path, own, numbers, notes):
    found = read(book(tmp_path, REPORT), report(**own))
    assert found.rows["src_row_number"].to_list() == numbers
    assert found.rows["id"].to_list() == ["1", "2"][: len(numbers)]
    assert len(found.notes) == len(notes)
    for note, start in zip(found.notes, notes, strict=True):
        assert note.startswith(f"sheet `S1`, left out: {start}")


def test_cells_and_raw_records_keep_the_places_of_the_sheet(tmp_path):
    file, contract = book(tmp_path, REPORT), report(range="B4:C7")
    place = addresses(file, contract)
    assert (place(7, "what"), place(7, None)) == ("S1!C7", "S1, row 7")
    assert json.loads(raw_records(file, contract, [7])[7]) == {"id": "2", "what": "pen"}


def test_a_sheet_without_header_has_its_columns_by_position(tmp_path):
    file = book(tmp_path, [["1", "ink"], [None, "pen"]])
    found = read(file, report(header="none"))
    assert found.rows.rows() == [(1, "1", "ink"), (2, None, "pen")]
    assert json.loads(raw_records(file, report(header="none"), [1])[1]) == {
        "id": "1",
        "what": "ink",
    }
    with pytest.raises(SourceRefused, match="unexpected column `column_3`"):
        read(book(tmp_path, [["1", "ink", "x"]]), report(header="none"))


def test_a_sheet_is_found_by_its_number(tmp_path):
    file = book(tmp_path, [["id", "what"]], [["id", "what"], ["1", "ink"]])
    assert landed(file, report(sheet=2)) == [{"id": "1", "what": "ink"}]
    with pytest.raises(SourceRefused, match=r"has no sheet number 3; its sheets: `S1`, `S2`"):
        read(file, report(sheet=3))


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({"header": 3}, "row 3, which `carms.header` names, is blank"),
        ({"header": 12}, "has 9 rows, and its header should be row 12"),
        ({"range": "F4:G9"}, "is empty"),
        ({"header": 2}, "row 2: missing columns `id`, `what`"),
    ],
)
def test_a_table_that_is_elsewhere_is_refused_with_its_place(tmp_path, own, said):
    with pytest.raises(SourceRefused) as refused:
        read(book(tmp_path, REPORT), report(**own))
    assert said in refused.value.message


def test_a_sheet_with_titles_is_refused_with_the_row_of_its_header(tmp_path):
    with pytest.raises(SourceRefused) as refused:
        read(book(tmp_path, REPORT), report())
    assert refused.value.hint.startswith("row 4 has the columns: set `carms.header` to `auto`")


def test_numbers_and_dates_of_a_sheet_are_what_they_are_however_texts_are_written(tmp_path):
    comma, days = Spelling(decimal_mark=","), Spelling(formats=("%d/%m/%Y",))
    contract = report(
        column("price", "decimal(9,2)", spelling=comma), column("day", "date", spelling=days)
    )
    rows = [["price", "day"], [1.5, dt.date(2024, 4, 3)], ["1,5", "03/04/2024"], ["", "x"]]
    found = read(book(tmp_path, rows), contract).rows
    assert found["price"].to_list() == [f"{AS_TYPED}1.5", "1,5", None]
    assert found["day"].to_list() == [f"{AS_TYPED}2024-04-03", "03/04/2024", "x"]
    nulls = report(column("price", "double", spelling=comma))
    nulls = bronze(*nulls.columns, format="xlsx", null_values=("-999",))
    made = book(tmp_path, [["price"], [-999], ["-999"], [2]])
    assert read(made, nulls).rows["price"].to_list() == [None, None, f"{AS_TYPED}2"]


BOOKS = '{"total": 2, "more": [{"books": [9]}], "data": {"books": [%s]}, "books": {"books": []}}'


def books(path: str = "$.data.books", *columns):
    spec = source_spec({"files": "*.json", "format": "json", "records": path})
    return bronze(*columns or ("id",), format="json", extent=spec.extent)


def test_records_are_found_where_the_path_leads(tmp_path):
    file = written(tmp_path, (BOOKS % '{"id": "a"}, {"id":"b" }, 5').encode(), "a.json")
    found = read(file, books())
    assert found.rows.rows() == [(1, "a"), (2, "b")]
    assert found.malformed["raw_record"].to_list() == ["5"]
    assert raw_records(file, books(), [2]) == {2: '{"id":"b" }'}


KEYS = st.sampled_from(["a", "b", "c.d", "\u00e9", 'q"'])
VALUES = st.recursive(
    st.none() | st.integers() | st.sampled_from(["a", "b", "]", "}", '"']),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(KEYS, min_size=1, max_size=3), st.lists(VALUES, max_size=3), st.data())
def test_raw_records_are_cut_out_of_any_document(tmp_path_factory, keys, elements, data):
    records = [{"id": str(at), "rest": value} for at, value in enumerate(elements)]
    document = _with(data.draw(st.dictionaries(KEYS, VALUES, max_size=3)), keys, records)
    indent, is_ascii = data.draw(st.sampled_from([None, 1])), data.draw(st.booleans())
    text = json.dumps(document, ensure_ascii=is_ascii, indent=indent)
    file = unique(tmp_path_factory.mktemp("files"), text.encode(), "json")
    path = "$" + "".join(f"['{key}']" for key in keys)
    contract = books(path, "id", column("rest", "json", may_be_absent=True))
    assert [row["id"] for row in landed(file, contract)] == [record["id"] for record in records]
    raw = raw_records(file, contract, range(1, len(records) + 1))
    assert [json.loads(raw[number]) for number in sorted(raw)] == records


def _with(document, keys, records):
    """The document with the records at the end of the keys, whatever was there."""
    first, *others = keys
    inner = document.get(first)
    below = (
        records if not others else _with(inner if isinstance(inner, dict) else {}, others, records)
    )
    return {**document, first: below}


def test_of_equal_keys_the_last_one_has_the_records(tmp_path):
    text = b'{"books": [{"id": "old"}], "x": 1, "books": [{"id": "new"}]}'
    file = written(tmp_path, text, "a.json")
    assert landed(file, books("$.books")) == [{"id": "new"}]
    assert raw_records(file, books("$.books"), [1]) == {1: '{"id": "new"}'}


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("$.data.book", "has no `book` in `$.data`; found `books`"),
        ("$.total.x", "has no `x` in `$.total`; found no keys"),
        ("$.data", "`$.data` of `a.json` contains one JSON object, not an array"),
        ("$", "`a.json` contains one JSON object, not an array"),
    ],
)
def test_a_path_that_leads_nowhere_is_refused_with_what_is_there(tmp_path, path, said):
    with pytest.raises(SourceRefused) as refused:
        read(written(tmp_path, (BOOKS % "").encode(), "a.json"), books(path))
    assert said in refused.value.message


def test_a_document_without_a_path_is_refused_with_the_path_that_it_needs(tmp_path):
    file = written(tmp_path, b'{"n": 1, "books": [{"id": "a"}]}', "a.json")
    with pytest.raises(SourceRefused) as refused:
        read(file, bronze("id", format="json"))
    assert "`carms.records: $.books`" in refused.value.hint


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_a_value_may_have_other_paths(tmp_path, form):
    def file(*records):
        lines = [json.dumps(record) for record in records]
        text = "\n".join(lines) if form == "jsonl" else f"[{','.join(lines)}]"
        return unique(tmp_path, text.encode(), form)

    contract = bronze(column("who", source="user.name", aliases=("owner", "by.who")), format=form)
    assert landed(file({"owner": "Ann"}), contract) == [{"who": "Ann"}]
    assert landed(file({"by": {"who": "Ann"}}), contract) == [{"who": "Ann"}]
    with pytest.raises(SourceRefused, match=r"`user.name`, `owner` are names of one column, `who`"):
        read(file({"owner": "Ann"}, {"user": {"name": "Bo"}}), contract)


def test_numbers_of_json_are_what_they_are_however_texts_are_written(tmp_path):
    comma = Spelling(decimal_mark=",")
    contract = bronze(column("price", "decimal(9,2)", spelling=comma), format="json")
    file = written(tmp_path, b'[{"price": 1.50}, {"price": "1,5"}]', "a.json")
    values = read(file, contract).rows["price"].to_list()
    assert Decimal(values[0].removeprefix(AS_TYPED)) == Decimal("1.5")
    assert values[1] == "1,5"
