"""ODCS files -> contracts.

A contract's path is its name: `schemas/<domain>/<layer>/<table>.odcs.yaml`.
"""

import codecs
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from carms_lake.contract.evidence import evidence
from carms_lake.contract.indexes import indexes
from carms_lake.contract.keys import (
    COLUMN_KEYS,
    RELATIONSHIP_KEYS,
    TABLE_KEYS,
    budget_pct,
    custom,
    listed,
    quarantine_budgets,
    read_yaml,
    reconciled,
    text,
    texts,
    whole_number,
    words,
)
from carms_lake.contract.limits import ages, declared_totals, quality_rule, row_change
from carms_lake.contract.measures import measures
from carms_lake.contract.model import (
    BOUNDS,
    Balance,
    Column,
    Contract,
    HistorySpec,
    Relationship,
    SilverSpec,
)
from carms_lake.contract.sources import ensure_own_names, source_spec, spelling
from carms_lake.contract.types import parse_type
from carms_lake.contract.verify import verify
from carms_lake.errors import ContractError, did_you_mean
from carms_lake.names import IDENTIFIER, Layer, TableRef

SUFFIX = ".odcs.yaml"

_HISTORY_KEYS = frozenset(["key", "group", "at", "ignore"])
_KINDS = ("table", "view", "macro")


def load_contracts(folders: list[Path], domain: str) -> dict[TableRef, Contract]:
    """All contracts of a domain, by table, sorted; a later folder's file replaces an earlier one.

    `folders` hold `<layer>/<table>.odcs.yaml`: the package's first, then the project's.

    Raises:
        ContractError: there is no contract, or an invalid one.
    """
    paths: dict[TableRef, Path] = {}
    for folder in folders:
        own = {path.parent.name for path in folder.glob("*/*" + SUFFIX)} - {*Layer}
        for layer in (*Layer, *sorted(own)):
            for path in sorted((folder / layer).glob("*" + SUFFIX)):
                table = path.name[: -len(SUFFIX)]
                if "." not in table:  # `program.v1.odcs.yaml` is an older version
                    paths[TableRef(domain, layer, table)] = path
    if not paths:
        raise ContractError(
            f"domain `{domain}` has no contracts in " + ", ".join(f"`{f}`" for f in folders),
            "put its contracts into one of these folders, as `bronze/<table>.odcs.yaml`",
        )
    contracts = {ref: load_contract(path, ref) for ref, path in sorted(paths.items())}
    verify(contracts)
    return contracts


def load_contract(path: Path, ref: TableRef) -> Contract:
    """The contract in one file, for the table that its path names.

    Raises:
        ContractError: with file and place, what was found and what was expected.
    """
    return parse_contract(path.read_bytes(), path, ref)


def parse_contract(data: bytes, path: Path, ref: TableRef) -> Contract:
    """The contract in the content of a file, which `path` names in messages.

    Raises:
        ContractError: with file and place, what was found and what was expected.
    """
    document = read_yaml(data, f"`{path}`")
    if not isinstance(document, dict) or document.get("kind") != "DataContract":
        raise ContractError(f"`{path}` is not a data contract", "its `kind` must be `DataContract`")
    found = document.get("schema")
    tables = [t for t in found if isinstance(t, dict)] if isinstance(found, list) else []
    if len(tables) != 1 or len(found or ()) != 1 or tables[0].get("name") != ref.table:
        raise ContractError(
            f"`{path}`: `schema` must hold one object named `{ref.table}`",
            "a contract's file name is its table's name",
        )
    try:
        return _contract(tables[0], document, path, ref, data)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        what = f"a part of it does not have the shape of the standard: {error}"
        if isinstance(error, KeyError):
            what = f"missing `{error.args[0]}`"
        elif isinstance(error, ValueError):
            what = str(error)
        raise ContractError(f"`{path}`: {what}", "see docs/reference/contract-keys.md") from error


def _contract(
    table: dict[str, Any], document: dict[str, Any], path: Path, ref: TableRef, data: bytes
) -> Contract:
    own = custom(table, TABLE_KEYS, f"`{path}`")
    properties = table.get("properties") or []
    columns = tuple(_column(prop, own, path) for prop in properties)
    if not columns:
        raise ContractError(f"`{path}` has no column", "list them under `properties`")
    ensure_own_names(columns)
    names = [column.name for column in columns]
    if len(set(names)) != len(names):
        raise ContractError(f"`{path}`: duplicate column name", "give one of them another name")
    relationships = [
        _relationship([prop["name"]], entry, ref, path)
        for prop in properties
        for entry in prop.get("relationships") or []
    ]
    for entry in table.get("relationships") or []:
        here = [str(name).split(".")[-1] for name in listed(entry["from"])]
        relationships.append(_relationship(here, entry, ref, path))
    quality = [
        quality_rule(entry, column, ref.table)
        for column, element in ((None, table), *((prop["name"], prop) for prop in properties))
        for entry in element.get("quality") or []
    ]
    in_all, by_reason = quarantine_budgets(own)
    kind = table.get("physicalType") or "table"
    if kind not in _KINDS:
        raise ValueError(f"`physicalType` is `{kind}`: write one of {', '.join(_KINDS)}")
    return Contract(
        ref=ref,
        version=str(document["version"]),
        columns=columns,
        grain=text(table, "dataGranularityDescription") or "",
        description=words(table, "description"),
        kind=kind,
        relationships=tuple(relationships),
        quality=tuple(rule for rule in quality if rule.kind != "text"),
        source=source_spec(own) if ref.layer is Layer.BRONZE else None,
        silver=_silver(own, ref.domain, path),
        reconcile=reconciled(own),
        enforce_key=bool(own.get("enforceKey", True)),
        parameters=texts(own, "parameters"),
        ages=ages(document.get("slaProperties") or (), ref.table, f"`{path}`"),
        quarantine_budget_pct=in_all,
        quarantine_budgets=by_reason,
        row_change=row_change(own),
        declared_totals=declared_totals(own, ref.domain),
        evidence=evidence(own, ref.domain),
        coverage_by=texts(own, "coverageBy"),
        written_by=text(own, "writtenBy") or "",
        measures=measures(own, data),
        indexes=indexes(own, data, {c.name: c.type for c in columns}, ref.layer),
        path=path,
        fingerprint=hashlib.sha256(data).hexdigest(),
    )


def _column(prop: dict[str, Any], table: Mapping[str, Any], path: Path) -> Column:
    name = prop["name"]
    where = f"`{path}`, column `{name}`"
    if not IDENTIFIER.fullmatch(name):
        raise ContractError(f"{where}: not a column name", "lower-case letters, digits and _")
    own = custom(prop, COLUMN_KEYS, where)
    options = prop.get("logicalTypeOptions") or {}
    enum = tuple(entry["value"] for entry in prop.get("enum") or [])
    if prop.get("logicalType") == "string" and any(not isinstance(value, str) for value in enum):
        raise ContractError(
            f"{where}: a value of its enum is not text",
            "quote it: YAML reads ON and NO as booleans, 1503 as a number",
        )
    for key in ("minLength", "maxLength"):
        whole_number(options, key, where)
    kind = parse_type(prop.get("logicalType"), prop.get("physicalType"), where=where)
    try:
        aliases, spelled = texts(own, "aliases"), spelling(own, table, kind.name)
        bytes_encoding = text(own, "bytesEncoding") or "utf-8"
        "".encode(bytes_encoding)  # raises where it is not an encoding of text
    except (ValueError, LookupError) as error:
        raise ContractError(f"{where}: {error}", "see docs/reference/contract-keys.md") from None
    return Column(
        name=name,
        type=kind,
        source=str(prop.get("physicalName") or name),
        description=words(prop, "description"),
        required=bool(prop.get("required") or prop.get("primaryKey")),
        unique=bool(prop.get("unique")),
        primary_key_position=int(prop.get("primaryKeyPosition") or 1)
        if prop.get("primaryKey")
        else None,
        classification=text(prop, "classification"),
        enum=enum,
        pattern=text(options, "pattern"),
        bounds={key: options[key] for key in BOUNDS if options.get(key) is not None},
        sources=tuple(prop.get("transformSourceObjects") or ()),
        rule=words(prop, "transformDescription"),
        from_path=own.get("fromPath"),
        agrees_with_path=own.get("agreesWithPath"),
        may_be_absent=bool(own.get("mayBeAbsent")),
        coverage=bool(own.get("coverage")),
        aliases=aliases,
        spelling=spelled,
        bytes_encoding=codecs.lookup(bytes_encoding).name,
    )


def _relationship(
    here: list[str], entry: dict[str, Any], ref: TableRef, path: Path
) -> Relationship:
    own = custom(entry, RELATIONSHIP_KEYS, f"`{path}`, relationship of `{'+'.join(here)}`")
    targets = [_target(str(name), ref, path) for name in listed(entry["to"])]
    if len({table for table, _ in targets}) != 1 or len(targets) != len(here):
        raise ContractError(
            f"`{path}`, relationship of `{'+'.join(here)}`: "
            + ", ".join(f"`{table.in_domain}.{column}`" for table, column in targets),
            "name as many columns there as here, all of the same table",
        )
    return Relationship(
        columns=tuple(here),
        target=targets[0][0],
        target_columns=tuple(column for _, column in targets),
        enforced=bool(own.get("enforce")),
        quarantine=bool(own.get("quarantine")),
        budget_pct=budget_pct(own, "budgetPct"),
    )


def _target(name: str, ref: TableRef, path: Path) -> tuple[TableRef, str]:
    """`school.code` is a table of the same layer; `silver.school.code` names its layer."""
    table, _, column = name.rpartition(".")
    if "." not in table:
        table = f"{ref.layer}.{table}"
    target = TableRef.parse(table, domain=ref.domain, own=ref.layer)
    if target is None or not column:
        raise ContractError(
            f"`{path}`: relationship to `{name}`", "write `table.column` or `layer.table.column`"
        )
    return target, column


def _silver(own: Mapping[str, Any], domain: str, path: Path) -> SilverSpec:
    """How a silver table is derived from its driver."""
    by_key = own.get("incremental", True)
    if not isinstance(by_key, bool):
        raise ValueError(f"`carms.incremental` is `{by_key}`: write true or false")  # noqa: TRY004
    driver = own.get("driver")
    ref = TableRef.parse(str(driver), domain=domain) if driver else None
    if driver and ref is None:
        raise ContractError(
            f"`{path}`: `carms.driver` is `{driver}`, which is not a table name",
            f"write `layer.table`, such as `bronze.{str(driver).rpartition('.')[2]}`",
        )
    return SilverSpec(
        driver=ref,
        balance=Balance(own.get("balance") or "none"),
        driver_key=texts(own, "driverKey"),
        order=texts(own, "order"),
        history=_history(own["history"], path) if own.get("history") else None,
        by_key=by_key,
    )


def _history(value: Any, path: Path) -> HistorySpec:
    if not isinstance(value, dict):
        raise ContractError(
            f"`{path}`: `carms.history` is `{value}`", "write `{key: [column], group: [column]}`"
        )
    for name in value:
        if name not in _HISTORY_KEYS:
            raise ContractError(
                f"`{path}`: `carms.history` has the unknown key `{name}`",
                did_you_mean(str(name), _HISTORY_KEYS),
            )
    if not value.get("key"):
        raise KeyError("carms.history.key")
    prefix = "carms.history."
    return HistorySpec(
        key=texts(value, "key", prefix),
        group=texts(value, "group", prefix),
        at=str(value.get("at") or "delivered_at"),
        ignore=texts(value, "ignore", prefix),
    )
