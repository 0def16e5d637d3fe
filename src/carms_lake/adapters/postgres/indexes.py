"""The indexes that contracts name."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from carms_lake.adapters.postgres.session import attempt, literal, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from carms_lake.adapters.postgres.session import Session
    from carms_lake.adapters.postgres.tables import Table

_NAME_BYTES = 63
_MARKS = "[\u0300-\u036f]"
_LIGATURES = {"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE"}


def create_indexes(
    session: Session, tables: Sequence[Table], schemas: Mapping[str, str]
) -> list[str]:
    """Create the indexes that contracts name; what of them was left out, and why.

    Raises:
        Refused: the server refused one.
    """
    wanted = [
        (table, index.kind, index.columns)
        for table in tables
        for index in (table.contract.indexes if table.contract else ())
        if {column.name for column in table.columns}.issuperset(index.columns)
    ]
    said: list[str] = []
    operators = ""
    if any(kind == "trigram" for _, kind, _ in wanted):
        operators = _trigrams(session, said)
    for table, kind, columns in wanted:
        name = quoted(index_name(table.name, columns, kind))
        on = quoted(schemas[table.layer], table.name)
        if kind == "btree":
            session.run(f"create index {name} on {on} ({', '.join(map(quoted, columns))})")
        elif operators:
            # Texts as they are, and without accents: each is asked for alone.
            both = [
                text for c in columns for text in (quoted(c), f"({without_accents(quoted(c))})")
            ]
            keys = ", ".join(f"{text} {operators}" for text in both)
            session.run(f"create index {name} on {on} using gin ({keys})")
    return said


def _trigrams(session: Session, said: list[str]) -> str:
    """The operators of trigram indexes; empty, and said why, where the database has none."""
    where = (
        "select nspname::text from pg_extension as e "
        "join pg_namespace as n on n.oid = e.extnamespace where extname = 'pg_trgm'"
    )
    found = session.run(where)
    if not found:
        refused = attempt(session, "create extension pg_trgm")
        if refused is not None:
            said.append(f"without trigram indexes, for which pg_trgm is needed: {refused}")
            return ""
        found = session.run(where)
    return quoted(found[0][0], "gin_trgm_ops")


def without_accents(text: str) -> str:
    """The SQL of a text without its accents. `unaccent` is not immutable, which indexes need."""
    text = f"regexp_replace(normalize({text}, NFD),{literal(_MARKS)}, '', 'g')"
    for ligature, letters in _LIGATURES.items():
        text = f"replace({text}, '{ligature}', '{letters}')"
    return text


def index_name(table: str, columns: Sequence[str], kind: str) -> str:
    """The same in each run; PostgreSQL cuts longer names."""
    name = "_".join((table, *columns, kind))
    if len(name.encode()) <= _NAME_BYTES:
        return name
    return f"{name[: _NAME_BYTES - 9]}_{sha256(name.encode()).hexdigest()[:8]}"
