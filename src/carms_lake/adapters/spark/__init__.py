"""Gold computed by another engine, over the same silver, and compared with the published one.

Sail or Apache Spark run the SELECTs of gold, translated; DuckDB compares what comes back. That it
is the same is a certificate, kept in `ops.parity`: this gold does not depend on one engine.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from carms_lake import Parity, ParityStatus, UnknownTable
from carms_lake.adapters.gold import gold_of, patient
from carms_lake.adapters.spark.compare import compared
from carms_lake.adapters.spark.inputs import Inputs, ensure_seen, scratch_of
from carms_lake.adapters.spark.server import SAIL, Refused, connected, ensure_url
from carms_lake.adapters.spark.translation import macros_read, translate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from carms_lake import Contract, Lake
    from carms_lake.adapters.spark.compare import Ask
    from carms_lake.adapters.spark.server import Server
    from carms_lake.adapters.spark.translation import Schema, Translation

__all__ = ["SAIL", "Certificate", "Finding", "certify", "lint"]


@dataclass(frozen=True)
class Certificate:
    """What was compared, and which tables were certified before and are no longer."""

    tables: tuple[Parity, ...]
    lost: tuple[str, ...]


class GoldStep(Protocol):
    """A table of gold, as `Lake.selects` gives it."""

    @property
    def contract(self) -> Contract:
        """What it guarantees."""

    @property
    def sql(self) -> str:
        """Its SELECT."""

    @property
    def where(self) -> str:
        """The file of the SELECT, for messages."""


class Finding(NamedTuple):
    """What of a SELECT does not travel."""

    table_name: str
    problem: str
    file: str


def certify(
    lake: Lake,
    *tables: str,
    engine: str | None = None,
    progress: Callable[[Parity], None] | None = None,
) -> Certificate:
    """Compute tables of gold on another engine, all unless some are named, and compare them.

    `engine` is `sail`, which is started for it, or the `sc://host:port` of a server; unless it is
    given, the server of carms.toml, else Sail. `progress` gets each table as it is done.

    Raises:
        UsageError: unknown table or engine, the extra is missing, or the server has a version that
            the rules are not made for.
        GoldMissing: gold was not built yet.
        StoreError: the server does not answer, does not see the lake or goes, or a table of silver
            is not as the build read it.
        StoreLocked: another process is writing to the lake.
    """
    url = engine or lake.config.spark.server or SAIL
    if url != SAIL:
        ensure_url(url)
    lake = patient(lake)
    steps = _chosen(lake, tables)
    gold_of(lake)  # before a server is started for nothing
    before = lake.parity()
    with connected(url) as server, scratch_of(lake) as scratch:

        def compare() -> Sequence[Parity]:
            with lake.beside_files() as ask:
                ensure_seen(lake, server, scratch)
                task = _Task(lake, ask, server, scratch, gold_of(lake).run_id)
                return list(task.run(steps, progress))

        found = tuple(lake.certify(compare))
    certified = {
        row["table_name"]
        for row in before.rows(named=True)
        if row["engine"] == server.engine and ParityStatus(row["status"]).is_certified
    }
    lost = [p.table_name for p in found if p.table_name in certified and not p.status.is_certified]
    return Certificate(found, tuple(lost))


def lint(lake: Lake, *tables: str) -> tuple[Finding, ...]:
    """What of the SELECTs of gold does not travel, without an engine; nothing where all do.

    Raises:
        UsageError: unknown table.
        ContractError: contracts and SELECTs do not fit.
    """
    schema, macros = schema_of(lake), _macros(lake)
    found = []
    for step in _chosen(lake, tables):
        why = _only_duckdb(step, macros)
        problems = (why,) if why else translate(step.sql, schema, SAIL).problems
        file = step.where.strip("`")  # as messages name it
        found += [Finding(step.contract.ref.table, text, file) for text in problems]
    return tuple(found)


def schema_of(lake: Lake) -> Schema:
    """The types of all columns, by layer and table."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for name, contract in lake.contracts.items():
        layer, _, table = name.partition(".")
        types = {column.name: column.type.sql for column in contract.columns}
        found.setdefault(layer, {})[table] = types
    return found


@dataclass(frozen=True)
class _Task:
    """Tables of gold, computed on a server one after the other."""

    lake: Lake
    ask: Ask
    server: Server
    scratch: Path
    gold_run_id: str

    def run(
        self, steps: Sequence[GoldStep], progress: Callable[[Parity], None] | None
    ) -> Iterator[Parity]:
        """What became of each table."""
        schema, macros = schema_of(self.lake), _macros(self.lake)
        inputs = Inputs(self.lake, self.server, self.gold_run_id, self.scratch)
        for step in steps:
            if why := _only_duckdb(step, macros):
                found = self._parity(step, ParityStatus.DUCKDB_ONLY, why)
            else:
                select = translate(step.sql, schema, self.server.engine)
                found = self._computed(step, select, inputs)
            if progress:
                progress(found)
            yield found

    def _computed(self, step: GoldStep, select: Translation, inputs: Inputs) -> Parity:
        if select.problems:
            return self._parity(step, ParityStatus.NOT_RUN, "; ".join(select.problems))
        started = time.perf_counter()
        try:
            reads = inputs.read(select)
            rows = self.server.rows(select.sql)
        except Refused as refused:
            return self._parity(step, ParityStatus.NOT_RUN, str(refused))
        verdict = compared(self.ask, step.contract, rows, self.scratch / "computed.parquet")
        seconds = round(time.perf_counter() - started, 3)
        return self._parity(step, **vars(verdict), seconds=seconds, rules=select.rules, reads=reads)

    def _parity(
        self, step: GoldStep, status: ParityStatus, message: str, **known: object
    ) -> Parity:
        return Parity(
            table_name=step.contract.ref.table,
            status=status,
            engine=self.server.engine,
            engine_version=self.server.version,
            gold_run_id=self.gold_run_id,
            message=message,
            **{"seconds": 0.0, **known},  # type: ignore[arg-type]  # the fields of a verdict
        )


def _chosen(lake: Lake, tables: Sequence[str]) -> list[GoldStep]:
    """The SELECTs of these tables of gold, in the order of a build."""
    wanted = set()
    for name in tables:
        ref = lake.contracts[name].ref
        if ref.layer != "gold":
            raise UnknownTable(
                f"`{ref.in_domain}` is not a table of gold", "silver is made by functions, not SQL"
            )
        wanted.add(ref)
    return [step for step in lake.selects() if not tables or step.contract.ref in wanted]


def _macros(lake: Lake) -> set[str]:
    return {name for name, contract in lake.contracts.items() if contract.kind == "macro"}


def _only_duckdb(step: GoldStep, macros: set[str]) -> str:
    """Why a SELECT is DuckDB's alone; empty where it is not."""
    if step.contract.kind == "macro":
        return "a macro: macros are DuckDB's"
    found = macros_read(step.sql, macros)
    return f"it reads the macro `{found[0]}`" if found else ""
