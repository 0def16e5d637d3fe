"""What became of spoiled tables: one record per corruption, and a score per table."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from carms_lake.names import TableRef


class Verdict(StrEnum):
    """Whether a broken promise was noticed."""

    NOTICED = "noticed"
    UNGUARDED = "unguarded"
    NOT_APPLICABLE = "not applicable"
    """The promise could not be broken here; `why` says what was in the way."""
    NO_PROMISE = "no promise"
    """A column of which the contract says nothing that could be broken."""


@dataclass(frozen=True)
class Mutation:
    """One table spoiled in one way, and who noticed."""

    table: TableRef
    column: str
    """Several are joined by `+`; empty where it is about the table as a whole."""
    promise: str
    verdict: Verdict
    corruption: str = ""
    guard: str = ""
    """Where it is to be noticed, and by which rule."""
    noticed_by: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True)
class TableScore:
    """How many of a table's promises are guarded.

    A promise is guarded where each of its corruptions is noticed; those that could not be broken
    count neither way.
    """

    table: TableRef
    promises: int
    guarded: int
    unguarded: int
    not_applicable: int
    corruptions: int
    no_promise: int
    """Columns without a promise."""

    @property
    def score_pct(self) -> float | None:
        """Guarded promises of those that could be broken; None where none could."""
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
