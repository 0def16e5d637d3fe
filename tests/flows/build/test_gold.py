"""A gold table is computed where something that it is made from changed, and else copied."""

from __future__ import annotations

import shutil
import sys
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from ledger_lake import accounts, entries, project
from tiny import gold

from carms_lake.config import Domain, LakeConfig
from carms_lake.flows.build import build
from carms_lake.flows.ingest import ingest
from carms_lake.store.gold.macros import key_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from carms_lake.records import RunReport

TABLES = ("dim_account", "fact_entry", "balance")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published ledger, made once, of a package and contracts that a copy may change."""
    folder = tmp_path_factory.mktemp("ledger")
    shutil.copytree(Path(str(files("ledger"))), folder / "packages" / "own_ledger")
    project(folder / "project")
    with pytest.MonkeyPatch.context() as monkeypatch:
        config = opened(folder, monkeypatch)
        accounts(config, "AB")
        entries(config, "day_1", [(1, "A", 1), (2, "B", 2), (3, "A", 3), (4, "B", 4)])
        ingest(config)
        build(config)
    return folder


def opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> LakeConfig:
    """A ledger with a package of its own, which is found instead of an earlier test's."""
    package = folder / "packages" / "own_ledger"
    monkeypatch.syspath_prepend(str(package.parent))
    for name in [name for name in sys.modules if name.startswith("own_ledger")]:
        monkeypatch.delitem(sys.modules, name)
    return LakeConfig(folder / "project", Domain("ledger", "own_ledger", (package / "schemas",)))


@pytest.fixture
def config(tmp_path: Path, published: Path, monkeypatch: pytest.MonkeyPatch) -> LakeConfig:
    """A copy of the published ledger."""
    shutil.copytree(published, tmp_path, dirs_exist_ok=True)
    return opened(tmp_path, monkeypatch)


def by_status(report: RunReport) -> dict[str, set[str]]:
    """The tables of gold that a build computed, and those that it copied."""
    found: dict[str, set[str]] = {"built": set(), "copied": set(), "unchanged": set()}
    for table in report.tables:
        if table.table.table in TABLES:
            found[table.status].add(table.table.table)
    return found


def digest(config: LakeConfig) -> dict[str, object]:
    """What gold holds, and what it promises of itself."""
    promised = (
        "select table_name, constraint_text from duckdb_constraints() order by all",
        "select table_name, column_name, comment from duckdb_columns() order by all",
    )
    tables = {name: sorted(gold(config, f"from gold.{name}")) for name in (*TABLES, "largest")}
    return {**tables, **{sql: gold(config, sql) for sql in promised}}


def another_entry(config: LakeConfig) -> None:
    entries(config, "day_2", [(5, "A", 5)])
    ingest(config)


def another_account(config: LakeConfig) -> None:
    accounts(config, "C", "accounts_2.csv")
    ingest(config)


def another_select(config: LakeConfig) -> None:
    path = Path(str(files("own_ledger"))) / "gold" / "dim_account.sql"
    path.write_text(path.read_text(encoding="utf-8") + "-- the end\n", encoding="utf-8")


def another_contract(config: LakeConfig) -> None:
    path = config.domain.schemas[0] / "gold" / "fact_entry.odcs.yaml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document["schema"][0]["description"] = "What was booked."
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


def another_view(config: LakeConfig) -> None:
    path = Path(str(files("own_ledger"))) / "gold" / "largest.sql"
    path.write_text(path.read_text(encoding="utf-8") + "-- the end\n", encoding="utf-8")


def another_key(config: LakeConfig) -> None:
    key_file(config).unlink()


def nothing_but_an_entry_that_waits(config: LakeConfig) -> None:
    entries(config, "day_2", [(5, "Z", 5)])
    ingest(config)


@pytest.mark.parametrize(
    ("change", "computed"),
    [
        (another_entry, {"fact_entry", "balance"}),
        (another_account, {"dim_account", "balance"}),
        (another_select, {"dim_account", "balance"}),
        (another_contract, {"fact_entry", "balance"}),
        (another_view, set()),
        (another_key, {"dim_account", "balance"}),
        (nothing_but_an_entry_that_waits, set()),
    ],
)
def test_what_depends_on_a_change_is_computed_and_the_rest_copied(
    config: LakeConfig, change: Callable[[LakeConfig], None], computed: set[str]
) -> None:
    change(config)
    report = build(config)
    assert by_status(report) == {
        "built": computed,
        "copied": set(TABLES) - computed,
        "unchanged": set(),
    }
    before = digest(config)
    assert by_status(build(config)) == {"built": set(), "copied": set(), "unchanged": set(TABLES)}
    assert by_status(build(config, full_refresh=True))["built"] == set(TABLES)
    assert digest(config) == before


def test_a_partial_build_leaves_stale_tables_to_the_next(config: LakeConfig) -> None:
    accounts(config, "C", "accounts_2.csv")
    another_entry(config)
    assert by_status(build(config, ["dim_account"]))["built"] == {"dim_account"}
    assert by_status(build(config))["built"] == {"fact_entry", "balance"}


def test_a_lost_key_is_made_anew_and_told(config: LakeConfig) -> None:
    masks = gold(config, "select owner_mask from gold.dim_account order by account_id")
    key = key_file(config).read_text(encoding="ascii")
    another_key(config)
    report = build(config)
    assert any("masking.key" in note for note in report.notes)
    assert not any(key_file(config).read_text(encoding="ascii").strip() in n for n in report.notes)
    assert key_file(config).read_text(encoding="ascii") != key
    assert gold(config, "select owner_mask from gold.dim_account order by account_id") != masks
