"""What became of one spoiled table, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carms_lake.flows.mutation.mutations import Mutation, Verdict
from carms_lake.names import Layer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from carms_lake.checks.mutants import Mutant, Original, Promised
    from carms_lake.contract.model import Contract


def judged(original: Original, mutant: Mutant, guard: str, noticed_by: Iterable[str]) -> Mutation:
    """A corruption, and whether any rule noticed it."""
    rules = tuple(dict.fromkeys(noticed_by))
    return Mutation(
        original.contract.ref,
        mutant.promised.column,
        mutant.promised.kind,
        Verdict.NOTICED if rules else Verdict.UNGUARDED,
        mutant.corruption,
        f"{guard}: {mutant.promised.rule}",
        rules,
    )


def not_applicable(original: Original, promised: Promised, guard: str, why: str = "") -> Mutation:
    """A promise that cannot be broken here, and why not."""
    return Mutation(
        original.contract.ref,
        promised.column,
        promised.kind,
        Verdict.NOT_APPLICABLE,
        guard=f"{guard}: {promised.rule}",
        why=why or _why(original, promised),
    )


def left_alone(contract: Contract, promised: Sequence[Promised]) -> Iterator[Mutation]:
    """The columns of which nothing is promised."""
    told = {column for promise in promised for column in promise.columns}
    for name in contract.column_names:
        if name not in told:
            yield Mutation(contract.ref, name, "", Verdict.NO_PROMISE)


def _why(original: Original, promised: Promised) -> str:
    frame, contract = original.frame, original.contract
    if frame.is_empty():
        return "the table has no rows here"
    if promised.kind == "type" and contract.ref.layer is Layer.BRONZE:
        return f"its reader gives no other {contract.column(promised.column).type}"
    if promised.columns and frame.select(promised.columns).drop_nulls().is_empty():
        return "no row has a value here"
    return "no value and no row that was tried breaks it"
