"""States of a thing at the moments of its deliveries -> versions with their intervals (SCD2).

A pure function of the kept deliveries, so a rebuild gives the same history again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from carms_lake.errors import ContractError, did_you_mean

if TYPE_CHECKING:
    from carms_lake.contract.model import HistorySpec

VALID_FROM = "valid_from"
VALID_TO = "valid_to"
IS_CURRENT = "is_current"
IS_DELETED = "is_deleted"
DELETED_ON = "deleted_on"

_NEXT_AT = "\x00next_at"
_NUMBER = "\x00number"


def versions(states: pl.DataFrame, spec: HistorySpec) -> pl.DataFrame:
    """One row per version of a key: the state's columns without the moment, and the interval.

    `states` has one row per key and moment: the key, the group, the moment (`spec.at`, UTC) and
    the attributes. Each distinct moment of a group is a complete state of it. Equal states that
    follow each other without a gap are one version. `valid_from` is the moment of its first state,
    `valid_to` the moment at which another state or a deletion ended it (null where none did). The
    newest version of a key is current, deleted or not; `is_deleted` says that a later state of the
    group lacked the key, and `deleted_on` the UTC date of that state.

    Raises:
        ContractError: the states lack a column that the contract's history names.
    """
    for name in (*spec.key, *spec.group, spec.at, *spec.ignore):
        if name not in states.columns:
            raise ContractError(
                f"`carms.history` names `{name}`, which the table's function does not deliver",
                did_you_mean(name, states.columns),
            )
    key, group, at = list(spec.key), list(spec.group), spec.at
    compared = [c for c in states.columns if c not in {*key, *group, at, *spec.ignore}]
    moments = (
        states.select(*group, at)
        .unique()
        .sort(*group, at)
        .with_columns(
            (pl.col(at).shift(-1).over(group) if group else pl.col(at).shift(-1)).alias(_NEXT_AT),
            (pl.int_range(pl.len()).over(group) if group else pl.int_range(pl.len())).alias(
                _NUMBER
            ),
        )
    )
    ordered = states.join(moments, on=[*group, at], how="left").sort(*key, _NUMBER)
    same_key = pl.all_horizontal([pl.col(c).eq_missing(pl.col(c).shift(1)) for c in key])
    adjacent = pl.col(_NUMBER) == pl.col(_NUMBER).shift(1) + 1
    same_state = pl.all_horizontal(
        [pl.lit(value=True), *(pl.col(c).eq_missing(pl.col(c).shift(1)) for c in compared)]
    )
    starts = ~(same_key & adjacent & same_state).fill_null(value=False)
    numbered = ordered.with_columns(starts.cum_sum().alias("\x00version"))
    closed = numbered.group_by("\x00version", maintain_order=True).agg(
        pl.col(c).last() if c in spec.ignore else pl.col(c).first()
        for c in [*states.columns, _NEXT_AT, _NUMBER]
        if c not in {_NEXT_AT, _NUMBER, at}
    )
    spans = numbered.group_by("\x00version", maintain_order=True).agg(
        pl.col(at).first().alias(VALID_FROM), pl.col(_NEXT_AT).last().alias(VALID_TO)
    )
    joined = closed.join(spans, on="\x00version", maintain_order="left").drop("\x00version")
    is_last = pl.col(VALID_FROM) == pl.col(VALID_FROM).max().over(key)
    is_deleted = is_last & pl.col(VALID_TO).is_not_null()
    return joined.with_columns(
        is_last.alias(IS_CURRENT), is_deleted.alias(IS_DELETED)
    ).with_columns(pl.when(IS_DELETED).then(pl.col(VALID_TO).dt.date()).alias(DELETED_ON))
