"""What the checks of each table found, kept in the gold file for the next build.

A check gives the same as before where its contract, and every table that it looks at, are the same.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from carms_lake import __version__
from carms_lake.contract.model import Contract
from carms_lake.flows.build.plan import digest_of
from carms_lake.names import Layer, TableRef
from carms_lake.quality.change import Basis
from carms_lake.quality.constraints import rule_select, summed
from carms_lake.records import CheckResult
from carms_lake.store.gold import checks_kept
from carms_lake.store.gold.changes import NotByKey, RowChange
from carms_lake.store.sql.statement import tables_read

_SCHEMA = dict.fromkeys(
    ("layer", "table_name", "fingerprint", "contract", "state", "results"), pl.String
)


@dataclass(frozen=True)
class Checked:
    """What the checks of one table found, and on what."""

    fingerprint: str
    """Of the contract, and of all tables that the checks look at."""
    contract: str
    """The fingerprint of the contract alone."""
    state: object
    """What the table held."""
    results: tuple[CheckResult, ...]


def checked_now(
    contracts: Mapping[TableRef, Contract], states: Mapping[TableRef, object]
) -> dict[TableRef, Checked]:
    """By table of silver and gold, what its checks depend on; `states` says what tables hold.

    A table is left out where a check looks at something whose state is not known.
    """
    found = {}
    for ref, contract in contracts.items():
        looked_at = {ref, *(link.target for link in contract.relationships)}
        looked_at |= set(_named(contract, contracts))
        if ref.layer in (Layer.SILVER, Layer.GOLD) and looked_at <= states.keys():
            held = {str(other): states[other] for other in looked_at}
            made = digest_of([__version__, contract.fingerprint, held])
            found[ref] = Checked(made, contract.fingerprint, states[ref], ())
    return found


def _named(contract: Contract, contracts: Iterable[TableRef]) -> Iterator[TableRef]:
    """The tables that the SELECTs of a contract's rules and sums name."""
    schemas = {ref.layer for ref in contracts}
    texts = [text for entry in contract.reconcile for text, _ in summed(contract, entry)]
    texts += [rule_select(contract, rule) for rule in contract.quality if rule.kind == "sql"]
    for text in texts:
        for name in tables_read(text, where=f"`{contract.path}`", schemas=tuple(sorted(schemas))):
            layer, _, table = name.partition(".")
            yield TableRef(contract.ref.domain, layer, table)


def last_checked(path: Path, domain: str) -> dict[TableRef, Checked]:
    """What is kept in a gold file, by table; nothing in a file without it."""
    found = {}
    for layer, table, fingerprint, contract, state, results in checks_kept(path):
        ref = TableRef(domain, layer, table)
        kept = [CheckResult(table=ref, **fields) for fields in json.loads(results)]
        found[ref] = Checked(fingerprint, contract, json.loads(state), tuple(kept))
    return found


def checks_frame(
    checked: Mapping[TableRef, Checked], results: Iterable[CheckResult]
) -> pl.DataFrame:
    """One row per table, as the gold file keeps what its checks depend on, and found."""
    by_table: dict[TableRef, list[CheckResult]] = {}
    for result in results:
        by_table.setdefault(result.table, []).append(result)
    rows = []
    for ref, found in by_table.items():
        if now := checked.get(ref):
            texts = json.dumps(now.state), json.dumps([_fields(result) for result in found])
            rows.append((ref.layer, ref.table, now.fingerprint, now.contract, *texts))
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def bases(
    last: Mapping[TableRef, Checked],
    now: Mapping[TableRef, Checked],
    change_of: Callable[[TableRef, object], RowChange | None],
) -> dict[TableRef, Basis]:
    """By table, what of its last checks still holds; `change_of` says what changed since a state.

    It raises `NotByKey` where nobody knows.
    """
    changes: dict[TableRef, RowChange | None] = {}
    for ref in now:
        if ref not in last:
            continue
        if last[ref].state == now[ref].state:
            changes[ref] = None
            continue
        with suppress(NotByKey):
            changes[ref] = change_of(ref, last[ref].state)
    return {
        ref: Basis(
            last[ref].results,
            last[ref].fingerprint == now[ref].fingerprint,
            changes[ref],
            changes,
        )
        for ref in changes
        if last[ref].contract == now[ref].contract
    }


def _fields(result: CheckResult) -> dict[str, Any]:
    fields = asdict(result)
    del fields["table"]
    return fields
