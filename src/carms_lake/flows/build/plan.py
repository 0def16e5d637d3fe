"""What a silver table needs when something changed: nothing, some of its keys, or all of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from carms_lake.contract.model import Balance, Delivery
from carms_lake.names import Layer, TableRef

if TYPE_CHECKING:
    from collections.abc import Mapping

    from carms_lake.catalog import SilverStep
    from carms_lake.contract.model import Column, Contract
    from carms_lake.contract.types import ColumnType
    from carms_lake.store.delta.manifest import Build


LARGE_PCT = 30.0
"""Of the driver's rows: where more are touched, a full refresh takes less time."""

_BY_KEY = (Balance.ONE_TO_ONE, Balance.DEDUPLICATE, Balance.EXPAND)
_NO_KEY_TYPES = ("blob", "double")


class NotIncremental(Exception):
    """Why a table has to be rebuilt in full after all."""


class RebuildScope(StrEnum):
    """How much of a table is rebuilt."""

    NOTHING = "nothing"
    KEYS = "keys"
    """Only the keys that changed."""
    ALL = "all"


@dataclass(frozen=True)
class Decision:
    """How much of a table is rebuilt, and why not less."""

    scope: RebuildScope
    why: str = ""


@dataclass(frozen=True)
class Changes:
    """What is known of a table and what it is made from, before a row is read."""

    is_built: bool
    """The table is as a build left it, and no full refresh was asked for."""
    changed_code: tuple[str, ...] = ()
    """Which of code, tool and contract changed, and which inputs were replaced as tables."""
    inputs: frozenset[TableRef] = frozenset()
    """The tables whose rows changed since."""
    driver: TableRef | None = None
    looked_up: frozenset[TableRef] = frozenset()
    """The tables that references are looked up in, and that the function does not read."""
    why_not_incremental: str = ""
    """Why the contract, or the last build, does not let the table be rebuilt key by key."""
    has_change_log: bool = True
    """The driver's log says which files came since, and their rows are still there."""


def decide(changes: Changes) -> Decision:
    """How much is to be rebuilt: the first case that holds."""
    beyond = changes.inputs - changes.looked_up - {changes.driver}
    names = ", ".join(sorted(f"`{ref.in_domain}`" for ref in beyond))
    cases = (
        (
            not changes.is_built,
            RebuildScope.ALL,
            "it is not built yet, or a full refresh was asked for",
        ),
        (
            bool(changes.changed_code),
            RebuildScope.ALL,
            f"{', '.join(changes.changed_code)} changed",
        ),
        (not changes.inputs, RebuildScope.NOTHING, ""),
        (bool(changes.why_not_incremental), RebuildScope.ALL, changes.why_not_incremental),
        (bool(beyond), RebuildScope.ALL, f"{names} changed"),
        (
            not changes.has_change_log,
            RebuildScope.ALL,
            "its driver does not say which rows changed",
        ),
        (True, RebuildScope.KEYS, ""),
    )
    return next(Decision(scope, why) for holds, scope, why in cases if holds)


def why_not_incremental(
    step: SilverStep, contracts: Mapping[TableRef, Contract], last: Build | None
) -> str:
    """Why a table cannot be rebuilt key by key; empty where it can.

    Where its key is in no columns of its driver, rows of new files can still be added.
    """
    contract, spec = step.contract, step.contract.silver
    reasons = {
        "its contract says so": not spec.by_key,
        "it has no driver whose keys are its own": spec.driver is None
        or spec.balance not in _BY_KEY
        or spec.history is not None,
        "its driver is not in bronze": spec.driver is not None
        and spec.driver.layer is not Layer.BRONZE,
        "its function does not read its driver": spec.driver not in step.reads.values(),
        "it refers to itself": any(
            r.quarantine and r.target == contract.ref for r in contract.relationships
        ),
        "a constraint is about all its rows": any(c.unique or c.coverage for c in contract.columns),
    }
    found = next((why for why, holds in reasons.items() if holds), "")
    if found or spec.driver is None:
        return found
    driver = contracts[spec.driver]
    if driver.source is None or driver.source.delivery is Delivery.SNAPSHOT:
        return "each delivery of its driver is all of it"
    if key_pairs(contract, driver):
        is_proved = last is None or last.has_driver_keys
        return "" if is_proved else "its keys are not its driver's"
    types = [contract.column(name).type for name in contract.primary_key]
    can_add = spec.balance is not Balance.EXPAND and types and all(map(_is_plain, types))
    return "" if can_add else "its key has no columns in its driver"


def key_pairs(contract: Contract, driver: Contract) -> dict[str, str]:
    """The driver's columns that hold this table's key -> the columns that hold it here.

    They are what `carms.driverKey` names, in the order of the primary key; else, for each column
    of the primary key, the one that `transformSourceObjects` names, or the one of the same name.
    Empty where a column has none, or one of another type, or is not of the primary key.
    """
    spec, primary = contract.silver, contract.primary_key
    named = spec.driver_key or (driver.primary_key if spec.balance is Balance.EXPAND else ())
    if named:
        # A column of another name here has the same position in this table's primary key.
        places = zip(named, primary, strict=False)
        pairs = {name: name if name in contract.column_names else here for name, here in places}
    else:
        pairs = {_made_of(contract.column(name), driver): name for name in primary}
    # Columns outside the primary key would let one key stand in rows that are looked at apart.
    is_sound = len(pairs) == len(named or primary) and all(
        here in primary and _same_type(there, contract.column(here), driver)
        for there, here in pairs.items()
    )
    return pairs if is_sound else {}


def _made_of(column: Column, driver: Contract) -> str:
    sources = [text.rpartition(".") for text in column.sources]
    found = [name for table, _, name in sources if table == driver.ref.in_domain]
    return found[0] if len(found) == 1 else column.name


def _same_type(name: str, here: Column, driver: Contract) -> bool:
    known = name in driver.column_names and _is_plain(here.type)
    return known and driver.column(name).type == here.type


def _is_plain(kind: ColumnType) -> bool:
    return not kind.item and kind.name not in _NO_KEY_TYPES
