"""The command: parse, call one flow, show what it returned.

The only room that prints, prompts or exits.
"""

from __future__ import annotations

import os
import sys
import threading
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated

import typer

from carms_lake import __version__
from carms_lake.cli import check, drift, lake, operate, read, rejects, render, trace
from carms_lake.cli.boundary import report_bug
from carms_lake.cli.command import AsJson, Domain, Group, Project, Quiet, Verbose, add_section
from carms_lake.cli.context import Call
from carms_lake.cli.exit_codes import ExitCode
from carms_lake.config import builtin_domains
from carms_lake.names import QUERY_THREAD


def _version(wanted: bool) -> None:
    if wanted:
        render.out().write(f"carms {__version__}\n")
        raise typer.Exit(ExitCode.DONE)


Version = Annotated[
    bool,
    typer.Option("--version", help="Print the version.", callback=_version, is_eager=True),
]


SECTIONS: dict[str, tuple[typer.Typer, ...]] = {
    "Make the lake": (lake.app,),
    "Read it": (read.app, trace.app),
    "Trust it": (check.app, rejects.app, drift.app),
    "Operate it": (operate.app,),
}
"""The sections of `--help`, in their order."""


def make_app() -> typer.Typer:
    """The whole command, with the commands that the built-in domains add."""
    app = typer.Typer(
        name="carms",
        cls=Group,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=False,
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(_shared)
    for section, rooms in SECTIONS.items():
        for room in rooms:
            add_section(app, section, room)
    for name in builtin_domains():
        if find_spec(f"carms_lake.domains.{name}.commands"):
            own = import_module(f"carms_lake.domains.{name}.commands")
            add_section(app, f"The {name} domain", own.app)
    return app


def main() -> None:
    """The entry point `carms`: run the command and leave with its exit code."""
    try:
        code = make_app()(prog_name="carms", standalone_mode=False)
    except typer.TyperException as error:
        _wrong_usage(error)
        code = error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        render.say("interrupted: everything is as it was")
        code = ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - a fault before any command began
        report_bug(error, verbose="-v" in sys.argv or "--verbose" in sys.argv)
        code = ExitCode.BUG
    _leave(int(code or ExitCode.DONE))


def _leave(code: int) -> None:
    """End the process; at once where a query that nothing can stop still runs in it."""
    if any(thread.name == QUERY_THREAD for thread in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _shared(
    context: typer.Context,
    domain: Domain = None,
    project: Project = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    version: Version = False,
) -> None:
    """A lakehouse on a laptop: files in, typed and checked tables out, one SQL file to ask."""
    del version
    context.obj = Call(project=project, domain=domain, json=json, quiet=quiet, verbose=verbose)


def _wrong_usage(error: typer.TyperException) -> None:
    message = error.format_message()
    if message.startswith("Usage:"):  # the help, because nothing was asked for
        render.say(message)
        return
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "carms"
    render.say(f"error: {message.rstrip('.')}")
    render.say(f"hint: `{path} --help` shows how it is called")
