"""The command: parse, call one flow, show what it returned.

The only room that prints, prompts or exits.
"""

import os
import sys
import threading
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from carms_lake import __version__
from carms_lake.cli import (
    certify,
    check,
    drift,
    interrupts,
    lake,
    lineage,
    mcp,
    operate,
    page,
    powerbi,
    project,
    publish,
    read,
    rejects,
    render,
    serve,
    shell,
    trace,
)
from carms_lake.cli.command import (
    AsJson,
    Domain,
    Group,
    Project,
    Quiet,
    Verbose,
    add_section,
    option,
)
from carms_lake.cli.context import Call, named_in
from carms_lake.cli.exit_codes import ExitCode, report
from carms_lake.cli.sinks import out
from carms_lake.errors import LakeError
from carms_lake.names import QUERY_THREAD


def _version(wanted: bool) -> None:
    if wanted:
        out().write(f"carms {__version__}\n")
        raise typer.Exit(ExitCode.DONE)


SECTIONS: dict[str, tuple[typer.Typer, ...]] = {
    "Make the lake": (project.app, project.domain_app, project.contract_app, lake.app),
    "Read it": (read.app, shell.app, trace.app, lineage.app, page.app, powerbi.app),
    "Trust it": (check.app, rejects.app, drift.app, certify.app),
    "Operate it": (operate.app, publish.app, serve.app, mcp.app),
}
"""The sections of `--help`, in their order."""


def make_app(words: Sequence[str] = ()) -> typer.Typer:
    """The whole command, with the commands of the domains.

    Those that come with the tool, and those of other packages that a command line's words, or the
    project that they mean, name.
    """
    app = typer.Typer(
        name="carms",
        cls=Group,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(_shared)
    for section, rooms in SECTIONS.items():
        for room in rooms:
            add_section(app, section, room)
    domains = Path(__file__).parents[1] / "domains"
    found = [*domains.glob("*/commands.py"), *domains.glob("*/commands/__init__.py")]
    for name in sorted(path.relative_to(domains).parts[0] for path in found):
        commands = import_module(f"carms_lake.domains.{name}.commands")
        add_section(app, f"The {name} domain", commands.app)
    for name, package in _foreign(words).items():
        for said in _add_foreign(app, name, package):
            render.say(f"warning: {said}")
    return app


def _add_foreign(app: typer.Typer, name: str, package: str) -> list[str]:
    """Add the commands of a domain that does not come with the tool; what could not be added.

    Nothing that is wrong with them stops another command.
    """
    from carms_lake import authored

    where = authored.shown(package, "commands")
    try:
        module = authored.load(package, "commands")
        if module is None:
            return []
        more = getattr(module, "app", None)
        if not isinstance(more, typer.Typer):
            return [f"`{where}` is ignored: it has no `app = Typer()`"]
        if more.registered_commands or more.registered_groups:
            typer.main.get_group(more)  # what is wrong with one of them shows before it is added
        taken = typer.main.get_group(app).commands
        left_out = add_section(app, f"The {name} domain", more, taken)
    except LakeError as error:
        return [f"the commands of domain `{name}` cannot be loaded: {error.message}"]
    except Exception as error:  # noqa: BLE001 - the code of another author
        reported = authored.mistake(authored.place_in(error) or f"`{where}`", error)
        return [f"the commands of domain `{name}` cannot be loaded: {reported.message}"]
    return [f"`{word}` of domain `{name}` is ignored: carms has this command" for word in left_out]


def _foreign(words: Sequence[str]) -> dict[str, str]:
    """The packages of the domains of third parties that the command line or the project names."""
    call, here = named_in(words), Path.cwd()
    is_named = call.domain or call.project or {"CARMS_DOMAIN", "CARMS_PROJECT"} & os.environ.keys()
    if not is_named and not any((at / "carms.toml").is_file() for at in (here, *here.parents)):
        return {}
    from carms_lake.config import foreign_domains  # 3 ms of `--help`, where there may be one

    return {domain.name: domain.package for domain in foreign_domains(call.project, call.domain)}


def main() -> None:
    """The entry point `carms`: run the command and leave with its exit code."""
    interrupts.of_program()
    try:
        code = make_app(_words())(prog_name="carms", standalone_mode=False)
    except typer.TyperException as error:
        _wrong_usage(error)
        code = error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        render.say("interrupted: everything is as it was")
        code = ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - a fault before any command began
        call = Call(verbose="-v" in sys.argv or "--verbose" in sys.argv)
        code = report(call, error)
    # A query that nothing can stop may still run in the process: it is not waited for.
    if any(thread.name == QUERY_THREAD for thread in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(code or ExitCode.DONE))
    sys.exit(int(code or ExitCode.DONE))


def _words() -> list[str]:
    """The words of the command line; while a shell completes one, those typed so far."""
    typed = os.environ.get("_TYPER_COMPLETE_ARGS") or os.environ.get("COMP_WORDS")
    return typed.split()[1:] if typed and "_CARMS_COMPLETE" in os.environ else sys.argv[1:]


def _shared(
    context: typer.Context,
    domain: Domain = None,
    project: Project = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    version: Annotated[
        bool,
        option("--version", "Print the version.", callback=_version, is_eager=True),
    ] = False,
) -> None:
    """A lakehouse on a laptop: files in, typed and checked tables out, one SQL file to ask."""
    del version
    context.obj = Call(project=project, domain=domain, json=json, quiet=quiet, verbose=verbose)


def _wrong_usage(error: typer.TyperException) -> None:
    message = error.format_message()
    if message.startswith("Usage:"):  # the help, because nothing was asked for
        render.say(message, is_ours=True)
        return
    path = getattr(getattr(error, "ctx", None), "command_path", "carms")
    render.say(f"error: {message.rstrip('.')}")
    render.say(f"hint: `{path} --help` shows how it is called")
