"""Ticketing files as rows that can be dealt out anew, and what a lake holds of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from carms_lake.catalog import load_catalog
from carms_lake.config import Domain, LakeConfig
from carms_lake.names import Layer
from carms_lake.readers.discover import natural_key
from carms_lake.store import delta, table_path
from carms_lake.store.rejects import live

SCHEMAS = Path(__file__).parents[3] / "schemas" / "ticketing"
DOMAIN = Domain("ticketing", "carms_lake.domains.ticketing", (SCHEMAS,))
SOURCES = (
    "accounts", "events", "showtimes", "orders", "transactions", "pages", "identity_merges",
)  # fmt: skip


@dataclass(frozen=True)
class Rows:
    """The records of one source as lines, in the order in which the last one counts."""

    header: str
    lines: tuple[str, ...]


def lake(folder: Path) -> LakeConfig:
    """An empty project of the domain."""
    config = LakeConfig(folder, DOMAIN)
    config.data_raw.mkdir(parents=True)
    return config


def rows_of(folder: Path) -> dict[str, Rows]:
    """All records of generated files: initial ones first, then batches by number."""
    found = {}
    for source in SOURCES:
        batches = sorted(
            (folder / "incremental" / source).glob("*.csv"), key=lambda p: natural_key(p.name)
        )
        lines: list[str] = []
        for path in (folder / "initial" / f"{source}.csv", *batches):
            header, *rest = path.read_text("utf-8").removesuffix("\n").split("\n")
            lines += rest
        found[source] = Rows(header, tuple(lines))
    return found


def put(config: LakeConfig, name: str, header: str, lines: tuple[str, ...]) -> None:
    """Deliver a file."""
    path = config.data_raw / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8", newline="")


def holdings(config: LakeConfig) -> dict[str, Any]:
    """What silver, quarantine and gold hold: schemas and rows, without marks of files and runs."""
    contracts = load_catalog(DOMAIN).contracts
    found: dict[str, Any] = {}
    for ref in contracts:
        path = table_path(config, ref) if ref.layer is Layer.SILVER else None
        if path is not None and delta.exists(path):
            frame = delta.scan(path).collect()
            found[str(ref)] = (dict(frame.schema), sorted(frame.rows(), key=repr))
    aside = live(config, [ref for ref in contracts if ref.layer is Layer.SILVER])
    if aside is not None:
        codes = pl.col("reasons").list.eval(pl.element().struct.field("code"))
        kept = aside.select("table_name", "row_key", codes).collect()
        found["quarantine"] = sorted(map(repr, kept.rows()))
    return found | gold_of(config)


def gold_of(config: LakeConfig) -> dict[str, Any]:
    """Every table and view of gold: its columns with their types, its rows sorted."""
    found: dict[str, Any] = {}
    with duckdb.connect(str(config.gold_file), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        names = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'gold'"
        ).fetchall()
        for (name,) in sorted(names):
            cursor = connection.execute(f'FROM gold."{name}"')
            types = [(column[0], str(column[1])) for column in cursor.description]
            found[f"gold {name}"] = (types, sorted(cursor.fetchall(), key=repr))
    return found


def asked(config: LakeConfig, sql: str) -> list[tuple[Any, ...]]:
    """What the published file answers."""
    with duckdb.connect(str(config.gold_file), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return connection.execute(sql).fetchall()
