"""`carms certify`: gold on Sail, compared with what DuckDB published."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import duckdb
import polars as pl
import pyarrow as pa
import pytest
from command import called
from tiny import built, put

from carms_lake import Lake, StoreError, UsageError
from carms_lake.adapters import spark
from carms_lake.adapters.spark import inputs
from carms_lake.adapters.spark import server as servers
from carms_lake.adapters.spark.compare import compared
from carms_lake.adapters.spark.server import Refused, Server, connected
from carms_lake.config import SparkServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TABLES = ["dim_product", "price_history", "fact_sale", "sales_above", "sales_by_product"]
TYPED = """
create or replace table gold.fact_sale as
select sale_id, product_key, quantity, amount::double as amount from gold.fact_sale
"""


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    config = built(tmp_path / "project")
    (config.project / "carms.toml").write_text('domain = "tiny"\n', encoding="utf-8")
    return Lake(config)


def changed(lake: Lake, *statements: str) -> None:
    """Change the published file by hand, as no build would."""
    with duckdb.connect(str(lake.config.gold_file)) as connection:
        for statement in statements:
            connection.execute(statement)


def build_of(lake: Lake) -> str:
    """The last build."""
    select = "select max(run_id) as run from ops.runs where command = 'build'"
    return str(lake.query(select).item())


def test_gold_of_another_engine_is_the_same(lake: Lake) -> None:
    done = spark.certify(lake)
    found = {parity.table_name: parity for parity in done.tables}
    assert sorted(found) == sorted(TABLES)
    macro = found.pop("sales_above")
    assert (macro.status, macro.message) == ("DuckDB only", "a macro: macros are DuckDB's")
    assert {n: (p.status, p.message) for n, p in found.items() if p.status != "exact"} == {}
    sale = found["fact_sale"]
    assert (sale.engine, sale.rows, sale.differing_rows) == ("sail", 2, 0)
    version = lake.silver_files("sale", sale.gold_run_id).version
    assert sale.reads == ("gold.dim_product", f"silver.sale {version}")
    assert found["dim_product"].rules == ("surrogate_key",)
    assert done.lost == ()
    assert lake.parity()["table_name"].to_list() == sorted(TABLES)
    assert list(lake.config.gold_file.parent.glob(".*.certify")) == []


def test_silver_is_read_as_the_build_read_it(lake: Lake) -> None:
    put(lake.config, "sales/day_2.csv", "sale_id,product_id,quantity\ns3,p1,9\n")
    lake.ingest()
    lake.build("silver.sale")
    (sale,) = spark.certify(lake, "fact_sale").tables
    assert (sale.status, sale.rows) == ("exact", 2)


def test_a_row_that_differs_is_counted_named_and_lost(lake: Lake) -> None:
    assert spark.certify(lake, "fact_sale").lost == ()
    changed(lake, "update gold.fact_sale set amount = amount + 1 where sale_id = 's1'")
    done = spark.certify(lake, "fact_sale")
    (sale,) = done.tables
    assert (sale.status, sale.differing_rows, sale.columns) == ("differs", 2, ("amount",))
    assert sale.message == "1 row only in DuckDB, 1 row only there"
    assert [text.partition(":")[0] for text in sale.examples] == ["only in DuckDB", "only there"]
    assert done.lost == ("fact_sale",)
    # What was lost once is not lost again.
    assert spark.certify(lake, "fact_sale").lost == ()


def test_the_command_says_what_was_found_and_ends_with_1_where_something_was_lost(
    lake: Lake,
) -> None:
    project = lake.config.project
    first = called(project, "certify", "fact_sale", "dim_product", "--engine", "sail")
    assert first.code == 0
    assert "fact_sale,exact,2,0," in first.out
    assert "2 of 2 tables certified on sail 0.7." in first.err
    changed(lake, "delete from gold.fact_sale where sale_id = 's1'")
    second = called(project, "certify", "fact_sale")
    assert second.code == 1
    assert "fact_sale,differs,1,1," in second.out
    assert "error: no longer certified: fact_sale" in second.err
    assert "`fact_sale` only there: {'sale_id': 's1'" in second.err


def test_private_columns_are_in_no_example(lake: Lake) -> None:
    contract = lake.contracts["dim_product"]
    columns = [replace(c, classification="confidential") for c in contract.columns]
    private = replace(contract, columns=tuple(columns))
    rows = lake.query("from gold.dim_product").clear().to_arrow()
    with lake.beside_files() as ask:
        found = compared(ask, private, rows, lake.config.project / "there.parquet")
    assert found.differing_rows == 3
    assert "Tea" not in "".join(found.examples)


@pytest.mark.parametrize(
    ("change", "status", "columns"),
    [
        (lambda x: x, "exact", ()),
        (lambda x: x * (1 + 1e-15), "close", ("amount",)),
        (lambda x: x * (1 + 1e-9), "differs", ("amount",)),
        (lambda _: None, "differs", ("amount",)),
    ],
)
def test_floats_may_differ_in_their_last_digits(
    lake: Lake,
    tmp_path: Path,
    change: Callable[[float], float | None],
    status: str,
    columns: tuple[str, ...],
) -> None:
    changed(lake, TYPED)
    rows = lake.query("from gold.fact_sale")
    there = rows.with_columns(
        pl.Series("amount", [change(x) for x in rows["amount"]], dtype=pl.Float64)
    )
    with lake.beside_files() as ask:
        found = compared(ask, lake.contracts["fact_sale"], there.to_arrow(), tmp_path / "x.parquet")
    assert (found.status, found.columns) == (status, columns)


def test_other_columns_and_types_differ(lake: Lake, tmp_path: Path) -> None:
    rows = pa.table({"sale_id": pa.array(["s1"]), "quantity": pa.array([1.5]), "more": [1]})
    with lake.beside_files() as ask:
        found = compared(ask, lake.contracts["fact_sale"], rows, tmp_path / "x.parquet")
    assert (found.status, found.columns) == (
        "differs",
        ("product_key", "quantity", "amount", "more"),
    )
    assert "`quantity` is DOUBLE, not INTEGER" in found.message
    assert "`more` is BIGINT, not a column" in found.message


def test_what_the_engine_refuses_does_not_run_and_the_others_do(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = Server.rows

    def refuses(self: Server, sql: str) -> pa.Table:
        return rows(self, sql if "surrogate" in sql or "SHIFTLEFT" in sql else f"{sql} nonsense(")

    monkeypatch.setattr(Server, "rows", refuses)
    found = {p.table_name: p for p in spark.certify(lake, "fact_sale", "dim_product").tables}
    assert found["dim_product"].status == "exact"
    assert found["fact_sale"].status == "does not run"
    assert "nonsense" in found["fact_sale"].message


def test_an_engine_that_does_not_see_the_lake_is_refused_before_anything_runs(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = inputs.seen
    monkeypatch.setattr(inputs, "seen", lambda *a: "/elsewhere" + seen(*a))
    with pytest.raises(StoreError, match=r"does not see the lake: `/elsewhere.*probe") as refused:
        spark.certify(lake)
    assert 'lake = "/mnt/lake"' in refused.value.hint
    assert lake.parity().is_empty()


def test_another_root_is_the_servers_view_of_the_lake(lake: Lake) -> None:
    there = Lake(replace(lake.config, spark=SparkServer("sc://host", "/mnt/lake/")))
    path = lake.config.lake / "silver" / "sale"
    elsewhere = Server("sc://host", "spark", "4.2.0", None)
    assert inputs.seen(there, elsewhere, path) == "/mnt/lake/tiny/silver/sale"
    assert inputs.seen(there, replace(elsewhere, url="sail"), path) == str(path)


def test_spark_reads_the_files_of_a_version_with_their_columns(lake: Lake) -> None:
    """Apache Spark has no Delta reader: Sail stands in for it and reads the files."""
    run = build_of(lake)
    with connected("sail") as sail, inputs.scratch_of(lake) as scratch:
        read = inputs.Inputs(lake, replace(sail, engine="spark"), run, scratch)
        select = spark.translate("select sale_id, amount from silver.sale", {}, "spark")
        assert read.read(select) == (f"silver.sale {lake.silver_files('sale', run).version}",)
        assert sail.rows(select.sql).num_rows == 2


def test_columns_of_spark_are_those_of_the_delta_table() -> None:
    columns = {
        "a": 'PrimitiveType("decimal(5,2)")',
        "b": 'ArrayType(PrimitiveType("string"), contains_null=True)',
    }
    assert inputs.schema_of("silver.x", columns) == "`a` decimal(5,2), `b` array<string>"
    with pytest.raises(Refused, match="nested type: `c`"):
        inputs.schema_of("silver.x", {"c": "StructType(...)"})


def test_a_server_that_goes_ends_it_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "_TRIES", 1)
    with ExitStack() as sail:
        address = sail.enter_context(servers._sail())
        with connected(address) as session:
            sail.close()
            with pytest.raises(StoreError, match=f"`{address}` has gone"):
                session.rows("select 1")


def test_where_nothing_listens_is_said_at_once(lake: Lake) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(StoreError, match="no Spark Connect server answers"):
        spark.certify(lake, engine=f"sc://127.0.0.1:{port}")


@pytest.mark.parametrize("engine", ["duckdb", "http://host:1", "sc://", "sc://host:port"])
def test_an_engine_is_sail_or_an_address(lake: Lake, engine: str) -> None:
    with pytest.raises(UsageError, match="is not an engine") as refused:
        spark.certify(lake, engine=engine)
    assert "sc://host:15002" in refused.value.hint


def test_an_address_with_a_token_is_refused_and_not_repeated(lake: Lake) -> None:
    with pytest.raises(UsageError) as refused:
        spark.certify(lake, engine="sc://host:443/;use_ssl=true;token=s3cret")
    assert "s3cret" not in refused.value.message + refused.value.hint


@pytest.mark.parametrize("said", ["0.6.4", "4.1.1 32f72996011089"])
def test_other_versions_are_refused(said: str) -> None:
    with pytest.raises(UsageError, match=r"for Spark 4\.2\.x and Sail 0\.7\.x"):
        servers.version_of(said)


def test_only_tables_of_gold_are_certified(lake: Lake) -> None:
    with pytest.raises(UsageError, match=r"`silver.sale` is not a table of gold"):
        spark.certify(lake, "silver.sale")


def test_the_masking_key_stays_here(lake: Lake) -> None:
    run = build_of(lake)
    select = spark.translate(
        "select p.product_id, keyed_hash(upper(p.name)) as mask from silver.product as p",
        spark.schema_of(lake),
        "sail",
    )
    with connected("sail") as sail, inputs.scratch_of(lake) as scratch:
        read = inputs.Inputs(lake, sail, run, scratch)
        assert read.read(select) == (f"silver.product {lake.silver_files('product', run).version}",)
        found = dict(zip(*sail.rows(select.sql).to_pydict().values(), strict=True))
        # The next SELECT wants another mask of the same table.
        text = select.sql.replace("p.carms_mask_0", "length(p.carms_mask_0), p.carms_mask_1")
        (mask,) = select.masks
        more = replace(mask, column="carms_mask_1", expression="name")
        read.read(replace(select, masks=(mask, more)))
        assert sail.rows(text).num_columns == 3
    names = lake.query("select product_id, upper(name) as name from silver.product")
    assert found == dict(zip(names["product_id"], lake.masked(names["name"]), strict=True))
    key = next((lake.config.project / ".carms").glob("*.key")).read_text(encoding="ascii").strip()
    assert key not in select.sql
