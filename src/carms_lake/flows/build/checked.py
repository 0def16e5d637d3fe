"""What the checks of each table found, kept in the gold file for the next build.

A check gives the same as before where its contract, and every table that it looks at, are the same.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from carms_lake import __version__
from carms_lake.contract.model import Contract
from carms_lake.flows.build.plan import digest_of
from carms_lake.names import Layer, TableRef
from carms_lake.quality.constraints import rule_select, summed
from carms_lake.records import CheckResult
from carms_lake.store.gold import checks_kept
from carms_lake.store.sql.statement import tables_read

_SCHEMA = dict.fromkeys(("layer", "table_name", "fingerprint", "results"), pl.String)


@dataclass(frozen=True)
class Checked:
    """What the checks of one table found, and on what."""

    fingerprint: str
    """Of the contract, and of all tables that the checks look at."""
    results: tuple[CheckResult, ...]


def check_fingerprints(
    contracts: Mapping[TableRef, Contract], states: Mapping[TableRef, object]
) -> dict[TableRef, str]:
    """By table of silver and gold: what its checks depend on; `states` says what tables hold.

    A table is left out where a check looks at something whose state is not known.
    """
    found = {}
    for ref, contract in contracts.items():
        looked_at = {ref, *(link.target for link in contract.relationships)}
        looked_at |= set(_named(contract, contracts))
        if ref.layer in (Layer.SILVER, Layer.GOLD) and looked_at <= states.keys():
            held = {str(other): states[other] for other in looked_at}
            found[ref] = digest_of([__version__, contract.fingerprint, held])
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
    for layer, table, fingerprint, results in checks_kept(path):
        ref = TableRef(domain, layer, table)
        kept = [CheckResult(table=ref, **fields) for fields in json.loads(results)]
        found[ref] = Checked(fingerprint, tuple(kept))
    return found


def checks_frame(
    fingerprints: Mapping[TableRef, str], results: Iterable[CheckResult]
) -> pl.DataFrame:
    """One row per table, as the gold file keeps what its checks depend on, and found."""
    by_table: dict[TableRef, list[CheckResult]] = {}
    for result in results:
        by_table.setdefault(result.table, []).append(result)
    rows = [
        (ref.layer, ref.table, fingerprints[ref], json.dumps([_fields(r) for r in found]))
        for ref, found in by_table.items()
        if ref in fingerprints
    ]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _fields(result: CheckResult) -> dict[str, Any]:
    fields = asdict(result)
    del fields["table"]
    return fields
