"""What is rebuilt: of a silver table nothing, some of its keys, or all of it; which gold tables."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from carms_lake import __version__
from carms_lake.catalog import GoldStep, SilverStep
from carms_lake.config import LakeConfig
from carms_lake.contract.model import Balance, Column, Contract
from carms_lake.contract.types import ColumnType
from carms_lake.names import Layer, TableRef
from carms_lake.store import table_path
from carms_lake.store.delta.log import mark_at
from carms_lake.store.delta.manifest import Build, SourceChanges, source_changes
from carms_lake.store.gold.macros import SURROGATE_KEY, key_mark, masks
from carms_lake.store.rejects import runs_without_rejects

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


def changes_since(
    last: Build | None,
    made_from: Mapping[str, Any],
    config: LakeConfig,
    step: SilverStep,
    contracts: Mapping[TableRef, Contract],
) -> tuple[Changes, SourceChanges | None]:
    """What changed since the last build, and which rows of the driver.

    Raises:
        StoreError: the lake cannot be read.
    """
    if last is None:
        return Changes(is_built=False), None
    inputs, driver = sorted(step.needs), step.contract.silver.driver
    then, now = last.made_from.get("inputs", {}), made_from["inputs"]
    changed = frozenset(ref for ref in inputs if then.get(str(ref)) != now[str(ref)])
    parts = ("code", "tool", "contract", "series")
    changed_code = [part for part in parts if last.made_from.get(part) != made_from.get(part)]
    if last.quarantined and runs_without_rejects(config, [last.run_id]):
        changed_code.append("`rejects`")  # an older backup was put back, without these
    marks = last.made_from.get("commits", {})
    for ref in inputs:
        version = then.get(str(ref), -1)
        is_new = version < 0 <= now[str(ref)]
        if is_new or _is_replaced(config, ref, version, marks.get(str(ref)), last.run_id):
            # Its first file came, or it is not the table that it was: nothing to compare with.
            changed |= {ref}
            changed_code.append(f"`{ref.in_domain}`")
    why_not = why_not_incremental(step, contracts, last)
    of_driver = None
    if driver in changed and not changed_code and not why_not:
        of_driver = source_changes(table_path(config, driver), then[str(driver)])
    changes = Changes(
        is_built=True,
        changed_code=tuple(changed_code),
        inputs=changed,
        driver=driver,
        looked_up=frozenset(step.needs - set(step.reads.values())),
        why_not_incremental=why_not,
        has_change_log=of_driver is not None or driver not in changed,
    )
    return changes, of_driver


def _is_replaced(
    config: LakeConfig, ref: TableRef, version: int, mark: str | None, built_by: str
) -> bool:
    """Whether a table no longer has the commit that it had at a version when it was read.

    A backup was put back, or it was deleted and loaded again: what has the number now is another
    commit. Builds of earlier versions of the tool have no mark: a commit after theirs is another.
    """
    found = mark_at(table_path(config, ref), version) if version >= 0 else None
    if version < 0 or found is None:
        return version >= 0
    return found != mark if mark else found > built_by


def decide(changes: Changes) -> tuple[RebuildScope, str]:
    """How much is to be rebuilt, and why not less: the first case that holds."""
    beyond = changes.inputs - changes.looked_up - {changes.driver}
    why = ""
    if not changes.is_built:
        why = "it is not built yet, or a full refresh was asked for"
    elif changes.changed_code:
        why = f"{', '.join(changes.changed_code)} changed"
    elif not changes.inputs:
        return RebuildScope.NOTHING, ""
    elif changes.why_not_incremental:
        why = changes.why_not_incremental
    elif beyond:
        why = f"{', '.join(sorted(f'`{ref.in_domain}`' for ref in beyond))} changed"
    elif not changes.has_change_log:
        why = "its driver does not say which rows changed"
    return RebuildScope.ALL if why else RebuildScope.KEYS, why


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
    if driver.source is None or driver.is_snapshot or driver.series:
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
        pairs = {_source_of(contract.column(name), driver): name for name in primary}
    # With columns outside the primary key, rows of one key could be rebuilt apart from each other.
    is_sound = len(pairs) == len(named or primary) and all(
        here in primary
        and there in driver.column_names
        and contract.column(here).type == driver.column(there).type
        and _is_plain(contract.column(here).type)
        for there, here in pairs.items()
    )
    return pairs if is_sound else {}


def _source_of(column: Column, driver: Contract) -> str:
    sources = [text.rpartition(".") for text in column.sources]
    found = [name for table, _, name in sources if table == driver.ref.in_domain]
    return found[0] if len(found) == 1 else column.name


def _is_plain(kind: ColumnType) -> bool:
    return not kind.item and kind.name not in _NO_KEY_TYPES


@dataclass(frozen=True)
class Made:
    """What a gold table is made from."""

    definition: str
    """The fingerprint of the tool, its SELECT, its contract and, where it masks, the key."""
    inputs: Mapping[str, Any]
    """By table that it reads, or refers to by an enforced key (`silver.program`): of silver the
    version at which it got its rows and which commit that is, of gold its fingerprint."""

    @cached_property
    def fingerprint(self) -> str:
        """Of all of it."""
        return digest_of([self.definition, self.inputs])


def made_from(
    config: LakeConfig, steps: Sequence[GoldStep], silver: Mapping[TableRef, int]
) -> dict[TableRef, Made]:
    """What each step is made from; steps come after what they read.

    Raises:
        ConfigError: the file of the masking key holds none.
        StoreError: it cannot be read or written.
    """
    found: dict[TableRef, Made] = {}
    for step in steps:
        definition = [__version__, SURROGATE_KEY, step.sql, step.contract.fingerprint]
        if masks(step.sql):
            definition.append(key_mark(config))
        inputs: dict[str, Any] = {}
        for ref in sorted(step.needs):
            if ref.layer is Layer.SILVER:
                mark = mark_at(table_path(config, ref), silver[ref])
                inputs[ref.in_domain] = [silver[ref], mark]
            elif ref.layer is Layer.GOLD:
                inputs[ref.in_domain] = found[ref].fingerprint
        found[step.contract.ref] = Made(digest_of(definition), inputs)
    return found


def table_fingerprints(
    config: LakeConfig, steps: Sequence[GoldStep], silver: Mapping[TableRef, int]
) -> dict[TableRef, str]:
    """The fingerprint of what each step is made from.

    Raises:
        ConfigError: the file of the masking key holds none.
        StoreError: it cannot be read or written.
    """
    return {ref: made.fingerprint for ref, made in made_from(config, steps, silver).items()}


def own_fingerprints(config: LakeConfig, versions: Mapping[TableRef, int]) -> dict[TableRef, str]:
    """What the tables of the domain's own layers are at their versions, -1 for none yet.

    Raises:
        StoreError: a log cannot be read.
    """
    return {
        ref: f"{ref}: {version}, {mark_at(table_path(config, ref), version)}"
        for ref, version in versions.items()
    }


def silver_states(config: LakeConfig, builds: Mapping[TableRef, Build]) -> dict[TableRef, Any]:
    """What each silver table holds, and what its build counted.

    Raises:
        StoreError: a log cannot be read.
    """
    return {
        ref: [
            mark_at(table_path(config, ref), build.rows_since),
            build.rows_since,
            build.input_rows,
            build.quarantined,
            dict(build.unknown),
        ]
        for ref, build in builds.items()
    }


def file_fingerprint(
    config: LakeConfig,
    tables: Iterable[str],
    contracts: Mapping[TableRef, Contract],
    builds: Mapping[TableRef, Build],
    people: Iterable[TableRef],
) -> str:
    """What the gold file is made from and checked against: tables, contracts, counts of silver.

    And which tables are about people, whose records its copy of `ops` may not show.
    """
    checked = {ref: c for ref, c in contracts.items() if ref.layer is not Layer.BRONZE}
    made_from = {
        "tables": sorted(tables),
        "contracts": {str(ref): contract.fingerprint for ref, contract in checked.items()},
        "silver": {str(ref): state for ref, state in silver_states(config, builds).items()},
        "people": sorted(map(str, people)),
    }
    return digest_of(made_from)


def digest_of(made_from: Any) -> str:
    """The SHA-256 of what JSON can hold."""
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()
