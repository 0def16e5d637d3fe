"""Which table reads which: silver from the parameters of its functions, gold from its SQL."""

from __future__ import annotations

import hashlib
import importlib
import inspect
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from carms_lake import expressions
from carms_lake.errors import ContractError, did_you_mean
from carms_lake.names import Layer, TableRef
from carms_lake.store.sql import tables_read

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType

    import polars as pl

    from carms_lake.config import Domain
    from carms_lake.contract.model import Contract

    Transform = Callable[..., "pl.LazyFrame | pl.DataFrame"]


_CODE_SUFFIXES = (".py", ".csv", ".json", ".yaml")


@dataclass(frozen=True)
class SilverStep:
    """A silver table: the function that makes it and the tables that it reads, by parameter."""

    contract: Contract
    transform: Transform
    reads: Mapping[str, TableRef]


@dataclass(frozen=True)
class GoldStep:
    """A gold table, view or macro: its SELECT and the tables that it reads."""

    contract: Contract
    sql: str
    reads: tuple[TableRef, ...]


def silver_steps(domain: Domain, contracts: Mapping[TableRef, Contract]) -> list[SilverStep]:
    """The silver tables of a domain, each after the tables that it reads.

    Raises:
        ContractError: a function without contract or the other way round, a parameter that names no
            table, or tables that read each other in a circle.
    """
    module = _module(f"{domain.package}.silver")
    functions = _transforms(module) if module else {}
    wanted = {ref.table: c for ref, c in contracts.items() if ref.layer is Layer.SILVER}
    _same_names(set(functions), set(wanted), "silver function", f"{domain.package}.silver")
    known = {ref.as_parameter: ref for ref in contracts if ref.layer is not Layer.GOLD}
    steps: dict[TableRef, SilverStep] = {}
    for table, contract in wanted.items():
        reads = {}
        for parameter in inspect.signature(functions[table]).parameters:
            if parameter not in known:
                raise ContractError(
                    f"`{domain.package}.silver.{table}`: parameter `{parameter}` names no table",
                    did_you_mean(parameter, known),
                )
            reads[parameter] = known[parameter]
        steps[contract.ref] = SilverStep(contract, functions[table], reads)
    graph = {
        ref: {need for need in needed_by(step) if need.layer is Layer.SILVER}
        for ref, step in steps.items()
    }
    return [steps[ref] for ref in _ordered(graph)]


def needed_by(step: SilverStep) -> set[TableRef]:
    """The tables that a silver table reads, and those that its references are looked up in."""
    own = step.contract.ref
    looked_up = {r.target for r in step.contract.relationships if r.quarantine}
    return {*step.reads.values(), *looked_up} - {own}


def gold_steps(domain: Domain, contracts: Mapping[TableRef, Contract]) -> list[GoldStep]:
    """The gold tables, views and macros of a domain, each after the tables that it needs.

    Raises:
        ContractError: SQL without contract or the other way round, a name that is no table, a view
            that reads silver (the published file has none), or a circle.
    """
    texts = _gold_texts(domain)
    wanted = {ref.table: c for ref, c in contracts.items() if ref.layer is Layer.GOLD}
    _same_names(set(texts), set(wanted), "gold SELECT", f"{domain.package}.gold")
    known = {ref.in_domain: ref for ref in contracts}
    steps: dict[TableRef, GoldStep] = {}
    for table, contract in wanted.items():
        names = tables_read(texts[table], where=f"{domain.package}/gold/{table}.sql")
        for name in names:
            if name not in known:
                raise ContractError(
                    f"`gold/{table}.sql` reads `{name}`, which is no table",
                    did_you_mean(name, known),
                )
        reads = tuple(sorted(known[name] for name in names))
        if contract.kind != "table" and any(ref.layer is not Layer.GOLD for ref in reads):
            raise ContractError(
                f"the {contract.kind} `{contract.ref}` reads outside gold",
                "only gold is in the published file",
            )
        steps[contract.ref] = GoldStep(contract, texts[table], reads)
    graph = {
        ref: {r for r in step.reads if r.layer is Layer.GOLD}
        | {r.target for r in step.contract.relationships if r.enforced and r.target != ref}
        for ref, step in steps.items()
    }
    return [steps[ref] for ref in _ordered(graph)]


def code_fingerprint(domain: Domain) -> str:
    """SHA-256 over the code and reference data that make silver.

    That is the domain's, the checks' and the expressions that domains share.
    """
    digest = hashlib.sha256(Path(expressions.__file__).read_bytes())
    modules = (_module(domain.package), _module("carms_lake.quality"))
    for folder in (path for module in modules for path in getattr(module, "__path__", [])):
        root = Path(folder)
        for path in sorted(p for p in root.rglob("*") if p.suffix in _CODE_SUFFIXES):
            digest.update(
                path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0"
            )
    return digest.hexdigest()


def _module(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and name.startswith(error.name):
            return None
        raise


def _transforms(module: ModuleType) -> dict[str, Transform]:
    names = getattr(module, "__all__", None)
    if names is None:
        names = [
            n
            for n, f in vars(module).items()
            if inspect.isfunction(f) and f.__module__ == module.__name__
        ]
    return {n: getattr(module, n) for n in names if not n.startswith("_")}


def _gold_texts(domain: Domain) -> dict[str, str]:
    folder = files(domain.package) / "gold"
    if not folder.is_dir():
        return {}
    return {
        entry.name.removesuffix(".sql"): entry.read_text(encoding="utf-8").strip().removesuffix(";")
        for entry in folder.iterdir()
        if entry.name.endswith(".sql")
    }


def _same_names(found: set[str], wanted: set[str], what: str, where: str) -> None:
    for name in sorted(found - wanted):
        raise ContractError(
            f"`{where}`: {what} `{name}` has no contract", did_you_mean(name, wanted)
        )
    for name in sorted(wanted - found):
        raise ContractError(
            f"`{where}`: no {what} for the contract `{name}`", did_you_mean(name, found)
        )


def _ordered(graph: Mapping[TableRef, set[TableRef]]) -> list[TableRef]:
    try:
        order = TopologicalSorter({ref: sorted(graph[ref]) for ref in sorted(graph)}).static_order()
        return [ref for ref in order if ref in graph]
    except CycleError as error:
        raise ContractError(
            "tables read each other in a circle: " + " -> ".join(map(str, error.args[1]))
        ) from None
