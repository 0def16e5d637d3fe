"""DuckDB's errors about a query, with hints that help."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import duckdb

from carms_lake.errors import GoldMissing, LakeError, QueryRefused, StoreError, did_you_mean
from carms_lake.store.query import views

if TYPE_CHECKING:
    from carms_lake.store.query.sandbox import Session
    from carms_lake.store.query.statement import Statement


_MISSING = re.compile(r'Table with name "?([^\s"]+)"? does not exist')
_WHERE = re.compile(r"LINE \d+: .*", re.DOTALL)
_LISTED = 20
"""So many tables are listed in a hint, not more."""


def as_user_error(session: Session, statement: Statement, error: duckdb.Error) -> LakeError:
    """The error to raise for one of DuckDB's, with its position and the nearest names."""
    text = str(error).rstrip()
    if isinstance(error, duckdb.IOException):
        return StoreError(f"a table cannot be read: {text}", "run the query again")
    missing = _MISSING.search(text)
    if isinstance(error, duckdb.CatalogException) and missing:
        name = missing[1].split(".")[-1].lower()
        paths = sorted(path for path in statement.tables if path[-1] == name)
        return _missing_table(session, paths[0] if paths else (name,), text)
    names = statement.tables | statement.macros
    is_unknown = isinstance(error, duckdb.CatalogException) and "Function with name" in text
    has_none = not session.has_gold and session.as_of is None
    if has_none and (is_unknown or any(_is_of_gold(session, path) for path in names)):
        return _no_gold(session)
    if isinstance(error, duckdb.PermissionException):
        return QueryRefused(text, "`carms query` reads the tables of the lake and nothing else")
    return QueryRefused(text)


def _missing_table(session: Session, path: tuple[str, ...], text: str) -> LakeError:
    if path[0] == session.domain and len(path) > 1:
        path = path[1:]
    layer, table = ".".join(path[:-1]), path[-1]
    if not session.has_gold and session.as_of is None and layer in ("", "gold"):
        return _no_gold(session)
    session.connection.execute("ROLLBACK")
    known = [*views.lake_names(session), *(("gold", name) for name in views.gold_names(session))]
    if layer:
        near = {f"{schema}.{name}" for schema, name in known if schema == layer}
    else:
        near = {name for _, name in known}
    wanted = f"{layer}.{table}" if layer else table
    where = _WHERE.search(text)
    message = f"no table `{wanted}`" + (f"\n\n{where[0]}" if where else "")
    if not near:
        return QueryRefused(
            message, f"there are no tables in `{layer}`; `carms tables` lists what there is"
        )
    hint = did_you_mean(wanted, near)
    long = len(near) > _LISTED and not hint.startswith("did you mean")
    return QueryRefused(message, "`carms tables` lists what there is" if long else hint)


def _is_of_gold(session: Session, path: tuple[str, ...]) -> bool:
    return path[:-1] in (("gold",), (session.domain, "gold"))


def _no_gold(session: Session) -> GoldMissing:
    return GoldMissing(
        f"there is no gold file yet: `{session.config.gold_file}`",
        "run `carms build`; bronze, silver and ops can be queried without it",
    )
