"""What became of corrupted tables: one record per corruption, and a score per table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import polars as pl

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


_WORST_FIRST = (Verdict.UNGUARDED, Verdict.NOTICED, Verdict.NOT_APPLICABLE, Verdict.NO_PROMISE)


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
    def rows(self) -> pl.DataFrame:
        """One row per corruption: all texts, null where there is nothing to say."""
        names = ("layer", "table", "column", "promise", "corruption", "guard", "noticed_by",
                 "verdict", "why")  # fmt: skip
        rows = [
            (m.table.layer, m.table.table, m.column, m.promise, m.corruption, m.guard,
             ", ".join(m.noticed_by), m.verdict, m.why)
            for m in self.mutations
        ]  # fmt: skip
        texts = [[str(value) or None for value in row] for row in rows]
        return pl.DataFrame(texts, dict.fromkeys(names, pl.String), orient="row")

    @property
    def scores(self) -> pl.DataFrame:
        """One row per table: counts of its constraints by verdict, and the share guarded.

        A constraint is guarded where each of its corruptions is noticed. `no_promise` counts
        columns without one; `score_pct` leaves out what could not be broken here.
        """
        table = pl.concat_str("layer", "table", separator=".").alias("table")
        ranks = {str(verdict): rank for rank, verdict in enumerate(_WORST_FIRST)}
        worst = pl.col("verdict").replace_strict(ranks, return_dtype=pl.Int64).min()
        unguarded, guarded, not_applicable, no_promise = (
            pl.col("worst").eq(rank).sum() for rank in ranks.values()
        )
        rows = self.rows.with_columns(table)
        was_tried = pl.col("verdict").is_in([Verdict.NOTICED, Verdict.UNGUARDED])
        corruptions = rows.group_by("table").agg(corruptions=was_tried.sum())
        return (
            rows.group_by("table", "column", "promise", maintain_order=True)
            .agg(worst=worst)
            .group_by("table", maintain_order=True)
            .agg(
                promises=unguarded + guarded + not_applicable,
                guarded=guarded,
                unguarded=unguarded,
                not_applicable=not_applicable,
                no_promise=no_promise,
                score_pct=(100 * guarded / (guarded + unguarded)).fill_nan(None).round(1),
            )
            .join(corruptions, on="table", maintain_order="left")
        )
