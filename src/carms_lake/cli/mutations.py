"""`check --mutate`: which promises are guarded, as a score per table, and those that are not."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from carms_lake.cli import render
from carms_lake.cli.exit_codes import ExitCode
from carms_lake.cli.formats import Format
from carms_lake.cli.output import emit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from carms_lake.cli.context import Call
    from carms_lake.cli.output import Target
    from carms_lake.flows.mutation.mutations import Mutation, MutationReport
    from carms_lake.flows.query import QueryResult


def run_mutate(call: Call, to: Target, *, seed: int | None = None) -> ExitCode:
    """Break every promise in a copy, and show who noticed; 1 where a promise is unguarded.

    A terminal gets a score per table and what is unguarded; elsewhere every corruption is a row.

    Raises:
        LakeError: what the flow raises.
    """
    from carms_lake.flows.mutate import SEED, mutate

    with render.progress(call) as progress:
        report = mutate(call.config(), seed=SEED if seed is None else seed, progress=progress)
    code = ExitCode.DATA if report.unguarded else ExitCode.DONE
    is_short = to.format is Format.TABLE and to.file is None
    if call.json:
        render.envelope(_plain(report), status="failed" if report.unguarded else "done")
    elif is_short:
        emit(call, _scores(report), to)
    else:
        emit(call, _rows(report.mutations), to)
    _tell(call, report, is_short=is_short and not call.json)
    return code


def _scores(report: MutationReport) -> QueryResult:
    from carms_lake.flows.query import QueryResult

    names = ("table", "promises", "guarded", "unguarded", "n/a", "plain", "score")
    rows = [
        (
            score.table.in_domain,
            score.promises,
            score.guarded,
            score.unguarded,
            score.not_applicable,
            score.no_promise,
            score.score_pct,
        )
        for score in report.scores
    ]
    return QueryResult(names, ("VARCHAR", *("BIGINT",) * 5, "DOUBLE"), rows)


def _rows(mutations: Iterable[Mutation]) -> QueryResult:
    from carms_lake.flows.query import QueryResult

    names = ("layer", "table", "column", "promise", "corruption", "guard", "noticed_by", "verdict",
             "why")  # fmt: skip
    rows = [
        (
            str(one.table.layer),
            one.table.table,
            one.column or None,
            one.promise or None,
            one.corruption or None,
            one.guard or None,
            ", ".join(one.noticed_by) or None,
            str(one.verdict),
            one.why or None,
        )
        for one in mutations
    ]
    return QueryResult(names, ("VARCHAR",) * len(names), rows)


def _tell(call: Call, report: MutationReport, *, is_short: bool) -> None:
    """Say on stderr what was tried, and which promises nothing guards."""
    for text in report.notes:
        render.note(call, text)
    for one in report.unguarded:
        where = ".".join(filter(None, (one.table.in_domain, one.column)))
        render.say(f"unguarded: `{where}`, {one.promise}: nobody noticed: {one.corruption}")
    scores = report.scores
    render.note(
        call,
        f"mutate: {report.seconds:.1f} s, seed {report.seed}, "
        f"{sum(score.promises for score in scores)} promises, "
        f"{sum(score.corruptions for score in scores)} corruptions: "
        f"{sum(score.guarded for score in scores)} promises guarded, "
        f"{sum(score.unguarded for score in scores)} unguarded, "
        f"{sum(score.not_applicable for score in scores)} not applicable here; "
        f"{sum(score.no_promise for score in scores)} plain columns promise nothing",
    )
    if is_short:
        render.note(call, "`-f csv` lists every corruption, and the rules that noticed it")


def _plain(report: MutationReport) -> dict[str, object]:
    scores = [
        {**asdict(score), "table": str(score.table), "score_pct": score.score_pct}
        for score in report.scores
    ]
    return {
        "seed": report.seed,
        "seconds": report.seconds,
        "notes": list(report.notes),
        "scores": scores,
        "mutations": _rows(report.mutations).as_dicts(),
    }
