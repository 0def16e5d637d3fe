"""Stable views over the schemas of a run, replaced in one transaction."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from carms_lake.adapters.postgres.session import LOCK_NOT_AVAILABLE, Refused, literal, quoted
from carms_lake.errors import StoreError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from carms_lake.adapters.postgres.session import Session
    from carms_lake.adapters.postgres.tables import Table

_LOCK_MS = 200
"""Less than the server's `deadlock_timeout`: readers wait, and never end in a deadlock."""
_TRIES = 150

Record = dict[str, Any]


def record(session: Session, schema: str) -> Record | None:
    """What a schema's comment says of the run in it; None where the schema does not exist.

    Raises:
        UsageError: the schema is not of carms.
    """
    found = session.run(
        "select obj_description(oid, 'pg_namespace') from pg_namespace "
        f"where nspname ={literal(schema)}"
    )
    if not found:
        return None
    with suppress(ValueError, TypeError):
        said = json.loads(found[0][0])
        if isinstance(said, dict) and "carms" in said:
            return said
    raise UsageError(
        f"the schema `{schema}` was not made by carms", "publish to another database, or rename it"
    )


def keep_record(session: Session, schema: str, said: Record) -> None:
    """Say in a schema's comment which run is in it."""
    session.run(f"comment on schema {quoted(schema)} is{literal(json.dumps(said))}")


def patiently(session: Session, change: Callable[[], None]) -> None:
    """Change the stable schemas; again and again until no reader holds what is to be replaced.

    Nothing is committed.

    Raises:
        StoreError: as `change`; or readers let go of none.
        Refused: the server refused a statement.
    """
    for _ in range(_TRIES):
        try:
            session.run(f"set local lock_timeout = {_LOCK_MS}")
            change()
        except Refused as refused:
            session.rollback()
            if refused.state != LOCK_NOT_AVAILABLE:
                raise
            time.sleep(_LOCK_MS / 1000)
        else:
            return
    raise StoreError(
        "a query in the database holds the views, so they cannot be replaced",
        "end long queries (`select * from pg_stat_activity`), and publish again",
    )


def hold_views(session: Session, schemas: Iterable[str]) -> None:
    """Lock the views of stable schemas, all at once: a reader who has one rarely waits for another.

    Raises:
        Refused: a reader holds one for longer than the session waits.
    """
    views = [quoted(schema, view) for schema in schemas for view in _columns(session, schema)]
    if views:
        session.run(f"lock table {', '.join(views)} in access exclusive mode")


def replace_views(session: Session, tables: Sequence[Table], run: str, stable: str) -> None:
    """Let the views of a stable schema show the tables of a run's schema.

    Raises:
        StoreError: views of others need a column as it was.
        Refused: the server refused a statement.
    """
    session.run(f"create schema if not exists {quoted(stable)}")
    before, now = _columns(session, stable), _columns(session, run)
    for name in before.keys() - now.keys():
        _drop_view(session, stable, name, "is no longer published")
    for table in tables:
        old, new = before.get(table.name), now[table.name]
        grants: list[str] = []
        if old is not None and new[: len(old)] != old:
            changed = next(c for c, d in zip(old, [*new, *old], strict=False) if c != d)
            grants = _grants(session, stable, table.name, [column for column, _ in new])
            _drop_view(session, stable, table.name, f"has another column `{changed[0]}`")
        names = ", ".join(quoted(column) for column, _ in new)
        view, source = quoted(stable, table.name), quoted(run, table.name)
        session.run(f"create or replace view {view} as select {names} from {source}")
        for statement in (*grants, *table.comments(stable, "view")):
            session.run(statement)


def _grants(session: Session, schema: str, name: str, columns: Sequence[str]) -> list[str]:
    """What grants to others the rights on a view, and on those of its columns that it keeps."""
    view, kept = quoted(schema, name), ", ".join(literal(column) for column in columns)
    found = session.run(
        "select format('grant %s%s on %s to %s%s', a.privilege_type, a.of_column, "
        f"{literal(view)}, coalesce(quote_ident(r.rolname), 'public'), "
        "case when a.is_grantable then ' with grant option' else '' end) "
        "from pg_class as c cross join lateral ("
        "select '' as of_column, (aclexplode(c.relacl)).* union all "
        "select format(' (%I)', t.attname), (aclexplode(t.attacl)).* from pg_attribute as t "
        f"where t.attrelid = c.oid and t.attname in ({kept})"
        ") as a left join pg_roles as r on r.oid = a.grantee "
        f"where c.oid ={literal(view)}::regclass and a.grantee <> c.relowner"
    )
    return [statement for (statement,) in found]


def _drop_view(session: Session, schema: str, name: str, why: str) -> None:
    """Drop a view that cannot be replaced, unless others need it.

    Raises:
        StoreError: others do; the message names them.
    """
    view = quoted(schema, name)
    users = session.run(
        "select distinct n.nspname || '.' || c.relname from pg_depend as d "
        "join pg_rewrite as r on r.oid = d.objid join pg_class as c on c.oid = r.ev_class "
        "join pg_namespace as n on n.oid = c.relnamespace "
        "where d.classid = 'pg_rewrite'::regclass and c.oid <> d.refobjid "
        f"and d.refobjid ={literal(view)}::regclass order by 1"
    )
    if users:
        names = ", ".join(f"`{user}`" for (user,) in users)
        raise StoreError(
            f"`{schema}.{name}` {why}, and views of others need it as it was: {names}",
            "drop these views, publish, and create them again",
        )
    session.run(f"drop view {view} restrict")


def _columns(session: Session, schema: str) -> dict[str, list[tuple[str, str]]]:
    """The columns of the tables and views of a schema with their types."""
    found: dict[str, list[tuple[str, str]]] = {}
    for table, column, kind in session.run(
        "select c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod) "
        "from pg_attribute as a join pg_class as c on c.oid = a.attrelid "
        "join pg_namespace as n on n.oid = c.relnamespace "
        f"where n.nspname ={literal(schema)} and c.relkind in ('r', 'v') "
        "and a.attnum > 0 and not a.attisdropped order by c.relname, a.attnum"
    ):
        found.setdefault(table, []).append((column, kind))
    return found


def drop_schema(session: Session, schema: str) -> bool:
    """Drop a schema with its tables, unless an object of others needs one; whether it is gone."""
    try:
        session.run(f"set local lock_timeout = {_LOCK_MS}")
        if tables := ", ".join(quoted(schema, table) for table in _columns(session, schema)):
            session.run(f"drop table {tables} restrict")
        session.run(f"drop schema {quoted(schema)} restrict")
        session.commit()
    except Refused:
        session.rollback()
        return False
    return True
