"""`match explain`: why one program fills or does not, in a simulation that was kept."""

from __future__ import annotations

from typing import Annotated

from carms_lake.cli.command import (
    Call,
    Format,
    Option,
    OutputFile,
    OutputFormat,
    command,
    emit,
    emit_text,
    envelope,
    note,
    text_width,
)
from carms_lake.domains.carms.commands.match import match_app, reps_option
from carms_lake.domains.carms.commands.match_runs import RunId
from carms_lake.domains.carms.commands.match_shown import left_out, repetitions
from carms_lake.domains.carms.commands.program import page_target
from carms_lake.domains.carms.commands.shared import lake

ProgramId = Annotated[
    str, Option("--program", metavar="ID", help="The program stream's id, as 27447.")
]
Repetitions = Annotated[int, reps_option(help="How many of the run's repetitions.")]
Chains = Annotated[bool, Option("--chains", help="Rows: who moves from where to where, each step.")]


@command(match_app)
def explain(
    call: Call,
    run: RunId,
    program: ProgramId,
    reps: Repetitions = 20,
    chains: Chains = False,
    output_format: OutputFormat = None,
    output: OutputFile = None,
) -> None:
    """Say why a program fills: how often, who displaces whom.

    The first repetitions of the run are drawn again: the base, the scenario, and the scenario with
    one seat more and one seat less in this program, all on the same draws of the first iteration.

    It is a page for reading, through a pipe too; -f has its figures as rows, or with --chains each
    step of each chain of applicants who move.
    """
    from carms_lake.domains.carms.explain_text import as_text
    from carms_lake.domains.carms.match import explained, runs

    to = page_target(output_format, output)
    project = lake(call)
    kept = runs.find(project, run)
    _, plan = runs.plan_of(project, kept)
    number = min(reps, kept.repetitions)
    with repetitions(call, number) as done:
        found = explained.explained(plan, program.strip(), number, done)
    steps = explained.steps(found)
    if call.json:
        data = {"program_id": found.program_id, "repetitions": number, "unsolved": found.unsolved}
        rows = {"figures": found.figures.to_dicts(), "chains": steps.to_dicts()}
        envelope({**data, **rows}, run_id=kept.run_id, to=to)
        return
    if to.format is Format.TABLE and not chains:
        programs = {p.id: p for world in (plan.base, plan.scenario) for p in world.programs}
        emit_text(as_text(found, programs, text_width(to)), to)
    else:
        emit(call, steps if chains else found.figures, to)
    of = f"{number} of {kept.repetitions} repetitions{left_out(found.unsolved)}"
    note(call, f"run `{kept.short}`: {of}")
    note(call, "a what-if under the assumptions of the run, not a forecast, and about nobody")
