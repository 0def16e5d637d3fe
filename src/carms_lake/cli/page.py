"""`report`: the lake as one page, or its tables as Markdown or a workbook."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from carms_lake.cli import render
from carms_lake.cli.command import command, option
from carms_lake.cli.context import Call
from carms_lake.cli.sinks import out, whole_file
from carms_lake.errors import UsageError

if TYPE_CHECKING:
    from carms_lake.report import Report


class Lang(StrEnum):
    """A language of the page."""

    EN = "en"
    FR = "fr"


class Form(StrEnum):
    """What is written; its value is the suffix of a file."""

    HTML = "html"
    MARKDOWN = "md"
    XLSX = "xlsx"


Output = Annotated[
    Path | None,
    option("-o --output FILE", "The file to write (default: DOMAIN-report.html); - is stdout."),
]
Language = Annotated[Lang, option("--lang", "The language of the report.")]
Open = Annotated[bool, option("--open", "Open the page in the browser.")]
Markdown = Annotated[bool, option("--markdown", "Write the tables as Markdown.")]
Xlsx = Annotated[bool, option("--xlsx", "Write the tables as a workbook, a sheet for each.")]
Samples = Annotated[
    bool,
    option("--with-samples", "Show values of rows that failed; never of tables about people."),
]

app = typer.Typer()


@command(app)
def report(
    call: Call,
    *,
    output: Output = None,
    lang: Language = Lang.EN,
    open_page: Open = False,
    markdown: Markdown = False,
    xlsx: Xlsx = False,
    with_samples: Samples = False,
) -> None:
    """Write the lake as one HTML page: state, catalogue, charts.

    The page needs no network and no other file. It says what is wrong first, then how the lake is,
    what it has, and what its domain shows.
    """
    from carms_lake.api import Lake
    from carms_lake.report import report as flow

    form = _form(output, markdown=markdown, xlsx=xlsx)
    if open_page and (form is not Form.HTML or str(output) == "-"):
        raise UsageError("`--open` is for a page in a file", "leave it out, or name a .html file")
    to_stdout = str(output) == "-"
    if to_stdout and call.json:
        raise UsageError(
            "`--json` and the report cannot both be on stdout", "name a file with `-o`"
        )
    config = call.config()
    made = flow(Lake(config), lang.value, with_samples=with_samples)
    file = None if to_stdout else output or Path(f"{config.domain.name}-report.{form}")
    with whole_file(file) as path:
        _write(made, form, path)
    if file is None:
        return
    if call.json:
        render.envelope({"file": str(file), "bytes": file.stat().st_size})
    else:
        out().write(f"{file}\n")
        render.note(call, f"{file.stat().st_size // 1024} KB")
    if open_page:
        _show(file)


def _form(output: Path | None, *, markdown: bool, xlsx: bool) -> Form:
    """What an option, or the suffix of the file, asks for; a page where neither does.

    Raises:
        UsageError: they ask for different things.
    """
    if markdown and xlsx:
        raise UsageError("`--markdown` and `--xlsx` are two forms of the report", "ask for one")
    asked = Form.MARKDOWN if markdown else Form.XLSX if xlsx else None
    suffix = "" if output is None else output.suffix.lower().lstrip(".")
    named = {**{form.value: form for form in Form}, "htm": Form.HTML}.get(suffix)
    if asked and named and asked is not named:
        raise UsageError(
            f"`{output}` is not a name for what the option asks for",
            f"name a file that ends with `.{asked}`, or leave the option out",
        )
    if suffix and named is None and asked is None:
        known = ", ".join(f"`.{form}`" for form in Form)
        raise UsageError(f"`{output}`: a report cannot be `.{suffix}`", f"name one of {known}")
    return asked or named or Form.HTML


def _write(made: Report, form: Form, path: Path) -> None:
    if form is Form.XLSX:
        from carms_lake.writers.xlsx import write_book

        write_book(path, made.frames())
        return
    text = made.markdown() if form is Form.MARKDOWN else made.html()
    path.write_text(text, encoding="utf-8", newline="")


def _show(file: Path) -> None:
    import webbrowser

    if not webbrowser.open(file.resolve().as_uri()):
        render.say(f"no browser was found: open `{file}` yourself")
