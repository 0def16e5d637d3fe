"""The gate: a whole table, read back as Pandera sees it, before it is written.

What a row may not be was taken out already; what still fails here is a fault of the code or of the
contract, and nothing is written. Frames are collected, because on a LazyFrame Pandera checks names
and types only, and bad values pass silently.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from carms_lake.checks.expectations import repeated
from carms_lake.checks.types import polars_type
from carms_lake.errors import ContractError

if TYPE_CHECKING:
    import pandera.polars as pa
    import polars as pl

    from carms_lake.contract.model import Column, Contract


def confirm(frame: pl.DataFrame, contract: Contract, *, key_is_proved: bool = False) -> None:
    """See that a table is what its contract promises: types, nulls, keys, sets, patterns, ranges.

    `key_is_proved` where `keep` has just seen that no key stands twice.

    Raises:
        ContractError: it is not; the message counts the failures of each rule.
    """
    import pandera.errors

    failures: list[tuple[str, str, int]] = []
    try:
        schema(contract).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        found = error.failure_cases.group_by("column", "check").len().sort("column", "check")
        failures = found.rows()
    key = contract.primary_key
    if key and not key_is_proved and set(key) <= set(frame.columns):
        again = repeated(frame, key).len()
        failures += [("+".join(key), "primaryKey", again)] if again else []
    if failures:
        listed = ", ".join(f"{column}.{check}: {count} rows" for column, check, count in failures)
        raise ContractError(
            f"`{contract.ref}` breaks its contract: {listed}",
            f"change the function `{contract.ref.table}`, or `{contract.path}`",
        )


def schema(contract: Contract) -> pa.DataFrameSchema:
    """The contract as a Pandera schema, but for its key, which Pandera takes 2 GB to see at 10M."""
    import pandera.polars as pa

    columns = {column.name: _column(column) for column in contract.columns}
    return pa.DataFrameSchema(columns, strict=True, ordered=True)


def _column(column: Column) -> pa.Column:
    import pandera.polars as pa

    bounds = column.bounds
    checks: list[pa.Check] = []
    if column.enum:
        checks.append(pa.Check.isin(list(column.enum)))
    if column.pattern is not None:
        checks.append(pa.Check.str_contains(column.pattern))
    is_number = column.type.name in ("smallint", "integer", "bigint", "double", "decimal")
    if is_number:
        limits = (
            (pa.Check.ge, bounds.minimum),
            (pa.Check.le, bounds.maximum),
            (pa.Check.gt, bounds.exclusive_minimum),
            (pa.Check.lt, bounds.exclusive_maximum),
        )
        checks += [check(limit) for check, limit in limits if limit is not None]
    if bounds.min_length is not None or bounds.max_length is not None:
        checks.append(pa.Check.str_length(bounds.min_length, bounds.max_length))
    return pa.Column(
        polars_type(column.type), checks, nullable=not column.required, unique=column.unique
    )
