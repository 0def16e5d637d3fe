"""`query`, `tables`, `describe`: read the lake."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from carms_lake.cli import render
from carms_lake.cli.command import Every, Lazy, TableName, argument, command, option
from carms_lake.cli.context import Call, complete_runs
from carms_lake.cli.pager import paged
from carms_lake.cli.render import Target, emit, emit_query
from carms_lake.errors import UsageError

if TYPE_CHECKING:
    import polars as pl

Sql = Annotated[str | None, argument("[SQL]", "One reading statement; - reads it from stdin.")]
SqlFile = Annotated[Path | None, option("-i --input FILE", "Read the statement from a file.")]
Timeout = Annotated[float | None, option("--timeout SECONDS", "Stop the query after this long.")]
AsOf = Annotated[
    str | None,
    option(
        "--as-of RUN|TIME", "All tables as that run, or the last by then, left them.", complete_runs
    ),
]
Names = Annotated[bool, option("--names", "Table names only, one per line; reads no data.")]


_SENTENCE_END = re.compile(r"(?<=[.:;]) ")
_COMMENT = re.compile(r"--(?:\s|[^=\n]*\n)")
"""How a statement begins that is not an option; `--` alone ends the options."""

app = typer.Typer()


class _Statement(Lazy):
    """A command whose argument is SQL, which may begin with a comment such as `-- why`."""

    def make_context(
        self, info_name: Any, args: list[str], parent: Any = None, **extra: Any
    ) -> Any:
        """The context of the command, the statement behind all options."""
        comments = [word for word in args if _COMMENT.match(word)]
        if comments:
            args = [*(word for word in args if word not in comments), "--", *comments]
        return super().make_context(info_name, args, parent, **extra)


@command(app, cls=_Statement)
def query(
    call: Call,
    to: Target,
    sql: Sql = None,
    file: SqlFile = None,
    timeout: Timeout = None,
    as_of: AsOf = None,
    every: Every = False,
) -> None:
    """Answer one SQL statement; it can only read.

    A bare name is looked for in gold, silver, bronze, ops; `silver.program` names its layer.
    """
    text, run_id = _statement(sql, file), None
    config = call.config(query_timeout_s=timeout)
    if as_of is not None:
        from carms_lake.flows.timetravel.as_of import resolve_as_of

        end = resolve_as_of(config, as_of)
        run_id = end.run_id
        render.note(call, f"as of run `{run_id}`, which ended at {end.at:%Y-%m-%d %H:%M:%S} UTC")
    with paged(is_wanted=every and to.is_drawn and not call.json):
        emit_query(call, config, text, to.cut_unless(every), as_of=run_id)


@command(app)
def tables(call: Call, to: Target, names: Names = False) -> None:
    """List the tables of the domain and what they hold."""
    from carms_lake.flows import query as flow

    if names:
        found = flow.table_names(call.config())
        if call.json:
            render.envelope(list(found), to=to)
        else:
            render.write("".join(f"{name}\n" for name in found))
        return
    listed = flow.tables(call.config())
    emit(call, _names_first(listed) if _is_narrow(call, to) else listed, to)
    _warn(call, flow.caveat(call.config()))


@command(app)
def describe(call: Call, to: Target, table: TableName) -> None:
    """Show a table's columns, types, keys and references."""
    from carms_lake.flows import query as flow

    contract, columns = flow.describe(call.config(), table)
    render.note(call, f"{contract.ref} ({contract.kind}, version {contract.version})")
    for line in (contract.description, contract.grain and f"Grain: {contract.grain}"):
        if line:
            render.note(call, line)
    if contract.ref.layer == "gold":
        _warn(call, flow.caveat(call.config()))
    emit(call, _types_first(columns) if _is_narrow(call, to) else columns, to)


def _is_narrow(call: Call, to: Target) -> bool:
    """Whether rows are drawn on a terminal that has no room for all columns and a description."""
    return to.is_drawn and not call.json and render.is_narrow()


def _names_first(found: pl.DataFrame) -> render.Rows:
    """The tables for reading: their names, rows and the first sentence about each."""
    rows = []
    for table in found.iter_rows(named=True):
        kind = "" if table["kind"] == "table" else f"({table['kind']}) "
        text = _SENTENCE_END.split(table["description"])[0].rstrip(":;")
        rows.append((table["table"], table["rows"], kind + text))
    return render.Rows(("table", "rows", "description"), rows)


def _types_first(found: pl.DataFrame) -> render.Rows:
    """The columns of a table for reading: key and reference are said before what it means."""
    rows = []
    for column in found.iter_rows(named=True):
        marks = [f"{column['key']} key"] if column["key"] else []
        marks += ["may be null"] if column["nullable"] else []
        marks += [f"refers to {column['references']}"] if column["references"] else []
        text = f"({'; '.join(marks)}) " * bool(marks) + (column["description"] or "")
        rows.append((column["column"], column["type"], text))
    return render.Rows(("column", "type", "description"), rows)


def _warn(call: Call, caveat: str) -> None:
    if caveat:
        render.note(call, f"warning: gold is {caveat}: `carms check --failures` shows the rows")


def _statement(sql: str | None, file: Path | None) -> str:
    """The statement from the argument, a file or stdin."""
    if sql is not None and file is not None:
        raise UsageError("both an SQL argument and `-i` were given", "give one of them")
    try:
        if file is not None and str(file) != "-":
            return text_of(file)
        if sql == "-" or file is not None or (sql is None and not sys.stdin.isatty()):
            return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError("the statement on stdin is not UTF-8 text", "save it as UTF-8") from None
    if sql is None:
        raise UsageError(
            "no SQL was given", 'write `carms query "select ..."`, or `-i FILE`, or pipe it in'
        )
    return sql


def text_of(file: Path) -> str:
    """The statement in a file."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        where = "a statement itself goes without `-i`; a path is one from this folder"
        raise UsageError(f"there is no file `{file}`", where) from None
    except IsADirectoryError:
        raise UsageError(f"`{file}` is a folder", "name the file with the statement") from None
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise UsageError(f"`{file}` cannot be read: {why}", "check its permissions") from None
    except UnicodeDecodeError:
        raise UsageError(f"`{file}` is not UTF-8 text", "save it as UTF-8") from None
