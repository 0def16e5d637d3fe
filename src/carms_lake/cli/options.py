"""The options that commands share, and how a command gets them.

A command is a function whose first parameter is the `Call`; `command` gives it the options of
`Call` after the verb too, and turns errors into messages and exit codes.
"""

from __future__ import annotations

import inspect
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from carms_lake.cli.boundary import error_boundary
from carms_lake.cli.context import Call
from carms_lake.cli.exit_codes import ExitCode
from carms_lake.cli.formats import Format
from carms_lake.cli.output import emit, emit_text, target, text_width
from carms_lake.cli.render import envelope, note
from carms_lake.errors import UnknownKey, UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "Argument",
    "AsJson",
    "Call",
    "Domain",
    "Exit",
    "ExitCode",
    "Format",
    "Option",
    "OutputFile",
    "OutputFormat",
    "Project",
    "Quiet",
    "Typer",
    "UnknownKey",
    "UsageError",
    "Verbose",
    "command",
    "did_you_mean",
    "emit",
    "emit_text",
    "envelope",
    "note",
    "target",
    "text_width",
]

Typer = typer.Typer
Argument, Option, Exit = typer.Argument, typer.Option, typer.Exit
"""For the commands of domains, which import nothing else of the engine but `flows.query`."""


Domain = Annotated[
    str | None,
    typer.Option("-d", "--domain", metavar="NAME", help="The domain to work on (default: carms)."),
]
Project = Annotated[
    Path | None,
    typer.Option(
        "-p",
        "--project",
        metavar="DIR",
        help="The project folder (default: nearest carms.toml upward).",
    ),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Answer with one JSON object: run_id, status, data, errors.")
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Nothing on stderr but errors.")]
Verbose = Annotated[
    bool, typer.Option("-v", "--verbose", help="Timings, and tracebacks of errors.")
]
OutputFormat = Annotated[
    Format | None,
    typer.Option(
        "-f", "--format", help="How rows are written (default: table on a terminal, else csv)."
    ),
]
OutputFile = Annotated[
    Path | None,
    typer.Option(
        "-o", "--output", metavar="FILE", help="Write to a file; its suffix names the format."
    ),
]

_SHARED: dict[str, Any] = {
    "domain": Domain,
    "project": Project,
    "json": AsJson,
    "quiet": Quiet,
    "verbose": Verbose,
}
_PREFIX = "call_"
"""So that a command may have an own parameter of the same name."""

_DEFAULTS: dict[str, Any] = {"json": False, "quiet": False, "verbose": False}


class Verbs(TyperGroup):
    """The commands, those of two words among them: `rejects replay` beside `rejects`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command that the first word, or the first two, name."""
        two = " ".join(args[:2])
        if two in self.commands:
            args = [two, *args[2:]]
        return super().resolve_command(ctx, args)


class App(typer.Typer):
    """A Typer program that prepares only the commands that may be called.

    What Typer makes of every option of 16 commands takes 10 ms, a seventh of `carms --help`.
    """

    words: frozenset[str] | None = None
    """The words of the command line; None prepares all commands."""


def _listed_only() -> None:
    """Stand in for a command whose name is not on the command line: it is listed, never called."""


def command(
    app: typer.Typer, name: str | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function as a command: first parameter the `Call`, the others its options."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        verb = name or function.__name__
        words = getattr(app, "words", None)
        if words is not None and not words.issuperset(verb.split()):
            app.command(verb, help=inspect.getdoc(function))(_listed_only)
            return function
        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]

        @wraps(function)
        def run(context: typer.Context, **values: Any) -> None:
            later = Call(**{key: values.pop(_PREFIX + key) for key in _SHARED})
            call = (context.obj or Call()).merged(later)
            with error_boundary(call):
                function(call, **values)

        shared = [
            _parameter(_PREFIX + key, annotation, _DEFAULTS.get(key))
            for key, annotation in _SHARED.items()
        ]
        parameters = [
            inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context),
            *(p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own),
            *shared,
        ]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # read by Typer
        run.__annotations__ = {p.name: p.annotation for p in parameters}
        app.command(verb)(run)
        return function

    return register


def _parameter(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default
    )
