"""The line on which a record begins, whatever comes before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sources import bronze, cut_small, raw_records, unique, written

from carms_lake.readers.lines import record_lines

if TYPE_CHECKING:
    from pathlib import Path

CASES = {
    "plain": ("a,b\n1,2\n3,4\n", {1: 2, 2: 3}),
    "no end": ("a,b\n1,2\n3,4", {1: 2, 2: 3}),
    "blank lines": ("\n\na,b\n\n1,2\n\n\n3,4\n", {1: 5, 2: 8}),
    "quoted line ends": ('a,b\n"x\ny",2\n3,"p\r\nq\n"\n5,6\n', {1: 2, 2: 4, 3: 7}),
    "a header of two lines": ('a,"b\nc"\n1,2\n', {1: 3}),
    "windows": ("a,b\r\n1,2\r\n\r\n3,4\r\n", {1: 2, 2: 4}),
    "old mac": ("a,b\r1,2\r3,4\r", {1: 2, 2: 3}),
    "never closed": ('a,b\n1,2\n3,"4\n5,6\n', {1: 2, 2: 3}),
}


@pytest.mark.parametrize("case", CASES)
def test_lines_of_csv_are_counted_as_an_editor_counts_them(tmp_path: Path, case: str) -> None:
    text, expected = CASES[case]
    file = written(tmp_path, text.encode())
    names = ("a", "b\nc") if "header" in case else ("a", "b")
    assert record_lines(file, bronze(*names), list(expected)) == expected


def test_lines_of_json_lines_count_blank_ones(tmp_path: Path) -> None:
    file = written(tmp_path, b'{"a": 1}\r\n\r\n  \n{"a": 2}\n[]\n\n{"a": 3}', "x.jsonl")
    contract = bronze("a", format="jsonl")
    assert record_lines(file, contract, [1, 2, 3, 4, 9]) == {1: 1, 2: 4, 3: 5, 4: 7}


@given(
    cells=st.lists(
        st.sampled_from(["1,2", '"a\nb",c', "", "x", '"q""q",7', "p,q,r", '"\r\n",8']), max_size=20
    ),
    ending=st.sampled_from(["\n", "\r\n"]),
)
def test_a_record_begins_where_its_raw_text_stands(
    tmp_path_factory: pytest.TempPathFactory, cells: list[str], ending: str
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        cut_small(patched, 12)
        text = ending.join(["a,b", *cells, ""])
        file = unique(tmp_path_factory.getbasetemp(), text.encode(), "csv")
        contract = bronze("a", "b")
        numbers = list(range(1, 1 + sum(bool(cell) for cell in cells)))
        raws = raw_records(file, contract, numbers)
        found = record_lines(file, contract, numbers)
        lines = text.splitlines()
        assert set(found) == set(numbers)
        for number, raw in raws.items():
            assert lines[found[number] - 1] == raw.splitlines()[0]
