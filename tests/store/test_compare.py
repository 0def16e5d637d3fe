"""Two states of a table side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from lakes import config_of

from carms_lake.store.delta.maintain import compact
from carms_lake.store.delta.write import append
from carms_lake.store.gold.compare import Sides, compare, comparing, row_changes, sides_of

if TYPE_CHECKING:
    from pathlib import Path

BEFORE = "select * from (values (1, 'a', 1.5), (2, 'b', null), (3, null, 2.5)) t(id, name, price)"

CASES: dict[str, tuple[str, tuple[int, int, int]]] = {
    "the same rows in another order": (
        "from (values (3,null,2.5),(1,'a',1.5),(2,'b',null))",
        (0, 0, 0),
    ),
    "a row more": ("from (values (1,'a',1.5),(2,'b',null),(3,null,2.5),(4,'d',1))", (1, 0, 0)),
    "a row less": ("from (values (1,'a',1.5),(3,null,2.5))", (0, 1, 0)),
    "another cell": ("from (values (1,'a',1.5),(2,'c',null),(3,null,2.5))", (0, 0, 1)),
    "a null filled": ("from (values (1,'a',1.5),(2,'b',0),(3,null,2.5))", (0, 0, 1)),
    "a cell emptied": ("from (values (1,'a',null),(2,'b',null),(3,null,2.5))", (0, 0, 1)),
    "another key": ("from (values (9,'a',1.5),(2,'b',null),(3,null,2.5))", (1, 1, 0)),
    "nothing left": ("from (values (1,'a',1.5)) limit 0", (0, 3, 0)),
}


@pytest.mark.parametrize(("after", "counts"), CASES.values(), ids=CASES)
def test_rows_are_matched_by_key(tmp_path: Path, after: str, counts: tuple[int, int, int]) -> None:
    with comparing(config_of(tmp_path)) as connection:
        sides = Sides(BEFORE, f"select * from ({after}) t(id, name, price)")
        found = compare(connection, sides, [("id",)], ())
        assert (found.added, found.removed, found.changed) == counts
        assert found.key == ("id",)
        assert len(row_changes(connection, found, (), 100)) == sum(counts)


def test_a_changed_row_has_both_its_states(tmp_path: Path) -> None:
    with comparing(config_of(tmp_path)) as connection:
        after = BEFORE.replace("'b'", "'c'").replace("(1, 'a', 1.5), ", "")
        found = compare(connection, Sides(BEFORE, after), [("id",)], ())
        changed, removed = row_changes(connection, found, (), 100)
    assert (changed.change, removed.change) == ("changed", "removed")
    assert changed.before == {"id": "2", "name": "b", "price": None}
    assert changed.after == {"id": "2", "name": "c", "price": None}
    assert removed.after is None
    assert removed.before == {"id": "1", "name": "a", "price": "1.5"}


def test_rows_without_a_key_come_and_go_as_often_as_they_stand(tmp_path: Path) -> None:
    before = "select * from (values (1), (1), (1), (2), (null)) t(a)"
    after = "select * from (values (1), (2), (2), (null)) t(a)"
    with comparing(config_of(tmp_path)) as connection:
        found = compare(connection, Sides(before, after), [(), ("a",), ("no_such",)], ())
        assert (found.added, found.removed, found.changed, found.key) == (1, 2, 0, ())
        changes = row_changes(connection, found, (), 100)
    assert [(c.change, c.before or c.after) for c in changes] == [
        ("removed", {"a": "1"}),
        ("removed", {"a": "1"}),
        ("added", {"a": "2"}),
    ]


def test_the_first_key_that_tells_rows_apart_is_taken(tmp_path: Path) -> None:
    rows = "select * from (values (1, 1, 'x'), (1, 2, 'y')) t(a, b, c)"
    with comparing(config_of(tmp_path)) as connection:
        found = compare(connection, Sides(rows, rows), [("a",), ("a", "b")], ())
    assert found.key == ("a", "b")


def test_ignored_columns_are_no_change(tmp_path: Path) -> None:
    with comparing(config_of(tmp_path)) as connection:
        after = BEFORE.replace("'b'", "'c'")
        assert not compare(connection, Sides(BEFORE, after), [("id",)], ("name",)).changed


def test_new_and_lost_columns_are_told_and_retyped_ones_compared_as_text(tmp_path: Path) -> None:
    with comparing(config_of(tmp_path)) as connection:
        before = "select 1 as id, '5' as amount, 'x' as old"
        after = "select 1 as id, 5 as amount, 'y' as new"
        found = compare(connection, Sides(before, after), [("id",)], ())
    assert (found.changed, found.new_columns, found.lost_columns) == (0, ("new",), ("old",))


@pytest.mark.parametrize(
    ("sides", "counts"),
    [(Sides(None, BEFORE), (3, 0)), (Sides(BEFORE, None), (0, 3))],
    ids=["new", "gone"],
)
def test_a_table_that_was_not_there_has_all_rows_added(
    tmp_path: Path, sides: Sides, counts: tuple[int, int]
) -> None:
    with comparing(config_of(tmp_path)) as connection:
        found = compare(connection, sides, [("id",)], ())
    assert (found.added, found.removed) == counts


def test_rows_shown_are_limited(tmp_path: Path) -> None:
    with comparing(config_of(tmp_path)) as connection:
        found = compare(connection, Sides(BEFORE, None), [("id",)], ())
        assert len(row_changes(connection, found, (), 2)) == 2


def _rows(**columns: list[Any]) -> pl.DataFrame:
    return pl.DataFrame(columns)


def test_files_that_both_versions_have_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "table"
    for number in (1, 2):
        append(path, _rows(id=[number], name=["x"]), {})
    compact(path, "r")
    assert sides_of(path, "t", 2, 2) is None
    for versions in ((1, 2), (2, 3)):
        sides = sides_of(path, "t", *versions)
        assert sides is not None
        with comparing(config_of(tmp_path)) as connection:
            found = compare(connection, sides, [("id",)], ())
        expected = (1, 0) if versions == (1, 2) else (0, 0)
        assert (found.added, found.removed) == expected
    shared = sides_of(path, "t", 1, 2)
    assert shared is not None
    assert shared.before is not None
    assert "parquet" not in shared.before
