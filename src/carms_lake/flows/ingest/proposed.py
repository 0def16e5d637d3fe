"""What a contract would have to say about the columns that it refused a file for."""

import polars as pl

from carms_lake.contract.model import Contract
from carms_lake.contract.patch import as_yaml
from carms_lake.contract.types import ColumnType
from carms_lake.errors import LakeError, SourceRefused
from carms_lake.flows.drift.files import HEAD_RECORDS, read_raw
from carms_lake.flows.drift.findings import ChangeKind, Compared, ContractChange
from carms_lake.flows.drift.inference import count_nonconforming, inferred_type
from carms_lake.flows.drift.proposal import proposed
from carms_lake.readers.content import readable
from carms_lake.records import SourceFile


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
