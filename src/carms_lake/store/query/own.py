"""Tables of a domain's own layers in a query: their versions, and those that do not exist yet."""

from pathlib import Path

from carms_lake.names import TableRef
from carms_lake.store import own
from carms_lake.store.delta import Pinned
from carms_lake.store.delta.log import version_at
from carms_lake.store.query.sandbox import Session


def version_of(session: Session, schema: str, path: Path) -> int | None:
    """The version of a table that a query reads; None is the newest.

    Tables of the domain's own layers are read as of one run, for runs append to several of them.
    """
    if schema in session.config.domain.own_layers:
        if session.own_run is None:
            session.own_run = own.newest_run(session.config)
        run_id = session.own_run
        if session.as_of is not None:
            run_id = min(run_id, session.as_of.run_id)
        found = own.version(session.config, TableRef(session.domain, schema, path.name), run_id)
        return max(found, 0)  # created, and empty
    return None if session.as_of is None else version_at(path, session.as_of.run_id)


def own_select(session: Session, layer: str, table: str, pinned: Pinned | None) -> str:
    """A SELECT of a table of an own layer, in its contract's columns; None: nothing is in it yet.

    The empty text for other tables.

    Raises:
        ContractError: its contract is wrong.
    """
    if layer not in session.config.domain.own_layers:
        return ""
    # Contracts take a while to import: only queries that name such a table pay for it.
    from carms_lake.contract.load import SUFFIX, load_contract

    paths = [at / layer / f"{table}{SUFFIX}" for at in session.config.domain.schemas]
    for path in [path for path in paths if path.is_file()][-1:]:
        contract = load_contract(path, TableRef(session.domain, layer, table))
        return own.select(contract, pinned)
    return ""
