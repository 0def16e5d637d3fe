"""The readers of docs/guides/publish.md read what was published to a bucket."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl
import pytest

from carms_lake.adapters.parquet import publish

if TYPE_CHECKING:
    from carms_lake import Lake

PAGE = Path(__file__).parents[2] / "docs/guides/publish.md"


def code_of(tool: str, language: str, bucket: str) -> str:
    """The code of a reader in the part about buckets, for the lake of the test."""
    text = PAGE.read_text(encoding="utf-8").partition("### Read it from a bucket")[2]
    found = re.search(rf"\*\*{tool}\*\*.*?```{language}\n(.*?)```", text, flags=re.DOTALL)
    assert found is not None
    code = found[1].replace("s3://BUCKET/published/carms", f"s3://{bucket}/published/tiny")
    return code.replace("fact_program", "fact_sale")


@pytest.fixture
def rows(lake: Lake, bucket: str) -> pl.DataFrame:
    publish(lake, f"s3://{bucket}/published")
    return lake.query("from gold.fact_sale order by all")


def read_by(code: str) -> Any:
    known: dict[str, Any] = {}
    exec(code, known)
    return known["rows"]


def test_duckdb_in_python_and_its_sql_give_the_rows(bucket: str, rows: pl.DataFrame) -> None:
    pytest.importorskip("fsspec")
    try:
        found = read_by(code_of("DuckDB in Python, without extensions", "python", bucket))
        statements = code_of("DuckDB", "sql", bucket).split("\n", 1)[1]  # httpfs is not here
        by_sql = duckdb.sql(statements).pl()
    finally:
        duckdb.unregister_filesystem("s3")
    assert found.sort(pl.all()).equals(rows)
    assert by_sql.sort(pl.all()).equals(rows)


def test_polars_gives_the_rows(bucket: str, rows: pl.DataFrame) -> None:
    assert read_by(code_of("Polars", "python", bucket)).sort(pl.all()).equals(rows)


def test_pandas_gives_the_rows(bucket: str, rows: pl.DataFrame) -> None:
    pytest.importorskip("pandas")
    found = read_by(code_of("pandas", "python", bucket))
    assert found.sort_values("sale_id").values.tolist() == [[*row] for row in rows.rows()]
