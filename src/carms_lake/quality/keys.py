"""Keys and references of a frame: the positions of rows that repeat, replace or lose another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from carms_lake.contract.model import Contract, Relationship


NO_ROWS = pl.Series([], dtype=pl.UInt32)
_POSITION = "\x00position"
_LAST = "\x00last"


def repeated(frame: pl.DataFrame, key: Sequence[str]) -> pl.Series:
    """The positions of the rows whose key occurs more than once, in order.

    A key with a null in it is not a key, and equals no other. Rows whose hashes differ differ, so
    only those that share a hash are compared: Pandera's `unique` takes 2 GB at 10 million rows.
    """
    hashes = frame.select(pl.struct(key).hash().alias("hash"))["hash"]
    if hashes.n_unique() == frame.height:
        return NO_ROWS
    alike = hashes.is_duplicated().arg_true()
    is_key = pl.all_horizontal(pl.col(key).is_not_null())
    same = frame.select(key)[alike].select((pl.struct(key).is_duplicated() & is_key).alias("same"))
    return alike.filter(same["same"])


def superseded_rows(frame: pl.DataFrame, contract: Contract) -> pl.Series:
    """Positions of rows that another row of their key follows, in the contract's order.

    Rows that the order cannot tell apart are not superseded.
    """
    key, order = list(contract.primary_key), contract.silver.order
    names = [name.lstrip("-") for name in order]
    alike = repeated(frame, key)
    ranked = (
        frame.select(list(dict.fromkeys([*key, *names])))[alike]
        .with_columns(alike.alias(_POSITION))
        .sort(
            names,
            descending=[name.startswith("-") for name in order],
            nulls_last=False,
            maintain_order=True,
        )
    )
    last = ranked.group_by(key, maintain_order=True).agg(pl.struct(names).last().alias(_LAST))
    joined = ranked.join(last, on=key, how="left", nulls_equal=True)
    return joined.filter(pl.struct(names) != pl.col(_LAST))[_POSITION].sort()


def duplicate_keys(frame: pl.DataFrame, key: Sequence[str], superseded: pl.Series) -> pl.Series:
    """The positions of the rows whose key another row has too, superseded rows left out."""
    alike = repeated(frame, key)
    if superseded.is_empty():
        return alike
    alike = alike.filter(~alike.is_in(superseded.implode()))
    again = frame.select(key)[alike].select(pl.struct(key).is_duplicated().alias("same"))
    return alike.filter(again["same"])


def orphaned_rows(
    frame: pl.DataFrame, relationship: Relationship, target: pl.DataFrame
) -> pl.Series:
    """The positions of the rows whose reference is not in the target; a null refers to nothing."""
    columns = list(relationship.columns)
    given = frame.lazy().select(columns).with_row_index(_POSITION).drop_nulls(columns)
    theirs = list(relationship.target_columns)
    unknown = given.join(target.lazy(), left_on=columns, right_on=theirs, how="anti")
    return unknown.select(_POSITION).collect(engine="streaming")[_POSITION].sort()
