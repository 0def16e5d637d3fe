"""What the contracts of gold say of a value's origin, held against the SELECTs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import polars as pl
import pytest
from helpers import columns_read

from carms_lake.catalog import load_catalog
from carms_lake.config import Domain, builtin_schemas
from carms_lake.names import Layer
from carms_lake.quality.rejected import REJECT_SCHEMA
from carms_lake.store.gold import file as warehouse
from carms_lake.store.ops import OPS_SCHEMAS
from carms_lake.store.sql.column_lineage import Prepared, column_origins, prepared
from carms_lake.store.sql.row_lineage import MARK, lineage_query

if TYPE_CHECKING:
    from carms_lake.catalog import GoldStep
    from carms_lake.contract.model import Contract
    from carms_lake.names import TableRef
    from carms_lake.store.sql.column_lineage import ColumnOrigin

OPS = {**OPS_SCHEMAS, "rejects": dict(REJECT_SCHEMA)}
EPOCHS = "silver.program_history.match_iteration_id silver.program_history.program_stream_id"
CALENDAR = (
    "silver.customer_return.returned_at silver.event.event_on silver.order_header.ordered_at"
    " silver.sensor_reading.sensor_at silver.shipment.delivered_at silver.shipment.shipped_at"
)
PRODUCT_KEY = "silver.product_history.product_id silver.product_history.valid_from"
WHICH_NAME = "silver.other_name.language silver.other_name.name_type"
FEWER = {
    # A key is looked up: the contract names what it is looked up by, not what made the key.
    "carms.fact_program.discipline_key": "silver.discipline.discipline_id",
    "carms.fact_program.approved_date_key": "silver.interview_date.interview_on"
    " silver.program_history.deleted_on silver.program_history.valid_from"
    " silver.program_history.valid_to",
    "carms.fact_interview_date.date_key": "silver.program_history.approved_on"
    " silver.program_history.deleted_on silver.program_history.valid_from"
    " silver.program_history.valid_to",
    "carms.bridge_program_requirement.program_key": "silver.program_history.valid_from",
    "carms.bridge_program_selection_criterion.program_key": "silver.program_history.valid_from",
    "carms.fact_interview_date.program_key": "silver.program_history.valid_from",
    "carms.program_evidence.program_key": "silver.program_history.valid_from",
    "carms.program_feature.program_key": "silver.program_history.valid_from",
    "carms.search_document.program_key": "silver.program_history.valid_from",
    "carms.search_field.program_key": "silver.program_history.valid_from",
    "carms.program_section_all_iterations.program_key": "silver.program_history.valid_from",
    "retail.fact_returns.product_key": PRODUCT_KEY,
    "retail.fact_sales.customer_key": "silver.customer_history.customer_id"
    " silver.customer_history.valid_from",
    "retail.fact_sales.product_key": PRODUCT_KEY,
    "retail.fact_sales.store_key": "silver.store.store_id",
    "retail.fact_sensor_hourly.store_key": "silver.store.store_id",
    # So is a day: what made the calendar says nothing of which day it is.
    "retail.customer_360.segment": CALENDAR,
    "retail.customer_360.first_order_on": CALENDAR,
    "retail.customer_360.last_order_on": CALENDAR,
    "retail.customer_360.recency_days": CALENDAR,
    "retail.store_performance.calendar_year": CALENDAR,
    # Which of several names an aggregate takes.
    "carms.dim_discipline.discipline_name_fr": WHICH_NAME,
    "carms.dim_discipline.discipline_short_name": "silver.other_name.name_type",
    "carms.dim_school.school_name_fr": WHICH_NAME,
    "carms.dim_school.school_short_name": "silver.other_name.name_type",
    # What a window is partitioned by.
    "carms.fact_program.created_at": EPOCHS,
    "carms.fact_interview_date.created_at": EPOCHS,
    # The sides of a union share their columns.
    "ticketing.event_funnel.customers_ordered": "silver.page_view.page_type",
}
NOT_FOLLOWED = {
    # A recursive macro.
    "ticketing.identity_at.canonical_customer_id",
    # What a macro makes of its argument, and what is made of that.
    "carms.search_terms.text_ordinal",
    "carms.search_terms.word_ordinal",
    "carms.search_terms.term",
    "carms.search_terms.is_stop_word",
    "carms.search_posting.term",
    "carms.search_programs.score",
    "carms.search_query.word",
}


@dataclass(frozen=True)
class Kit:
    """A domain, its SELECTs, and what sqlglot finds in them."""

    contracts: dict[TableRef, Contract]
    steps: dict[str, GoldStep]
    selects: dict[str, Prepared]
    origins: dict[str, dict[str, ColumnOrigin]]

    def to_silver(self, columns: tuple[str, ...], *, by_contract: bool) -> set[str]:
        """Columns of gold as the columns below gold that they are made of."""
        found = set()
        for text in columns:
            table, _, column = text.rpartition(".")
            if table not in self.steps:
                found.add(text)
                continue
            below = self.origins[table][column].columns
            if by_contract:
                below = self.steps[table].contract.column(column).sources
            found |= self.to_silver(below, by_contract=by_contract) or {text}
        return found


def schemas_of(name: str) -> Path:
    return builtin_schemas() / name if name in BUILT_IN else Path(str(files(name))) / "schemas"


BUILT_IN = ("carms", "retail", "ticketing")
DOMAINS = {**{name: name for name in BUILT_IN}, "tiny_shop": "tiny", "ledger": "ledger"}


@cache
def kit(package: str) -> Kit:
    name = DOMAINS[package]
    folder = schemas_of(package)
    module = f"carms_lake.domains.{package}" if package in BUILT_IN else package
    catalog = load_catalog(Domain(name, module, (folder,)))
    found = catalog.contracts
    steps = {step.contract.ref.in_domain: step for step in catalog.gold_steps}
    schema: dict[str, dict[str, list[str]]] = {"ops": {t: list(c) for t, c in OPS.items()}}
    for ref, contract in found.items():
        schema.setdefault(ref.layer, {})[ref.table] = list(contract.column_names)
    selects = {table: prepared(step.sql, schema) for table, step in steps.items()}
    origins = {table: column_origins(select) for table, select in selects.items()}
    return Kit(found, steps, selects, origins)


def every_table() -> list[tuple[str, str]]:
    return [(package, table) for package in DOMAINS for table in kit(package).steps]


@pytest.mark.parametrize(("package", "table"), every_table())
def test_every_column_of_gold_can_be_followed(package: str, table: str) -> None:
    of = kit(package)
    unknown = {
        f"{DOMAINS[package]}.{of.steps[table].contract.ref.table}.{name}"
        for name, origin in of.origins[table].items()
        if origin.unknown
    }
    assert unknown <= NOT_FOLLOWED
    assert set(of.origins[table]) == set(of.steps[table].contract.column_names)


@pytest.mark.parametrize(("package", "table"), every_table())
def test_a_contract_names_nothing_that_its_select_does_not_read(package: str, table: str) -> None:
    of = kit(package)
    read = tuple(columns_read(of.selects[table]))
    known = {*read}
    for by_contract in (True, False):
        known |= of.to_silver(read, by_contract=by_contract)
    # count(*) reads no column: what is counted is named by the table's key.
    for ref in of.steps[table].reads:
        known |= {f"{ref.in_domain}.{name}" for name in identity(of.contracts[ref])}
    contract = of.steps[table].contract
    strangers = {c.name: set(c.sources) - known for c in contract.columns if set(c.sources) - known}
    assert strangers == {}


def identity(contract: Contract) -> tuple[str, ...]:
    return contract.primary_key or contract.column_names


@pytest.mark.parametrize(("package", "table"), every_table())
def test_a_select_reads_no_value_that_its_contract_does_not_name(package: str, table: str) -> None:
    of = kit(package)
    contract = of.steps[table].contract
    missing = {}
    for column in contract.columns if any(c.sources for c in contract.columns) else ():
        found = of.to_silver(of.origins[table][column.name].columns, by_contract=False)
        named = of.to_silver(column.sources, by_contract=True)
        named |= of.to_silver(column.sources, by_contract=False)
        fewer = {name for name in found - named if not name.startswith("ops.")}
        expected = FEWER.get(f"{DOMAINS[package]}.{contract.ref.table}.{column.name}", "")
        if fewer != set(expected.split()):
            missing[column.name] = fewer
    assert missing == {}


@pytest.mark.parametrize("package", DOMAINS)
def test_every_select_of_gold_can_carry_the_keys_of_what_it_reads(package: str) -> None:
    of = kit(package)
    keys = {ref.in_domain: c.primary_key for ref, c in of.contracts.items() if c.kind == "table"}
    with duckdb.connect() as connection:
        connection.execute("create schema silver; create schema gold; create schema ops")
        connection.execute(warehouse.SURROGATE_KEY)
        connection.execute("create temp macro keyed_hash(word) as sha256(word)")
        for ref, contract in of.contracts.items():
            if ref.layer in (Layer.SILVER, Layer.GOLD) and contract.kind != "macro":
                columns = ", ".join(f'"{c.name}" {c.type.sql}' for c in contract.columns)
                connection.execute(f"create table {ref.in_domain} ({columns})")
        for name, columns in OPS.items():
            frame = pl.DataFrame(schema=columns).to_arrow()
            connection.register("frame", frame)
            connection.execute(f"create table ops.{name} as from frame")
        for step in of.steps.values():
            if step.contract.kind == "macro":
                asked = ", ".join(step.contract.parameters)
                name = step.contract.ref.in_domain
                connection.execute(f"create macro {name}({asked}) as table {step.sql}")
        for table, step in of.steps.items():
            if step.contract.kind == "macro":
                continue
            select = lineage_query(of.selects[table], keys, limit=20)
            found = connection.execute(f"describe {select.sql}").fetchall()
            own = [name for name, *_ in found if not name.startswith(MARK)]
            assert sorted(own) == sorted(step.contract.column_names)
            assert select.columns or select.whole or not step.reads or step.contract.kind == "view"
