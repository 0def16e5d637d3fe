"""The readers of docs/guides/publish.md read what was published."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tiny import built

from carms_lake import Lake
from carms_lake.adapters.parquet import publish

PAGE = Path(__file__).parents[2] / "docs/guides/publish.md"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published")
    publish(Lake(built(folder / "project")), folder / "out")
    return folder / "out"


def known_after(published: Path, *tools: str) -> dict[str, Any]:
    """The variables after the code of these readers ran, one after another."""
    text = PAGE.read_text(encoding="utf-8")
    known: dict[str, Any] = {}
    for tool in tools:
        block = re.search(rf"\*\*{tool}\*\*.*?```python\n(.*?)```", text, flags=re.DOTALL)
        assert block is not None
        code = block[1].replace("/data/published/carms", str(published / "tiny"))
        exec(code.replace("fact_program", "fact_sale"), known)
    return known


def expected(published: Path) -> pl.DataFrame:
    (file,) = published.glob("tiny/runs/*/fact_sale.parquet")
    return pl.read_parquet(file)


@pytest.mark.parametrize("tool", ["DuckDB", "Polars"])
def test_the_code_of_a_reader_gives_the_rows(published: Path, tool: str) -> None:
    found = known_after(published, tool)["rows"]
    assert isinstance(found, pl.DataFrame)
    assert found.equals(expected(published))


def test_the_code_for_pandas_gives_the_rows(published: Path) -> None:
    pytest.importorskip("pandas")
    found = known_after(published, "Polars", "pandas")["rows"]
    assert found.values.tolist() == [[*row] for row in expected(published).rows()]
