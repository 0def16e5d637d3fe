"""The tables that a query sees: views over pinned versions of the lake's, and DuckDB's errors.

Errors are explained here because their hints name the nearest tables.
"""

import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

import duckdb

from carms_lake.errors import (
    GoldMissing,
    LakeError,
    QueryRefused,
    StoreError,
    did_you_mean,
    system_refusal,
)
from carms_lake.names import IDENTIFIER, Layer, TableRef
from carms_lake.store.delta.integrity import cure, ensure_named, has_whole_newest, newest_version
from carms_lake.store.delta.log import ensure_complete, is_table, version_at
from carms_lake.store.query.own import own_select, version_of
from carms_lake.store.query.sandbox import Session
from carms_lake.store.sql import PUBLISHED, quoted, read_pinned
from carms_lake.store.sql.statement import TABLE_FUNCTIONS, Statement

_MISSING = re.compile(r'Table with name "?([^\s"]+)"? does not exist')
_WHERE = re.compile(r"LINE \d+: .*", re.DOTALL)
_LISTED = 20
"""So many tables are listed in a hint, not more."""


class Need(Enum):
    """Whether a statement reads gold."""

    NO = 0
    MAYBE = 1
    """A name is of no table in the lake, or a function's: it may be one of gold."""
    YES = 2


def gold_need(session: Session, statement: Statement) -> Need:
    """Whether the gold file is needed for the names of a statement."""
    names = [*statement.tables, *(n for n in statement.macros if n[-1] not in TABLE_FUNCTIONS)]
    needs = [_need_of(session, name) for name in names]
    needs += [_need_of_function(name) for name in statement.functions]
    needs.append(Need.YES if statement.lists_tables else Need.NO)
    return max(needs, key=lambda need: need.value)


def _need_of_function(name: tuple[str, ...]) -> Need:
    """Of a function: gold may have a macro of its name; operators have no letters."""
    if "gold" in name[:-1]:
        return Need.YES
    return Need.MAYBE if name[-1].isidentifier() else Need.NO


def _need_of(session: Session, name: tuple[str, ...]) -> Need:
    *qualifier, table = name
    layer = qualifier[-1] if qualifier else ""
    if layer == "gold" or PUBLISHED in qualifier:
        return Need.YES
    if not layer and IDENTIFIER.fullmatch(table):
        files = (at / "gold" / f"{table}.odcs.yaml" for at in session.config.domain.schemas)
        if any(file.is_file() for file in files):
            return Need.YES
    schemas = [layer] if layer else session.schemas
    is_in_lake = any(_is_there(session, _folder(session, one, table)) for one in schemas)
    in_lake_only = {*session.schemas} - {"ops"}
    return Need.NO if is_in_lake or layer in in_lake_only else Need.MAYBE


def make_views(session: Session, statement: Statement) -> None:
    """Views for the names in a statement that the search path does not find by itself."""
    for name in sorted(statement.tables):
        _make(session, name)
    for name in sorted(statement.macros):
        _make_macro(session, name)
    if statement.lists_tables:
        for schema, table in _lake_names(session):
            _over_lake(session, schema, table)


def _make(session: Session, name: tuple[str, ...]) -> None:
    """The view for a name in a query; nothing where the table is unknown, or gold has it."""
    *qualifier, table = name
    if qualifier == [session.domain, "gold"]:
        _copy_published(session, "gold", table)
        return
    if not session.has_lake:
        return
    if not qualifier:
        schemas = [s for s in session.schemas if _is_there(session, _folder(session, s, table))]
        if schemas and table not in _published_names(session):
            ensure_named(_folder(session, schemas[0], table))
            _over_lake(session, schemas[0], table)
        return
    of_domain = qualifier[:-1] in ([], [session.domain])
    if of_domain and qualifier[-1] in session.schemas:
        ensure_named(_folder(session, qualifier[-1], table))
        _over_lake(session, qualifier[-1], table)
        there = _is_there(session, _folder(session, qualifier[-1], table))
        if not there and qualifier == [session.domain, "ops"]:
            _copy_published(session, "ops", table)
        elif not there and (select := own_select(session, qualifier[-1], table, None)):
            _view(session, qualifier[-1], table, select)


def _make_macro(session: Session, name: tuple[str, ...]) -> None:
    """The domain's name for a table macro of gold; it takes all of the macro's parameters."""
    if name[:-1] != (session.domain, "gold") or not session.has_gold:
        return
    found = session.connection.execute(
        "SELECT parameters FROM duckdb_functions() WHERE function_type = 'table_macro'"
        " AND database_name = $catalog AND schema_name = 'gold' AND function_name = $name",
        {"catalog": PUBLISHED, "name": name[-1]},
    ).fetchall()
    if found:
        parameters = ", ".join(quoted(parameter) for parameter in found[0][0])
        macro = quoted(name[-1])
        session.connection.execute(
            f"CREATE MACRO {quoted(session.domain)}.gold.{macro}({parameters}) AS TABLE"
            f" SELECT * FROM {PUBLISHED}.gold.{macro}({parameters})"
        )


def _published_names(session: Session, schema: str = "gold") -> set[str]:
    """The tables and views in a schema of the published file."""
    if not session.has_gold:
        return set()
    rows = session.connection.execute(
        "SELECT table_name FROM duckdb_tables()"
        " WHERE database_name = $catalog AND schema_name = $schema"
        " UNION ALL SELECT view_name FROM duckdb_views()"
        " WHERE database_name = $catalog AND schema_name = $schema",
        {"catalog": PUBLISHED, "schema": schema},
    ).fetchall()
    return {row[0] for row in rows}


def _lake_names(session: Session) -> Iterator[tuple[str, str]]:
    """Schema and table of all tables in the lake, sorted."""
    for schema in ("bronze", "silver", *session.config.domain.own_layers, "ops"):
        parent = session.config.lake / schema
        if parent.is_dir():
            tables = [path for path in parent.iterdir() if _is_there(session, path)]
            yield from sorted((schema, path.name) for path in tables)
    if _is_there(session, _folder(session, "ops", "rejects")):
        yield "ops", "rejects"


def _folder(session: Session, schema: str, table: str) -> Path:
    """Where a table of the lake is; a name that no table can have leads nowhere."""
    if not IDENTIFIER.fullmatch(table):
        return session.config.lake / schema / "_"
    if (schema, table) == ("ops", "rejects"):
        return session.config.lake / "rejects"
    return session.config.lake / schema / table


def _is_there(session: Session, path: Path) -> bool:
    """Whether the query sees a table in the folder: there is one, or was one as of the run."""
    if not session.has_lake or not is_table(path):
        return False
    return session.as_of is None or version_at(path, session.as_of.run_id) >= 0


def _copy_published(session: Session, schema: str, table: str) -> None:
    if table in _published_names(session, schema):
        _view(session, schema, table, f"SELECT * FROM {PUBLISHED}.{schema}.{quoted(table)}")


def _view(session: Session, schema: str, table: str, select: str) -> None:
    session.connection.execute(
        f"CREATE OR REPLACE VIEW {quoted(session.domain)}.{schema}.{quoted(table)} AS {select}"
    )


def _over_lake(session: Session, schema: str, table: str) -> None:
    path = _folder(session, schema, table)
    if not _is_there(session, path):
        return
    if (schema, table) == ("ops", "rejects"):
        _copy_rejects(session)
        return
    # Delta takes a while to import: only queries that name such a table pay for it.
    from carms_lake.store import delta

    version = version_of(session, schema, path)
    if version is not None:
        ensure_complete(path, version, f"{schema}.{table}")
    try:
        pinned = delta.pinned(path, version)
    except StoreError as error:
        before = newest_version(path) - 1
        if session.damaged is None or has_whole_newest(path) or before < 1:  # 0 is empty
            raise
        pinned = delta.pinned(path, before)
        message = f"{error.message}; the rows are those of version {before}"
        session.damaged.append(StoreError(message, error.hint))
    try:
        select = own_select(session, schema, table, pinned) or read_pinned(pinned)
        _view(session, schema, table, select)
    except duckdb.Error as error:
        if refusal := system_refusal(error):
            message = f"`{schema}.{table}` cannot be read: {refusal[0]}"
            raise StoreError(message, refusal[1]) from error
        said = str(error).strip().splitlines()[0]
        message = f"a data file of `{schema}.{table}` is missing or damaged: {said}"
        raise StoreError(message, cure(path)) from error
    session.files.extend(pinned.files)


def _copy_rejects(session: Session) -> None:
    """The rejects that count, as a table; the logs of the other tables say which those are."""
    from carms_lake.store import rejects

    tables = [
        TableRef(session.domain, Layer(schema), table)
        for schema, table in _lake_names(session)
        if schema in (Layer.BRONZE, Layer.SILVER)
    ]
    as_of = None if session.as_of is None else session.as_of.run_id
    live = rejects.live(session.config, tables, as_of=as_of)
    if live is None:
        return
    run = session.connection.execute
    session.connection.register("_rejects", live.collect().to_arrow())
    columns = ", ".join(
        f"CAST({quoted(name)} AS TIMESTAMP) AS {quoted(name)}"
        if "TIME ZONE" in kind
        else quoted(name)
        for name, kind, *_ in run("DESCRIBE _rejects").fetchall()
    )
    run(
        f"CREATE OR REPLACE TABLE {quoted(session.domain)}.ops.rejects AS"
        f" SELECT {columns} FROM _rejects"
    )
    session.connection.unregister("_rejects")


def as_user_error(session: Session, statement: Statement, error: duckdb.Error) -> LakeError:
    """The error to raise for one of DuckDB's, with its position and the nearest names."""
    from carms_lake.store.delta.inspection import damage_behind

    text = str(error).rstrip()
    if fault := damage_behind(session.config, error):
        return fault
    if isinstance(error, duckdb.IOException):
        _, to_do = system_refusal(error) or ("", "run the query again")
        return StoreError(f"a table cannot be read: {text}", to_do)
    missing = _MISSING.search(text)
    if isinstance(error, duckdb.CatalogException) and missing:
        name = missing[1].split(".")[-1].lower()
        paths = sorted(path for path in statement.tables if path[-1] == name)
        return _missing_table(session, paths[0] if paths else (name,), text)
    names = statement.tables | statement.macros
    is_unknown = isinstance(error, duckdb.CatalogException) and "Function with name" in text
    gold = (("gold",), (session.domain, "gold"))
    without_gold = _without_gold(session)
    if without_gold and (is_unknown or any(path[:-1] in gold for path in names)):
        return without_gold
    if isinstance(error, duckdb.PermissionException):
        return QueryRefused(text, "`carms query` reads the tables of the lake and nothing else")
    return QueryRefused(text)


def _missing_table(session: Session, path: tuple[str, ...], text: str) -> LakeError:
    """The error for a name that no table has, with the nearest names."""
    if path[0] == session.domain and len(path) > 1:
        path = path[1:]
    layer, table = ".".join(path[:-1]), path[-1]
    fault = _without_gold(session)
    if fault and layer in ("", "gold", *(["ops"] if session.gold_fault else [])):
        return fault
    # The statement that failed may have aborted the transaction, which then lists nothing.
    session.connection.execute("ROLLBACK")
    schema = layer or "gold"
    published = ((schema, name) for name in _published_names(session, schema))
    known = [*_lake_names(session), *published]
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


def _without_gold(session: Session) -> LakeError | None:
    """Why a name that may be one of gold cannot be looked up; None where gold was looked at."""
    if session.gold_fault or session.as_of or session.config.gold_file.is_file():
        return session.gold_fault
    return GoldMissing(
        f"no gold file yet: `{session.config.gold_file}`",
        "run `carms build`; bronze, silver and ops can be queried without it",
    )
