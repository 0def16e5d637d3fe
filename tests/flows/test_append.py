"""Tables of a domain's own layers: appended to by commands, known to those of the lake."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from tiny import PRODUCTS, SALES, project, put

import carms_lake
from carms_lake import Lake
from carms_lake.config import LakeConfig
from carms_lake.flows.maintenance import optimize
from carms_lake.flows.query import table_frame
from carms_lake.flows.timetravel.restore import restore
from carms_lake.store import table_path
from carms_lake.store.delta import write

SHELF = {"product_id": ["p1", "p2"], "quantity": [3, 4]}


@pytest.fixture
def config(tmp_path: Path) -> LakeConfig:
    return project(tmp_path)


def count(config: LakeConfig, by: str = "Ann", **columns: list[object]) -> str:
    shelf = pl.DataFrame(columns or SHELF)
    rows = {"stock.shelf": shelf, "stock.counting": pl.DataFrame({"counted_by": [by]})}
    return Lake(config).append(rows, "count").run_id


def test_rows_are_kept_with_their_run_and_can_be_queried(config: LakeConfig) -> None:
    run = count(config)
    lake = Lake(config)
    assert lake.query("select run_id, counted_by from stock.counting").rows() == [(run, "Ann")]
    joined = "select counted_by, product_id, quantity from stock.shelf join counting using (run_id)"
    assert sorted(lake.query(joined).rows()) == [("Ann", "p1", 3), ("Ann", "p2", 4)]
    assert lake.query("select command, status from ops.runs").rows() == [("count", "done")]
    assert lake.table("tiny.stock.shelf").collect()["run_id"].unique().to_list() == [run]


def test_a_second_run_changes_no_row_of_the_first(config: LakeConfig) -> None:
    first = count(config)
    before = Lake(config).query("from stock.shelf").sort("product_id")
    count(config, "Bea")
    after = Lake(config).query("from stock.shelf where run_id = $run", {"run": first})
    assert after.sort("product_id").equals(before)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({"product_id": ["p1"], "quantity": [-1]}, "shelf"),
        ({"product_id": ["p1", "p1"], "quantity": [1, 2]}, "primaryKey"),
        ({"product_id": ["p1", "p1"], "quantity": [1, 1]}, "twice"),
        ({"product_id": ["p1", None], "quantity": [1, 1]}, "required"),
    ],
)
def test_rows_that_break_their_contract_are_not_kept(
    config: LakeConfig, rows: dict[str, list[object]], said: str
) -> None:
    with pytest.raises(carms_lake.DataError, match=said):
        count(config, **rows)
    assert not table_path(config, Lake(config).contracts["stock.shelf"].ref).exists()


def test_only_tables_of_own_layers_are_appended_to(config: LakeConfig) -> None:
    with pytest.raises(carms_lake.UsageError, match=r"silver\.sale"):
        Lake(config).append({"silver.sale": pl.DataFrame()}, "count")
    with pytest.raises(carms_lake.UsageError, match="no table"):
        Lake(config).append({}, "count")
    with pytest.raises(carms_lake.ContractError, match="quantity"):
        count(config, product_id=["p1"], quantity=["three"])


def killed(config: LakeConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that dies when it has appended to the first of the two tables."""
    real = write.append

    def dies(path: Path, *rest: object, **more: object) -> int:
        if path.name == "counting":
            raise KeyboardInterrupt
        return real(path, *rest, **more)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(write, "append", dies)
        with pytest.raises(KeyboardInterrupt):
            count(config, "half")


def test_nothing_is_seen_of_a_run_that_was_killed_half_way(
    config: LakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed(config, monkeypatch)
    assert Lake(config).table("stock.shelf").collect().is_empty()
    first = count(config)
    killed(config, monkeypatch)
    lake = Lake(config)
    for rows in (
        lake.query("select distinct run_id from stock.shelf"),
        lake.table("shelf").select("run_id").unique().collect(),
        lake.query("select distinct run_id from stock.shelf", as_of="2999-01-01"),
    ):
        assert rows.rows() == [(first,)]
    optimize(config)  # what writes next takes the half back, so that it never counts
    assert lake.table("stock.shelf").collect()["run_id"].unique().to_list() == [first]
    second = count(config, "Bea")
    assert set(lake.query("select run_id from stock.shelf")["run_id"]) == {first, second}


def test_commands_of_the_lake_know_the_tables(config: LakeConfig) -> None:
    first, second = count(config), count(config, "Bea")
    lake = Lake(config)
    listed = {row["table"]: row for row in lake.tables().to_dicts()}
    assert (listed["stock.shelf"]["layer"], listed["stock.shelf"]["rows"]) == ("stock", 4)
    assert "stock.counting" in lake.contracts
    history = lake.history("stock.shelf")
    assert history.filter(command="count")["run_id"].to_list() == [second, first]
    diff = {str(t.table): t for t in lake.diff(first, second).tables}["tiny.stock.shelf"]
    assert (diff.rows.added, diff.rows.removed, diff.why) == (2, 0, (f"appended by run {second}",))
    as_of = lake.query("select distinct counted_by from stock.counting", as_of=first)
    assert as_of.rows() == [("Ann",)]
    assert lake.status().tables.filter(table="stock.shelf")["rows"].to_list() == [4]
    version = history.filter(run_id=first)["version"][0]
    assert restore(config, "stock.shelf", str(version), yes=True).to_rows == 2
    assert table_frame(config, "stock.shelf").collect()["run_id"].unique().to_list() == [first]


def test_the_next_build_publishes_the_tables_and_check_looks_at_them(config: LakeConfig) -> None:
    put(config, "products.csv", PRODUCTS)
    put(config, "sales/day_1.csv", SALES)
    lake = Lake(config)
    lake.ingest()
    lake.build()
    assert published(config, "select count(*) from stock.shelf") == [(0,)]
    assert lake.query("from stock.shelf").is_empty()
    run = count(config)
    report = lake.build()
    assert not report.failed_checks
    assert {str(check.table.layer) for check in report.checks} >= {"stock", "gold"}
    assert published(config, "select run_id, quantity from stock.shelf order by all") == [
        (run, 3),
        (run, 4),
    ]
    asked = "select run_id, quantity from stock.shelf order by all"
    assert carms_lake.Published(config).ask(asked)[1] == [(run, 3), (run, 4)]
    assert lake.build().checks == ()
    assert {c.rule for c in lake.check().checks if c.table.layer == "stock"}


def test_rows_older_than_a_column_are_null_in_it_everywhere(config: LakeConfig) -> None:
    put(config, "products.csv", PRODUCTS)
    put(config, "sales/day_1.csv", SALES)
    count(config)
    own = config.project / "schemas/tiny/stock/counting.odcs.yaml"
    own.parent.mkdir(parents=True)
    text = (config.domain.schemas[0] / "stock/counting.odcs.yaml").read_text(encoding="utf-8")
    note = "  - name: note\n    logicalType: string\n    description: A note.\n"
    own.write_text(text + note, encoding="utf-8")
    domain = replace(config.domain, schemas=(*config.domain.schemas, own.parents[1]))
    later = replace(config, domain=domain)
    lake = Lake(later)
    assert lake.query("select counted_by, note from stock.counting").rows() == [("Ann", None)]
    assert lake.table("stock.counting").collect()["note"].to_list() == [None]
    lake.ingest()
    assert not lake.build().failed_checks
    assert not lake.check().failed_checks
    assert published(later, "select note from stock.counting") == [(None,)]
    rows = {"stock.counting": pl.DataFrame({"counted_by": ["Bea"], "note": ["all"]})}
    lake.append(rows, "count")
    assert sorted(lake.query("select counted_by, note from stock.counting").rows()) == [
        ("Ann", None),
        ("Bea", "all"),
    ]


def published(config: LakeConfig, sql: str) -> list[tuple[object, ...]]:
    import duckdb

    with duckdb.connect(str(config.gold_file), read_only=True) as connection:
        return connection.sql(sql).fetchall()
