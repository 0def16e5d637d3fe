"""Generated data of every domain passes its checks, and every promise that is broken is noticed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from command import called as carms

if TYPE_CHECKING:
    from pathlib import Path

    Lake = tuple[Path, str]

pytestmark = pytest.mark.slow

SMALL = {
    "carms": ("--programs", "20"),
    "retail": ("--scale", "0.003", "--days", "20"),
    "ticketing": ("--scale", "0.02"),
}
FEW = 12
"""So many promises may have nothing to break in so little data."""


@pytest.fixture(scope="module", params=list(SMALL))
def lake(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Lake:
    """A small lake of a domain, and the domain."""
    domain, folder = request.param, tmp_path_factory.mktemp(request.param)
    assert carms(folder, "init", "-d", domain).code == 0
    assert carms(folder, "-d", domain, "generate", *SMALL[domain]).code == 0
    done = carms(folder, "-d", domain, "run")
    assert done.code == 0, done.err
    return folder, domain


def test_generated_data_passes_every_check_and_its_score_says_what_was_set_aside(
    lake: Lake,
) -> None:
    folder, domain = lake
    checks = carms(folder, "-d", domain, "check")
    assert checks.code == 0, checks.err
    errors = [row for row in checks.rows if row["severity"] == "error"]
    assert {row["passed"] for row in errors} == {"true"}
    rules = {row["rule"].rpartition(".")[0] for row in errors}
    assert any(rule.endswith(".reconcile") for rule in rules)
    # Figures that were counted on real files bind only these.
    assert not [rule for rule in rules if rule.endswith(".declared")]
    aside = carms(folder, "-d", domain, "query", "select count(*) as n from ops.rejects")
    scores = carms(folder, "-d", domain, "check", "--scorecard").rows
    is_whole = all(
        score in {"", "100.0"}
        for row in scores
        if row["table"].startswith(("bronze", "silver"))
        for name, score in row.items()
        if name != "table"
    )
    assert is_whole == (aside.rows[0]["n"] == "0")
    assert carms(folder, "-d", domain, "check", "--failures").rows == []


def test_nothing_that_a_contract_promises_is_unguarded(lake: Lake) -> None:
    folder, domain = lake
    found = carms(folder, "-d", domain, "check", "--mutate", "-f", "csv")
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
