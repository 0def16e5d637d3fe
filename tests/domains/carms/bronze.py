"""Bronze frames for tests of the carms domain: empty, invented, or of the real files."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import openpyxl
from domains.carms.gold_lake import KIT

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

contracts = KIT.contracts
DELIVERED = datetime(2025, 3, 1, 12, tzinfo=UTC)
FILES = {
    "program_master": "1503_program_master.xlsx",
    "discipline": "1503_discipline.xlsx",
    "markdown_program_descriptions": "1503_markdown_program_descriptions_v2.json",
    "program_descriptions_x_section": "1503_program_descriptions_x_section.csv",
}


def frame(table: str, rows: list[dict[str, Any]], **audit: Any) -> pl.LazyFrame:
    """A bronze frame of these rows; iteration, file and delivery are filled in."""
    defaults = {
        "match_iteration_id": "1503",
        "src_filename": FILES[table],
        "delivery_id": 1,
        "delivered_at": DELIVERED,
        **audit,
    }
    return KIT.bronze(table, *rows, **defaults)


def silver(table: str, rows: list[dict[str, Any]]) -> pl.LazyFrame:
    """A silver frame of these rows; what a row does not name is null."""
    return KIT.silver(table, *rows)


def real(folder: Path) -> dict[str, pl.LazyFrame]:
    """The four bronze tables of the real files, by parameter name."""
    documents = json.loads((folder / FILES["markdown_program_descriptions"]).read_text("utf-8"))
    csv.field_size_limit(10**7)
    with (folder / FILES["program_descriptions_x_section"]).open(encoding="utf-8", newline="") as f:
        sections = [
            {**{k: v or None for k, v in row.items() if k}, "source_url": row["source"]}
            for row in csv.DictReader(f)
        ]
    rows: dict[str, list[dict[str, Any]]] = {
        "program_master": _sheet(folder / FILES["program_master"]),
        "discipline": _sheet(folder / FILES["discipline"]),
        "markdown_program_descriptions": [
            {
                "document_id": entry["id"],
                "page_content": entry["page_content"],
                "source_url": entry["metadata"]["source"],
            }
            for entry in documents
        ],
        "program_descriptions_x_section": [_typed(row) for row in sections],
    }
    return {f"bronze_{table}": frame(table, table_rows) for table, table_rows in rows.items()}


def _typed(row: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in row.items() if name != "source"}
    return {**kept, "n_program_description_sections": int(row["n_program_description_sections"])}


def _sheet(path: Path) -> list[dict[str, Any]]:
    workbook = openpyxl.load_workbook(path, read_only=True)
    header, *rows = workbook.active.values
    workbook.close()
    return [{k: v for k, v in zip(header, row, strict=True) if k} for row in rows]
