"""A lake of a few rows, made by hand: a gold file and Delta tables, to query and command."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import duckdb
import polars as pl

from carms_lake.config import CONFIG_FILE, Domain, LakeConfig, builtin_schemas
from carms_lake.store.delta.write import append

if TYPE_CHECKING:
    from pathlib import Path

GOLD = """
CREATE SCHEMA gold;
CREATE SCHEMA ops;
CREATE TABLE gold.program_profile (
    program_stream_id VARCHAR PRIMARY KEY, program_name VARCHAR, quota INTEGER,
    tuition DECIMAL(10, 2), approved_at TIMESTAMP);
INSERT INTO gold.program_profile VALUES
    ('1', 'Médecine, "familiale"', 4, 1.50, '2025-01-01 10:00:00'),
    ('2', 'Two' || chr(10) || 'lines', 3, NULL, NULL);
CREATE VIEW gold.large AS SELECT * FROM gold.program_profile WHERE quota > 3;
CREATE MACRO gold.with_quota(wanted, more := 0) AS TABLE
    SELECT * FROM gold.program_profile WHERE quota = wanted + more;
CREATE MACRO gold.doubled(number) AS number * 2;
CREATE TABLE ops.runs (run_id VARCHAR);
INSERT INTO ops.runs VALUES ('published');
CREATE TABLE ops.lineage (table_name VARCHAR);
INSERT INTO ops.lineage VALUES ('published');
"""


def config_of(project: Path, **settings: object) -> LakeConfig:
    """The configuration of a project of the carms domain."""
    domain = Domain("carms", "carms_lake.domains.carms", (builtin_schemas() / "carms",))
    return LakeConfig(project, domain, **settings)  # type: ignore[arg-type]  # what a test asks for


def small_lake(project: Path, *, gold: bool = True) -> LakeConfig:
    """A project with two rows in each of a few tables, and no gold file where `gold` is false."""
    config = config_of(project)
    config.lake.mkdir(parents=True)
    (project / CONFIG_FILE).write_text("", encoding="utf-8")
    if gold:
        with duckdb.connect(str(config.gold_file)) as connection:
            connection.execute(GOLD)
    at = datetime(2025, 1, 1, 12, tzinfo=UTC)
    rows = pl.DataFrame(
        {
            "program_stream_id": ["1", "2"],
            "seen_at": [at, at],
            "tags": [["x"], None],
            "hash": [b"a", b"b"],
        }
    )
    for name in ("bronze/program_master", "silver/program", "silver/program_profile"):
        append(config.lake / name, rows, {})
    append(config.lake / "bronze" / "discipline", rows.clear(), {})
    append(config.lake / "ops" / "runs", pl.DataFrame({"run_id": ["live"]}), {})
    return config


def digest(folder: Path) -> dict[str, str]:
    """Every file below a folder with the SHA-256 of its bytes."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
