"""How a function becomes a command: the options of every command, errors, sections of `--help`.

A command is a module-level function. Its first parameter is the `Call`; a parameter annotated with
`Target` becomes the options `-f` and `-o`, one annotated with another NamedTuple an option for each
of its fields. A domain's `commands` import this module, the domain's own ones and `flows.query`,
nothing else of the engine.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from inspect import Parameter
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer
from typer.core import TyperCommand, TyperGroup

from carms_lake import authored
from carms_lake.cli.context import Call, complete_domains, complete_tables
from carms_lake.cli.exit_codes import ExitCode, error_boundary
from carms_lake.cli.formats import Format, escaped
from carms_lake.cli.interrupts import watched
from carms_lake.cli.render import (
    Rows,
    Target,
    emit,
    emit_text,
    envelope,
    note,
    progress,
    target,
    text_width,
)
from carms_lake.errors import UnknownKey, UsageError, did_you_mean

Body = Callable[..., None]
Complete = Callable[..., list[str]] | None

__all__ = [
    "Call",
    "ExitCode",
    "Format",
    "Rows",
    "Target",
    "UnknownKey",
    "UsageError",
    "did_you_mean",
    "emit",
    "emit_text",
    "envelope",
    "note",
    "progress",
    "target",
    "text_width",
]
"""What the commands of domains import from here, though other modules define it."""

Typer, Argument, Option, Exit = typer.Typer, typer.Argument, typer.Option, typer.Exit


def option(names: str, meaning: str, complete: Complete = None, **more: Any) -> Any:
    """An option as its help shows it, `-o --output FILE`; without a word for its value, a flag."""
    words = names.split()
    value = None if words[-1].startswith("-") else words.pop()
    return typer.Option(*words, metavar=value, help=meaning, autocompletion=complete, **more)


def argument(name: str, meaning: str, complete: Complete = None) -> Any:
    """An argument as its help shows it: `TABLE`, `[SOURCE]...`."""
    return typer.Argument(metavar=name, help=meaning, autocompletion=complete)


Domain = Annotated[
    str | None,
    option("-d --domain NAME", "The domain to work on (default: carms).", complete_domains),
]
Project = Annotated[
    Path | None,
    option("-p --project DIR", "The project folder (default: nearest carms.toml upward)."),
]
AsJson = Annotated[
    bool, option("--json", "Answer with one JSON object: run_id, status, data, errors.")
]
Quiet = Annotated[bool, option("-q --quiet", "Nothing on stderr but errors.")]
Verbose = Annotated[bool, option("-v --verbose", "Timings, and tracebacks of errors.")]
OutputFormat = Annotated[
    Format | None,
    option("-f --format", "How rows are written (default: table on a terminal, else csv)."),
]
OutputFile = Annotated[
    Path | None, option("-o --output FILE", "Write to a file; its suffix names the format.")
]
Every = Annotated[
    bool, option("-a --all", "On a terminal: all there is, in a pager (`PAGER`, else less).")
]

TableName = Annotated[str, argument("TABLE", "As silver.program, or program.", complete_tables)]

_PREFIX = "call_"
"""So that a command may have a parameter of the same name."""

_SHARED: dict[str, tuple[Any, Any]] = {
    f"{_PREFIX}domain": (Domain, None),
    f"{_PREFIX}project": (Project, None),
    f"{_PREFIX}json": (AsJson, False),
    f"{_PREFIX}quiet": (Quiet, False),
    f"{_PREFIX}verbose": (Verbose, False),
}
_OUTPUT: dict[str, tuple[Any, Any]] = {
    "output_format": (OutputFormat, None),
    "output": (OutputFile, None),
}


def command(
    app: typer.Typer,
    name: str | None = None,
    *,
    hidden: bool = False,
    cls: type[Lazy] | None = None,
) -> Callable[[Body], Body]:
    """Register a function as a command."""

    def register(function: Body) -> Body:
        @wraps(function)
        def listed() -> None:
            """List the function, whose options `Lazy` reads when it is called."""

        listed.__signature__ = inspect.Signature()  # type: ignore[attr-defined]  # read by Typer
        listed.__annotations__ = {}
        app.command(name or function.__name__, cls=cls or Lazy, hidden=hidden)(listed)
        return function

    return register


def add_section(
    app: typer.Typer, section: str, more: typer.Typer, taken: Container[str] = ()
) -> list[str]:
    """Add commands, or a named group, to a section of `--help`; the names left out as taken."""
    if isinstance(more.info.name, str):
        if more.info.name in taken:
            return [more.info.name]
        app.add_typer(more, rich_help_panel=section)
        return []
    free, left_out = typer.Typer(), []
    for info in more.registered_commands:
        name = info.name or typer.main.get_command_name(getattr(info.callback, "__name__", ""))
        if name in taken:
            left_out.append(name)
        else:
            info.rich_help_panel = section
            free.registered_commands.append(info)
    for group in more.registered_groups:
        name = typer.main.solve_typer_info_defaults(group).name or ""
        if name in taken:
            left_out.append(name)
        else:
            group.rich_help_panel = section
            free.registered_groups.append(group)
    app.add_typer(free)
    return left_out


class Lazy(TyperCommand):
    """A command that is listed by its name and help; its options are made when it is called.

    What Typer makes of every option of 20 commands takes 10 ms, a seventh of `carms --help`.
    """

    def make_context(
        self, info_name: Any, args: list[str], parent: Any = None, **extra: Any
    ) -> Any:
        """The context of the command with its options, which then parses, completes and runs."""
        return self.prepared(args, parent).make_context(info_name, args, parent, **extra)

    def prepared(self, args: list[str], parent: Any) -> Any:
        """The command with its options, for these words of the command line."""
        del args, parent
        return self.with_options(())

    def with_options(self, more: Iterable[Parameter]) -> Any:
        """The command with its function's options, and with more."""
        function: Body = inspect.unwrap(self.callback)  # type: ignore[arg-type]  # it has one
        single = typer.Typer(rich_markup_mode=None, add_completion=False)
        named = single.command(self.name, cls=_Escaped, help=self.help, epilog=self.epilog)
        with authored.called(f"the command `{self.name}`", function):
            named(_runner(function, more))
            return typer.main.get_command(single)


class _Escaped(TyperCommand):
    """A command whose help has no control characters, wherever its words come from."""

    def get_help(self, ctx: Any) -> str:
        """The help as it is shown."""
        return escaped(str(super().get_help(ctx)))


def _runner(function: Body, more: Iterable[Parameter]) -> Body:
    """What Typer calls: it makes the `Call`, the `Target` and the like of their options."""
    first, *own = inspect.signature(function, eval_str=True).parameters.values() or (None,)
    if first is None:
        raise TypeError("its first parameter is the `Call`")
    writes = next((p.name for p in own if p.annotation is Target), None)
    groups = {p.name: p.annotation for p in own if hasattr(p.annotation, "_fields")}
    groups.pop(writes or "", None)

    def run(context: typer.Context, **values: Any) -> None:
        later = Call(**{key.removeprefix(_PREFIX): values.pop(key) for key in _SHARED})
        call = (context.obj or Call()).merged(later)
        with error_boundary(call), watched():
            if writes:
                values[writes] = target(*(values.pop(key) for key in _OUTPUT))
            for name, group in groups.items():
                values[name] = group(*(values.pop(key) for key in group._fields))
            with _answered_in_file(call, values.get(writes or "")) as asked:
                function(asked, **values)

    options = [
        Parameter(name, Parameter.KEYWORD_ONLY, annotation=kind, default=default)
        for name, (kind, default) in ((_OUTPUT if writes else {}) | _SHARED).items()
    ]
    kept = [
        one.replace(kind=Parameter.KEYWORD_ONLY)
        for p in own
        if p.name != writes and p.kind is not Parameter.VAR_KEYWORD
        for one in (_fields(groups[p.name]) if p.name in groups else [p])
    ]
    context = Parameter("context", Parameter.KEYWORD_ONLY, annotation=typer.Context)
    parameters = [context, *kept, *more, *options]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # read by Typer
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    return run


def _fields(group: Any) -> list[Parameter]:
    """The fields of a NamedTuple as parameters."""
    kinds = get_type_hints(group, include_extras=True)
    empty = Parameter.empty
    return [
        Parameter(
            name,
            Parameter.KEYWORD_ONLY,
            annotation=kinds[name],
            default=group._field_defaults.get(name, empty),
        )
        for name in group._fields
    ]


@contextmanager
def _answered_in_file(call: Call, to: Target | None) -> Iterator[Call]:
    """The call as its command is to see it.

    A file of another format than JSON is written as without `--json`, and the object names it.
    """
    if not call.json or to is None or to.file is None or to.format is Format.JSON:
        yield call
        return
    code = 0
    try:
        yield call._replace(json=False)
    except typer.Exit as ended:
        code = ended.exit_code
    envelope({"file": str(to.file)}, status="failed" if code else "done")
    if code:
        raise typer.Exit(code)


class Group(TyperGroup):
    """Commands that `--help` lists in sections."""

    def get_help(self, ctx: Any) -> str:
        """The help as it is shown, without control characters."""
        return escaped(str(super().get_help(ctx)))

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - Click passes it
        """Write each section's commands, all of them in one column."""
        shown = [(name, one) for name, one in self.commands.items() if not one.hidden]
        widest = max(len(name) for name, _ in shown)
        sections: dict[str, list[tuple[str, str]]] = {}
        for name, one in shown:
            line = one.get_short_help_str(formatter.width - widest - 6)
            section = str(getattr(one, "rich_help_panel", None) or "Commands")
            sections.setdefault(section, []).append((name.ljust(widest), line))
        for section, lines in sections.items():
            with formatter.section(section):
                formatter.write_dl(lines)


class DefaultGroup(Group):
    """A group whose first command runs if none is named; options may come before the verb."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the verb first, which is the first word that is not an option or its value."""
        with_value = self._options_with_value(ctx) if args and args[0].startswith("-") else set()
        at = 0
        while at < len(args) and args[at].startswith("-"):
            at += 2 if args[at] in with_value else 1
        if at < len(args) and args[at] in self.commands:
            args = [args[at], *args[:at], *args[at + 1 :]]
        elif not ctx.resilient_parsing and not {"-h", "--help"}.intersection(args):
            args = [next(iter(self.commands)), *args]
        return super().parse_args(ctx, args)

    def _options_with_value(self, ctx: Any) -> set[str]:
        lazy = [one for one in self.commands.values() if isinstance(one, Lazy)]
        options = [option for one in lazy for option in one.prepared([], ctx).params]
        return {name for o in options if not getattr(o, "is_flag", True) for name in o.opts}
