"""The readers of docs/guides/publish.md read what was published."""

from __future__ import annotations

import re
from pathlib import Path

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


@pytest.mark.parametrize("tool", ["DuckDB", "Polars"])
def test_the_code_of_a_reader_gives_the_rows(published: Path, tool: str) -> None:
    text = PAGE.read_text(encoding="utf-8")
    block = re.search(rf"\*\*{tool}\*\*.*?```python\n(.*?)```", text, flags=re.DOTALL)
    assert block is not None
    code = block[1].replace("/data/published/carms", str(published / "tiny"))
    known: dict[str, object] = {}
    exec(code.replace("fact_program", "fact_sale"), known)
    found = known["rows"]
    assert isinstance(found, pl.DataFrame)
    (file,) = published.glob("tiny/runs/*/fact_sale.parquet")
    assert found.equals(pl.read_parquet(file))
