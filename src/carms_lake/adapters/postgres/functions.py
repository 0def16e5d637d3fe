"""The functions of a domain in PostgreSQL: `unaccented`, and what its folder `postgres` has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from carms_lake import authored
from carms_lake.adapters.postgres.indexes import without_accents
from carms_lake.adapters.postgres.session import attempt, literal, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from carms_lake import Lake
    from carms_lake.adapters.postgres.session import Session

_OTHERS = ("42P13", "42725")
"""The SQLSTATEs of a function that gives other columns, or has other parameters, than before."""
_UNACCENTED = f"""\
create or replace function gold.unaccented(text text) returns text
language sql immutable parallel safe as $$ select {without_accents("$1")} $$"""
_SAID = {"unaccented": "A text without its accents and ligatures, as trigram indexes have it."}


def functions_of(lake: Lake) -> dict[str, str]:
    """The statements that create the functions of a domain in `gold`, by their names.

    Raises:
        ContractError: a file is not text.
    """
    found, _ = authored.selects(authored.files(lake.config.domain.package) / "postgres")
    return {"unaccented": _UNACCENTED, **found}


def replace_functions(
    session: Session, lake: Lake, schema: str, before: Sequence[str]
) -> list[str]:
    """Create the functions of a domain in a schema; their names.

    Those of `before` that are no more are dropped, unless somebody needs them. Each reads the
    stable views, which a query holds until its end, so it sees one run.

    Raises:
        ContractError: a file is not text.
        Refused: the server refused one, or an object of somebody needs it as it was.
    """
    functions = functions_of(lake)
    session.run("set local check_function_bodies = off")  # they call each other
    for name, text in functions.items():
        called, contract = quoted(schema, name), lake.contracts.get(f"gold.{name}")
        said = contract.description if contract else _SAID.get(name, "")
        create = (
            re.sub(r"\bgold\.", lambda _: f"{quoted(schema)}.", text),
            f"comment on function {called} is{literal(said)}",
        )
        refused = attempt(session, *create)
        if refused is not None and refused.state in _OTHERS:
            refused = attempt(session, *_drops(session, schema, name), *create)
        if refused is not None:
            raise refused
    for name in set(before).difference(functions):
        attempt(session, *_drops(session, schema, name))
    return list(functions)


def _drops(session: Session, schema: str, name: str) -> list[str]:
    """What drops the functions of a name, whatever their parameters are."""
    found = session.run(
        "select format('drop function %s', p.oid::regprocedure) from pg_proc as p "
        "join pg_namespace as n on n.oid = p.pronamespace "
        f"where n.nspname ={literal(schema)} and p.proname ={literal(name)}"
    )
    return [statement for (statement,) in found]
