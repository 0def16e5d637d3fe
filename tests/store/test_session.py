"""`carms query` answers from the lake, and can do nothing else."""

from __future__ import annotations

import shutil
import sys
import time
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import polars as pl
import pytest
from command import carms
from deltalake import DeltaTable, write_deltalake
from lakes import config_of, digest, small_lake

from carms_lake.cli.exit_codes import ExitCode
from carms_lake.errors import GoldMissing, QueryLimit, QueryRefused, StoreError
from carms_lake.flows.query import query_batches, query_frame
from carms_lake.store import delta
from carms_lake.store.query import _session, answering, streaming
from carms_lake.store.sql.statement import REFUSED_FUNCTIONS

if TYPE_CHECKING:
    from carms_lake.config import LakeConfig

ATTACKS = sorted((Path(__file__).parents[1] / "attacks").glob("*.sql"))
HUNGRY = sorted((Path(__file__).parents[1] / "attacks" / "hungry").glob("*.sql"))
"""Attacks on memory and time, each in a process of its own, as the command is."""

NOON = datetime(2025, 1, 1, 12)  # noqa: DTZ001 - what the lake stores as UTC comes without a zone


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> LakeConfig:
    return small_lake(tmp_path_factory.mktemp("lake"))


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("select 1", [(1,)]),
        ("select quota from program_profile order by 1", [(3,), (4,)]),
        ("select quota from gold.program_profile order by 1", [(3,), (4,)]),
        ("select quota from carms.gold.program_profile order by 1", [(3,), (4,)]),
        ("select quota from large", [(4,)]),
        ("select quota from carms.gold.large", [(4,)]),
        ("select program_stream_id from with_quota(4)", [("1",)]),
        ("select program_stream_id from gold.with_quota(2, more := 2)", [("1",)]),
        ("select program_stream_id from carms.gold.with_quota(4, 0)", [("1",)]),
        ("select gold.doubled(2), doubled(3)", [(4, 6)]),
        ("select seen_at, tags from silver.program order by hash", [(NOON, ["x"]), (NOON, None)]),
        ("select count(*) from carms.silver.program", [(2,)]),
        ("select count(*) from program", [(2,)]),
        ("select count(*) from BRONZE.Program_Master", [(2,)]),
        ("select count(*) from bronze.discipline", [(0,)]),
        ("select run_id from ops.runs", [("live",)]),
        ("select run_id from carms.ops.runs", [("live",)]),
        ("select run_id from runs", [("live",)]),
        ("select table_name from ops.lineage", [("published",)]),
        ("select table_name from carms.ops.lineage", [("published",)]),
        ("with program as (select 7 as x) select x from program", [(7,)]),
        ("select count(*) from large join silver.program using (program_stream_id)", [(1,)]),
        ("from (values (1), (2)) t(a) order by a", [(1,), (2,)]),
        ("pivot (select 'a' as k, 1 as v) on k in ('a') using sum(v)", [(1,)]),
        ("select unnest([1, 2])", [(1,), (2,)]),
        ("select current_date > date '2020-01-01'", [(True,)]),
    ],
)
def test_names_are_found_in_gold_then_silver_bronze_and_ops(
    lake: LakeConfig, sql: str, rows: list[tuple[object, ...]]
) -> None:
    assert query_frame(lake, sql).rows() == rows


def test_a_result_has_names_types_and_exact_values(lake: LakeConfig) -> None:
    result = query_frame(
        lake, "select quota, tuition, approved_at from program_profile where quota = 4"
    )
    assert dict(result.schema) == {
        "quota": pl.Int32,
        "tuition": pl.Decimal(10, 2),
        "approved_at": pl.Datetime("us"),
    }
    assert result.rows() == [(4, Decimal("1.50"), datetime(2025, 1, 1, 10))]  # noqa: DTZ001 - as above


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("interval 1 day", "1 day"),
        ("[interval 1 day]", ["1 day"]),
        ("union_value(a := 1)", "1"),
        ("'101'::bit", "101"),
        ("12345678901234567890123456789::bignum", "12345678901234567890123456789"),
        ("'10:00:00+01'::timetz", "10:00:00+01"),
    ],
)
def test_a_type_that_polars_lacks_comes_as_text(lake: LakeConfig, value: str, text: str) -> None:
    assert query_frame(lake, f'select {value} as "a b", 1 as c').rows() == [(text, 1)]


@pytest.mark.parametrize(
    ("select", "names"),
    [
        ("1 as a, 2 as a", ("a", "a_2")),
        ("1 as a, 2 as a, 3 as a, 4 as a_2", ("a", "a_3", "a_4", "a_2")),
        ("1 as a, interval 1 month as a, 'x' as b", ("a", "a_2", "b")),
        ("one.*, two.* from silver.program one, silver.program two limit 0", None),
    ],
)
def test_later_columns_of_a_name_get_a_number(
    lake: LakeConfig, select: str, names: tuple[str, ...] | None
) -> None:
    found = query_frame(lake, f"select {select}")
    with answering(lake, f"select {select}") as answer:
        assert answer.columns == tuple(found.columns)
    assert len(set(found.columns)) == len(found.columns)
    assert names is None or tuple(found.columns) == names


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("age(date '2024-03-31', date '2024-02-29')", "1 month 2 days"),
        ("interval 1 year", "1 year"),
        ("interval '-5 minutes'", "-00:05:00"),
        ("[interval 1 month, null]", ["1 month", None]),
        ("null::interval", None),
        ("$span::interval", "3 months"),
    ],
)
@pytest.mark.parametrize("after", ["", ";", " -- the end", "; -- the end ; of it", "\n;\n/* ; */"])
def test_an_interval_is_written_as_duckdb_writes_it(
    lake: LakeConfig, value: str, text: str | None, after: str
) -> None:
    sql = f"select {value} as v, ';' as c order by 2{after}"
    parameters = {"span": "3 months"} if "$" in value else None
    with answering(lake, sql, parameters) as answer:
        assert [row for batch in answer.batches for row in batch] == [(text, ";")]
    if not after:
        assert query_frame(lake, sql, parameters).rows() == [(text, ";")]


def test_parameters_take_the_place_of_names(lake: LakeConfig) -> None:
    hostile = "1' or '1'='1"
    sql = "select count(*) from program_profile where program_stream_id = $id"
    assert query_frame(lake, sql, {"id": "1"}).rows() == [(1,)]
    assert query_frame(lake, sql, {"id": hostile}).rows() == [(0,)]


@pytest.mark.parametrize(
    "sql", ["describe silver.program", "summarize program_profile", "explain from program_profile",
            "explain analyze select 1", "show tables", "show all tables"],
)  # fmt: skip
def test_statements_about_tables_are_answered(lake: LakeConfig, sql: str) -> None:
    assert query_frame(lake, sql).rows()


def test_show_tables_names_the_whole_lake(lake: LakeConfig) -> None:
    found = query_frame(
        lake, "select table_schema, table_name from information_schema.tables"
    ).rows()
    assert {
        ("gold", "large"),
        ("bronze", "discipline"),
        ("silver", "program"),
        ("ops", "runs"),
    } <= set(found)


def test_a_gold_table_hides_a_silver_one_of_the_same_name(lake: LakeConfig) -> None:
    assert "quota" in query_frame(lake, "from program_profile").columns
    assert "hash" in query_frame(lake, "from silver.program_profile").columns


def test_rows_that_delta_deleted_are_not_seen_and_new_columns_are_null(tmp_path: Path) -> None:
    config = small_lake(tmp_path)
    path = config.lake / "silver" / "program"
    DeltaTable(str(path)).delete("program_stream_id = '1'")
    assert query_frame(config, "select program_stream_id from silver.program").rows() == [("2",)]
    wider = delta.scan(path).collect().with_columns(extra=pl.lit(None, dtype=pl.Int64)).clear()
    write_deltalake(str(path), wider, mode="append", schema_mode="merge")
    assert query_frame(config, "select program_stream_id, extra from silver.program").rows() == [
        ("2", None)
    ]


def test_rows_stream_in_batches(lake: LakeConfig) -> None:
    with query_batches(lake, "from range(25000)") as answer:
        assert [len(batch) for batch in answer.batches] == [10000, 10000, 5000]


def test_a_stream_of_arrow_batches_has_all_rows(lake: LakeConfig) -> None:
    with streaming(lake, "from range(25000)") as answer:
        assert sum(batch.num_rows for batch in answer.batches) == 25000


def test_a_time_limit_holds_for_a_stream_too(lake: LakeConfig) -> None:
    config = config_of(lake.project, query_timeout_s=0.3)
    with pytest.raises(QueryLimit), streaming(config, "from range(9000000000000)") as answer:
        for _ in answer.batches:
            pass


@pytest.mark.parametrize(
    "what", ["SET enable_external_access", "SET lock_configuration", "BEGIN TRANSACTION READ ONLY"]
)
def test_the_connection_itself_is_locked_behind_the_parser(lake: LakeConfig, what: str) -> None:
    """The second wall: what the parser let through would still meet it."""
    hostile = {
        "SET enable_external_access": "FROM read_text('/etc/hostname')",
        "SET lock_configuration": "SET memory_limit = '64GB'",
        "BEGIN TRANSACTION READ ONLY": "CREATE TABLE carms.gold.t AS SELECT 1",
    }
    with pytest.raises(QueryRefused), _session(lake, "select 1") as (session, _):
        session.connection.execute(hostile[what])


@pytest.mark.slow
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda path: path.stem)
def test_an_attack_is_refused_and_changes_nothing(
    attack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused, or stopped at a limit: no attack is answered, and no byte of the folder changes."""
    project = tmp_path / "project"
    config = small_lake(project)
    shutil.copytree(config.lake / "silver" / "program", tmp_path / "outside")
    config = config_of(project, memory_limit="200MB", query_timeout_s=2.0)
    monkeypatch.chdir(project)
    parquet = next((config.lake / "silver" / "program").glob("*.parquet"))
    sql = attack.read_text(encoding="utf-8")
    for mark, path in (("{gold}", config.gold_file), ("{parquet}", parquet), ("{folder}", project)):
        sql = sql.replace(mark, path.as_posix())
    before = digest(tmp_path)
    started = time.monotonic()
    with pytest.raises((QueryRefused, QueryLimit)):
        query_frame(config, sql)
    with pytest.raises((QueryRefused, QueryLimit)), query_batches(config, sql) as answer:
        list(answer.batches)
    assert time.monotonic() - started < 30
    assert digest(tmp_path) == before
    assert query_frame(config, "select count(*) from silver.program, program_profile").rows() == [
        (4,)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("attack", HUNGRY, ids=lambda path: path.stem)
def test_an_attack_on_memory_or_time_is_stopped_at_a_limit(attack: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    small_lake(project)
    before = digest(tmp_path)
    limits = {"CARMS_MEMORY_LIMIT": "200MB", "CARMS_QUERY_TIMEOUT_S": "2"}
    started = time.monotonic()
    done = carms(project, "query", "-i", str(attack), **limits)
    assert time.monotonic() - started < 60
    assert done.code in (ExitCode.DATA, ExitCode.USAGE), done.err
    assert "error:" in done.err
    assert "Traceback" not in done.err
    assert digest(tmp_path) == before


def test_the_corpus_says_what_each_attack_is() -> None:
    assert len(ATTACKS) >= 60
    assert len(HUNGRY) >= 8
    assert all(path.read_text(encoding="utf-8").startswith("-- ") for path in ATTACKS + HUNGRY)


def test_every_function_with_side_effects_is_refused_or_known_to_be_harmless() -> None:
    """A new DuckDB brings new functions: each must be looked at."""
    harmless = {
        "current_connection_id", "current_query", "current_query_id", "current_transaction_id",
        "error", "gen_random_uuid", "random", "stats", "uuid", "uuidv4", "uuidv7", "vector_type",
    }  # fmt: skip
    with duckdb.connect() as connection:
        rows = connection.execute(
            "select distinct function_name from duckdb_functions()"
            " where has_side_effects and function_type = 'scalar'"
        ).fetchall()
    assert {row[0] for row in rows} <= harmless | REFUSED_FUNCTIONS


@pytest.mark.parametrize(
    ("sql", "message", "hint"),
    [
        ("from gold.program_profil", "no table `gold.program_profil`", "`gold.program_profile`"),
        ("from silver.programs", "no table `silver.programs`", "`silver.program`"),
        ("describe silver.programs", "no table `silver.programs`", "`silver.program`"),
        ("from larg", "no table `larg`", "`large`"),
        ("from nowhere.x", "no table `nowhere.x`", "carms tables"),
        ("select quot from program_profile", '"quota"', ""),
        ("selec 1", "LINE 1: selec 1", ""),
        ("", "no statement", ""),
        ("select 1; select 2", "one statement", ""),
        ("pivot program_profile on quota", "MULTI", "list its values"),
        ("select 'a'::int", "Could not convert", ""),
    ],
)
def test_wrong_sql_is_told_with_its_place_and_the_nearest_name(
    lake: LakeConfig, sql: str, message: str, hint: str
) -> None:
    with pytest.raises(QueryRefused) as caught:
        query_frame(lake, sql)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_bronze_silver_and_ops_answer_before_there_is_gold(tmp_path: Path) -> None:
    config = small_lake(tmp_path, gold=False)
    assert query_frame(config, "select count(*) from silver.program").rows() == [(2,)]
    assert query_frame(config, "select run_id from ops.runs").rows() == [("live",)]
    assert query_frame(config, "select 1").rows() == [(1,)]


@pytest.mark.parametrize(
    "sql", ["from gold.x", "from program_x", "from carms.gold.x", "from gold.m(1)"]
)
def test_gold_that_is_not_there_yet_is_said_to_be_missing(tmp_path: Path, sql: str) -> None:
    with pytest.raises(GoldMissing) as caught:
        query_frame(small_lake(tmp_path, gold=False), sql)
    assert "carms build" in caught.value.hint


def test_a_broken_gold_file_is_a_fault_of_the_store(tmp_path: Path) -> None:
    config = small_lake(tmp_path)
    config.gold_file.write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError, match="cannot be opened"):
        query_frame(config, "from gold.program_profile")


@pytest.mark.parametrize(
    "sql",
    [
        "select 1 as x",
        "select count(*) from silver.program",
        "select count(*) from carms.bronze.discipline, ops.runs",
        "select count(*) from runs",
        "with program_profile2 as (select 1) select * from program_profile2",
        "select * from range(3), unnest([1])",
        "describe silver.program",
        "explain select 1",
    ],
)
def test_what_needs_no_gold_answers_without_the_gold_file(tmp_path: Path, sql: str) -> None:
    config = small_lake(tmp_path)
    wanted = query_frame(config, sql).height
    config.gold_file.write_bytes(b"no database" * 1000)
    assert query_frame(config, sql).height == wanted


@pytest.mark.parametrize(
    "sql",
    [
        "from gold.program_profile",
        "from carms.gold.program_profile",
        "from program_profile",
        "from published.gold.program_profile",
        "from ops.build",
        "from gold.programs_like('x')",
        "from programs_like('x')",
        "from no_such_table",
        "show tables",
        "from information_schema.tables",
        "select * from silver.program where exists (from gold.program_profile)",
    ],
)
def test_what_needs_gold_says_that_it_cannot_be_opened(tmp_path: Path, sql: str) -> None:
    config = small_lake(tmp_path)
    config.gold_file.write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError, match="cannot be opened"):
        query_frame(config, sql)


def test_a_time_limit_holds_while_rows_are_taken(lake: LakeConfig) -> None:
    config = config_of(lake.project, query_timeout_s=0.3)
    with (
        pytest.raises(QueryLimit, match=r"longer than 0\.3 s"),
        answering(config, "from range(9000000000000)") as answer,
    ):
        for _ in answer.batches:
            pass


def test_the_time_that_a_reader_takes_is_not_counted(lake: LakeConfig) -> None:
    config = config_of(lake.project, query_timeout_s=1.0)
    with answering(config, "from range(30000)") as answer:
        next(answer.batches)
        time.sleep(1.2)
        assert sum(len(batch) for batch in answer.batches) == 20000


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds the memory of a process")
def test_the_memory_bound_is_lifted_after_the_query(lake: LakeConfig) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    with pytest.raises(QueryLimit, match="more memory than 100MB"):
        query_frame(
            config_of(lake.project, memory_limit="100MB"), "select length(repeat('x', 3900000000))"
        )
    assert resource.getrlimit(resource.RLIMIT_AS) == before
