"""Whether contracts agree with each other and with their own columns, checked before a run."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from carms_lake.contract.dax import verify_measures
from carms_lake.contract.model import Balance, Column, Contract
from carms_lake.contract.own import verify_own_layer
from carms_lake.contract.spelling import SeriesSpec
from carms_lake.contract.types import FORMATS, added_formats
from carms_lake.errors import ContractError, did_you_mean
from carms_lake.names import AUDIT_COLUMNS, DELIVERY_COLUMNS, Layer, TableRef

_NEEDS_DRIVER = (Balance.ONE_TO_ONE, Balance.DEDUPLICATE, Balance.EXPAND)


def verify(contracts: Mapping[TableRef, Contract]) -> None:
    """Check that every table and column that a domain's contracts name exists.

    What depends on a function's result is checked after it ran: `carms.order` may name a column of
    its frame that bronze gave, and `carms.history` may group by columns that no table keeps.

    Raises:
        ContractError: the first mistake, with its file, its place and the nearest name.
    """
    for contract in contracts.values():
        try:
            _source(contract)
            for column in contract.columns:
                _path_patterns(column)
            _balance(contract, contracts)
            _own_columns(contract, contracts)
            for relationship in contract.relationships:
                where = f"relationship of `{'+'.join(relationship.columns)}`"
                _columns(contract, where, relationship.columns, contract.column_names)
                target = _table(where, relationship.target, contracts)
                _columns(target, where, relationship.target_columns, target.column_names)
            _ages(contract)
            _counted(contract, contracts)
            _evidence(contract, contracts)
            verify_own_layer(contract)
            verify_measures(contract, contracts)
        except ContractError as error:
            raise ContractError(f"`{contract.path}`, {error.message}", error.hint) from None


def _source(contract: Contract) -> None:
    spec = contract.source
    if spec is None:
        return
    for name in contract.column_names:
        if name in contract.audit_columns:
            raise ContractError(
                f"column `{name}` has the name of an audit column",
                "give it another name, and the file's name for it as `physicalName`",
            )
    for name in spec.formats:
        if name not in FORMATS and name not in added_formats():
            raise ContractError(
                f"unknown `carms.format`: `{name}`",
                did_you_mean(name, (*FORMATS, *added_formats())),
            )
    if len(set(spec.formats) - {"delta"}) > 1 or len(set(spec.formats)) < len(spec.formats):
        raise ContractError(
            f"`carms.format` names {', '.join(spec.formats)}",
            "only a Delta table, a folder, differs from a file: name delta and one other format",
        )
    _series(contract, spec.series)
    into = spec.merge_surplus_into
    if into is None:
        return
    where = "`carms.mergeSurplusInto`"
    _columns(contract, where, [into], contract.column_names)
    if spec.formats != ("csv",) or contract.column(into).type.name != "varchar":
        raise ContractError(
            f"{where} names `{into}`",
            "only CSV files have surplus fields, and they can be joined into a text column only",
        )


def _series(contract: Contract, spec: SeriesSpec | None) -> None:
    if spec and spec.path is not None:
        _path_pattern("`carms.series`", spec.path)
    if spec and spec.column is not None:
        _columns(contract, "`carms.series`", [spec.column], contract.column_names)


def _path_patterns(column: Column) -> None:
    patterns = {"fromPath": column.from_path, "agreesWithPath": column.agrees_with_path}
    for key, pattern in patterns.items():
        if pattern is not None:
            _path_pattern(f"column `{column.name}`: `carms.{key}`", pattern)


def _path_pattern(where: str, pattern: str) -> None:
    try:
        groups = re.compile(pattern).groups
    except (re.error, TypeError, RecursionError, OverflowError) as error:
        raise ContractError(
            f"{where} is not a regular expression: {error}", "see Rust's `regex`"
        ) from None
    if groups != 1:
        raise ContractError(
            f"{where} has {groups} groups",
            r"give it one, as in `(\d+)_[^/]*$`: the value is what it matches",
        )


def _balance(contract: Contract, contracts: Mapping[TableRef, Contract]) -> None:
    spec = contract.silver
    if spec.driver is None:
        if spec.balance in _NEEDS_DRIVER:
            raise ContractError(
                f"`carms.balance` is `{spec.balance}`, and there is no driver",
                "name the table that it is compared with in `carms.driver`",
            )
        if spec.driver_key:
            raise ContractError(
                "`carms.driverKey` without a driver",
                "name the table that has these columns in `carms.driver`",
            )
        return
    driver = _table("`carms.driver`", spec.driver, contracts)
    _columns(driver, "`carms.driverKey`", spec.driver_key, _given(driver))
    if spec.balance is Balance.DEDUPLICATE and not (spec.order and contract.primary_key):
        missing = "`carms.order`" if contract.primary_key else "primary key"
        raise ContractError(
            f"`carms.balance` is `deduplicate`, and there is no {missing}",
            "of each key, the row that comes last in that order is kept",
        )
    if spec.balance is Balance.EXPAND:
        _expands(contract, driver)


def _expands(contract: Contract, driver: Contract) -> None:
    """The table has the driver's key, under the same names or first in its primary key."""
    key = contract.silver.driver_key or driver.primary_key
    if not key:
        raise ContractError(
            f"`carms.balance` is `expand`, and `{driver.ref}` has no key",
            "name the driver's key columns in `carms.driverKey`",
        )
    if len(contract.primary_key) < len(key):
        raise ContractError(
            f"its primary key is shorter than its driver's, ({', '.join(key)}) of `{driver.ref}`",
            "begin the primary key with the columns that hold the driver's key",
        )


def _own_columns(contract: Contract, contracts: Mapping[TableRef, Contract]) -> None:
    own, spec = contract.column_names, contract.silver
    driver = contracts.get(spec.driver) if spec.driver else None
    carried = {*own, *AUDIT_COLUMNS, *DELIVERY_COLUMNS, *(_given(driver) if driver else ())}
    order = [name.removeprefix("-") for name in spec.order]
    _columns(contract, "`carms.order`", order, carried)
    _columns(contract, "`carms.coverageBy`", contract.coverage_by, own)
    if spec.history is not None:
        _columns(contract, "`carms.history`, `key`", spec.history.key, own)
        _columns(contract, "`carms.history`, `ignore`", spec.history.ignore, carried)
    for rule in contract.quality:
        if rule.quarantine and contract.ref.layer is not Layer.SILVER:
            raise ContractError(
                f"rule `{rule.name}`: `carms.quarantine` belongs to silver, "
                f"and this is a contract of {contract.ref.layer}",
                "take it out of this contract",
            )
        names = rule.arguments.get("properties") or ()
        _columns(contract, f"rule `{rule.name}`", [str(name) for name in names], own)


def _ages(contract: Contract) -> None:
    for age in contract.ages:
        where = f"slaProperties, `{age.property}`"
        if age.column is None:
            if contract.ref.layer is not Layer.BRONZE:
                raise ContractError(
                    f"{where}: no `element`",
                    "files are delivered to bronze; elsewhere name a column of dates or times",
                )
            continue
        _columns(contract, where, [age.column], contract.column_names)
        kind = contract.column(age.column).type.name
        if kind not in ("date", "timestamp"):
            raise ContractError(
                f"{where}: `{age.column}` is of type {kind}",
                "name a column of type date or timestamp instead",
            )


def _counted(contract: Contract, contracts: Mapping[TableRef, Contract]) -> None:
    layer = contract.ref.layer
    has_budget = contract.quarantine_budget_pct is not None or bool(contract.quarantine_budgets)
    for key, is_there, layers in (
        ("quarantineBudgetPct", has_budget, (Layer.SILVER,)),
        ("maxRowChangePct", contract.row_change is not None, (Layer.SILVER, Layer.GOLD)),
        ("declaredTotals", bool(contract.declared_totals), (Layer.SILVER, Layer.GOLD)),
    ):
        if is_there and layer not in layers:
            raise ContractError(
                f"`carms.{key}` belongs in {' and '.join(layers)}, this is a contract of {layer}",
                "take it out of this contract",
            )
    for total in contract.declared_totals:
        for ref in total.files:
            where = f"`carms.declaredTotals`, `{total.name}`"
            _table(where, ref, contracts)
            if ref.layer is not Layer.BRONZE:
                raise ContractError(
                    f"{where}: `{ref.in_domain}` is not loaded from files",
                    "name the bronze table that the files are loaded into",
                )


def _evidence(contract: Contract, contracts: Mapping[TableRef, Contract]) -> None:
    spec, where = contract.evidence, "`carms.evidence`"
    if spec is None:
        return
    there = _table(where, spec.table, contracts)
    named = ("fact", "sentence", *(("item",) if spec.item else ()))
    _columns(there, where, named, there.column_names)
    _columns(contract, where, spec.item, contract.column_names)
    own = contract.primary_key or contract.column_names
    if not spec.keys(own, there.column_names):
        raise ContractError(
            f"{where}: `{spec.table.in_domain}` has no key column of this table",
            f"give it at least one of {', '.join(own)}",
        )


def _given(contract: Contract) -> tuple[str, ...]:
    """The columns that a silver function finds in a table."""
    if contract.ref.layer is Layer.BRONZE:
        return (*contract.column_names, *contract.audit_columns)
    return contract.column_names


def _table(where: str, ref: TableRef, contracts: Mapping[TableRef, Contract]) -> Contract:
    if ref not in contracts:
        raise ContractError(
            f"{where}: no table `{ref.in_domain}` in `{ref.domain}`",
            did_you_mean(ref.in_domain, (known.in_domain for known in contracts)),
        )
    return contracts[ref]


def _columns(table: Contract, where: str, names: Iterable[str], known: Iterable[str]) -> None:
    """Reject names that are not among the known columns of the table."""
    there = tuple(known)
    for name in names:
        if name not in there:
            raise ContractError(
                f"{where}: no column `{name}` in `{table.ref.in_domain}`", did_you_mean(name, there)
            )


def conforms(
    contract: Contract, found: Mapping[str, Any], wanted: Mapping[str, Any], made_by: str
) -> None:
    """Compare columns and their types, in any order; `made_by` names what produced them.

    Raises:
        ContractError: they differ; the message lists every difference.
    """
    if found == wanted:
        return
    differences = [
        f"`{name}` is {found.get(name, 'missing')}, "
        f"the contract says {wanted.get(name, 'no such column')}"
        for name in {**wanted, **found}
        if found.get(name) != wanted.get(name)
    ]
    raise ContractError(
        f"`{contract.ref}` does not match its contract: " + "; ".join(differences),
        f"change {made_by}, or `{contract.path}`",
    )
