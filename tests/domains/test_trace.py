"""A row of every gold table of every domain, down to its files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from carms_lake.catalog import load_catalog
from carms_lake.config import Domain, LakeConfig, builtin_schemas
from carms_lake.flows.build import build
from carms_lake.flows.generate import generate
from carms_lake.flows.ingest import ingest
from carms_lake.flows.lineage import Role, Trace, trace
from carms_lake.flows.lineage.context import identity
from carms_lake.flows.lineage.trace_value import Origin, trace_value
from carms_lake.names import Layer

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.contract.model import Contract

pytestmark = pytest.mark.slow

SIZES: dict[str, dict[str, object]] = {
    "carms": {"seed": 7, "programs": 12},
    "retail": {"scale": 0.01, "days": 40},
    "ticketing": {"scale": 0.002},
}
OF_WHOLE_TABLES = {"audit_ingestion", "data_quality", "quality_flag", "other_name"}
"""Views over the tables of operations, counts over everything, and what comes with the domain."""


def gold_of(name: str) -> dict[str, Contract]:
    found = load_catalog(
        Domain(name, f"carms_lake.domains.{name}", (builtin_schemas() / name,))
    ).contracts
    return {
        ref.table: contract
        for ref, contract in found.items()
        if ref.layer is Layer.GOLD and contract.kind != "macro"
    }


@pytest.fixture(scope="module")
def lakes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, LakeConfig]:
    """One small lake for each domain, made when it is asked for."""
    return Lakes(tmp_path_factory.mktemp("lakes"))


class Lakes(dict[str, LakeConfig]):
    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def __missing__(self, name: str) -> LakeConfig:
        package = f"carms_lake.domains.{name}"
        config = LakeConfig(self.folder / name, Domain(name, package, (builtin_schemas() / name,)))
        generate(package, config.data_raw, SIZES[name])
        ingest(config)
        build(config)
        self[name] = config
        return config


def row_in_the_middle(config: LakeConfig, contract: Contract) -> dict[str, Any] | None:
    """The identity of one row, as JSON has it; None where the table is empty."""
    names = ", ".join(f'"{name}"' for name in identity(contract))
    table = f"gold.{contract.ref.table}"
    with duckdb.connect(str(config.gold_file), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        found = connection.execute(
            f"select to_json(one)::varchar from (select {names} from {table} order by all"
            f" offset (select count(*) // 2 from {table}) limit 1) as one"
        ).fetchall()
    return json.loads(found[0][0], parse_float=str) if found else None


@pytest.mark.parametrize(
    ("name", "table"), [(name, table) for name in SIZES for table in gold_of(name)]
)
def test_a_row_of_gold_leads_down_to_records_of_its_files(
    lakes: dict[str, LakeConfig], name: str, table: str
) -> None:
    config, contract = lakes[name], gold_of(name)[table]
    key = row_in_the_middle(config, contract)
    if key is None:
        pytest.skip("the generated lake has no row of it")
    way = trace(config, json.dumps(key), table=f"gold.{table}")
    assert [s.table.table for s in way.steps if s.role == Role.FOUND] == [table]
    assert not [note for note in way.notes if "cannot be followed" in note or "built from" in note]
    texts = [s.raw.text for s in way.steps if s.raw]
    assert bool(texts) == (table not in OF_WHOLE_TABLES)
    assert None not in texts


def steps(way: Trace, table: str) -> list[dict[str, Any]]:
    return [
        {value.column: value.value for value in step.values}
        for step in way.steps
        if step.table.in_domain == table
    ]


def test_an_hour_leads_to_the_readings_that_it_counts(lakes: dict[str, LakeConfig]) -> None:
    config = lakes["retail"]
    key = row_in_the_middle(config, gold_of("retail")["fact_sensor_hourly"])
    way = trace(config, json.dumps(key), table="fact_sensor_hourly")
    (hour,) = steps(way, "gold.fact_sensor_hourly")
    readings = steps(way, "silver.sensor_reading")
    assert len(readings) == hour["readings"] > 0
    assert {one["shelf_id"] for one in readings} == {hour["shelf_id"]}
    assert len(steps(way, "bronze.sensors")) == len(readings)


def test_a_customer_leads_to_the_merges_that_name_it(lakes: dict[str, LakeConfig]) -> None:
    config = lakes["ticketing"]
    with duckdb.connect(str(config.gold_file), read_only=True) as connection:
        merged, canonical = connection.execute(
            "select customer_id, canonical_customer_id from gold.dim_customer_identity"
            " where merges = 1 and is_current order by all limit 1"
        ).fetchall()[0]
    way = trace(config, merged)
    merges = steps(way, "silver.identity_merge")
    assert (merged, canonical) in {(m["from_customer_id"], m["to_customer_id"]) for m in merges}
    assert steps(way, "bronze.identity_merges")


def leaves(origin: Origin) -> list[Origin]:
    below = [leaf for one in origin.made_of for leaf in leaves(one)]
    return below or [origin]


def test_an_amount_leads_to_price_quantity_and_rate_in_the_files(
    lakes: dict[str, LakeConfig],
) -> None:
    config = lakes["retail"]
    with duckdb.connect(str(config.gold_file), read_only=True) as connection:
        order, line = connection.execute(
            "select order_id, line_number from gold.fact_sales"
            " where currency <> 'AUD' and net_amount_aud is not null order by all limit 1"
        ).fetchall()[0]
    key = f"order_id={order},line_number={line}"
    (origin,) = trace_value(config, key, "net_amount_aud", table="fact_sales").origins
    found = {f"{leaf.table}.{leaf.column}": leaf for leaf in leaves(origin)}
    assert set(found) == {
        "bronze.orders_lines.qty",
        "bronze.orders_lines.unit_price",
        "bronze.orders_lines.line_discount_pct",
        "bronze.orders_header.currency",
        "bronze.exchange_rates.rate_to_aud",
    }
    quantity = found["bronze.orders_lines.qty"].values[0]
    assert quantity.raw is not None
    assert (quantity.raw.text or "").startswith(f"{order},{line},")


def test_a_count_is_told_by_the_contract(lakes: dict[str, LakeConfig]) -> None:
    config = lakes["ticketing"]
    with duckdb.connect(str(config.gold_file), read_only=True) as connection:
        (order, count) = connection.execute(
            "select order_id, transactions from gold.fact_orders where transactions = 2"
            " order by all limit 1"
        ).fetchall()[0]
    (origin,) = trace_value(config, order, "transactions", table="fact_orders").origins
    assert origin.notes == ("the SELECT reads no column, as in a count; the contract names",)
    assert [below.column for below in origin.made_of] == ["transaction_id"]
    assert len(origin.made_of[0].values) == count


def test_a_comparison_with_another_source_leads_to_that_source_too(
    lakes: dict[str, LakeConfig],
) -> None:
    config = lakes["carms"]
    with duckdb.connect(str(config.gold_file), read_only=True) as connection:
        (program,) = connection.execute(
            "select min(program_stream_id) from gold.program_section where section_code = 'faq'"
        ).fetchall()[0]
    key = f"program_stream_id={program},section_code=faq"
    (origin,) = trace_value(config, key, "csv_outcome", table="silver.document_section").origins
    files = {leaf.table: leaf.values[0].place for leaf in leaves(origin)}
    assert files["bronze.program_descriptions_x_section"].startswith("9999_")
    assert files["bronze.markdown_program_descriptions"].startswith("9999_")
