"""Every promise of every shipped contract can be broken, and its own rule notices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from command import carms

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

SMALL = {
    "carms": ("--programs", "20"),
    "retail": ("--scale", "0.003", "--days", "20"),
    "ticketing": ("--scale", "0.02"),
}
FEW = 12
"""So many promises may have nothing to break in so little data."""


@pytest.mark.parametrize("domain", list(SMALL))
def test_nothing_that_a_contract_promises_is_unguarded(tmp_path: Path, domain: str) -> None:
    assert carms(tmp_path, "init", "-d", domain).code == 0
    assert carms(tmp_path, "-d", domain, "generate", *SMALL[domain]).code == 0
    done = carms(tmp_path, "-d", domain, "run")
    assert done.code == 0, done.err
    found = carms(tmp_path, "-d", domain, "check", "--mutate", "-f", "csv")
    assert found.code == 0, found.err
    noticed = [row for row in found.rows if row["verdict"] == "noticed"]
    silent = [
        row
        for row in noticed
        if not {row["guard"], row["guard"].partition(": ")[2]} & set(row["noticed_by"].split(", "))
        and row["noticed_by"] != "superseded"
    ]
    assert silent == []
    silver = [row for row in noticed if row["guard"].startswith("pandera: ")]
    assert silver
    assert all(
        "pandera: " in row["noticed_by"] for row in silver if row["noticed_by"] != "superseded"
    )
    assert {row["layer"] for row in noticed} == {"bronze", "silver", "gold"}
    assert len([row for row in found.rows if row["verdict"] == "not applicable"]) <= FEW
