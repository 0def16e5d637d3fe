"""A project of the ledger's domain, and what tests ask of its lake."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl

from carms_lake.catalog import load_catalog
from carms_lake.config import Domain, LakeConfig
from carms_lake.names import Layer, TableRef
from carms_lake.store import delta, table_path
from carms_lake.store.delta.manifest import Build, last_build
from carms_lake.store.rejects import live

SILVER = ("account", "entry", "label", "posting")
FIRST = [(number, "AB"[number % 2], number) for number in range(1, 9)]
"""The entries of a first day."""


def config_of(folder: Path) -> LakeConfig:
    """The domain `ledger` in a project folder."""
    schemas = Path(str(files("ledger"))) / "schemas"
    return LakeConfig(folder, Domain("ledger", "ledger", (schemas,)))


def project(folder: Path) -> LakeConfig:
    """An empty project of the domain `ledger`."""
    config = config_of(folder)
    config.data_raw.mkdir(parents=True)
    return config


def put(config: LakeConfig, name: str, header: str, rows: list[tuple[Any, ...]]) -> Path:
    """Write a source file; None is an empty cell."""
    path = config.data_raw / name
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [",".join("" if cell is None else str(cell) for cell in row) for row in rows]
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8", newline="")
    return path


def accounts(config: LakeConfig, names: str, file: str = "accounts.csv") -> None:
    """Deliver accounts, each named by a letter."""
    put(config, file, "account_id,owner", [(name, f"owner of {name}") for name in names])


def entries(config: LakeConfig, file: str, rows: list[tuple[Any, ...]]) -> None:
    """Deliver a file of entries: (number, account, amount)."""
    put(config, f"entries/{file}.csv", "entry_no,account_id,amount", rows)


def path_of(config: LakeConfig, table: str) -> Path:
    """Where a silver table is."""
    return table_path(config, TableRef(config.domain.name, Layer.SILVER, table))


def build_of(config: LakeConfig, table: str) -> Build:
    """How a silver table was made."""
    found = last_build(path_of(config, table))
    assert found is not None
    return found


def digest(config: LakeConfig) -> dict[str, Any]:
    """What silver holds, what is set aside, and how it balances: without marks of runs."""
    found: dict[str, Any] = {}
    for table in SILVER:
        frame = delta.scan(path_of(config, table)).collect()
        found[table] = (dict(frame.schema), sorted(frame.rows(), key=repr))
        plain = replace(build_of(config, table), run_id="", made_from={}, version=0, rows_since=0)
        found[f"{table} counts"] = plain
    contracts = load_catalog(config.domain).contracts
    aside = live(config, [ref for ref in contracts if ref.layer is Layer.SILVER])
    if aside is not None:
        kept = aside.select("table_name", "row_key", "raw_record", pl.col("reasons"))
        found["rejects"] = sorted(map(repr, kept.collect().rows()))
    return found
