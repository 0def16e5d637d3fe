"""`check`: whether every promise holds, which rows break one, and how good each table is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from carms_lake.cli import render
from carms_lake.cli.context import Call
from carms_lake.cli.exit_codes import ExitCode
from carms_lake.cli.formats import Format
from carms_lake.cli.options import OutputFile, OutputFormat, command
from carms_lake.cli.output import emit, target
from carms_lake.errors import UsageError

if TYPE_CHECKING:
    from carms_lake.cli.output import Target
    from carms_lake.flows.query import QueryResult

SHORT_NAMES = {
    "accuracy": "ac",
    "completeness": "cp",
    "conformity": "cf",
    "consistency": "cs",
    "coverage": "cv",
    "timeliness": "tm",
    "uniqueness": "uq",
}
Failures = Annotated[
    bool, typer.Option("--failures", help="List the rows that failed, as the last run found them.")
]
Scorecard = Annotated[
    bool,
    typer.Option("--scorecard", help="Score each table by dimension, as the last run found them."),
]
Rule = Annotated[
    str | None,
    typer.Option(
        "--rule", metavar="RULE", help="With --failures: of one rule, as sale.primaryKey."
    ),
]
Run = Annotated[
    str | None,
    typer.Option("--run", metavar="RUN_ID", help="With --failures or --scorecard: of that run."),
]
Strict = Annotated[bool, typer.Option("--strict", help="Exit 1 where a warning failed, too.")]
Mutate = Annotated[
    bool,
    typer.Option(
        "--mutate", help="Break every promise in a copy of a few rows: does any rule notice?"
    ),
]
Seed = Annotated[
    int | None,
    typer.Option("--seed", metavar="N", help="With --mutate: the same seed breaks the same rows."),
]


def register(app: typer.Typer) -> None:
    """Add `check`."""

    @command(app)
    def check(
        call: Call,
        *,
        failures: Failures = False,
        scorecard: Scorecard = False,
        rule: Rule = None,
        run: Run = None,
        strict: Strict = False,
        mutate: Mutate = False,
        seed: Seed = None,
        output_format: OutputFormat = None,
        output: OutputFile = None,
    ) -> None:
        """Run the checks of all contracts on what is published."""
        from carms_lake.cli.mutations import run_mutate
        from carms_lake.cli.runs import run_check
        from carms_lake.flows import checked

        if failures + scorecard + mutate > 1:
            raise UsageError(
                "`--failures`, `--scorecard` and `--mutate` are three answers", "ask for one"
            )
        if seed is not None and not mutate:
            raise UsageError("`--seed` is for `--mutate`", "leave it out, or add `--mutate`")
        if (rule and not failures) or (run and not (failures or scorecard)):
            raise UsageError(
                "`--rule` and `--run` choose among what was found", "ask for it with `--failures`"
            )
        to = target(output_format, output)
        if scorecard:
            _show_scores(call, checked.scorecard(call.config(), run=run), to)
        elif failures:
            found, more = checked.failures(call.config(), rule=rule, run=run)
            emit(call, found, to)
            for table, name, kept, failed in more:
                render.note(call, f"`{table}` {name}: {kept} of {failed} rows are kept")
        else:
            code = run_mutate(call, to, seed=seed) if mutate else run_check(call, to, strict=strict)
            if code is not ExitCode.DONE:
                raise typer.Exit(code)


def _show_scores(call: Call, scores: QueryResult, to: Target) -> None:
    """A row per table; for reading, with the short names that ODCS has for the dimensions."""
    if call.json or to.format is not Format.TABLE:
        emit(call, scores, to)
        return
    from carms_lake.flows.query import QueryResult

    filled = [
        place
        for place, name in enumerate(scores.columns)
        if name not in SHORT_NAMES or any(row[place] is not None for row in scores.rows)
    ]
    names = [scores.columns[place] for place in filled]
    rows = [tuple(row[place] for place in filled) for row in scores.rows]
    kinds = tuple(scores.types[place] for place in filled)
    emit(call, QueryResult(tuple(SHORT_NAMES.get(name, name) for name in names), kinds, rows), to)
    told = ", ".join(f"{SHORT_NAMES[name]} {name}" for name in names if name in SHORT_NAMES)
    render.note(call, f"good rows in a hundred, set-aside ones counted as bad: {told}")
