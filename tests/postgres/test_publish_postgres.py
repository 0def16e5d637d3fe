"""Gold in PostgreSQL: typed, keyed, compared, and swapped behind stable views."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from command import called
from pg import asked
from tiny import built, sell, with_classified_name

from carms_lake import DataError, Lake, StoreError, UsageError
from carms_lake.adapters import postgres
from carms_lake.adapters.postgres import loading, publish, schema_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCHEMAS = "select nspname::text from pg_namespace where nspname like 'tiny%' order by 1"


def run_in(url: str) -> str:
    """The run that the views show."""
    return str(asked(url, "select run_id from tiny_ops.build")[0][0])


def changed(lake: Lake, *statements: str) -> None:
    """Change the published file by hand, as no build would."""
    with duckdb.connect(str(lake.config.gold_file)) as connection:
        for statement in statements:
            connection.execute(statement)


def test_tables_have_rows_types_keys_references_and_comments(lake: Lake, url: str) -> None:
    done = publish(lake, url).publication
    for table in ("fact_sale", "dim_product", "sales_by_product"):
        names = ", ".join(f'"{name}"' for name in lake.contracts[f"gold.{table}"].column_names)
        select = f"select {names} from {{}}.{table} order by 1"
        there = asked(url, select.format("tiny_gold"))
        assert [tuple(map(str, row)) for row in there] == [
            tuple(map(str, row)) for row in lake.query(select.format("gold")).rows()
        ]
    key = asked(
        url,
        "select contype::text, pg_get_constraintdef(oid) from pg_constraint "
        "where conrelid = "
        f"'{schema_of('tiny_gold', done.gold_run_id)}.fact_sale'::regclass order by 1 desc",
    )
    assert ("p", "PRIMARY KEY (sale_id)") in key
    assert any(kind == "f" and "(product_key) REFERENCES" in text for kind, text in key)
    comment = "select obj_description('tiny_gold.fact_sale'::regclass)"
    assert lake.contracts["gold.fact_sale"].grain in asked(url, comment)[0][0]
    assert asked(url, "select count(*) from tiny_ops.runs") != [(0,)]
    assert (done.target, done.rows) == (url, lake.publications()["rows"].item())


def test_what_a_contract_classifies_stays_in_the_lake(tmp_path: Path, url: str) -> None:
    built(tmp_path)
    publish(Lake(with_classified_name(tmp_path)), url)
    columns = asked(
        url,
        "select table_name::text, column_name::text from information_schema.columns "
        "where table_schema like 'tiny_gold%'",
    )
    assert ("dim_product", "product_id") in columns
    assert "name" not in {column for _, column in columns}


def test_values_of_all_types_come_back_as_they_were(lake: Lake, url: str) -> None:
    decimals = [1, 2, 4, 5, 9, 10, 18, 19, 28, 37, 38]
    columns = ", ".join(
        f"cast('{sign}{'9' * (p - p // 2)}{'.' * bool(p // 2)}{'9' * (p // 2)}' "
        f"as decimal({p},{p // 2})) as n{i}_{p}"
        for i, sign in enumerate(("", "-"))
        for p in decimals
    )
    changed(
        lake,
        f"create table gold.numbers as select {columns}",
        "create table gold.odd as select 'a\\''b' || chr(10) || 'é' as text, 'inf'::double as d, "
        "0.1::double as e, ['x', null] as list, [1.50::decimal(4,2)] as amounts, "
        "'\\xAA\\x00'::blob as bytes, '{\"a\": 1}'::json as json, "
        "'2020-02-29 23:59:59.999999'::timestamp as at, null::date as day, true as yes, "
        "{'a': 1} as struct, 170141183460469231731687303715884105::hugeint as huge "
        "union all select null, '-0'::double, null, [], null, null, null, null, "
        "date '0001-01-01', false, null, null",
    )
    publish(lake, url)
    names = [f"n{i}_{p}" for i in range(2) for p in decimals]
    back = asked(
        url, f"select {', '.join(f'{name}::text' for name in names)} from tiny_gold.numbers"
    )
    (expected,) = lake.query("from gold.numbers").rows()
    assert back == [tuple(map(str, expected))]
    types = asked(
        url,
        "select string_agg(format_type(atttypid, atttypmod), ' ' order by attnum) "
        "from pg_attribute where attrelid = 'tiny_gold.odd'::regclass and attnum > 0",
    )
    assert types[0][0] == (
        "text double precision double precision text[] numeric(4,2)[] bytea json "
        "timestamp without time zone date boolean json numeric(38,0)"
    )


def test_a_difference_after_the_load_is_found(
    lake: Lake, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = postgres.session.Session.load

    def and_changed(session: Any, schema: str, table: str, rows: Any) -> None:
        written(session, schema, table, rows)
        if table == "fact_sale":
            session.run(
                f"update {schema}.fact_sale set quantity = quantity + 1 where sale_id = 's1'"
            )

    monkeypatch.setattr(postgres.session.Session, "load", and_changed)
    with pytest.raises(StoreError, match=r"gold\.fact_sale` in PostgreSQL is not what was loaded"):
        publish(lake, url)
    assert asked(url, SCHEMAS) == []


def test_published_twice_nothing_changes(lake: Lake, url: str) -> None:
    assert publish(lake, url).is_changed
    state = "select oid::bigint, xmin::text from pg_class where relname like 'fact%' order by 1"
    before, count = asked(url, state), lake.table("ops.runs").collect().height
    assert not publish(lake, url).is_changed
    assert (asked(url, state), lake.table("ops.runs").collect().height) == (before, count)


def test_views_of_users_survive_and_the_run_before_last_goes(lake: Lake, url: str) -> None:
    runs = [publish(lake, url).publication.gold_run_id]
    asked(
        url,
        "create view public.mine as select sum(quantity) as sold from tiny_gold.fact_sale",
        f"create view public.pinned as select * from {schema_of('tiny_gold', runs[0])}.fact_sale",
    )
    for number in (1, 2):
        sell(lake, number)
        runs.append(publish(lake, url).publication.gold_run_id)
    assert asked(url, "select sold from public.mine") == [(5,)]
    left = [name for (name,) in asked(url, SCHEMAS)]
    ops = [schema_of("tiny_ops", run) for run in runs[1:]]
    gold = [schema_of("tiny_gold", run) for run in runs]  # the first: `pinned` needs it
    assert left == ["tiny_gold", *gold, "tiny_ops", *ops]


def test_a_change_that_a_view_of_a_user_hinders_is_told_by_its_name(lake: Lake, url: str) -> None:
    first = publish(lake, url).publication.gold_run_id
    asked(url, "create view public.mine as select quantity from tiny_gold.fact_sale")
    sell(lake, 1)
    changed(lake, "alter table gold.fact_sale alter quantity type decimal(10, 2)")
    with pytest.raises(StoreError, match=r"another column `quantity`.*: `public\.mine`"):
        publish(lake, url)
    assert run_in(url) == first
    asked(url, "drop view public.mine")
    assert publish(lake, url).is_changed
    assert run_in(url) != first


def test_grants_stay_also_on_a_view_that_is_created_anew(lake: Lake, url: str) -> None:
    publish(lake, url)
    reader = f"reader_{url.rpartition('?')[0].rpartition('/')[2]}"
    asked(
        url,
        f"create role {reader} login",
        f"grant usage on schema tiny_gold to {reader}",
        f"grant select on tiny_gold.dim_product to {reader}",
        f"grant select (quantity, sale_id) on tiny_gold.fact_sale to {reader}",
        "grant select on tiny_gold.sales_by_product to public",
    )
    sell(lake, 1)
    changed(
        lake,
        "alter table gold.fact_sale alter quantity type decimal(10, 2)",
        "alter table gold.dim_product drop column price",
    )
    assert publish(lake, url).is_changed
    theirs = url.replace("postgres@", f"{reader}@")
    assert asked(theirs, "select sum(quantity)::text from tiny_gold.fact_sale") == [("4.00",)]
    assert len(asked(theirs, "select * from tiny_gold.dim_product")) == 3
    assert asked(theirs, "select count(*) from tiny_gold.sales_by_product") != []
    with pytest.raises(Exception, match="permission denied"):
        asked(theirs, "select product_key from tiny_gold.fact_sale")


def test_a_broken_constraint_and_an_interrupted_load_leave_the_old_run(
    lake: Lake, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = publish(lake, url).publication.gold_run_id
    sell(lake, 1)
    before = asked(url, SCHEMAS)

    def with_another(tables: Any, schemas: dict[str, str]) -> Iterator[str]:
        del tables
        yield f"alter table {schemas['gold']}.fact_sale add unique (product_key)"

    monkeypatch.setattr(loading, "_keys", with_another)
    with pytest.raises(DataError, match="could not create unique index"):
        publish(lake, url)
    assert (run_in(url), asked(url, SCHEMAS)) == (first, before)

    def interrupted(*_: Any) -> Iterator[str]:
        raise KeyboardInterrupt

    monkeypatch.setattr(loading, "_keys", interrupted)
    with pytest.raises(KeyboardInterrupt):
        publish(lake, url)
    assert (run_in(url), asked(url, SCHEMAS)) == (first, before)
    monkeypatch.undo()
    assert publish(lake, url).is_changed


def test_a_run_that_was_loaded_and_not_shown_is_shown_by_the_next(
    lake: Lake, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as at:
        at.setattr(postgres, "patiently", interrupted)
        with pytest.raises(KeyboardInterrupt):
            publish(lake, url)
    monkeypatch.setattr(postgres, "load", interrupted)
    assert publish(lake, url).is_changed
    assert run_in(url) == lake.query("select run_id from ops.build").item()


def test_a_reader_that_loops_through_the_swap_sees_no_error_and_no_mix(
    lake: Lake, url: str
) -> None:
    from adbc_driver_postgresql import dbapi

    publish(lake, url)
    # In the other order than the views are replaced, which would be a deadlock.
    both = (
        "select (select sum(quantity) from tiny_gold.sales_by_product), "
        "(select sum(quantity) from tiny_gold.fact_sale)"
    )
    seen: set[tuple[Any, ...]] = set()
    faults: list[Exception] = []
    is_over = threading.Event()

    def read() -> None:
        with dbapi.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
            while not is_over.is_set():
                try:
                    cursor.execute(both)
                    seen.add(cursor.fetchall()[0])
                except Exception as error:  # noqa: BLE001 - whatever a reader may see
                    faults.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        for number in (1, 2):
            sell(lake, number)
            publish(lake, url)
    finally:
        is_over.set()
        for reader in readers:
            reader.join(timeout=30)
    assert not faults
    assert {str(total) for pair in seen for total in pair} >= {"3", "4"}
    assert all(str(one) == str(other) for one, other in seen)


def test_schemas_of_somebody_else_are_refused(lake: Lake, url: str) -> None:
    asked(url, "create schema tiny_ops")
    with pytest.raises(UsageError, match="`tiny_ops` was not made by carms"):
        publish(lake, url)
    assert asked(url, SCHEMAS) == [("tiny_ops",)]


def test_the_command_says_what_it_did(lake: Lake, url: str) -> None:
    project = lake.config.project
    found = [called(project, "publish", "postgres", url).rows[0]["status"] for _ in range(2)]
    assert found == ["published", "unchanged"]
    (row,) = called(project, "publish", "--list").rows
    assert (row["kind"], row["target"], row["is_behind"]) == ("postgres", url, "false")
    gone = called(project, "publish", "postgres", url.replace("host=", "host=/nowhere"))
    assert gone.code == 5
    assert "cannot be reached" in gone.err
