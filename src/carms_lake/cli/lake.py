"""`init`, `demo`, `generate`, `fetch`, `ingest`, `build`, `run`: make the lake."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from carms_lake.cli import render
from carms_lake.cli.command import command
from carms_lake.cli.context import Call
from carms_lake.cli.exit_codes import ExitCode
from carms_lake.cli.output import Target
from carms_lake.errors import UsageError

Folder = Annotated[Path | None, typer.Argument(metavar="[DIR]", help="The project folder.")]
Sources = Annotated[
    list[str] | None,
    typer.Argument(metavar="[SOURCE]...", help="Bronze tables to land; all if none."),
]
Select = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[SELECT]...", help="Tables to build, with what they need; all if none."
    ),
]
From = Annotated[
    Path | None,
    typer.Option("--from", metavar="DIR", help="Read the source files there, in place."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Read and check, write nothing.")]
FullRefresh = Annotated[
    bool, typer.Option("--full-refresh", help="Take unchanged files and tables too.")
]
AlsoParquet = Annotated[
    bool, typer.Option("--also-parquet", help="Write a plain Parquet copy of each bronze table.")
]
PublishAnyway = Annotated[
    bool, typer.Option("--publish-anyway", help="Publish though checks failed; still exit 1.")
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Exit 1 where a record was rejected, or a warning failed.")
]

OfDomain = Annotated[
    str | None, typer.Argument(metavar="[DOMAIN]", help="The domain to invent data for.")
]
Seed = Annotated[int, typer.Option("--seed", help="The same seed gives the same files.")]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Where to (default: data_raw/<domain>)."),
]
Programs = Annotated[int | None, typer.Option("--programs", help="How many programs.")]
Scale = Annotated[float | None, typer.Option("--scale", help="How much data; 1 is the usual size.")]
Batches = Annotated[int | None, typer.Option("--batches", help="How many deliveries.")]
Iteration = Annotated[
    int | None, typer.Option("--iteration", metavar="ID", help="Of which match iteration.")
]
DeliveryNumber = Annotated[
    int | None,
    typer.Option("--delivery", metavar="N", help="The Nth delivery of the same files."),
]
Disorder = Annotated[bool, typer.Option("--disorder", help="Deliver in any order.")]
StartDate = Annotated[
    str | None,
    typer.Option("--start-date", metavar="DATE", help="The first day, as 2024-12-31."),
]
Days = Annotated[int | None, typer.Option("--days", help="How many days.")]
Anomalies = Annotated[
    bool | None,
    typer.Option("--anomalies/--no-anomalies", help="Put in faults, and a list of them."),
]
AnomalyRate = Annotated[
    float | None,
    typer.Option("--anomaly-rate", help="How many faults; 1 is the usual share."),
]


app = typer.Typer()


@command(app)
def init(call: Call, folder: Folder = None) -> None:
    """Make a folder a project: carms.toml, data_raw/, lake/."""
    from carms_lake.flows.init import init as flow

    project = folder or call.project or Path()
    made = flow(project, call.domain)
    if call.json:
        render.envelope([str(path) for path in made])
        return
    for path in made:
        render.note(call, f"made `{path}`")
    render.note(
        call, f"`{project}` is a project: put source files into `data_raw/`, then `carms run`"
    )


@command(app)
def demo(call: Call, folder: Folder = None) -> None:
    """Show the whole way on invented data, offline."""
    from carms_lake.cli.demo import demo as steps

    steps(call, folder or Path("carms-demo"))


@command(app)
def generate(
    call: Call,
    domain: OfDomain = None,
    seed: Seed = 7,
    out: Out = None,
    programs: Programs = None,
    scale: Scale = None,
    batches: Batches = None,
    iteration: Iteration = None,
    delivery: DeliveryNumber = None,
    disorder: Disorder = False,
    start_date: StartDate = None,
    days: Days = None,
    anomalies: Anomalies = None,
    anomaly_rate: AnomalyRate = None,
) -> None:
    """Invent source files of a domain, the same for the same seed."""
    from carms_lake.cli.reports import file_names
    from carms_lake.flows.generate import generate as flow

    config = call.on(domain=domain).config()
    options: dict[str, Any] = {
        "seed": seed,
        "programs": programs,
        "scale": scale,
        "batches": batches,
        "iteration": iteration,
        "delivery": delivery,
        "disorder": disorder or None,
        "start_date": start_date,
        "days": days,
        "anomalies": anomalies if anomaly_rate is None else anomaly_rate,
    }
    given = {name: value for name, value in options.items() if value is not None}
    with render.progress(call) as progress:
        written = flow(config.domain.package, out or config.data_raw, given, progress)
    if render.out().isatty() and not call.json:
        _lines(file_names(written, out or config.data_raw))
    else:
        _paths(call, written)


@command(app)
def fetch(
    call: Call,
    base_url: Annotated[
        str | None, typer.Option("--base-url", metavar="URL", help="Another server.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Bring files that are there already too.")
    ] = False,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", help="Of each read.")
    ] = 30,
    retries: Annotated[int, typer.Option("--retries", help="Attempts after the first.")] = 3,
) -> None:
    """Bring the domain's public files into data_raw.

    Over HTTPS, checked against their published digests; an interrupted download is resumed.
    """
    from carms_lake.flows.fetch import fetch as flow
    from carms_lake.flows.fetch import load_plan

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
        instead = ", in the place of another one" if file.replaced else ""
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
    """Land source files in bronze, set aside broken records."""
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
