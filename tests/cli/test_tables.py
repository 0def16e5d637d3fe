"""What one may have to type is never shortened, whatever the width; what has no room is named."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carms_lake.cli.layout import cut, fit, gives_way, width_of, wrapped
from carms_lake.cli.tables import Drawn, draw, plain_lines

RUNS = ["20261121T120102.345678Z-1a2b3c", "20261121T120105.000001Z-4d5e6f"]
PROSE = "What each program asks of its applicants, or says that it does not need."


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def drawn(
    columns: list[str],
    rows: list[tuple[Any, ...]],
    width: int,
    **how: bool,
) -> tuple[list[str], Drawn]:
    stream = Terminal()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(width))
        found = draw(stream, columns, [rows[:1], rows[1:]], **how)
    return stream.getvalue().splitlines(), found


def test_a_table_that_fits_is_drawn_whole() -> None:
    lines, found = drawn(["id", "name"], [(1, "Aé"), (22, None)], 80)
    assert lines == ["id  name", "────────", " 1  Aé", "22"]
    assert found == Drawn(2, 2)


def test_prose_gives_way_and_names_do_not() -> None:
    name = "gold.bridge_program_selection_criterion"
    rows = [(name, i, PROSE) for i in range(9)]
    lines, found = drawn(["table", "rows", "description"], rows, 78)
    assert max(map(len, lines)) <= 78
    assert all(line.startswith(name) and line.endswith("…") for line in lines[2:])
    assert found.is_cut
    lines, found = drawn(["table", "rows", "description"], rows, 78, is_list=True)
    assert max(map(len, lines)) <= 78
    assert " ".join(" ".join(line[47:] for line in lines[2:]).split()) == " ".join([PROSE] * 9)
    assert not found.is_cut


def test_columns_in_the_middle_are_left_out_and_named() -> None:
    columns = [f"column_{i}" for i in range(30)]
    rows = [tuple(f"value_of_{i}" for i in range(30)) for _ in range(9)]
    lines, found = drawn(columns, rows, 80)
    assert max(map(len, lines)) <= 80
    assert "value_of_0  " in lines[-1]
    assert lines[-1].endswith("value_of_29")
    shown = [name for name in columns if name in lines[0].split()]
    assert sorted([*shown, *found.left_out]) == sorted(columns)
    assert len(found.left_out) == 30 - len(shown)


def test_few_rows_without_room_are_blocks_and_nothing_is_lost() -> None:
    columns = [f"column_{i}" for i in range(30)]
    lines, found = drawn(columns, [tuple("v" * 60 for _ in columns)], 80)
    assert "\n".join(lines).count("v" * 60) == 30
    assert lines[:2] == ["-- row 1", f"column_0   {'v' * 60}"]
    assert found == Drawn(1, 1)
    lines, _ = drawn(["a", "text"], [(1, PROSE * 3)], 40)
    assert max(map(len, lines)) <= 40
    assert " ".join(line[6:] for line in lines[2:]) == PROSE * 3


def test_heads_of_columns_are_folded_and_stay_apart() -> None:
    columns = ["failed_checked_rows", "failed_checked_files", "is_published"]
    lines, _ = drawn(columns, [(1, 2, True)] * 9, 30)
    heads = [
        "".join(line[a:b].strip() for line in lines[:3]) for a, b in ((0, 9), (9, 20), (20, 30))
    ]
    assert heads == columns


def test_runs_are_named_by_their_ends_in_a_list_without_room() -> None:
    at = datetime(2026, 11, 21, 12, 1, 2, 345678, UTC)
    rows = [(run, at, "ingest", PROSE) for run in RUNS] + [(None, None, "create table", "")]
    columns = ["run_id", "at", "command", "message"]
    lines, found = drawn(columns, rows, 78, is_list=True)
    assert lines[2].startswith("1a2b3c  2026-11-21 12:01  ingest")
    assert found.has_short_runs
    lines, found = drawn(columns, rows, 150, is_list=True)
    assert RUNS[0] in lines[2]
    assert not found.has_short_runs


def test_of_a_long_result_the_first_and_the_last_rows_are_seen() -> None:
    lines, found = drawn(["n"], [(i,) for i in range(100)], 80, is_long=True)
    assert lines[2:] == [
        *(f"{i:>2}" for i in range(40)),
        "… 55 more rows …",
        *(str(i) for i in range(95, 100)),
    ]
    assert found == Drawn(100, 45)
    for count in (39, 40, 41, 45):
        lines, found = drawn(["n"], [(i,) for i in range(count)], 80, is_long=True)
        assert [int(line) for line in lines[2:]] == [*range(count)]
        assert found == Drawn(count, count)


def test_the_first_rows_are_seen_before_the_last_ones_are_computed() -> None:
    stream, seen = Terminal(), []

    def batches() -> Any:
        yield [(i,) for i in range(40)]
        seen.append(stream.getvalue())
        yield [(i,) for i in range(40)]

    draw(stream, ["n"], batches(), is_long=True)
    assert seen[0].endswith("39\n")


def test_a_table_in_a_pipe_is_whole() -> None:
    stream = io.StringIO()
    rows = [("x" * 5000, PROSE * 99, i) for i in range(100)]
    found = draw(stream, ["a", "b", "c"], [rows], is_list=True, is_long=True)
    text = stream.getvalue()
    assert text.count("x" * 5000) == text.count(PROSE * 99) == 100
    assert found == Drawn(100, 100)


def test_direction_marks_and_escapes_are_escaped() -> None:
    lines, _ = drawn(["a\u202e"], [("\x1b[2J\u202egpj.exe\u2066",)], 80)
    assert lines[0] == "a\\u202e"
    assert lines[2] == "\\x1b[2J\\u202egpj.exe\\u2066"


def test_wide_characters_take_two_columns() -> None:
    lines, _ = drawn(["a", "b"], [("日本", 1), ("é", 2)], 80)
    assert lines[2:] == ["日本  1", "é     2"]
    assert cut("日本語", 5) == "日本…"
    assert cut("日本語", 4) == "日…"
    assert wrapped("日本語 ab", 4) == ["日本", "語", "ab"]


def test_lines_of_a_page_have_no_rule() -> None:
    assert plain_lines(["a", "b"], [(1, "x")], 20) == ["a  b", "1  x"]


CELLS = st.text(alphabet="ab_. é日", max_size=60)
TABLES = st.integers(1, 6).flatmap(
    lambda n: st.tuples(
        st.lists(st.text("ab_", min_size=1, max_size=12), min_size=n, max_size=n),
        st.lists(st.lists(CELLS, min_size=n, max_size=n), min_size=1, max_size=5),
    )
)


@given(TABLES, st.integers(10, 160))
def test_columns_share_the_room_and_none_is_lost(
    table: tuple[list[str], list[list[str]]], room: int
) -> None:
    names, rows = table
    layout = fit(names, rows, room)
    if layout is None:
        return
    marks = [1] if layout.left_out else []
    widths = [column.width for column in layout.columns] + marks
    assert sum(widths) + 2 * (len(widths) - 1) <= room
    shown = {column.at for column in layout.columns}
    assert layout.left_out == tuple(n for i, n in enumerate(names) if i not in shown)
    for column in layout.columns:
        assert "".join(column.head) == names[column.at]
        for row in rows:
            text = row[column.at]
            assert (
                gives_way(text)
                or width_of(text) <= column.width
                or any(gives_way(other[column.at]) for other in rows)
            )


@given(CELLS, st.integers(2, 40))
def test_a_wrapped_text_has_all_its_words(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert all(width_of(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert width_of(cut(text, width)) <= width
