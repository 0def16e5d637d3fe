"""Time travel: all tables as they stood together after a run, gold as it was published then."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import ledger_lake
import pytest
from tiny import gold, put, rejects, rows, stocked

from carms_lake.errors import GoldMissing, QueryRefused, UsageError
from carms_lake.flows.build import build
from carms_lake.flows.ingest import ingest
from carms_lake.flows.query import query_frame, query_to_file
from carms_lake.flows.timetravel.as_of import CACHE, gold_as_of, resolve_as_of
from carms_lake.store import delta
from carms_lake.store.delta.log import run_ends
from carms_lake.store.delta.write import overwrite
from carms_lake.store.runs import resolve_run

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.config import LakeConfig

pytestmark = pytest.mark.slow

TABLES = (
    "bronze.products",
    "bronze.sales",
    "silver.product",
    "silver.product_history",
    "silver.sale",
    "gold.dim_product",
    "gold.fact_sale",
    "gold.price_history",
    "gold.sales_by_product",
)

State = dict[str, list[tuple[Any, ...]]]


def state(config: LakeConfig, tables: tuple[str, ...], as_of: str | None = None) -> State:
    """The rows of tables and of the rejects, sorted; none of those that are not there."""
    aside = "select layer, table_name, src_filename, src_row_number, row_key from ops.rejects"
    found: State = {}
    for table, ask in {**{name: f"from {name}" for name in tables}, "rejects": aside}.items():
        try:
            found[table] = sorted(query_frame(config, ask, as_of=as_of).rows(), key=repr)
        except (GoldMissing, QueryRefused) as error:
            if not error.message.startswith(("no table ", "no gold ")):
                raise
            found[table] = []
    return found


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[LakeConfig, dict[str, State]]:
    """A shop after three deliveries, and what it held after each run."""
    config = stocked(tmp_path_factory.mktemp("shop"))
    states: dict[str, State] = {}
    deliveries = (
        ("sales/day_1.csv", "sale_id,product_id,quantity\ns1,p1,2\ns2,p9,1\n"),
        ("sales/day_2.csv", "sale_id,product_id,quantity\ns3,p2,x\ns4,p2,5\n"),
        ("products.csv", "product_id,name,price\np1,Tea,3.00\np9,Ham,9.00\n"),
    )
    for name, text in deliveries:
        put(config, name, text)
        for flow in (ingest, build):
            report = flow(config)
            states[report.run_id] = state(config, TABLES)
    return config, states


def test_every_run_left_what_can_still_be_read(
    shop: tuple[LakeConfig, dict[str, State]],
) -> None:
    config, states = shop
    for run_id, then in states.items():
        assert state(config, TABLES, run_id) == then, run_id
    # The fixture is no proof unless its states differ.
    assert len({repr(then) for then in states.values()}) == len(states)


def test_all_kinds_of_gold_answer_as_of_a_run(
    shop: tuple[LakeConfig, dict[str, State]],
) -> None:
    config, states = shop
    built, built_again = list(states)[1], list(states)[3]
    ask = "select sale_id from sales_above(2) order by 1"
    assert query_frame(config, ask, as_of=built).rows() == [("s1",)]
    assert query_frame(config, ask, as_of=built_again).rows() == [("s1",), ("s4",)]
    listed = query_frame(config, "show tables", as_of=built).rows()
    assert ("fact_sale",) in listed


def test_gold_of_then_is_computed_once_and_kept(
    shop: tuple[LakeConfig, dict[str, State]],
) -> None:
    config, states = shop
    runs = list(states)
    first = gold_as_of(config, runs[1])
    assert first is not None
    made = first.stat().st_mtime_ns
    assert first.parent == config.lake / CACHE
    assert gold_as_of(config, runs[2]) == first, "an ingest publishes nothing"
    assert first.stat().st_mtime_ns == made
    assert gold_as_of(config, runs[5]) == config.gold_file
    assert gold_as_of(config, runs[0]) is None
    assert [path.name for path in first.parent.iterdir() if path.name.startswith(".")] == []


def test_before_the_first_build_there_was_no_gold(
    shop: tuple[LakeConfig, dict[str, State]],
) -> None:
    config, states = shop
    first = next(iter(states))
    with pytest.raises(GoldMissing, match="no gold had been published as of run"):
        query_frame(config, "from fact_sale", as_of=first)
    assert query_frame(config, "select count(*) from bronze.sales", as_of=first).rows() == [(2,)]


def test_a_query_of_the_lake_alone_computes_no_gold(
    shop: tuple[LakeConfig, dict[str, State]], tmp_path: Path
) -> None:
    config, states = shop
    cache = config.lake / CACHE
    before = sorted(cache.iterdir()) if cache.exists() else []
    ask = "with x as (from silver.sale) select count(*) from x"
    assert query_frame(config, ask, as_of=list(states)[3]).rows() == [(2,)]
    path = tmp_path / "rows.parquet"
    assert query_to_file(config, "from sale", path, "parquet", as_of=list(states)[3]) == 2
    assert (sorted(cache.iterdir()) if cache.exists() else []) == before


def test_a_time_is_the_last_run_that_had_ended(
    shop: tuple[LakeConfig, dict[str, State]],
) -> None:
    config, states = shop
    ends = {end.run_id: end.at for end in run_ends(config)}
    runs = list(states)
    assert list(ends) == runs
    middle = ends[runs[2]]
    assert resolve_as_of(config, middle.isoformat()).run_id == runs[2]
    assert resolve_as_of(config, (middle - timedelta(microseconds=1)).isoformat()).run_id == runs[1]
    assert resolve_as_of(config, f"{middle.replace(tzinfo=None)}").run_id == runs[2], "UTC"
    assert resolve_as_of(config, "2999-01-01").run_id == runs[-1]


def test_a_run_is_known_by_a_part_of_its_id_and_by_how_long_ago_it_was(
    shop: tuple[LakeConfig, dict[str, State]],
) -> None:
    config, states = shop
    runs = list(states)
    named = {run: (run, run[:-4], run[-6:], run[-6:-1]) for run in runs}
    named[runs[-1]] += ("last", "1")
    named[runs[-2]] += ("previous", "2")
    for run, names in named.items():
        for name in names:
            assert resolve_as_of(config, name).run_id == resolve_run(config, name) == run


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2001-01-01", "no run had ended by 2001-01-01 00:00:00 UTC"),
        ("20010101T000000", "no run `20010101T000000`"),
        ("999", "no run `999`: 6 runs so far"),
        ("0", "no run `0`"),
        ("yesterday", "neither a run nor a time"),
    ],
)
def test_what_means_no_run_is_wrong_usage(
    shop: tuple[LakeConfig, dict[str, State]], text: str, message: str
) -> None:
    with pytest.raises(UsageError, match=message) as raised:
        query_frame(shop[0], "select 1", as_of=text)
    assert raised.value.hint


def test_what_means_several_runs_is_wrong_usage(
    shop: tuple[LakeConfig, dict[str, State]],
) -> None:
    config, states = shop
    with pytest.raises(UsageError, match="means 6 runs"):
        resolve_as_of(config, f"{next(iter(states))[:9]}")


def test_a_table_that_came_later_is_not_there_then(
    shop: tuple[LakeConfig, dict[str, State]],
) -> None:
    config, states = shop
    with pytest.raises(QueryRefused, match=r"no table `silver\.sale`"):
        query_frame(config, "from silver.sale", as_of=next(iter(states)))


def test_a_second_domain_goes_back_in_time_too(tmp_path: Path) -> None:
    config = ledger_lake.project(tmp_path)
    tables = ("silver.entry", "silver.posting", "gold.fact_entry", "gold.balance")
    states: dict[str, State] = {}
    for number, names in enumerate(("ab", "abc")):
        ledger_lake.accounts(config, names)
        ledger_lake.entries(config, f"e{number}", [(number, "a", 5), (number + 10, "c", 7)])
        ingest(config)
        report = build(config)
        states[report.run_id] = state(config, tables)
    assert len({repr(then) for then in states.values()}) == len(states)
    for run_id, then in states.items():
        assert state(config, tables, run_id) == then


def test_a_killed_build_left_rows_that_belong_to_it_alone(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    ingest(config)
    first = build(config).run_id
    before = state(config, TABLES)
    # As after a SIGKILL: silver rows of a run that published nothing and recorded nothing.
    path = config.lake / "silver" / "sale"
    lost = "29990101T000000.000000Z-ffffff"
    overwrite(path, delta.scan(path).collect()[:1], {"run_id": lost})
    assert len(rows(config, "silver.sale")) == 1
    assert state(config, TABLES, first) == before
    assert len(query_frame(config, "from silver.sale", as_of=lost).rows()) == 1
    assert len(gold(config, "from gold.fact_sale")) == 2


def test_rejects_of_then_are_those_that_counted_then(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    put(config, "sales/day_1.csv", "sale_id,product_id,quantity\ns1,p1,x\ns2,p1,y\n")
    broken = ingest(config).run_id
    put(config, "sales/day_1.csv", "sale_id,product_id,quantity\ns1,p1,1\ns2,p1,y\n")
    ingest(config)
    assert len(rejects(config)) == 1
    ask = "select src_row_number from ops.rejects order by 1"
    assert query_frame(config, ask, as_of=broken).rows() == [(1,), (2,)]
