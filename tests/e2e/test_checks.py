"""Generated data of every domain passes its checks, and what its checks say adds up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from command import carms

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

SMALL = {
    "carms": ("--programs", "60"),
    "retail": ("--scale", "0.01", "--days", "60"),
    "ticketing": ("--scale", "0.03"),
}


@pytest.mark.parametrize("domain", list(SMALL))
def test_generated_data_passes_every_check_and_its_score_says_what_was_set_aside(
    tmp_path: Path, domain: str
) -> None:
    assert carms(tmp_path, "init", "-d", domain).code == 0
    assert carms(tmp_path, "-d", domain, "generate", *SMALL[domain]).code == 0
    done = carms(tmp_path, "-d", domain, "run")
    assert done.code == 0, done.err
    checks = carms(tmp_path, "-d", domain, "check")
    assert checks.code == 0, checks.err
    errors = [row for row in checks.rows if row["severity"] == "error"]
    assert {row["passed"] for row in errors} == {"true"}
    rules = {row["rule"].rpartition(".")[0] for row in errors}
    assert any(rule.endswith(".reconcile") for rule in rules)
    # Figures that were counted on real files bind only these.
    assert not [rule for rule in rules if rule.endswith(".declared")]
    aside = carms(tmp_path, "-d", domain, "query", "select count(*) as n from ops.rejects")
    scores = carms(tmp_path, "-d", domain, "check", "--scorecard").rows
    is_whole = all(
        score in {"", "100.0"}
        for row in scores
        if row["table"].startswith(("bronze", "silver"))
        for name, score in row.items()
        if name != "table"
    )
    assert is_whole == (aside.rows[0]["n"] == "0")
    assert carms(tmp_path, "-d", domain, "check", "--failures").rows == []
