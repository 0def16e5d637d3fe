"""A gold file of the carms domain made from silver rows that stand in a test."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
from domains.kit import Kit, Rows

from carms_lake.config import LakeConfig
from carms_lake.domains.carms.silver import other_name
from carms_lake.names import Layer
from carms_lake.store.gold import publish

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb

KIT = Kit("carms")
DOMAIN = KIT.domain
contracts = KIT.contracts
FIRST = datetime(2025, 3, 1, 12)  # noqa: DTZ001 - gold keeps UTC without a zone
SECOND = datetime(2025, 4, 1, 12)  # noqa: DTZ001 - the same


def version(stream_id: str = "1", **rest: Any) -> dict[str, Any]:
    """A row of silver.program_history: current, with a description in English."""
    row = {
        "match_iteration_id": "1503",
        "program_stream_id": stream_id,
        "valid_from": FIRST,
        "valid_to": None,
        "is_current": True,
        "is_deleted": False,
        "deleted_on": None,
        "program_name": f"McGill University / Neurology / Montreal / {stream_id}",
        "school_code": 80,
        "school_name": "McGill University",
        "discipline_id": "44",
        "discipline_name": "Neurology",
        "program_site": "Montreal",
        "program_stream": "Regular Stream for All",
        "eligibility": "All",
        "eligible_cmg": True,
        "eligible_img": True,
        "eligible_usmg": True,
        "school_province": "QC",
        "training_province": "QC",
        "program_url": f"https://example.org/1503/{stream_id}",
        "quota": 2,
        "document_language": "en",
        "approved_on": date(2024, 10, 15),
        "applications_min": 51,
        "applications_max": 200,
    }
    return {**row, **rest}


def silver_of(*versions: dict[str, Any], **rest: list[dict[str, Any]]) -> Rows:
    """Silver with these versions; the programs, documents, iterations that are offered today."""
    offered = [v for v in versions if v["is_current"] and not v["is_deleted"]]
    described = [v for v in offered if v["document_language"]]
    ids = sorted({v["match_iteration_id"] for v in offered})
    iterations = [{"match_iteration_id": i, "iteration_number": int(i)} for i in ids]
    return {
        "program_history": list(versions), "program": offered, "document": described,
        "match_iteration": iterations, **rest,
    }  # fmt: skip


@contextmanager
def gold(folder: Path, silver: Rows | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """All gold tables over these rows of silver; tables that are not given are empty."""
    with KIT.gold(silver or {}, folder=folder) as warehouse:
        yield warehouse.connection


def known_names() -> list[dict[str, Any]]:
    """The rows of silver.other_name, which come with the domain."""
    return other_name().collect().to_dicts()


def published(folder: Path, silver: Rows) -> Path:
    """A project with a published gold file over these rows of silver, and all known names."""
    (folder / "carms.toml").touch()
    with KIT.gold({"other_name": known_names(), **silver}, folder=folder) as warehouse:
        warehouse.add_ops("build", pl.DataFrame({"run_id": ["20261121T120102.345678Z-1a2b3c"]}))
        warehouse.finish([Layer.SILVER])
        publish(warehouse.path, LakeConfig(folder, DOMAIN).gold_file)
    return folder
