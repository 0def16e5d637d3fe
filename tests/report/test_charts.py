"""A chart draws what its rows say."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carms_lake.report.charts import MOST_BARS, chart
from carms_lake.report.pages import Both, Chart, Column, Pen
from carms_lake.report.scale import scale
from carms_lake.report.sizes import small_charts
from carms_lake.report.words import Words

EN = Words("en")
COLUMNS = (
    Column("name", Both("Name", "Nom")),
    Column("a", Both("First", "Premier"), unit="s"),
    Column("b", Both("Second", "Second"), unit="s"),
)


def drawn(kind: str, rows: list[tuple], y: tuple[str, ...] = ("a",)) -> str:
    block = Chart("x", Both("T", "T"), "", COLUMNS, kind, "name", y)
    return chart(block, [dict(zip(("name", "a", "b"), row, strict=True)) for row in rows], EN)


def widths(page: str) -> list[float]:
    return [float(w) for w in re.findall(r'<rect [^>]*width="([\d.]+)%"', page)]


FIGURES = st.floats(-1e9, 1e9).map(lambda value: round(value, 6)) | st.integers(-(10**9), 10**9)


@given(st.lists(FIGURES), st.booleans())
def test_an_axis_holds_all_values_between_its_ticks(values: list[float], from_zero: bool) -> None:
    axis = scale(values, from_zero=from_zero)
    slack = 1e-9 * max(map(abs, values), default=1.0)
    assert all(axis.low - slack <= value <= axis.high + slack for value in values)
    assert list(axis.ticks) == sorted(set(axis.ticks))
    assert 2 <= len(axis.ticks) <= 8
    assert axis.low <= 0 <= axis.high or not from_zero


def test_bars_are_as_long_as_their_values_and_keep_the_order() -> None:
    page = drawn("bars", [("x", 50, None), ("y", 100, None), ("z", 25, None)])
    assert widths(page) == [50, 100, 25]
    assert re.findall(r'class="name">(\w)', page) == ["x", "y", "z"]
    assert re.findall(r'class="value">(\d+)', page) == ["50", "100", "25"]


def test_a_row_without_a_value_has_no_bar() -> None:
    assert drawn("bars", [("x", None, 1), ("y", 3, 1)]).count("<li>") == 1


def test_stacked_bars_lie_end_to_end_and_have_a_legend() -> None:
    page = drawn("bars", [("x", 40, 60)], ("a", "b"))
    assert widths(page) == [40, 60]
    assert 'x="40%"' in page
    assert 'class="legend"' in page
    assert "40 + 60" in page


def test_a_range_that_is_open_reaches_the_end_and_looks_open() -> None:
    page = drawn("ranges", [("x", 25, 50), ("y", 75, None), ("z", 0, 100)], ("a", "b"))
    assert widths(page) == [25, 25, 100]
    assert 'class="s0 open"' in page
    assert ">75 or more<" in page


def test_more_bars_than_fit_are_counted() -> None:
    page = drawn("bars", [(str(n), n + 1, None) for n in range(MOST_BARS + 3)])
    assert page.count('class="value"') == MOST_BARS
    assert "3 more in the table" in page


@pytest.mark.parametrize("kind", ["bars", "columns", "lines", "ranges"])
def test_without_a_figure_there_is_no_empty_chart(kind: str) -> None:
    for rows in ([], [("x", None, None)]):
        assert drawn(kind, rows, ("a", "b")) == '<p class="none">None.</p>'


@pytest.mark.parametrize("kind", ["columns", "lines"])
def test_upright_charts_name_their_axes_and_say_where_the_figures_are(kind: str) -> None:
    page = drawn(kind, [("x", 1, None), ("y", 2, None), ("z", 3, None)])
    assert 'role="img" aria-label="T. The figures are in the table below."' in page
    assert "First (s)" in page
    assert ">x</text>" in page
    assert ">z</text>" in page


def test_a_gap_in_a_line_has_no_point() -> None:
    page = drawn("lines", [("x", 1, None), ("y", None, None), ("z", 3, None)])
    assert page.count("<circle") == 2


def test_small_charts_have_each_their_scale_and_a_pale_column_where_a_build_made_nothing() -> None:
    rows = [
        {"table": "gold.a", "rows_now": 40, "one": 10, "two": None, "three": 40},
        {"table": "gold.b", "rows_now": 4, "one": 4, "two": 0, "three": 2},
        {"table": "bronze.c", "rows_now": 7, "one": None, "two": None, "three": None},
    ]
    pen = Pen(EN, lambda _: [], "place")
    drawn = small_charts(rows, ("one", "two", "three"), (Both("1", "1"), Both("3", "3")), pen)
    columns = re.findall(r'<rect [^>]*height="([\d.]+)" class="([^"]+)"', drawn)
    a, b = columns[:3], columns[3:]
    assert a == [("6.0", "s0"), ("6.0", "s0 open"), ("24.0", "s0")]
    assert b == [("24.0", "s0"), ("12.0", "s0")]
    assert "bronze.c" not in drawn


def test_a_share_ends_at_100() -> None:
    column = Column("a", Both("Score", "Note"), kind="score")
    block = Chart("x", Both("T", "T"), "", (COLUMNS[0], column), "lines", "name", ("a",))
    page = chart(block, [{"name": "x", "a": 100.0}, {"name": "y", "a": 100.0}], EN)
    assert ">100</text>" in page
    assert ">101</text>" not in page


@pytest.mark.parametrize("kind", ["bars", "columns", "lines", "ranges"])
def test_names_are_text(kind: str) -> None:
    page = drawn(kind, [("<script>x</script>", 1, 2), ("b", 1, 2)], ("a", "b"))
    assert "<script" not in page
