"""What a contract would have to say to accept files, and whether it then does.

A patched contract is tried on its files before it is said to accept them; an ingest that refuses a
file for its columns shows the properties that would add them.
"""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from carms_lake.contract.load import parse_contract
from carms_lake.contract.model import Contract
from carms_lake.contract.patch import as_yaml
from carms_lake.contract.types import ColumnType
from carms_lake.errors import LakeError, SourceRefused, counted
from carms_lake.flows.drift.files import HEAD_RECORDS, SPREAD_RECORDS, read_raw
from carms_lake.flows.drift.findings import ChangeKind, Compared, ContractChange, is_systematic
from carms_lake.flows.drift.inference import count_nonconforming, inferred_type
from carms_lake.flows.drift.proposal import proposed
from carms_lake.flows.judged import judged
from carms_lake.readers.content import readable
from carms_lake.records import SourceFile


def not_accepted(text: str, contract: Contract, files: Sequence[SourceFile]) -> dict[str, str]:
    """Why a new version of a contract would not accept some of these files, by their names.

    A file that loses few of its records is accepted: they are faults of their own.

    Raises:
        ContractError: the new version is invalid.
    """
    patched = parse_contract(text.encode(), contract.path or Path(), contract.ref)
    whys = ((source.name, _why(source, patched)) for source in files)
    return {name: why for name, why in whys if why}


def _why(source: SourceFile, contract: Contract) -> str:
    records = rejected = 0
    first = ""
    try:
        for part in judged(source, contract):
            records += part.accepted.height + part.rejected.height
            rejected += part.rejected.height
            if not first and part.rejected.height:
                first = part.rejected["reasons"][0][0]["message"]
            if records >= HEAD_RECORDS + SPREAD_RECORDS:
                break
    except SourceRefused as error:
        return error.message
    if rejected and is_systematic(rejected, records):
        return f"{rejected} of {counted(records, 'record')} would be rejected, the first: {first}"
    return ""


def with_properties(
    refusal: SourceRefused, source: SourceFile, contract: Contract
) -> SourceRefused:
    """A refusal for unknown columns, and the properties that would add them in the file's types."""
    try:
        with readable(source):
            raw = read_raw(source, contract, most=HEAD_RECORDS)
            kinds = {name: inferred_type(raw.sample[name]) for name in refusal.columns}
            changes = [
                ContractChange(ChangeKind.ADDED, name, kind)
                for name, kind in kinds.items()
                if _takes(kind, raw.sample[name], raw.not_text.get(name, 0))
            ]
            if not changes:
                hint = "no type takes the values: list the column in `carms.dropColumns`"
                return SourceRefused(refusal.code, refusal.message, hint, refusal.columns)
            patch = proposed(contract, [Compared((), tuple(changes))])
            text = as_yaml(contract.ref.table, patch).rstrip()
    except LakeError:  # the refusal says enough without them
        return refusal
    hint = f"{refusal.hint}; `carms drift {contract.ref.table} --write` adds:\n{text}"
    return SourceRefused(refusal.code, refusal.message, hint, refusal.columns)


def _takes(kind: ColumnType, values: pl.Series, not_text: int) -> bool:
    """Whether a type takes one of the values, where there are any."""
    filled = values.len() - values.null_count()
    return not filled or count_nonconforming(values, kind, not_text) < filled
