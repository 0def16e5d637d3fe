"""`check`: which constraints hold, which rows break one, how good each table is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from carms_lake.cli import render
from carms_lake.cli.command import Every, command, option
from carms_lake.cli.context import Call, complete_runs
from carms_lake.cli.exit_codes import ExitCode, end_with
from carms_lake.cli.formats import Format
from carms_lake.cli.pager import paged
from carms_lake.cli.render import Target, emit
from carms_lake.errors import UsageError, counted

if TYPE_CHECKING:
    import polars as pl


SHORT_NAMES = {
    "accuracy": "ac",
    "completeness": "cp",
    "conformity": "cf",
    "consistency": "cs",
    "coverage": "cv",
    "timeliness": "tm",
    "uniqueness": "uq",
}
Failures = Annotated[bool, option("--failures", "List the rows that failed in the last run.")]
Scorecard = Annotated[
    bool, option("--scorecard", "Score each table by dimension of quality, by the last run.")
]
Rule = Annotated[
    str | None, option("--rule RULE", "With --failures: of one rule, as sale.primaryKey.")
]
Run = Annotated[
    str | None,
    option("--run RUN_ID", "With --failures or --scorecard: of that run.", complete_runs),
]
Strict = Annotated[bool, option("--strict", "Exit 1 if a warning failed, too.")]
Mutate = Annotated[
    bool,
    option("--mutate", "Break every constraint in a copy of a few rows: does any rule notice?"),
]
Integrity = Annotated[
    bool,
    typer.Option(
        "--integrity", help="Compare every data file with its checksum, and read all of gold."
    ),
]
Seed = Annotated[
    int | None, option("--seed N", "With --mutate: the same seed breaks the same rows.")
]


app = typer.Typer()


@command(app)
def check(
    call: Call,
    to: Target,
    *,
    failures: Failures = False,
    scorecard: Scorecard = False,
    rule: Rule = None,
    run: Run = None,
    strict: Strict = False,
    mutate: Mutate = False,
    integrity: Integrity = False,
    seed: Seed = None,
    every: Every = False,
) -> None:
    """Run the checks of all contracts on what is published."""
    from carms_lake.cli.reports import show
    from carms_lake.flows import check as checked

    if failures + scorecard + mutate + integrity > 1:
        raise UsageError(
            "`--failures`, `--scorecard`, `--mutate` and `--integrity` are four answers",
            "ask for one",
        )
    if seed is not None and not mutate:
        raise UsageError("`--seed` is for `--mutate`", "leave it out, or add `--mutate`")
    if (rule and not failures) or (run and not (failures or scorecard)):
        raise UsageError(
            "`--rule` and `--run` choose among what was found", "ask for it with `--failures`"
        )
    to = to.cut_unless(every)
    if scorecard:
        _show_scores(call, checked.scorecard(call.config(), run=run), to)
    elif failures:
        found, more = checked.failures(call.config(), rule=rule, run=run)
        with paged(is_wanted=every and to.is_drawn and not call.json):
            emit(call, found, to)
        for table, name, kept, failed in more:
            render.note(call, f"`{table}` {name}: {kept} of {failed} rows are kept")
    elif mutate:
        _mutate(call, to, seed=seed)
    elif integrity:
        _integrity(call, to)
    else:
        end_with(show(call, [checked.check(call.config())], to, strict=strict))


def _integrity(call: Call, to: Target) -> None:
    """Compare every file with its checksum; a row per table."""
    from carms_lake.flows.check import integrity

    with render.progress(call) as progress:
        found = integrity(call.config(), progress=progress)
    emit(call, found.tables, to)
    files, size, without = found.tables.select("files", "bytes", "without_checksum").sum().row(0)
    render.note(call, f"integrity: {counted(files, 'file')}, {size} bytes read")
    if without:
        render.note(
            call,
            f"{counted(without, 'file')} of an earlier version have no checksum: `carms optimize` "
            "keeps one of each as it is now, a full refresh writes the files anew",
        )
    if found.fault:
        raise found.fault


def _show_scores(call: Call, scores: pl.DataFrame, to: Target) -> None:
    """A row per table; for reading, with the short names that ODCS has for the dimensions."""
    if call.json or to.format is not Format.TABLE:
        emit(call, scores, to)
        return
    empty = [name for name in SHORT_NAMES if scores[name].null_count() == scores.height]
    shown = scores.drop(empty)
    emit(call, shown.rename(SHORT_NAMES, strict=False), to)
    names = ", ".join(f"{SHORT_NAMES[name]} {name}" for name in shown.columns[1:])
    render.note(call, f"percentage of good rows; rejected and quarantined rows are not: {names}")


def _mutate(call: Call, to: Target, *, seed: int | None) -> None:
    """Break every constraint in a copy, and show who noticed.

    A terminal gets a score per table and what is unguarded; elsewhere every corruption is a row.
    """
    from carms_lake.flows.check.mutation import SEED, mutate

    with render.progress(call) as progress:
        report = mutate(call.config(), seed=SEED if seed is None else seed, progress=progress)
    is_short = to.is_drawn and not call.json
    if call.json:
        domain = call.config().domain.name
        data = {
            "seed": report.seed,
            "seconds": report.seconds,
            "notes": report.notes,
            "scores": [s | {"table": f"{domain}.{s['table']}"} for s in report.scores.to_dicts()],
            "mutations": report.rows.to_dicts(),
        }
        render.envelope(data, status="failed" if report.unguarded else "done", to=to)
    elif is_short:
        names = {"not_applicable": "n/a", "no_promise": "plain", "score_pct": "score"}
        emit(call, report.scores.drop("corruptions").rename(names), to)
    else:
        emit(call, report.rows, to)
    for text in report.notes:
        render.note(call, text)
    for one in report.unguarded:
        where = ".".join(filter(None, (one.table.in_domain, one.column)))
        render.say(f"unguarded: `{where}`, {one.promise}: nobody noticed: {one.corruption}")
    counts = report.scores.drop("table", "score_pct").sum().row(0, named=True)
    render.note(
        call,
        f"mutate: {report.seconds:.1f} s, seed {report.seed}, {counts['promises']} constraints, "
        f"{counts['corruptions']} corruptions: {counts['guarded']} constraints guarded, "
        f"{counts['unguarded']} unguarded, {counts['not_applicable']} not applicable here; "
        f"{counts['no_promise']} plain columns without one",
    )
    if is_short:
        render.note(call, "`-f csv` lists every corruption, and the rules that noticed it")
    end_with(ExitCode.DATA if report.unguarded else ExitCode.DONE)
