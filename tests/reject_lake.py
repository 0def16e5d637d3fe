"""Projects whose contracts a test may change after files landed."""

from __future__ import annotations

import shutil
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from helpers import property_, write_contract
from tiny import project, put, stocked

from carms_lake.names import Layer, TableRef
from carms_lake.store import delta, table_path
from carms_lake.store.delta.log import commits
from carms_lake.store.delta.manifest import read_manifest
from carms_lake.store.rejects import live

if TYPE_CHECKING:
    from carms_lake.config import LakeConfig

VISITS = TableRef("tiny", Layer.BRONZE, "visits")
SALES_2 = 'sale_id,product_id,quantity\ns3,p1,0\ns4,p2,x\ns5,p1,3,4\ns6,p1,9\n"s\n7",p2,0\n'
"""Five records, of which one keeps the contract of `sales`; two break its minimum alone."""


def shop(folder: Path) -> LakeConfig:
    """A stocked project of the tiny shop, its contracts in the project."""
    shutil.copytree(Path(str(files("tiny_shop"))) / "schemas", folder / "schemas" / "tiny")
    put(stocked(folder), "sales/day_2.csv", SALES_2)
    return with_own_contracts(folder)


def with_own_contracts(folder: Path) -> LakeConfig:
    """The project of the tiny shop in a folder, whose contracts are all in it."""
    config = project(folder)
    domain = replace(config.domain, schemas=(folder / "schemas" / "tiny",))
    return replace(config, domain=domain)


def edit(config: LakeConfig, table: str, old: str, new: str) -> None:
    """Change the contract of a table, named as `bronze/sales`."""
    path = config.domain.schemas[-1] / f"{table}.odcs.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def loosen(config: LakeConfig) -> None:
    """Let sales of nothing land."""
    edit(config, "bronze/sales", "minimum: 1", "minimum: 0")


def named(*, minimum: int | None = 10) -> list[dict[str, Any]]:
    """The columns of `visits`: a number, a name, and a score that may have a minimum."""
    limits = {} if minimum is None else {"logicalTypeOptions": {"minimum": minimum}}
    return [
        property_("id", "integer", "bigint", required=True),
        property_("name"),
        property_("score", "integer", "integer", **limits),
    ]


def visits(folder: Path, columns: list[dict[str, Any]], **keys: Any) -> LakeConfig:
    """A project whose domain has one more source, `visits`."""
    config = project(folder)
    domain = replace(config.domain, schemas=(*config.domain.schemas, folder / "schemas" / "tiny"))
    config = replace(config, domain=domain)
    promise(config, columns, **keys)
    return config


def promise(config: LakeConfig, columns: list[dict[str, Any]], **keys: Any) -> None:
    """Write the contract of `visits`."""
    table = {"carms.files": ["visits/**/*"], "carms.format": "csv", **keys}
    write_contract(config.domain.schemas[-1], VISITS, columns, **table)


def bronze(config: LakeConfig, ref: TableRef = VISITS) -> list[tuple[Any, ...]]:
    """The rows of a bronze table without the marks of the run, sorted."""
    frame = delta.scan(table_path(config, ref)).collect().drop("run_id", "ingestion_ts")
    return sorted(frame.select(sorted(frame.columns)).rows(), key=repr)


def rejects_in(config: LakeConfig, ref: TableRef = VISITS) -> list[tuple[Any, ...]]:
    """The rejects of a bronze table that count, without the marks of the run, sorted."""
    found = live(config, [ref])
    if found is None:
        return []
    frame = found.drop("run_id", "ingestion_ts").collect()
    return sorted(frame.select(sorted(frame.columns)).rows(), key=repr)


def counts(config: LakeConfig, ref: TableRef = VISITS) -> dict[str, tuple[int, int, int]]:
    """Records, accepted and rejected of each file, as the log says, held against the rows."""
    current = read_manifest(commits(table_path(config, ref))).current
    rows = delta.scan(table_path(config, ref)).collect()
    found = live(config, [ref])
    rejected = pl.DataFrame({"src_filename": []}) if found is None else found.collect()
    for name, entry in current.items():
        held = rows.filter(pl.col("src_filename") == name)
        if entry.delivery_id is not None:
            held = held.filter(pl.col("delivery_id") == entry.delivery_id)
        assert entry.accepted == held.height
        assert entry.rejected == rejected.filter(pl.col("src_filename") == name).height
        assert entry.records == entry.accepted + entry.rejected
    return {name: (e.records, e.accepted, e.rejected) for name, e in current.items()}
