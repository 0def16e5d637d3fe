"""The session of docs/python.md, run line by line."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

from carms_lake.config import CONFIG_FILE
from carms_lake.flows.generate import generate

PAGE = Path(__file__).parents[2] / "docs/python.md"


@pytest.mark.slow
def test_every_line_gives_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = "carms_lake.domains.carms"
    generate(package, tmp_path / "match/data_raw/carms", {"programs": 40, "seed": 7})
    (tmp_path / "match" / CONFIG_FILE).write_text("", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    text = PAGE.read_text(encoding="utf-8").replace("```", "")
    session = doctest.DocTestParser().get_doctest(text, {}, PAGE.name, str(PAGE), 0)
    told: list[str] = []
    result = doctest.DocTestRunner(verbose=False).run(session, out=told.append)
    assert (result.failed, "".join(told)) == (0, "")
    assert result.attempted > 10
