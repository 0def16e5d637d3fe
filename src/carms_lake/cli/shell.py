"""`shell`: a prompt at which statements are answered, each as `carms query` does."""

from __future__ import annotations

import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from carms_lake.cli import read, render
from carms_lake.cli.command import command
from carms_lake.cli.context import Call
from carms_lake.cli.exit_codes import ExitCode, end_with, error_boundary
from carms_lake.cli.formats import Format
from carms_lake.cli.interrupts import paused
from carms_lake.cli.pager import paged
from carms_lake.cli.render import Target, emit_query
from carms_lake.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

app = typer.Typer()

_PIECE = re.compile(
    r"""
      (?P<whole>
        [eE]'(?:\\.|''|[^'\\])*' | '(?:''|[^'])*' | "(?:""|[^"])*"
        | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$ | --[^\n]*(?:\n|\Z) | /\*.*?\*/ )
    | (?P<open> ['"] | /\* | \$\w*\$ )
    | (?P<end> ; )
    | \w+ | .
    """,
    re.DOTALL | re.VERBOSE,
)
"""A piece of SQL: a text or a comment, the beginning of one that is not closed, or the end."""
_COMMENT = re.compile(r"\s*(?:--[^\n]*(?:\n|\Z)|/\*.*?\*/|;)|\s+", re.DOTALL)

_HELP = """\
SQL ends with `;` and may have several lines. Ctrl-C stops a statement, Ctrl-D leaves.
.tables           the tables and what they hold
.describe TABLE   the columns of a table
.read FILE        run the statements of a file
.format FORMAT    how rows are written: table, csv, json ...
.all              show all rows of long results in a pager, or again the first and the last
.help             this
.quit             leave
"""


class Settings(NamedTuple):
    """What the prompt's own commands change."""

    format: Format = Format.TABLE
    every: bool = False


@command(app)
def shell(call: Call, *, timeout: read.Timeout = None, as_of: read.AsOf = None) -> None:
    """Answer statements at a prompt, one after another.

    Each is answered as `carms query` does: it can only read, within its limits. `.help` lists the
    prompt's own commands. Without a terminal the statements are read from stdin, up to the first
    that fails.
    """
    if call.json:
        raise UsageError("`carms shell` has no `--json`", "`carms query --json` answers so")
    session = _Shell(call, timeout, as_of)
    if not sys.stdin.isatty():
        text = sys.stdin.buffer.read().decode("utf-8-sig", "replace")
        end_with(session.script(text))
        return
    with paused(), _history(session.names):
        session.prompt()


class _Shell:
    """One session: its settings, and what was typed of a statement so far."""

    def __init__(self, call: Call, timeout: float | None, as_of: str | None) -> None:
        self.call, self.timeout, self.as_of = call, timeout, as_of
        self.settings = Settings(Format.TABLE if sys.stdout.isatty() else Format.CSV)
        self.own: dict[str, Callable[[str], None]] = {
            ".tables": self._tables,
            ".describe": self._describe,
            ".read": self._read,
            ".format": self._format,
            ".all": self._all,
            ".help": lambda _: render.write(_HELP),
        }

    def prompt(self) -> None:
        """Ask for lines until there are no more."""
        domain = self.call.config().domain.name
        render.note(self.call, f"`{domain}`, read only; `.help` lists commands, Ctrl-D leaves")
        typed = ""
        while True:
            try:
                line = input("   ...> " if typed else f"{domain}> ")
            except EOFError:
                sys.stdout.write("\n")
                return
            except KeyboardInterrupt:
                sys.stdout.write("\n")
                typed = ""
                continue
            if not typed and line.strip() in (".quit", ".exit"):
                return
            if not typed and line.lstrip().startswith("."):
                self._answered(line.strip())
                continue
            statements, typed = split(f"{typed}{line}\n")
            for statement in statements:
                self._answered(statement)

    def script(self, text: str) -> ExitCode:
        """Run all statements and commands of a text, up to the first that fails."""
        typed = ""
        for line in text.splitlines(keepends=True):
            if not typed and line.strip() in (".quit", ".exit"):
                return ExitCode.DONE
            if not typed and line.startswith("."):
                found = [line.strip()]
            else:
                found, typed = split(typed + line)
            for one in found:
                if code := self._answered(one):
                    return code
        return self._answered(typed) if typed else ExitCode.DONE

    def names(self) -> list[str]:
        """What a name that is typed may become."""
        from carms_lake.flows.query import names_known

        return [*names_known(self.call.config()), *self.own, ".quit"]

    def _answered(self, text: str) -> ExitCode:
        """Answer a statement or a command; a fault is reported and does not end the session."""
        try:
            with error_boundary(self.call):
                if text.startswith("."):
                    name, _, rest = text.partition(" ")
                    self._command(name)(rest.strip().rstrip(";"))
                else:
                    self._query(text)
        except typer.Exit as ended:
            return ExitCode(ended.exit_code)
        return ExitCode.DONE

    def _command(self, name: str) -> Callable[[str], None]:
        if name not in self.own:
            hint = did_you_mean(name, self.own) or "`.help` lists the commands"
            raise UsageError(f"no command `{name}`", hint)
        return self.own[name]

    def _query(self, sql: str) -> None:
        target, every = self._target(), self.settings.every
        config = self.call.config(query_timeout_s=self.timeout)
        with paged(is_wanted=every and target.is_drawn):
            emit_query(self.call, config, sql, target.cut_unless(every), as_of=self.as_of)

    def _target(self) -> Target:
        return Target(self.settings.format)

    def _tables(self, _: str) -> None:
        read.tables(self.call, self._target())

    def _describe(self, name: str) -> None:
        if not name:
            raise UsageError("`.describe` needs a table", "`.tables` lists them")
        read.describe(self.call, self._target(), name)

    def _read(self, name: str) -> None:
        end_with(self.script(read.text_of(Path(name).expanduser())))

    def _format(self, name: str) -> None:
        known = [str(one) for one in Format if one not in (Format.PARQUET, Format.XLSX)]
        if name not in known:
            raise UsageError(f"no format `{name}`", f"one of {', '.join(known)}")
        self.settings = self.settings._replace(format=Format(name))

    def _all(self, _: str) -> None:
        self.settings = self.settings._replace(every=not self.settings.every)
        said = "all rows, in a pager" if self.settings.every else "the first and the last rows"
        render.note(self.call, f"of a long result: {said}")


def split(text: str) -> tuple[list[str], str]:
    r"""The statements of a text that end with `;`, and what follows them; no comments alone.

    >>> split("select ';' -- one; more\n; select")
    (["select ';' -- one; more\n"], ' select')
    """
    found, at = [], 0
    for piece in _PIECE.finditer(text):
        if piece["open"]:
            break
        if piece["end"]:
            found.append(text[at : piece.start()])
            at = piece.end()
    rest = text[at:]
    return [one for one in found if _says_something(one)], rest if _says_something(rest) else ""


def _says_something(text: str) -> bool:
    while comment := _COMMENT.match(text):
        text = text[comment.end() :]
    return bool(text)


class _history:  # noqa: N801 - a context manager is called like a function
    """Lines of earlier sessions and completion of names, where Python has readline."""

    def __init__(self, names: Callable[[], list[str]]) -> None:
        self._list_names = names
        self._names: list[str] | None = None
        self._file: Path | None = None

    def __enter__(self) -> None:
        readline = _readline()
        if readline is None:
            return
        with suppress(OSError, RuntimeError):  # RuntimeError: nobody's home is known
            self._file = Path.home() / ".carms_history"
            readline.read_history_file(self._file)
        readline.set_completer(self._completed)
        readline.set_completer_delims(" \t\n(),;=<>'\"")
        is_edit_line = "libedit" in (readline.__doc__ or "")
        readline.parse_and_bind("bind ^I rl_complete" if is_edit_line else "tab: complete")

    def __exit__(self, *_: object) -> None:
        readline = _readline()
        if readline is not None and self._file is not None:
            with suppress(OSError):
                readline.set_history_length(1000)
                readline.write_history_file(self._file)

    def _completed(self, typed: str, number: int) -> str | None:
        """The name of such a number that begins with what was typed."""
        if self._names is None:
            self._names = []
            with suppress(Exception):  # a prompt without completion is better than none
                self._names = self._list_names()
        found = [name for name in self._names if name.startswith(typed)]
        return found[number] if number < len(found) else None


def _readline() -> Any:
    """Python's readline; None on Windows, whose console has a history of its own."""
    try:
        import readline
    except ImportError:
        return None
    return readline
