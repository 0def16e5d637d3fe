"""A silver table being built: what its function reads, and what the function returns."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from carms_lake import authored
from carms_lake.catalog import SilverStep
from carms_lake.config import LakeConfig
from carms_lake.contract.model import Balance, Contract, HistorySpec
from carms_lake.errors import ContractError, did_you_mean
from carms_lake.flows.build.plan import key_pairs
from carms_lake.flows.run import Run
from carms_lake.names import AUDIT_COLUMNS, UPDATED_AT, Layer, TableRef
from carms_lake.quality.split import landed_schema
from carms_lake.quality.validate import Validated, apply_constraints
from carms_lake.store import delta, table_path
from carms_lake.store.delta import log
from carms_lake.store.delta.manifest import Build, last_build

NO_COLUMN = (pl.exceptions.ColumnNotFoundError,)
OTHER_TYPE = (pl.exceptions.SchemaError, pl.exceptions.InvalidOperationError)
"""What Polars says of a frame that has not the columns, or the types, that a function reads."""

VALID_FROM = "valid_from"
VALID_TO = "valid_to"
IS_CURRENT = "is_current"
IS_DELETED = "is_deleted"
DELETED_ON = "deleted_on"

_NEXT_AT = "\x00next_at"
_NUMBER = "\x00number"
_VERSION = "\x00version"


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
    if states.select(pl.struct({*key, *group, at}).hash()).to_series().n_unique() < states.height:
        # A state that was delivered twice would look like one that ended and began again.
        said = [c for c in states.columns if c == at or c not in AUDIT_COLUMNS]
        states = states.unique(said, keep="last", maintain_order=True)
    next_moment = {_NEXT_AT: pl.col(at).shift(-1), _NUMBER: pl.int_range(pl.len())}
    moments = (
        states.select(*group, at)
        .unique()
        .sort(*group, at)
        .with_columns(**{n: e.over(group) if group else e for n, e in next_moment.items()})
    )
    ordered = states.join(moments, on=[*group, at], how="left").sort(*key, _NUMBER)
    ignored = {*group, at, *spec.ignore} - set(key)
    compared = [c for c in states.columns if c not in ignored]
    is_same = pl.all_horizontal(pl.col(c).eq_missing(pl.col(c).shift(1)) for c in compared)
    is_adjacent = pl.col(_NUMBER) == pl.col(_NUMBER).shift(1) + 1
    starts = ~(is_same & is_adjacent).fill_null(value=False)
    found = (
        ordered.group_by(starts.cum_sum().alias(_VERSION), maintain_order=True)
        .agg(
            *(
                pl.col(c).last() if c in spec.ignore else pl.col(c).first()
                for c in states.columns
                if c != at
            ),
            pl.col(at).first().alias(VALID_FROM),
            pl.col(_NEXT_AT).last().alias(VALID_TO),
        )
        .drop(_VERSION)
    )
    is_last = pl.col(VALID_FROM) == pl.col(VALID_FROM).max().over(key)
    is_deleted = is_last & pl.col(VALID_TO).is_not_null()
    deleted_on = pl.when(is_deleted).then(pl.col(VALID_TO).dt.date())
    return found.with_columns(
        is_last.alias(IS_CURRENT), is_deleted.alias(IS_DELETED), deleted_on.alias(DELETED_ON)
    )


@dataclass(frozen=True)
class BuildContext:
    """A silver table to be built in a run, and its last build."""

    run: Run
    step: SilverStep
    contracts: Mapping[TableRef, Contract]
    made_from: Mapping[str, Any]
    last: Build | None

    @property
    def contract(self) -> Contract:
        """The table's contract."""
        return self.step.contract

    @property
    def path(self) -> Path:
        """Where the table is."""
        return table_path(self.run.config, self.contract.ref)

    @property
    def counts_keys(self) -> bool:
        """Whether the balance is of distinct keys, not of rows."""
        return self.contract.silver.balance is Balance.EXPAND

    @property
    def driver(self) -> Contract | None:
        """The table that this one is reconciled with, if any."""
        spec = self.contract.silver
        if spec.driver is None or spec.balance in (Balance.NONE, Balance.AGGREGATE):
            return None
        return self.contracts[spec.driver]

    @property
    def marks(self) -> frozenset[str]:
        """The columns that say where a row comes from: no other of its copies agrees in them."""
        read = [self.contracts[ref] for ref in self.step.reads.values()]
        of_source = {name for contract in read for name in contract.column_names}
        added = {name for contract in read if contract.source for name in contract.audit_columns}
        return frozenset({*AUDIT_COLUMNS, *added, UPDATED_AT} - of_source)

    @property
    def pairs(self) -> dict[str, str]:
        """The driver's columns that hold this table's key -> those that hold it here."""
        return key_pairs(self.contract, self.driver) if self.driver else {}


@dataclass(frozen=True)
class TableUpdate:
    """What a table becomes: rows that replace others, and all its quarantined rows."""

    rows: pl.DataFrame
    rejects: pl.DataFrame
    """In the columns of the reject store, under this run."""
    build: Build
    replaced: pl.DataFrame | None = None
    """The keys whose rows go; None where all go."""
    removed: pl.DataFrame | None = None
    """The rows that these replace, where they are not all rows."""
    note: str = ""
    rows_read: int | None = None
    """Of the driver; of a table without one, of all tables that its function reads."""


def rows_version(config: LakeConfig, ref: TableRef) -> int:
    """The version at which a table got the rows that it has; -1 where there is no table."""
    path = table_path(config, ref)
    build = last_build(path) if ref.layer is Layer.SILVER else None
    return build.rows_since if build else log.rows_version(path)


def all_rows(context: BuildContext, ref: TableRef) -> pl.LazyFrame:
    """The rows of a table; none of a source that never came, of which the build warns."""
    path = table_path(context.run.config, ref)
    if ref.layer is Layer.BRONZE and not delta.exists(path):
        return pl.LazyFrame(schema=landed_schema(context.contracts[ref]))
    return delta.scan(path)


def collected(step: SilverStep, frames: Mapping[str, pl.LazyFrame]) -> pl.DataFrame:
    """What the function makes of its frames; of a history its versions with their intervals.

    Raises:
        ContractError: the function fails, gives something else than a frame, or does not deliver
            what its history needs.
    """
    frame = _frame_of(step, frames)
    history = step.contract.silver.history
    if history is None:
        return frame
    versioned = versions(frame, history)
    return versioned.select([c for c in step.contract.column_names if c in versioned.columns])


def _frame_of(step: SilverStep, frames: Mapping[str, pl.LazyFrame]) -> pl.DataFrame:
    """What the function gives, computed; a column or a type that does not fit is Polars' to say."""
    what = f"`{step.contract.ref.in_domain}`"
    with authored.called(what, step.transform, passing=NO_COLUMN + OTHER_TYPE):
        result = step.transform(**frames)
        if isinstance(result, pl.LazyFrame):
            result = result.collect(engine="streaming")
    if not isinstance(result, pl.DataFrame):
        raise ContractError(
            f"{what}: {authored.place_of(step.transform)}: the function gives "
            f"{'nothing' if result is None else f'a `{type(result).__name__}`'}, not a frame",
            "`return` a LazyFrame or a DataFrame",
        )
    return result


def validated(context: BuildContext, frame: pl.DataFrame) -> Validated:
    """The rows that the function gave: valid, quarantined or superseded.

    Raises:
        ContractError: the frame does not deliver the contract.
    """
    contract = context.contract
    columns: dict[TableRef, set[str]] = {}
    for relationship in contract.relationships:
        if relationship.quarantine:
            columns.setdefault(relationship.target, set()).update(relationship.target_columns)
    references = {
        ref: frame.select(sorted(names))
        if ref == contract.ref
        else all_rows(context, ref).select(sorted(names)).collect()
        for ref, names in columns.items()
    }
    checks = context.step.checks()
    try:
        return apply_constraints(frame, contract, references, checks, context.marks)
    except ContractError as error:
        place = authored.place_of(context.step.transform)
        hint = f"{error.hint}; the function is in {place}".removeprefix("; ")
        raise ContractError(error.message, hint) from error


def count_of(frame: pl.LazyFrame) -> int:
    """How many rows there are."""
    return int(frame.select(pl.len()).collect(engine="streaming").item())
