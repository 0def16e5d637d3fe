"""`init`, `demo`, `generate`, `fetch`, `ingest`, `build`, `run`: make the lake."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from carms_lake.cli import render
from carms_lake.cli.command import Lazy, command
from carms_lake.cli.context import (
    Call,
    complete_domains,
    complete_sources,
    complete_tables,
    named_in,
)
from carms_lake.cli.exit_codes import ExitCode
from carms_lake.cli.output import Target
from carms_lake.errors import ConfigError, UsageError
from carms_lake.names import IDENTIFIER

if TYPE_CHECKING:
    from carms_lake.config import Domain

Folder = Annotated[Path | None, typer.Argument(metavar="[DIR]", help="The project folder.")]
Sources = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[SOURCE]...",
        autocompletion=complete_sources,
        help="Bronze tables to load; all if none.",
    ),
]
Select = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[SELECT]...",
        autocompletion=complete_tables,
        help="Tables to build, with what they need; all if none.",
    ),
]
From = Annotated[
    Path | None,
    typer.Option("--from", metavar="DIR", help="Read the source files there, in place."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Read and check, write nothing.")]
FullRefresh = Annotated[
    bool, typer.Option("--full-refresh", help="Process unchanged files and tables, too.")
]
AlsoParquet = Annotated[
    bool, typer.Option("--also-parquet", help="Write a plain Parquet copy of each bronze table.")
]
PublishAnyway = Annotated[
    bool, typer.Option("--publish-anyway", help="Publish even if checks fail; still exit 1.")
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Exit 1 if a record was rejected or a warning failed.")
]

OfDomain = Annotated[
    str | None,
    typer.Argument(
        metavar="[DOMAIN]", autocompletion=complete_domains, help="The domain to generate data for."
    ),
]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="The output folder (default: data_raw/<domain>)."),
]


app = typer.Typer()


@command(app)
def init(call: Call, folder: Folder = None) -> None:
    """Create a project: carms.toml, data_raw/, lake/."""
    from carms_lake.flows.init import init as flow

    project = folder or call.project or Path()
    made = flow(project, call.domain)
    if call.json:
        render.envelope([str(path) for path in made])
        return
    for path in made:
        render.note(call, f"created `{path}`")
    render.note(call, f"`{project}` is ready: put source files into `data_raw/`, then `carms run`")


@command(app)
def demo(call: Call, folder: Folder = None) -> None:
    """Build and query a small lake of invented data, offline."""
    from carms_lake.cli.demo import demo as steps

    steps(call, folder or Path("carms-demo"))


class Generate(Lazy):
    """`generate`: its options are the keywords of the domain's generator."""

    def prepared(self, args: list[str], parent: Any) -> Any:
        """The command with the options of the domain that the command line means."""
        from carms_lake.flows.generate import generator_options

        call = Call(parent.params.get("project"), parent.params.get("domain")) if parent else Call()
        call = call.merged(named_in(args))
        domain = _domain_named(args) or _domain_of(call)
        if domain is None:
            return self.with_options(())
        self.epilog = (
            f"These are the options of `{domain.name}`; `carms generate DOMAIN --help` shows "
            "those of another domain."
        )
        return self.with_options(
            p.replace(annotation=Annotated[kind, typer.Option(help=meaning)])
            for p, kind, meaning in generator_options(domain.package)
        )


def _domain_named(args: list[str]) -> Domain | None:
    """The first word that names a domain and is not the value of an option."""
    from carms_lake.config import resolve_domain

    with_value = {"-d", "--domain", "-p", "--project", "--out"}
    for before, word in zip(["", *args], args, strict=False):
        if IDENTIFIER.fullmatch(word) and before not in with_value:
            with suppress(ConfigError):
                return resolve_domain(word, Path())
    return None


def _domain_of(call: Call) -> Domain | None:
    """The domain of the project, or the default one outside of projects; None if there is none."""
    from carms_lake.config import DEFAULT_DOMAIN, resolve_domain

    with suppress(ConfigError):
        return call.config().domain
    with suppress(ConfigError):
        return resolve_domain(call.domain or DEFAULT_DOMAIN, Path())
    return None


@command(app, cls=Generate)
def generate(call: Call, domain: OfDomain = None, out: Out = None, **options: Any) -> None:
    """Generate a domain's source files, the same for the same seed."""
    from carms_lake.cli.reports import file_names
    from carms_lake.flows.generate import generate as flow

    config = call.on(domain=domain).config()
    with render.progress(call) as progress:
        written = flow(config.domain.package, out or config.data_raw, options, progress)
    if render.out().isatty() and not call.json:
        _lines(file_names(written, out or config.data_raw))
    else:
        _paths(call, written)


@command(app)
def fetch(
    call: Call,
    base_url: Annotated[
        str | None, typer.Option("--base-url", metavar="URL", help="Download from another server.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Download files that exist already, too.")
    ] = False,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", help="Timeout of each read.")
    ] = 30,
    retries: Annotated[int, typer.Option("--retries", help="Attempts after the first.")] = 3,
) -> None:
    """Download the domain's public files into data_raw.

    Over HTTPS, checked against their published digests; an interrupted download is resumed.
    """
    from carms_lake.flows.fetch import fetch as flow
    from carms_lake.flows.fetch.plan import load_plan

    config = call.config()
    plans = [folder / "fetch.yaml" for folder in reversed(config.domain.schemas)]
    plan = next((path for path in plans if path.is_file()), None)
    if plan is None:
        raise UsageError(
            f"domain `{config.domain.name}` has no public files",
            "`carms generate` invents some",
        )
    with render.progress(call) as progress:
        report = flow(
            load_plan(plan),
            config.data_raw,
            base_url=base_url,
            timeout_s=timeout,
            retries=retries,
            force=force,
            progress=progress,
        )
    for file in report.files:
        instead = ", which replaced another one" if file.replaced else ""
        render.note(call, f"{file.status}: `{file.name}`, {file.bytes} bytes{instead}")
    _paths(call, [file.path for file in report.files])


@command(app)
def ingest(
    call: Call,
    to: Target,
    sources: Sources = None,
    from_path: From = None,
    dry_run: DryRun = False,
    full_refresh: FullRefresh = False,
    also_parquet: AlsoParquet = False,
    strict: Strict = False,
) -> None:
    """Load source files into bronze, reject broken records."""
    from carms_lake.cli.reports import run_ingest

    options = {
        "from_path": from_path,
        "dry_run": dry_run,
        "full_refresh": full_refresh,
        "also_parquet": also_parquet,
    }
    _end(run_ingest(call, sources or [], options, to, strict=strict))


@command(app)
def build(
    call: Call,
    to: Target,
    select: Select = None,
    full_refresh: FullRefresh = False,
    publish_anyway: PublishAnyway = False,
    strict: Strict = False,
) -> None:
    """Build silver and gold, check them, publish."""
    from carms_lake.cli.reports import run_build

    options = {"full_refresh": full_refresh, "publish_anyway": publish_anyway}
    _end(run_build(call, select or [], options, to, strict=strict))


@command(app)
def run(
    call: Call,
    to: Target,
    from_path: From = None,
    full_refresh: FullRefresh = False,
    publish_anyway: PublishAnyway = False,
    strict: Strict = False,
) -> None:
    """Ingest, then build."""
    from carms_lake.cli.reports import run_both

    options = {"full_refresh": full_refresh, "publish_anyway": publish_anyway}
    _end(run_both(call, to, from_path=from_path, strict=strict, **options))


def _end(code: ExitCode) -> None:
    if code is not ExitCode.DONE:
        raise typer.Exit(code)


def _paths(call: Call, paths: list[Path]) -> None:
    if call.json:
        render.envelope([str(path) for path in paths])
    else:
        _lines([str(path) for path in paths])


def _lines(texts: list[str]) -> None:
    render.out().write("".join(f"{text}\n" for text in texts))
