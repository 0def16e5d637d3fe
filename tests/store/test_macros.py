"""A mask is HMAC-SHA256 under a key that stays in its file; a surrogate key is 53 bits of MD5."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import duckdb
import pytest
from helpers import contract, property_
from hypothesis import given
from hypothesis import strategies as st

from carms_lake.config import Domain, LakeConfig
from carms_lake.errors import ConfigError, ContractError, StoreError
from carms_lake.store.gold.file import building
from carms_lake.store.gold.macros import (
    KEY_FILE_VARIABLE,
    SURROGATE_KEY,
    add_keyed_hash,
    expanded,
    key_file,
    key_mark,
    masks,
)

if TYPE_CHECKING:
    from pathlib import Path

DAY = timedelta(days=1)


def project(folder: Path) -> LakeConfig:
    return LakeConfig(folder, Domain("shop", "shop", ()))


def hashed(config: LakeConfig, texts: list[str | None]) -> list[str | None]:
    with duckdb.connect() as connection:
        add_keyed_hash(connection, config)
        sql = "select keyed_hash(word) from (select unnest($words::varchar[]) as word)"
        return [row[0] for row in connection.execute(sql, {"words": texts}).fetchall()]


def expected(config: LakeConfig, text: str) -> str:
    key = bytes.fromhex(key_file(config).read_text(encoding="ascii"))
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> LakeConfig:
    return project(tmp_path_factory.mktemp("shop"))


@pytest.mark.slow
@given(text=st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0")))
def test_a_mask_is_pythons_own_hmac(shop: LakeConfig, text: str) -> None:
    assert hashed(shop, [text]) == [expected(shop, text)]


def test_nothing_has_no_mask(shop: LakeConfig) -> None:
    assert hashed(shop, [None, ""]) == [None, expected(shop, "")]


@pytest.mark.parametrize("size", [32, 64, 65, 200])
def test_a_key_of_any_length_is_used_as_the_standard_says(tmp_path: Path, size: int) -> None:
    config = project(tmp_path)
    key_file(config).parent.mkdir()
    key_file(config).write_text(bytes(range(size)).hex() + "\n", encoding="ascii")
    assert hashed(config, ["x"]) == [expected(config, "x")]


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    config = project(tmp_path)
    assert not key_file(config).exists()
    first = hashed(config, ["x"])
    made = key_file(config).read_text(encoding="ascii")
    assert hashed(config, ["x"]) == first
    assert key_file(config).read_text(encoding="ascii") == made
    assert len(bytes.fromhex(made)) == 32
    assert [p.name for p in key_file(config).parent.iterdir()] == ["masking.key"]
    if os.name == "posix":
        assert key_file(config).stat().st_mode & 0o077 == 0


def test_every_project_has_a_key_of_its_own(tmp_path: Path) -> None:
    here, there = project(tmp_path / "here"), project(tmp_path / "there")
    assert hashed(here, ["x"]) != hashed(there, ["x"])
    assert key_mark(here) != key_mark(there)
    assert key_mark(here) not in key_file(here).read_text(encoding="ascii")


def test_the_environment_may_name_another_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_FILE_VARIABLE, str(tmp_path / "elsewhere" / "key"))
    config = project(tmp_path / "project")
    assert hashed(config, ["x"]) == [expected(config, "x")]
    assert key_file(config) == tmp_path / "elsewhere" / "key"
    assert not (tmp_path / "project").exists()


@pytest.mark.parametrize("content", [b"", b"abc", b"00" * 31, b"zz" * 32, b"\xff" * 64])
def test_a_file_without_a_key_is_named_and_not_shown(tmp_path: Path, content: bytes) -> None:
    config = project(tmp_path)
    key_file(config).parent.mkdir()
    key_file(config).write_bytes(content)
    with pytest.raises(ConfigError, match=r"masking\.key") as caught:
        hashed(config, ["x"])
    assert not content or content.decode("latin-1") not in caught.value.message


def test_a_key_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / ".carms").write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(StoreError, match=r"masking\.key"):
        hashed(project(tmp_path), ["x"])


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("select keyed_hash(name) from silver.person", True),
        ("select upper(KEYED_HASH(name)) from silver.person", True),
        ("with a as (select keyed_hash(name) n from silver.person) select n from a", True),
        ("select name as keyed_hash from silver.person -- keyed_hash(name)", False),
        ("select surrogate_key([name]) from silver.person", False),
    ],
)
def test_a_select_that_masks_is_known(sql: str, *, found: bool) -> None:
    assert masks(sql) is found


def test_a_table_of_gold_may_mask_and_holds_no_key(tmp_path: Path) -> None:
    config = project(tmp_path)
    person = contract(tmp_path, "gold.person", [property_("mask")])
    with building(config) as warehouse:
        assert not key_file(config).exists()
        assert warehouse.create(person, "select keyed_hash('ann') as mask") == 1
        mask = warehouse.connection.execute("from gold.person").fetchall()[0][0]
        assert mask == expected(config, "ann")
        warehouse.finish([])
        content = warehouse.path.read_bytes()
    key = key_file(config).read_text(encoding="ascii").strip()
    pads = [bytes(b ^ pad for b in bytes.fromhex(key)) for pad in (0, 0x36, 0x5C)]
    assert not any(secret in content for secret in (key.encode(), *pads))


def test_a_view_cannot_mask(tmp_path: Path) -> None:
    view = contract(tmp_path, "gold.person", [property_("mask")], kind="view")
    with building(project(tmp_path)) as warehouse, pytest.raises(ContractError, match="keyed_hash"):
        warehouse.create(view, "select keyed_hash('ann') as mask")


@given(st.lists(st.none() | st.text(), min_size=1, max_size=4))
def test_a_surrogate_key_is_a_number_that_javascript_holds(parts: list[str | None]) -> None:
    with duckdb.connect() as connection:
        connection.execute(SURROGATE_KEY)
        ask = "select surrogate_key($parts::varchar[])"
        ((key,),) = connection.execute(ask, {"parts": parts}).fetchall()
    words = "\x1f".join("\x1e" if part is None else part for part in parts)
    digest = hashlib.md5(words.encode(), usedforsecurity=False).digest()
    assert key == int.from_bytes(digest[8:], "little") >> 11
    assert 0 <= key == int(float(key)) <= 2**53 - 1


def colliding(folder: Path, monkeypatch: pytest.MonkeyPatch) -> LakeConfig:
    """A domain in which all surrogate keys are the same."""
    one = "create temp macro surrogate_key(parts) as 7::bigint"
    monkeypatch.setattr("carms_lake.store.gold.file.SURROGATE_KEY", one)
    return project(folder)


def test_two_business_keys_of_one_hash_are_both_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = colliding(tmp_path, monkeypatch)
    dim = contract(
        tmp_path,
        "gold.dim",
        [
            property_("key", "integer", "bigint", primaryKey=True, required=True),
            property_("id", "integer", "bigint"),
            property_("who", classification="personal"),
        ],
    )
    select = (
        "select surrogate_key([id::varchar]) as key, id::bigint as id, 'Ann' as who "
        "from (values (1), (2)) as t(id)"
    )
    with building(config) as warehouse, pytest.raises(ContractError) as caught:
        warehouse.create(dim, select)
    assert "two rows have the key (key) = (7): {id: 1} and {id: 2}" in caught.value.message
    assert "by chance" in caught.value.hint
    assert "Ann" not in caught.value.message


@pytest.mark.parametrize(
    ("columns", "select", "said"),
    [
        ({"primaryKey": True}, "values (1, 2), (1, 3)", "(a) = (1): {b: 2} and {b: 3}"),
        ({"unique": True}, "values (null, 2), (null, 3), (5, 1), (5, 1)", "(a) = (5): {b: 1}"),
        ({"unique": True}, "values (null, 2), (null, 3), (5, 1)", ""),
        ({"primaryKey": True, "required": False}, "values (null, 2)", "NOT NULL"),
    ],
)
def test_a_repeated_key_is_refused_though_the_file_declares_none(
    tmp_path: Path, columns: dict[str, bool], select: str, said: str
) -> None:
    table = contract(
        tmp_path,
        "gold.things",
        [property_("a", "integer", "integer", **columns), property_("b", "integer", "integer")],
    )
    sql = f"select a::integer as a, b::integer as b from ({select}) as t(a, b)"
    with building(project(tmp_path)) as warehouse:
        if not said:
            assert warehouse.create(table, sql) == 3
            return
        with pytest.raises(ContractError, match=re.escape(said)):
            warehouse.create(table, sql)


def test_a_key_that_is_not_enforced_is_left_to_the_audit(tmp_path: Path) -> None:
    column = property_("a", "integer", "integer", primaryKey=True)
    table = contract(tmp_path, "gold.things", [column], **{"carms.enforceKey": False})
    with building(project(tmp_path)) as warehouse:
        assert warehouse.create(table, "select 1::integer as a from range(2)") == 2


def answered(sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(expanded(sql, "a SELECT")).fetchall()


@pytest.mark.slow
@given(st.sets(st.integers(1, 3000), max_size=3))
def test_the_calendar_has_every_day_of_its_years_and_no_others(years: set[int]) -> None:
    listed = ", ".join(f"({year})" for year in [*years, "null"])
    found = answered(
        f"with years(calendar_year) as (values {listed}) "
        "select calendar_on, date_key, iso_year, iso_week, iso_weekday, is_weekend "
        "from calendar(years) as days order by calendar_on"
    )
    first_days = [date(year, 1, 1) for year in sorted(years)]
    days = [
        d for first in first_days for n in range(366) if (d := first + n * DAY).year == first.year
    ]
    assert found == [
        (day, int(f"{day:%Y%m%d}"), *day.isocalendar(), day.isoweekday() > 5) for day in days
    ]


def test_versions_apply_from_ever_and_to_the_next() -> None:
    found = answered(
        "with history(id, valid_from, valid_to, is_current, is_deleted, deleted_on) as (values "
        "(1, timestamp '2024-01-01', timestamp '2024-02-01', false, false, null::date), "
        "(1, timestamp '2024-02-01', null, true, false, null)), "
        "version as (select *, min(valid_from) over (partition by id) as first_from, "
        "lead(valid_from) over (partition by id order by valid_from) as next_from from history) "
        "select applies_from, applies_to, created_at, updated_at from "
        "(select version_columns(version) from version) order by valid_from"
    )
    ever, first, second = map(datetime.fromisoformat, ("1900-01-01", "2024-01-01", "2024-02-01"))
    assert found == [(ever, second, first, second), (second, None, first, second)]
    assert len(answered("select unknown_version()")[0]) == 9


@pytest.mark.parametrize(
    "sql",
    [
        "select 1 -- calendar(years)",
        "select 'calendar(years)' as calendar",
        "select * from gold.calendar(years)",
        "select calendar from version_columns",
        "select /* é */ 'é', my_calendar(x)",
    ],
)
def test_what_is_no_call_of_a_macro_stays_as_it_is(sql: str) -> None:
    assert expanded(sql, "a SELECT") == sql


def test_a_call_is_found_behind_any_letters_and_only_once() -> None:
    sql = "select 'é – 日' as word, days.* from\n  Calendar ( years ) as days"
    text = expanded(sql, "a SELECT")
    assert text.startswith("select 'é – 日' as word, days.* from\n  (")
    assert text.endswith(") as days")
    assert "from years" in text
    assert expanded(text, "a SELECT") == text


@pytest.mark.parametrize("call", ["calendar()", "calendar(a, b)", "version_columns()"])
def test_a_macro_has_the_parameters_that_it_has(call: str) -> None:
    with pytest.raises(ContractError, match=r"`gold/x.sql`: .* parameters") as caught:
        expanded(f"select * from {call}", "`gold/x.sql`")
    assert "with names only" in caught.value.hint
