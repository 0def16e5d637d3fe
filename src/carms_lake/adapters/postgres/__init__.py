"""Gold and `ops` in PostgreSQL: schemas for each run, and stable views that show the current one.

    <domain>_gold, <domain>_ops                the views that people and tools read
    <domain>_gold_<run>, <domain>_ops_<run>    the tables of a run

A run is loaded, compared and given its keys in one transaction; another one replaces the views.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from carms_lake import Publication, Published
from carms_lake.adapters.gold import Outcome, gold_of, is_recorded, patient
from carms_lake.adapters.postgres.functions import replace_functions
from carms_lake.adapters.postgres.indexes import create_indexes
from carms_lake.adapters.postgres.loading import load
from carms_lake.adapters.postgres.session import Refused, connected, literal, quoted
from carms_lake.adapters.postgres.tables import tables_of
from carms_lake.adapters.postgres.views import (
    Record,
    drop_schema,
    hold_views,
    keep_record,
    patiently,
    record,
    replace_views,
)
from carms_lake.errors import StoreError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from carms_lake import Lake
    from carms_lake.adapters.gold import Gold
    from carms_lake.adapters.postgres.session import Session
    from carms_lake.adapters.postgres.tables import Table

__all__ = ["publish"]

LAYERS = ("gold", "ops")
_NAME_BYTES = 63


def publish(lake: Lake, url: str) -> Outcome:
    """Publish gold and ops to a database; its run before the last is dropped.

    Raises:
        GoldMissing: gold was not built yet.
        UsageError: the URL has a password, the extra is missing, or a schema is not of carms.
        DataError: gold breaks a key of its contract there.
        StoreError: the server refuses, views of others hinder, or what was loaded differs.
        StoreLocked: another process is writing to the lake.
    """
    lake = patient(lake)
    gold = gold_of(lake)
    with connected(url) as session:
        try:
            said = record(session, f"{gold.domain}_gold")
            session.rollback()
            if said and said["run"] == gold.run_id:
                publication = _publication(url, said)
                if is_recorded(lake, publication):
                    return Outcome(publication, is_changed=False, failed_checks=gold.failed_checks)
            writing = _Writing(lake, session, url)
            publication = lake.publish(writing)
            return Outcome(
                publication, writing.is_changed, gold.failed_checks, tuple(writing.notes)
            )
        except Refused as refused:
            raise session.as_ours(refused) from refused


class _Writing:
    """What is done while the lake is held."""

    def __init__(self, lake: Lake, session: Session, url: str) -> None:
        self._lake = lake
        self._session = session
        self._url = url
        self.is_changed = False
        self.notes: list[str] = []
        """What was left out, and why."""

    def __call__(self) -> Publication:
        """Publish what gold is now."""
        session, gold = self._session, gold_of(self._lake)
        stable = {layer: f"{gold.domain}_{layer}" for layer in LAYERS}
        self._ensure_ours(gold)
        before = record(session, stable["gold"])
        record(session, stable["ops"])
        session.commit()
        if before and before["run"] == gold.run_id:
            return _publication(self._url, before)
        run = {layer: schema_of(stable[layer], gold.run_id) for layer in LAYERS}
        with Published(self._lake.config) as file:
            tables = tables_of(self._lake, file)
            said = record(session, run["gold"]) or self._load(gold, file, tables, run)
        session.commit()

        def show() -> None:
            hold_views(session, stable.values())
            for layer, schema in stable.items():
                of_layer = [table for table in tables if table.layer == layer]
                replace_views(session, of_layer, run[layer], schema)
            functions = (before or {}).get("functions", ())
            names = replace_functions(session, self._lake, stable["gold"], functions)
            for schema in stable.values():
                keep_record(session, schema, {**said, "functions": names})

        patiently(session, show)
        session.commit()
        self.is_changed = True
        self._drop_old(gold, before)
        return _publication(self._url, said)

    def _ensure_ours(self, gold: Gold) -> None:
        """Let nobody else publish the domain to this database until the session ends.

        Raises:
            StoreError: another process does.
            UsageError: the database cannot hold all letters.
        """
        encoding = self._session.run("select getdatabaseencoding()::text")[0][0]
        if encoding != "UTF8":
            raise UsageError(
                f"the database has the encoding {encoding}, which lacks letters of gold",
                "publish to one that was created with `encoding 'UTF8' template template0`",
            )
        key = literal(f"carms {gold.domain}")
        if self._session.run(f"select pg_try_advisory_lock(hashtext({key}))") != [(True,)]:
            raise StoreError(
                f"another process is publishing `{gold.domain}` to this database", "wait for it"
            )

    def _load(
        self, gold: Gold, file: Published, tables: Sequence[Table], run: dict[str, str]
    ) -> Record:
        """Load a run; what says so in its schema is committed with it."""
        session = self._session
        for schema in run.values():
            session.run(f"create schema {quoted(schema)}")
        rows, digest = load(session, file, tables, run)
        self.notes += create_indexes(session, tables, run)
        for table in tables:
            session.run(f"analyze {quoted(run[table.layer], table.name)}")
        said = {"carms": 1, "run": gold.run_id, "tables": len(tables), "rows": rows}
        said["digest"] = digest
        for schema in run.values():
            keep_record(session, schema, said)
        return said

    def _drop_old(self, gold: Gold, before: Record | None) -> None:
        """Drop all runs but this one and the one before; where others need a table, it stays."""
        kept = {gold.run_id, before["run"] if before else ""}
        for layer in LAYERS:
            stable = f"{gold.domain}_{layer}"
            current = {schema_of(stable, run) for run in kept}
            pattern = re.compile(re.escape(stable) + r"_\d{8}t\d{6}_\d{6}z_[0-9a-f]{6}")
            listed = self._session.run("select nspname::text from pg_namespace order by 1")
            for (schema,) in listed:
                if pattern.fullmatch(schema) and schema not in current:
                    drop_schema(self._session, schema)


def schema_of(stable: str, run_id: str) -> str:
    """The schema of a run, next to a stable one.

    Raises:
        UsageError: the domain's name is too long for PostgreSQL.
    """
    name = f"{stable}_{re.sub('[^0-9a-z]', '_', run_id.lower())}"
    if len(name) > _NAME_BYTES:
        raise UsageError(
            f"`{name}` is longer than PostgreSQL allows", "give the domain a shorter name"
        )
    return name


def _publication(url: str, said: Record) -> Publication:
    return Publication("postgres", url, said["run"], said["tables"], said["rows"], said["digest"])
