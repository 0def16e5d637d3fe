"""`carms demo`: every step of the way, each announced as the command that does it alone."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import typer

from carms_lake.cli import render
from carms_lake.cli.exit_codes import ExitCode
from carms_lake.cli.formats import Format
from carms_lake.cli.output import Target, emit_query
from carms_lake.cli.reports import file_names, run_build, run_ingest
from carms_lake.config import CONFIG_FILE

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.cli.context import Call

SEED = 7


def demo(call: Call, project: Path) -> None:
    """Make a project with invented data in `project`, build its lake and answer a few questions.

    The questions are the domain's own: `demo.sql` in its package, one statement a paragraph.

    Raises:
        typer.Exit: a step ended with another code than 0.
        LakeError: what the flows raise.
    """
    from carms_lake.flows.generate import generate
    from carms_lake.flows.init import init

    there = call.on(project=project)
    to = Target(Format.TABLE)
    if not (project / CONFIG_FILE).is_file():
        _announce(call, f"carms init {project}")
        init(project, call.domain)
    config = there.config()
    _announce(call, f"cd {project}")
    _announce(call, f"carms generate {config.domain.name} --seed {SEED}")
    with render.progress(there) as progress:
        made = generate(config.domain.package, config.data_raw, {"seed": SEED}, progress)
    for name in file_names(made, config.data_raw):
        render.note(call, name)
    _announce(call, "carms ingest")
    _go_on(run_ingest(there, [], {}, to))
    _announce(call, "carms build")
    _go_on(run_build(there, [], {}, to))
    _announce(call, "carms check")
    _checked(there)
    for question in questions(config.domain.package):
        words = [line for line in question.splitlines() if line.startswith("--")]
        sql = " ".join(line.strip() for line in question.splitlines() if line not in words)
        render.note(call, "\n" + "\n".join(line.removeprefix("--").strip() for line in words))
        _announce(call, f'carms query "{sql}"')
        emit_query(there, config, question, to)
    render.note(
        call, f"\nthe project stays in `{project}`: ask it more with `carms -p {project} query`"
    )


def questions(package: str) -> list[str]:
    """The statements of a domain's demo.sql, which blank lines part; none where it has none."""
    source = files(package) / "demo.sql"
    if not source.is_file():
        return []
    paragraphs = source.read_text(encoding="utf-8").strip().split("\n\n")
    return [paragraph.strip().removesuffix(";") for paragraph in paragraphs]


def _checked(call: Call) -> None:
    """Run the checks; failures are listed, passed ones counted."""
    from carms_lake.cli import reports
    from carms_lake.flows.check import check

    report = check(call.config())
    reports.tell(call, report)
    _go_on(reports.exit_code(report))


def _announce(call: Call, command: str) -> None:
    render.note(call, f"\n$ {command}")


def _go_on(code: ExitCode) -> None:
    if code is not ExitCode.DONE:
        raise typer.Exit(code)
