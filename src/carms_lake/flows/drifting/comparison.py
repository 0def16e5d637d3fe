"""A file beside its contract and the last landed file: findings, and what the contract needs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carms_lake.contract.model import Column, NewColumns
from carms_lake.flows.drifting.column_checks import beside_the_last, by_the_contract
from carms_lake.flows.drifting.findings import Compared, Promise, Weight
from carms_lake.flows.drifting.fitting import narrowest
from carms_lake.flows.drifting.matching import matched
from carms_lake.flows.drifting.seen import Seen
from carms_lake.flows.drifting.sharing import is_many, pct
from carms_lake.readers.header import spec_of

if TYPE_CHECKING:
    import polars as pl

    from carms_lake.contract.model import Contract
    from carms_lake.flows.drifting.matching import Matched
    from carms_lake.flows.drifting.rawfile import RawFile

SPARSE = 0.05
"""A column that may be absent is missed only where more than this share of rows had a value."""


def compare(contract: Contract, file: str, raw: RawFile, old: pl.DataFrame | None) -> Compared:
    """Everything that one file has otherwise than its contract says, or than the file before it.

    Raises:
        ContractError: a pattern of the contract is no regular expression.
    """
    seen = Seen(contract, file, raw, old)
    _whole(seen)
    found = matched(contract, raw, old)
    _columns(seen, found)
    headers = {**found.present, **{name: header for name, (header, _) in found.renamed.items()}}
    by_the_contract(seen, headers)
    for name, header in headers.items():
        beside_the_last(seen, contract.column(name), header)
    return Compared(tuple(seen.findings), tuple(seen.needs), frozenset(found.present))


def compare_keys(contract: Contract, file: str, raw: RawFile, old: pl.DataFrame) -> Compared:
    """The keys of whole records beside those of the last landed file; no contract names them."""
    columns = tuple(
        Column(name, narrowest(old[name]), name, may_be_absent=True) for name in old.columns
    )
    source = replace(spec_of(contract), new_columns=NewColumns.ACCEPT)
    found = compare(replace(contract, columns=columns, source=source), file, raw, old)
    findings = tuple(
        replace(f, severity=Weight.WARNING) if f.severity is Weight.ERROR else f
        for f in found.findings
    )
    return Compared(findings)


def _whole(seen: Seen) -> None:
    raw, spec = seen.raw, spec_of(seen.contract)
    if raw.delimiter is not None and raw.delimiter != spec.delimiter:
        seen.say(None, "delimiter", Weight.ERROR, repr(spec.delimiter), repr(raw.delimiter))
        seen.need(Promise.DELIMITER, value=raw.delimiter)
    for header in raw.doubled:
        seen.say(header, "doubled", Weight.ERROR, "one column", "the header stands twice")
    if raw.malformed:
        severity = Weight.ERROR if is_many(raw.malformed, raw.records) else Weight.NOTE
        what = f"{raw.malformed} of {raw.records} records are not laid out like the header"
        seen.say(None, "malformed", severity, "records as wide as the header", what)


def _columns(seen: Seen, found: Matched) -> None:
    for name, header in found.respelt.items():
        source = seen.contract.column(name).source
        seen.say(name, "header", Weight.NOTE, source, header)
    for name, (header, score) in found.renamed.items():
        source = seen.contract.column(name).source
        seen.say(name, "renamed", Weight.ERROR, source, header, score=score)
        seen.need(Promise.HEADER, name, header)
    for column in found.absent:
        _absent(seen, column)
    for header in found.added:
        _added(seen, header)


def _absent(seen: Seen, column: Column) -> None:
    before = seen.before(column.name)
    share = 0.0 if before is None else 1 - before.null_count() / before.len()
    if not column.may_be_absent:
        seen.say(column.name, "gone", Weight.ERROR, column.source, "no such column")
        seen.need(Promise.ABSENT, column.name)
    elif share > SPARSE:
        expected = f"{column.source}, in {pct(share)} of the last rows"
        seen.say(column.name, "gone", Weight.WARNING, expected, "no such column")


def _added(seen: Seen, header: str) -> None:
    policy = spec_of(seen.contract).new_columns
    values = seen.raw.series(header)
    kind = narrowest(values)
    filled = values.len() - values.null_count()
    is_harmless = policy is NewColumns.ACCEPT or (policy is NewColumns.SET_ASIDE and not filled)
    severity = Weight.WARNING if is_harmless else Weight.ERROR
    share = pct(filled / values.len() if values.len() else 0.0)
    seen.say(header, "added", severity, "no such column", f"{kind}, filled in {share}")
    seen.need(Promise.ADDED, header, kind)
