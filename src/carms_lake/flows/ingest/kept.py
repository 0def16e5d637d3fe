"""Rows of earlier deliveries, which no file has any more, under a contract that has changed."""

from collections.abc import Iterator, Mapping

import polars as pl

from carms_lake.contract.model import Column, Contract
from carms_lake.errors import ContractError, counted, first_few
from carms_lake.flows.run import Run
from carms_lake.names import DELIVERY_ID, SRC_FILENAME, SRC_ROW_NUMBER
from carms_lake.quality.split import landed_schema
from carms_lake.quality.types import fits_exactly, json_is_read

_SHOWN = 3
"""How many values a message names."""


def has_other_types(contract: Contract, present: Mapping[str, pl.DataType]) -> bool:
    """Whether kept rows have to be cast, or their texts looked at, to be rows of the contract."""
    is_other = present != landed_schema(contract)
    return is_other or any(_is_recast(column, contract, present) for column in contract.columns)


def _is_recast(column: Column, contract: Contract, present: Mapping[str, pl.DataType]) -> bool:
    # Text and JSON are one type of column: only the values tell whether they are JSON.
    is_json = column.type.name == "json" and not json_is_read(contract)
    other = present.get(column.name) != landed_schema(contract)[column.name]
    return column.name in present and (other or is_json)


def kept_rows(
    run: Run,
    contract: Contract,
    present: Mapping[str, pl.DataType],
    rows: pl.LazyFrame,
    *,
    misfits_as_null: bool,
) -> pl.DataFrame:
    """Rows of the table, which has the `present` columns, in the columns of its contract.

    New columns are null. A value is cast exactly or not at all: nothing is rounded or cut. With
    `misfits_as_null`, one that does not fit becomes null, and the run notes how many did.

    Raises:
        ContractError: a value is not one of its column's type, unless that is to be null.
    """
    schema = landed_schema(contract)
    before = rows.collect()
    recast = [column for column in contract.columns if _is_recast(column, contract, present)]
    exact = before.with_columns(
        fits_exactly(column.name, present[column.name], column.type, column.spelling)
        for column in recast
    )
    misfits = {
        column.name: before.filter(before[column.name].is_not_null() & exact[column.name].is_null())
        for column in recast
    }
    count = sum(frame.height for frame in misfits.values())
    if count and not misfits_as_null:
        found = [text for c in recast for text in _described(misfits[c.name], c)]
        raise ContractError(
            f"`{contract.ref}`: {counted(count, 'value')} of kept deliveries cannot be cast "
            f"exactly to the type of the contract: {first_few(found, _SHOWN)}",
            f"change the type in `{contract.path}`, or keep these values as null with "
            f"`carms ingest --full-refresh --misfits-as-null {contract.ref.table}`",
        )
    if count:
        run.add(notes=[f"`{contract.ref.in_domain}`: {counted(count, 'kept value')} became null"])
    new = {name: pl.lit(None, kind) for name, kind in schema.items() if name not in present}
    return exact.with_columns(**new).select(list(schema)).cast(pl.Schema(schema))


def _described(misfits: pl.DataFrame, column: Column) -> Iterator[str]:
    """What each value is, unless it is about people; its file, delivery and record."""
    is_public = column.classification in (None, "public")
    as_text = pl.col(column.name).cast(pl.String, strict=False)
    value = as_text if is_public else pl.lit("a value")
    delivery = pl.col(DELIVERY_ID) if DELIVERY_ID in misfits.columns else pl.lit(None)
    places = misfits.sort(SRC_FILENAME, delivery, SRC_ROW_NUMBER).select(
        SRC_FILENAME, delivery.alias(DELIVERY_ID), SRC_ROW_NUMBER, value.alias("value")
    )
    for name, number, record, shown in places.iter_rows():
        of_delivery = f", delivery {number}" if number is not None else ""
        text = f"`{shown}`" if is_public else shown
        yield f"{text} for `{column.name}` {column.type} (`{name}`{of_delivery}, record {record})"
