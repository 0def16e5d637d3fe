"""A project of the tiny shop's domain, and what tests ask of a lake."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import yaml
from templates import copy_to

from carms_lake import Lake
from carms_lake.config import Domain, LakeConfig
from carms_lake.flows.build import build
from carms_lake.flows.ingest import ingest
from carms_lake.flows.query import table_frame
from carms_lake.names import Layer, TableRef
from carms_lake.store import delta, table_path
from carms_lake.store.rejects import live

PRODUCTS = "product_id,name,price\np1,Tea,2.50\np2,Jam,4.00\n"
SALES = "sale_id,product_id,quantity\ns1,p1,2\ns2,p2,1\n"


def project(folder: Path) -> LakeConfig:
    """An empty project of the domain `tiny`."""
    schemas = Path(str(files("tiny_shop"))) / "schemas"
    config = LakeConfig(folder, Domain("tiny", "tiny_shop", (schemas,)))
    config.data_raw.mkdir(parents=True, exist_ok=True)
    return config


def put(config: LakeConfig, name: str, text: str) -> Path:
    """Write a source file."""
    path = config.data_raw / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")
    return path


def laid(folder: Path) -> None:
    """The project as its user makes it: `carms.toml`, and a file of each source."""
    (folder / "carms.toml").write_text('domain = "tiny"\n', encoding="utf-8")
    for name, text in (("products.csv", PRODUCTS), ("sales/day_1.csv", SALES)):
        path = folder / "data_raw/tiny" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def with_contract(config: LakeConfig, table: str, old: str, new: str) -> LakeConfig:
    """The same project with another text in the contract of a bronze table."""
    own = config.project / "schemas" / config.domain.name
    target = own / "bronze" / f"{table}.odcs.yaml"
    source = target if target.exists() else config.domain.schemas[0] / "bronze" / target.name
    text = source.read_text(encoding="utf-8")
    assert old in text
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text.replace(old, new), encoding="utf-8")
    schemas = (config.domain.schemas[0], own)
    return replace(config, domain=replace(config.domain, schemas=schemas))


def with_classified_name(folder: Path) -> LakeConfig:
    """The project, whose contract of gold says that the name of a product is confidential."""
    config = project(folder)
    source = config.domain.schemas[0] / "gold/dim_product.odcs.yaml"
    document = yaml.safe_load(source.read_text(encoding="utf-8"))
    for column in document["schema"][0]["properties"]:
        if column["name"] == "name":
            column["classification"] = "confidential"
    own = folder / "schemas/tiny/gold/dim_product.odcs.yaml"
    own.parent.mkdir(parents=True)
    own.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    schemas = (*config.domain.schemas, folder / "schemas/tiny")
    return replace(config, domain=replace(config.domain, schemas=schemas))


def stocked(folder: Path) -> LakeConfig:
    """A project with one file of each source."""
    config = project(folder)
    put(config, "products.csv", PRODUCTS)
    put(config, "sales/day_1.csv", SALES)
    return config


def built(folder: Path, sales: str = "") -> LakeConfig:
    """A lake of two products and two sales, and more of them: a copy of one that is made once."""
    copy_to(folder, _built, sales)
    return project(folder)


def _built(folder: Path, sales: str) -> None:
    config = stocked(folder)
    if sales:
        put(config, "sales/day_2.csv", SALES.splitlines(keepends=True)[0] + sales)
    ingest(config)
    build(config)


def sell(lake: Lake, number: int) -> None:
    """Load one sale more, and build."""
    put(lake.config, f"sales/more_{number}.csv", f"sale_id,product_id,quantity\nm{number},p1,1\n")
    lake.ingest()
    lake.build()


def rows(config: LakeConfig, name: str, *columns: str) -> list[tuple[Any, ...]]:
    """The rows of a bronze or silver table, sorted."""
    ref = TableRef.parse(name, domain=config.domain.name)
    assert ref is not None
    frame = delta.scan(table_path(config, ref)).collect()
    return sorted(frame.select(columns or frame.columns).rows(), key=repr)


def rejects(config: LakeConfig) -> list[tuple[Any, ...]]:
    """(table, file, record, codes) of the rejects that count."""
    refs = [
        TableRef(config.domain.name, layer, t)
        for layer, t in (
            (Layer.BRONZE, "products"),
            (Layer.BRONZE, "sales"),
            (Layer.SILVER, "product"),
            (Layer.SILVER, "product_history"),
            (Layer.SILVER, "sale"),
        )
    ]
    found = live(config, refs)
    if found is None:
        return []
    codes = pl.col("reasons").list.eval(pl.element().struct.field("code")).list.join(" ")
    frame = found.select("table_name", "src_filename", "src_row_number", codes).collect()
    return sorted(frame.rows(), key=repr)


def gold(config: LakeConfig, sql: str) -> list[tuple[Any, ...]]:
    """What the published file answers."""
    with duckdb.connect(str(config.gold_file), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def digest(config: LakeConfig) -> dict[str, Any]:
    """What the lake holds, without the run's own marks: ids, times of ingestion."""
    marks = {"run_id", "ingestion_ts", "delivered_at", "valid_from", "valid_to", "deleted_on"}
    found: dict[str, Any] = {}
    for name in (
        "bronze.products",
        "bronze.sales",
        "silver.product",
        "silver.product_history",
        "silver.sale",
    ):
        ref = TableRef.parse(name, domain=config.domain.name)
        assert ref is not None
        path = table_path(config, ref)
        if delta.exists(path):
            frame = delta.scan(path).collect()
            found[name] = sorted(map(repr, frame.select(sorted(set(frame.columns) - marks)).rows()))
    for name in ("stock.counting", "stock.shelf"):
        kept = table_frame(config, name).collect()
        if kept.height:  # a table is created before anything in it counts
            found[name] = sorted(map(repr, kept.select(sorted(set(kept.columns) - marks)).rows()))
    found["rejects"] = rejects(config)
    if config.gold_file.exists():
        for table in ("dim_product", "fact_sale", "sales_by_product"):
            found[table] = sorted(map(repr, gold(config, f"from gold.{table}")))
    return found


def with_keys(config: LakeConfig, name: str, **change: Any) -> LakeConfig:
    """The same project with a contract of its own: keys of the document or of its table.

    Keys with a dot are custom properties of the table, beside those that it has.
    """
    own = config.project / "schemas" / "tiny"
    sources = [folder / f"{name}.odcs.yaml" for folder in (own, config.domain.schemas[0])]
    source = next(path for path in sources if path.exists())
    document = yaml.safe_load(source.read_text(encoding="utf-8"))
    table = document["schema"][0]
    for key, value in change.items():
        if "." in key:
            kept = [p for p in table.get("customProperties", []) if p["property"] != key]
            table["customProperties"] = [*kept, {"property": key, "value": value}]
        else:
            (document if key == "slaProperties" else table)[key] = value
    target = own / f"{name}.odcs.yaml"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    schemas = (config.domain.schemas[0], own)
    return LakeConfig(config.project, Domain("tiny", "tiny_shop", schemas))


__all__ = [
    "PRODUCTS",
    "SALES",
    "built",
    "digest",
    "gold",
    "laid",
    "project",
    "put",
    "rejects",
    "rows",
    "sell",
    "stocked",
    "with_contract",
    "with_keys",
]
