"""Values as cells: shades, and tables that are cut."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from carms_lake.report.cells import heat_class, share_class, table
from carms_lake.report.filled import Filled
from carms_lake.report.html import MOST_ROWS, figure
from carms_lake.report.pages import Both, Column, Table
from carms_lake.report.words import Words

EN = Words("en")
NAME = Column("name", Both("Name", "Nom"))


@given(st.floats(0, 1e9), st.floats(0, 1e9), st.floats(1e-6, 1e9))
def test_more_never_has_a_weaker_shade_and_nothing_has_none(a: float, b: float, top: float) -> None:
    one, other = sorted((min(a, top), min(b, top)))
    assert heat_class(one, top) <= heat_class(other, top)
    assert (heat_class(one, top) == "") == (one == 0)
    assert heat_class(top, top) == "q5"


def test_a_percentage_has_the_shade_of_its_fifth() -> None:
    shades = [share_class(value) for value in (0, 0.1, 19.9, 20, 50, 99.9, 100)]
    assert shades == ["", "q1", "q1", "q2", "q3", "q5", "q5"]


def test_heat_is_of_the_largest_in_all_columns_of_the_table() -> None:
    columns = (
        NAME,
        Column("a", Both("A", "A"), kind="heat"),
        Column("b", Both("B", "B"), kind="heat"),
        Column("n", Both("N", "N")),
    )
    rows = [{"name": "x", "a": 1, "b": 100, "n": 5}, {"name": "y", "a": 0, "b": None, "n": 7}]
    assert re.findall(r'<td(?: class="([^"]*)")?>', table(columns, rows, EN)) == [
        "n q1", "n q5", "n", "n", "n", "n",
    ]  # fmt: skip


def test_a_table_on_the_page_is_cut_and_says_so() -> None:
    block = Table("t", Both("T", "T"), "", (NAME,))
    rows = [{"name": f"row {n}"} for n in range(MOST_ROWS + 2)]
    said = figure(Filled(block, rows, "p-t"), EN, lambda _: None)
    assert said.count("<td") + said.count('<th scope="row"') == MOST_ROWS
    assert "2 more rows are in the Markdown and in the workbook" in said
    assert "more row" not in figure(Filled(block, rows[:MOST_ROWS], "p-t"), EN, lambda _: None)
