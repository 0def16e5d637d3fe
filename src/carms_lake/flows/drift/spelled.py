"""What a file holds, with the contract's own names of columns and values in the usual spelling."""

from dataclasses import replace

import polars as pl

from carms_lake.contract.model import Column, Contract
from carms_lake.flows.drift.files import RawFile
from carms_lake.names import folded
from carms_lake.quality.types import typed
from carms_lake.readers.header import names_in_files

_MISSPELLED = " (not in the contract's spelling)"


def in_usual_spelling(raw: RawFile, contract: Contract) -> RawFile:
    """The file as the rest of `drift` compares it with the contract and with earlier rows."""
    names, not_text = dict[str, str](), raw.not_text
    columns: list[pl.Series] = []
    for column in contract.columns:
        known = {folded(name) for name in names_in_files(column)}
        found = [header for header in raw.sample.columns if folded(header) in known]
        if column.aliases and len(found) == 1 and folded(found[0]) != folded(column.source):
            names[found[0]] = column.source
        if column.spelling and len(found) == 1 and raw.sample[found[0]].dtype == pl.String:
            columns.append(_usual(raw.sample[found[0]], column, is_mixed=found[0] in not_text))
    return replace(
        raw,
        sample=raw.sample.with_columns(columns).rename(names),
        not_text={names.get(header, header): count for header, count in not_text.items()},
    )


def _usual(texts: pl.Series, column: Column, *, is_mixed: bool) -> pl.Series:
    """The values in the contract's type where all are; else as texts, and which are not."""
    frame = texts.alias("value").to_frame()
    read = typed("value", pl.String(), column.type, column.spelling)
    if is_mixed:  # numbers and dates of a workbook
        read = pl.coalesce(read, typed("value", pl.String(), column.type))
    values = frame.select(read).to_series()
    if values.null_count() == texts.null_count():
        return values.alias(texts.name)
    return (
        values.cast(pl.String).zip_with(values.is_not_null(), texts + _MISSPELLED).alias(texts.name)
    )
