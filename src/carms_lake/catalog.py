"""The tables of a domain: their contracts, the one resolver of their names, which reads which."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from carms_lake import authored
from carms_lake.config import Domain
from carms_lake.contract.model import Contract
from carms_lake.errors import ContractError, UsageError, did_you_mean
from carms_lake.names import Layer, TableRef

if TYPE_CHECKING:
    import polars as pl

Transform = Callable[..., "pl.LazyFrame | pl.DataFrame"]


GOLD_FIRST = (Layer.GOLD, Layer.SILVER, Layer.BRONZE)
"""Where a bare name is looked up, in this order; a command about some layers has only those."""

_CODE_SUFFIXES = (".py", ".csv", ".json", ".yaml")


@dataclass(frozen=True)
class SilverStep:
    """A silver table: its function and the tables that it reads, by parameter."""

    contract: Contract
    transform: Transform
    reads: Mapping[str, TableRef]
    checks: Callable[[], Sequence[Any]] = tuple
    """Gives the Pandera checks of the domain's author, from `<package>/checks.py`."""

    @property
    def needs(self) -> set[TableRef]:
        """The tables that it reads, and those in which its references are looked up."""
        looked_up = {r.target for r in self.contract.relationships if r.quarantine}
        return {*self.reads.values(), *looked_up} - {self.contract.ref}


@dataclass(frozen=True)
class GoldStep:
    """A gold table, view or macro: its SELECT and the tables that it reads."""

    contract: Contract
    sql: str
    reads: tuple[TableRef, ...]
    where: str = ""
    """What messages call the file of the SELECT."""

    @property
    def needs(self) -> set[TableRef]:
        """The tables that it reads, and those that its enforced references point to."""
        enforced = {r.target for r in self.contract.relationships if r.enforced}
        return {*self.reads, *(enforced - {self.contract.ref})}


Step = TypeVar("Step", SilverStep, GoldStep)


class Catalog:
    """The tables of a domain.

    Every name that a person gives is resolved here: `carms.silver.program`, `silver.program`, or
    `program`, which is looked up in gold, silver, bronze, and the domain's own layers.
    """

    def __init__(self, domain: Domain, contracts: Mapping[TableRef, Contract]) -> None:
        self.domain = domain
        self.contracts = contracts
        """By table, sorted."""

    def refs(self, *layers: str) -> list[TableRef]:
        """The tables of these layers, in the order of the layers and by name; all if none given."""
        wanted = layers or (*Layer, *self.domain.own_layers)
        return [ref for layer in wanted for ref in self.contracts if ref.layer == layer]

    @property
    def gold_first(self) -> tuple[str, ...]:
        """Where a bare name is looked up, in this order: last in the domain's own layers."""
        return (*GOLD_FIRST, *self.domain.own_layers)

    def named(self, name: str, *layers: str) -> list[TableRef]:
        """Every table that a name may mean; a bare name may mean one table per layer.

        Raises:
            UsageError: none of these layers has a table of that name.
        """
        plain = name.strip().lower()
        refs = self.refs(*(layers or self.gold_first))
        found = [ref for ref in refs if plain in (ref.table, ref.in_domain, str(ref))]
        if not found:
            raise self._unknown(plain, refs, layers)
        return found

    def resolve(self, name: str, *layers: str) -> TableRef:
        """The table that a name means: of a bare name the one in the first of the layers.

        Raises:
            UsageError: none of these layers has a table of that name.
        """
        return self.named(name, *layers)[0]

    def select(self, names: Iterable[str], *layers: str) -> list[TableRef]:
        """The tables of these names, each once, in the catalog's order; all if none is named.

        Raises:
            UsageError: none of these layers has a table of that name.
        """
        chosen = {self.resolve(name, *layers) for name in names}
        return [ref for ref in self.refs(*layers) if not chosen or ref in chosen]

    def _unknown(self, name: str, refs: list[TableRef], layers: tuple[str, ...]) -> UsageError:
        known = [ref.in_domain if "." in name else ref.table for ref in refs]
        parsed = TableRef.parse(name, domain=self.domain.name)
        if parsed is not None and parsed.domain != self.domain.name:
            return UsageError(
                f"`{name}` is not a table of the domain `{self.domain.name}`",
                f"add `-d {parsed.domain}` to work on that domain",
            )
        if any(name in (r.table, r.in_domain, str(r)) for r in self.contracts):
            wanted = " or ".join(layers)
            return UsageError(f"`{name}` is not a {wanted} table", did_you_mean(name, known))
        plain = name.removeprefix(f"{self.domain.name}.")
        return UsageError(
            f"no table `{name}` in the domain `{self.domain.name}`", did_you_mean(plain, known)
        )

    @cached_property
    def silver_steps(self) -> list[SilverStep]:
        """The silver tables, each after the tables that it reads.

        Raises:
            ContractError: a function without contract or the other way round, a parameter that
                names no table, or tables that read each other in a circle.
        """
        package = self.domain.package
        functions = authored.functions(package, "silver")
        wanted = {ref.table: self.contracts[ref] for ref in self.refs(Layer.SILVER)}
        places = {table: authored.place_of(function) for table, function in functions.items()}
        _same_names(places, wanted, "silver function", f"`{authored.shown(package, 'silver')}`")
        known = {ref.as_parameter: ref for ref in self.refs(Layer.BRONZE, Layer.SILVER)}
        steps: dict[TableRef, SilverStep] = {}
        for table, contract in wanted.items():
            reads = _tables_read(contract.ref, functions[table], known)
            checks = partial(authored.checks, package, table, frozenset(wanted))
            steps[contract.ref] = SilverStep(contract, functions[table], reads, checks)
        return _in_order(steps)

    @cached_property
    def gold_steps(self) -> list[GoldStep]:
        """The gold tables, views and macros, each after the tables that it needs.

        Raises:
            ContractError: SQL without contract or the other way round, a name that no table has, a
                view that reads silver (the published file has none), or a circle.
        """
        from carms_lake.store.gold.macros import expanded
        from carms_lake.store.sql.statement import tables_read

        folder = authored.files(self.domain.package) / "gold"
        found, places = authored.selects(folder)
        texts = {table: expanded(sql, places[table]) for table, sql in found.items()}
        wanted = {ref.table: self.contracts[ref] for ref in self.refs(Layer.GOLD)}
        _same_names(places, wanted, "gold SELECT", f"`{folder}`")
        known = {ref.in_domain: ref for ref in self.refs(*Layer)}
        steps: dict[TableRef, GoldStep] = {}
        for table, contract in wanted.items():
            names = tables_read(texts[table], where=places[table])
            for name in names:
                if name not in known:
                    raise ContractError(
                        f"{places[table]} reads `{name}`, which is not a table of the domain",
                        did_you_mean(name, known),
                    )
            reads = tuple(sorted(known[name] for name in names))
            if contract.kind != "table" and any(ref.layer is not Layer.GOLD for ref in reads):
                raise ContractError(
                    f"the {contract.kind} `{contract.ref}` reads outside gold",
                    "only gold is in the published file",
                )
            steps[contract.ref] = GoldStep(contract, texts[table], reads, places[table])
        return _in_order(steps)

    def sources(self) -> dict[TableRef, set[TableRef]]:
        """The bronze tables that each silver and gold table is made from, references included.

        Raises:
            ContractError: as the steps.
        """
        found: dict[TableRef, set[TableRef]] = {ref: {ref} for ref in self.refs(Layer.BRONZE)}
        steps: list[SilverStep | GoldStep] = [*self.silver_steps, *self.gold_steps]
        for step in steps:
            found[step.contract.ref] = set().union(*(found[ref] for ref in step.needs))
        return found


def load_catalog(domain: Domain) -> Catalog:
    """The catalog of a domain; contracts are parsed again only where one of the files changed.

    Raises:
        ContractError: no contract at all, or a wrong one.
    """
    from carms_lake.contract.load import SUFFIX

    digest = hashlib.sha256()
    for folder in domain.schemas:
        for path in sorted(folder.glob(f"*/*{SUFFIX}")):
            digest.update(f"{path}\0".encode(errors="surrogatepass") + path.read_bytes() + b"\0")
    return Catalog(domain, _contracts(domain.name, domain.schemas, digest.digest()))


@lru_cache(maxsize=8)
def _contracts(
    domain: str, schemas: tuple[Path, ...], digest: bytes
) -> Mapping[TableRef, Contract]:
    from carms_lake.contract.load import load_contracts

    del digest  # of the files: part of the key, since a long-lived process sees contracts change
    return MappingProxyType(load_contracts(list(schemas), domain))


def code_fingerprint(domain: Domain) -> str:
    """SHA-256 over the code and reference data that make silver.

    That is the domain's, the checks' and the expressions that domains share.
    """
    digest = hashlib.sha256(Path(__file__).with_name("expressions.py").read_bytes())
    for package in (domain.package, "carms_lake.quality"):
        authored.load(package)
    for root in (*authored.folders(domain.package), *authored.folders("carms_lake.quality")):
        for path in sorted(p for p in root.rglob("*") if p.suffix in _CODE_SUFFIXES):
            name = path.relative_to(root).as_posix().encode()
            digest.update(name + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _tables_read(
    ref: TableRef, function: Callable[..., Any], known: Mapping[str, TableRef]
) -> dict[str, TableRef]:
    """The tables that a function reads, by its parameters.

    Raises:
        ContractError: a parameter that no table has, or that takes no name.
    """
    reads, where = {}, f"`{ref.in_domain}`: {authored.place_of(function)}"
    for parameter in authored.parameters(function, where):
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise ContractError(
                f"{where}: the parameter `{parameter}` takes no table by its name",
                "name each table that it reads: `bronze_sales`, without `*` and `/`",
            )
        if parameter.name not in known:
            raise ContractError(
                f"{where}: no table for the parameter `{parameter.name}`",
                did_you_mean(parameter.name, known),
            )
        reads[parameter.name] = known[parameter.name]
    return reads


def _same_names(
    found: Mapping[str, str], wanted: Mapping[str, Contract], what: str, where: str
) -> None:
    """Refuse code without a contract, and a contract without code; `found` has the places."""
    for name in sorted(found.keys() - wanted.keys()):
        raise ContractError(
            f"{found[name]}: {what} `{name}` has no contract", _or_hidden(name, wanted, what)
        )
    for name in sorted(wanted.keys() - found.keys()):
        raise ContractError(
            f"{where}: no {what} for the contract `{wanted[name].path}`",
            did_you_mean(name, found) or f"write the {what} `{name}`",
        )


def _or_hidden(name: str, wanted: Collection[str], what: str) -> str:
    hint = did_you_mean(name, wanted)
    others = {
        "silver function": f"a helper's name begins with `_`: `_{name}`",
        "gold SELECT": "`carms contract new` with its file writes one, where it is in the project",
    }
    return "; ".join(filter(None, (hint, others[what])))


def _in_order(steps: Mapping[TableRef, Step]) -> list[Step]:
    """The steps of a layer, each after those of the same layer that it needs."""
    graph = {ref: sorted(steps[ref].needs & steps.keys()) for ref in sorted(steps)}
    try:
        return [steps[ref] for ref in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        raise ContractError(
            "tables read each other in a circle: " + " -> ".join(map(str, error.args[1])),
            "let one of them read something else",
        ) from None
