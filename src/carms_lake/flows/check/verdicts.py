"""What became of corrupted tables: one record per corruption, and a score per table."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from carms_lake.names import Layer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from carms_lake.contract.model import Contract
    from carms_lake.flows.check.mutants import ConstraintUnderTest, Mutant, Original
    from carms_lake.names import TableRef


def judged(original: Original, mutant: Mutant, guard: str, noticed_by: Iterable[str]) -> Mutation:
    """A corruption, and whether any rule noticed it."""
    rules = tuple(dict.fromkeys(noticed_by))
    return Mutation(
        original.contract.ref,
        mutant.constraint.column,
        mutant.constraint.kind,
        Verdict.NOTICED if rules else Verdict.UNGUARDED,
        mutant.corruption,
        f"{guard}: {mutant.constraint.rule}",
        rules,
    )


def not_applicable(
    original: Original, constraint: ConstraintUnderTest, guard: str, why: str = ""
) -> Mutation:
    """A constraint that cannot be broken here, and why not."""
    return Mutation(
        original.contract.ref,
        constraint.column,
        constraint.kind,
        Verdict.NOT_APPLICABLE,
        guard=f"{guard}: {constraint.rule}",
        why=why or _why(original, constraint),
    )


def unconstrained(
    contract: Contract, constraints: Sequence[ConstraintUnderTest]
) -> Iterator[Mutation]:
    """The columns without a constraint."""
    constrained = {column for constraint in constraints for column in constraint.columns}
    for name in contract.column_names:
        if name not in constrained:
            yield Mutation(contract.ref, name, "", Verdict.NO_PROMISE)


def _why(original: Original, constraint: ConstraintUnderTest) -> str:
    frame, contract = original.frame, original.contract
    if frame.is_empty():
        return "the table has no rows here"
    if constraint.kind == "type" and contract.ref.layer is Layer.BRONZE:
        return f"its reader gives no other {contract.column(constraint.column).type}"
    if constraint.columns and frame.select(constraint.columns).drop_nulls().is_empty():
        return "no row has a value here"
    return "no value and no row that was tried breaks it"


class Verdict(StrEnum):
    """Whether a broken constraint was noticed."""

    NOTICED = "noticed"
    UNGUARDED = "unguarded"
    NOT_APPLICABLE = "not applicable"
    """The constraint could not be broken here; `why` says what was in the way."""
    NO_PROMISE = "no promise"
    """A column without a constraint that could be broken."""


@dataclass(frozen=True)
class Mutation:
    """One table corrupted in one way, and which rules noticed."""

    table: TableRef
    column: str
    """Several are joined by `+`; empty for the table as a whole."""
    promise: str
    verdict: Verdict
    corruption: str = ""
    guard: str = ""
    """Where it should be noticed, and by which rule."""
    noticed_by: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True)
class TableScore:
    """How many of a table's constraints are guarded.

    A constraint is guarded where each of its corruptions is noticed; those that could not be
    broken count neither way.
    """

    table: TableRef
    promises: int
    guarded: int
    unguarded: int
    not_applicable: int
    corruptions: int
    no_promise: int
    """Columns without a constraint."""

    @property
    def score_pct(self) -> float | None:
        """Guarded constraints of those that could be broken, in per cent; None where none could."""
        tried = self.guarded + self.unguarded
        return round(100 * self.guarded / tried, 1) if tried else None


@dataclass(frozen=True)
class MutationReport:
    """Everything that was tried, in the order of layers, tables and columns."""

    seed: int
    seconds: float
    mutations: tuple[Mutation, ...]
    notes: tuple[str, ...] = ()

    @property
    def unguarded(self) -> tuple[Mutation, ...]:
        """The corruptions that nothing noticed."""
        return tuple(m for m in self.mutations if m.verdict is Verdict.UNGUARDED)

    @property
    def scores(self) -> tuple[TableScore, ...]:
        """One per table, in order."""
        tables: dict[TableRef, list[Mutation]] = {}
        for mutation in self.mutations:
            tables.setdefault(mutation.table, []).append(mutation)
        return tuple(_score(table, found) for table, found in tables.items())


def _score(table: TableRef, mutations: Iterable[Mutation]) -> TableScore:
    found = list(mutations)
    verdicts: dict[tuple[str, str], set[Verdict]] = {}
    for mutation in found:
        verdicts.setdefault((mutation.column, mutation.promise), set()).add(mutation.verdict)
    worst = (Verdict.UNGUARDED, Verdict.NOTICED, Verdict.NOT_APPLICABLE, Verdict.NO_PROMISE)
    counts = Counter(next(v for v in worst if v in seen) for seen in verdicts.values())
    return TableScore(
        table,
        promises=len(verdicts) - counts[Verdict.NO_PROMISE],
        guarded=counts[Verdict.NOTICED],
        unguarded=counts[Verdict.UNGUARDED],
        not_applicable=counts[Verdict.NOT_APPLICABLE],
        corruptions=sum(m.verdict in (Verdict.NOTICED, Verdict.UNGUARDED) for m in found),
        no_promise=counts[Verdict.NO_PROMISE],
    )
