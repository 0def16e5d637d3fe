"""Tables of programs on a terminal that is too narrow for whole names."""

from __future__ import annotations

import os
import shutil
import sys

import polars as pl
import pytest

from carms_lake.domains.carms.commands.tables import fitting

TABLE = pl.DataFrame(
    {"id": ["27447"], "discipline": ["Anesthesiology"], "school": ["Memorial University"]}
)


class ALake:
    """It answers with the short names alone."""

    def query(self, _sql):
        return pl.DataFrame(
            [
                ("school", "Memorial University", "Memorial"),
                ("discipline", "Anesthesiology", "Anesthesia"),
                ("discipline", "Memorial University", "not of this kind"),
            ],
            schema=["kind", "name", "short"],
            orient="row",
        )


def shown(monkeypatch, columns, *, is_terminal=True):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: is_terminal)
    monkeypatch.setattr(shutil, "get_terminal_size", lambda: os.terminal_size((columns, 24)))
    return fitting(ALake(), TABLE).row(0)


WHOLE = ("27447", "Anesthesiology", "Memorial University")
SHORT = ("27447", "Anesthesia", "Memorial")


@pytest.mark.parametrize(("columns", "expected"), [(42, WHOLE), (41, SHORT), (10, SHORT)])
def test_names_are_short_where_the_terminal_has_no_room_for_whole_ones(
    monkeypatch, columns, expected
):
    assert shown(monkeypatch, columns) == expected


def test_names_are_whole_where_nobody_looks(monkeypatch):
    assert shown(monkeypatch, 10, is_terminal=False) == WHOLE
