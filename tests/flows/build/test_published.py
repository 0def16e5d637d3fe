"""What a contract classifies is nowhere in the published file; the lake still shows it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import openpyxl
import polars as pl
import pytest
import yaml
from published import found_in
from tiny import PRODUCTS, SALES, gold, project, put

from carms_lake.catalog import load_catalog
from carms_lake.errors import DataError
from carms_lake.flows.build import build
from carms_lake.flows.build.published import IN_THE_LAKE, tables_about_people
from carms_lake.flows.ingest import ingest
from carms_lake.flows.query import query_frame

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from carms_lake.config import LakeConfig

SECRET = "Ottoline Quexley"


def said(config: LakeConfig, column: str, **of_table: Any) -> LakeConfig:
    """The same project, in which `<layer>.<table>.<column>` is classified as personal."""
    layer, table, name = column.split(".")
    place = f"{layer}/{table}.odcs.yaml"
    own = config.project / "schemas" / "tiny"
    given = config.domain.schemas[0] / place
    document = yaml.safe_load(given.read_text(encoding="utf-8"))
    (found,) = document["schema"]
    for one in found["properties"]:
        if one["name"] == name:
            one["classification"] = "personal"
    kept = [one for one in found.get("customProperties", []) if one["property"] not in of_table]
    custom = [{"property": key, "value": value} for key, value in of_table.items()]
    found["customProperties"] = [*kept, *custom]
    (own / place).parent.mkdir(parents=True)
    (own / place).write_text(yaml.safe_dump(document), encoding="utf-8")
    domain = replace(config.domain, schemas=(*config.domain.schemas, own))
    return replace(config, domain=domain)


def about_people(config: LakeConfig) -> set[str]:
    return {ref.in_domain for ref in tables_about_people(load_catalog(config.domain))}


@pytest.mark.parametrize(
    ("column", "tables"),
    [
        ("bronze.sales.quantity", {"bronze.sales", "silver.sale"}),
        ("silver.sale.quantity", {"bronze.sales", "bronze.products", "silver.product"}),
        ("silver.product.name", {"bronze.products", "silver.sale"}),
        ("gold.dim_product.name", {"bronze.products", "silver.product"}),
        ("bronze.products.name", {"silver.product", "silver.product_history", "silver.sale"}),
    ],
)
def test_a_classification_holds_for_what_a_table_is_made_of_and_what_is_made_of_it(
    tmp_path: Path, column: str, tables: set[str]
) -> None:
    config = project(tmp_path)
    assert about_people(config) == set()
    assert tables <= about_people(said(config, column))


def test_it_does_not_spread_from_what_a_table_is_made_of_to_its_other_uses(tmp_path: Path) -> None:
    config = said(project(tmp_path), "silver.product_history.name")
    assert about_people(config) == {"silver.product_history", "bronze.products"}


def lines(folder: Path) -> Path:
    rows = [
        {"product_id": "p1", "name": "Tea", "price": 1},
        {"product_id": "p2", "name": SECRET, "price": "many"},
        {"product_id": "p3", "name": ["of", SECRET], "price": 3},
    ]
    texts = [*map(json.dumps, rows), f'{{"product_id": "p4", "name": "{SECRET}", ']
    path = folder / "products.jsonl"
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return path


def workbook(folder: Path) -> Path:
    book = openpyxl.Workbook()
    for row in (
        ("product_id", "name", "price"),
        ("p1", "Tea", 1),
        ("p2", SECRET, "many"),
        ("p3", "Jam", f"of {SECRET}"),
    ):
        book.active.append(row)
    book.save(folder / "products.xlsx")
    return folder / "products.xlsx"


def delimited(folder: Path) -> Path:
    # A value in the wrong column, a surplus field, and an empty name.
    rows = f"p2,{SECRET},many\np3,Jam,{SECRET}\np4,{SECRET},3.00,Ltd\np5,,-1 {SECRET}\n"
    path = folder / "products.csv"
    path.write_text(PRODUCTS.replace("p2,Jam,4.00\n", rows), encoding="utf-8")
    return path


def columnar(folder: Path) -> Path:
    frame = {"product_id": ["p1", None], "name": ["Tea", SECRET], "price": ["1", "2"]}
    pl.DataFrame(frame).write_parquet(folder / "products.parquet")
    return folder / "products.parquet"


@pytest.mark.slow
@pytest.mark.parametrize("written", [delimited, lines, workbook, columnar])
def test_a_rejected_record_is_in_the_lake_and_not_in_the_published_file(
    tmp_path: Path, written: Callable[[Path], Path]
) -> None:
    config = project(tmp_path)
    path = written(config.data_raw)
    source: dict[str, Any] = {
        "carms.files": [path.name], "carms.format": path.suffix[1:],
    }  # fmt: skip
    config = said(config, "bronze.products.name", **source)
    put(config, "sales/day_1.csv", SALES.replace("s2,p2", "s2,p1"))
    ingest(config)
    build(config)
    held = query_frame(config, "select count(*) from ops.rejects where raw_record like '%Quex%'")
    assert held.rows() > [(0,)]
    assert found_in(config.gold_file, "Quexley") == set()
    (why,) = gold(config, "select distinct layer, table_name from ops.rejects")
    assert why == ("bronze", "products")
    kept = "select reasons[1].code, src_filename, src_row_number from ops.rejects order by 3"
    codes = gold(config, kept)
    assert codes == query_frame(config, kept).rows()
    assert all(None not in row for row in codes)


@pytest.mark.slow
def test_what_is_about_nobody_is_published_as_it_is(tmp_path: Path) -> None:
    config = said(project(tmp_path), "silver.product_history.name")
    put(config, "products.csv", PRODUCTS)
    put(config, "sales/day_1.csv", SALES + "s3,p9,1\ns4,p1,some\n")
    ingest(config)
    build(config)
    both = "select layer, row_key, raw_record, reasons, raw_header from ops.rejects order by layer"
    assert len(gold(config, both)) == 2
    assert [list(row) for row in gold(config, both)] == [
        list(row) for row in query_frame(config, both).rows()
    ]


@pytest.mark.slow
def test_a_quarantined_row_and_a_failing_one_are_not_published_either(tmp_path: Path) -> None:
    config = said(project(tmp_path), "bronze.sales.sale_id")
    put(config, "products.csv", PRODUCTS)
    put(config, "sales/day_1.csv", f"{SALES}{SECRET},p9,1\n")
    ingest(config)
    budget = {"carms.quarantineBudgetPct": 0}
    config = said(config, "silver.sale.amount", **budget)
    with pytest.raises(DataError):
        build(config)
    failing = "select row_key from ops.check_failures where rule like '%quarantine'"
    assert query_frame(config, failing).rows() == [(json.dumps({"sale_id": SECRET}),)]
    build(config, publish_anyway=True)
    assert found_in(config.gold_file, SECRET) == set()
    place = f"{failing} and (src_filename, src_row_number) = ('sales/day_1.csv', 3)"
    assert set(gold(config, place)) == {(None,)}
    told = "select distinct message from ops.runs where status = 'failed'"
    assert gold(config, told) == [(IN_THE_LAKE,)]
    assert "quarantined" in query_frame(config, told).rows()[0][0]


@pytest.mark.slow
def test_a_file_without_a_header_is_refused_and_its_first_record_is_not_published(
    tmp_path: Path,
) -> None:
    config = said(project(tmp_path), "silver.product.name")
    put(config, "products.csv", PRODUCTS)
    put(config, "sales/day_1.csv", SALES)
    ingest(config)
    put(config, "products.csv", f"p3,{SECRET},2.00\n")
    ingest(config)
    build(config)
    asked = "select message from ops.processed_files where status = 'refused'"
    assert SECRET in query_frame(config, asked).rows()[0][0]
    assert gold(config, f"{asked} and code = 'MISSING_COLUMN'") == [(IN_THE_LAKE,)]
    assert found_in(config.gold_file, SECRET) == set()


@pytest.mark.slow
def test_a_table_that_is_classified_later_is_published_anew_without_its_records(
    tmp_path: Path,
) -> None:
    config = project(tmp_path)
    delimited(config.data_raw)
    put(config, "sales/day_1.csv", SALES.replace("s2,p2", "s2,p1"))
    ingest(config)
    build(config)
    assert found_in(config.gold_file, SECRET) != set()
    build(said(config, "bronze.products.name"))
    assert found_in(config.gold_file, SECRET) == set()
