"""`init`, `demo`, `generate`, `fetch`: a project and its source files."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from carms_lake import authored
from carms_lake.cli import render
from carms_lake.cli.command import Group, Lazy, argument, command, option
from carms_lake.cli.context import Call, complete_domains, named_in
from carms_lake.cli.exit_codes import ExitCode, end_with
from carms_lake.cli.formats import Format, on_one_line
from carms_lake.cli.lake import build, ingest
from carms_lake.cli.render import Target, emit_query
from carms_lake.cli.sinks import out as stdout
from carms_lake.errors import ConfigError, UsageError
from carms_lake.names import IDENTIFIER, Layer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from carms_lake.config import Domain, LakeConfig
    from carms_lake.contract.model import Contract
    from carms_lake.flows.scaffold import Made

DEMO_SEED = 7

Folder = Annotated[Path | None, argument("[DIR]", "The project folder.")]
OfDomain = Annotated[
    str | None, argument("[DOMAIN]", "The domain to generate data for.", complete_domains)
]
Out = Annotated[Path | None, option("--out DIR", "The output folder (default: data_raw/<domain>).")]
BaseUrl = Annotated[str | None, option("--base-url URL", "Download from another server.")]
Force = Annotated[bool, option("--force", "Download files that exist already, too.")]
Timeout = Annotated[float, option("--timeout SECONDS", "Timeout of each read.")]
Retries = Annotated[int, option("--retries", "Attempts after the first.")]


AmongOthers = Annotated[
    bool, typer.Option("--yes", help="Put invented data where files of your own are.")
]

Name = Annotated[str, argument("NAME", "What the domain is called: lower-case letters, digits, _.")]
Files = Annotated[list[Path], argument("FILE...", "CSV, JSON, JSON lines, xlsx, Parquet, Delta.")]

app = typer.Typer()
domain_app = typer.Typer(name="domain", help="Make a domain out of files.", cls=Group)
contract_app = typer.Typer(name="contract", help="Describe one more file of a domain.", cls=Group)


@command(app)
def init(call: Call, folder: Folder = None) -> None:
    """Create a project: carms.toml, data_raw/, lake/."""
    from carms_lake.flows.project import init as flow

    project = folder or call.project or Path()
    made = flow(project, call.domain)
    if call.json:
        _write_paths(call, made)
        return
    for path in made:
        render.note(call, f"created `{path}`")
    render.note(call, f"`{project}` is ready: put source files into `data_raw/`, then `carms run`")


@command(domain_app, name="new")
def domain_new(call: Call, name: Name, files: Files) -> None:
    """Make files a domain: contracts, silver and gold.

    They are inferred from the files; comments in the contracts say what was seen. Nothing is
    overwritten. A folder without a carms.toml becomes a project. `carms ingest && carms build`
    works right after it.
    """
    from carms_lake.flows.scaffold import new_domain

    _show_made(call, new_domain(call.project, name, files))


@command(contract_app, name="new")
def contract_new(call: Call, files: Files) -> None:
    """Infer the contracts of more files, or of a gold SELECT.

    Where the code of the domain is in the project, silver and gold of the source, too. Of a
    SELECT that you wrote into its folder `gold`, the contract of the table.
    """
    from carms_lake.flows.scaffold import new_contracts

    _show_made(call, new_contracts(call.config(), files))


def _show_made(call: Call, made: Made) -> None:
    if call.json:
        _write_paths(call, made.paths)
        return
    for path in made.paths:
        shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
        render.note(call, f"wrote `{shown}`")
    for note in made.notes:
        render.note(call, note)
    option = "" if made.is_default else f" -d {made.config.domain.name}"
    render.note(call, f"next: `carms ingest{option} && carms build{option} && carms check{option}`")
    render.note(call, f'then: `carms query{option} "from {made.tables[0]}"`')


@command(app)
def demo(call: Call, folder: Folder = None, yes: AmongOthers = False) -> None:
    """Build and query a small lake of invented data, offline.

    In a project that holds anything else it needs `--yes`.
    """
    from carms_lake.cli import reports
    from carms_lake.config import CONFIG_FILE
    from carms_lake.flows.check import check
    from carms_lake.flows.generate import holds_only_generated
    from carms_lake.flows.project import init as make_project

    def announce(command: str) -> None:
        render.note(call, f"\n$ {on_one_line(command)}", is_ours=True)

    project = folder or Path("carms-demo")
    there, to = call.on(project=project), Target(Format.TABLE)
    if (project / CONFIG_FILE).is_file():
        config = there.config()
        if not yes and not holds_only_generated(_sources(config), config.data_raw):
            raise UsageError(
                f"`{project}` is a project already: a demo would put invented data into its lake",
                "name another folder, or add `--yes`",
            )
    else:
        announce(f"carms init {project}")
        make_project(project, call.domain)
        config = there.config()
    announce(f"cd {project}")
    first, *steps = demo_steps(config.domain)
    announce(first)
    _run(there, first, yes=yes)
    announce("carms ingest")
    ingest(there, to)
    announce("carms build")
    build(there, to)
    announce("carms check")
    report = check(config)
    reports.tell(there, report)  # failures are listed, passed checks counted
    end_with(reports.exit_code(report))
    for step in steps:
        words = [line[2:].strip() for line in step.splitlines() if line.startswith("--")]
        text = "\n".join(line for line in words if not line.startswith("$"))
        render.note(call, f"\n{text}", is_ours=True)
        for line in (line.removeprefix("$ ") for line in words if line.startswith("$")):
            announce(line)
            _run(there, line, yes=yes)
        if sql := " ".join(line.strip() for line in step.splitlines() if line[:2] != "--"):
            announce(f'carms query "{sql}"')
            emit_query(there, config, step, to)
    where = on_one_line(str(project))
    stays = f"\nthe project stays in `{where}`: query it with `carms -p {where} query`"
    render.note(call, stays, is_ours=True)


def _run(there: Call, line: str, *, yes: bool) -> None:
    """Run a command line of a demo in its project.

    Raises:
        typer.Exit: it did not end with 0.
    """
    from carms_lake.cli import make_app

    words = ["-p", str(there.project), *line.split()[1:]]
    words += ["--quiet"] * there.quiet + ["--yes"] * (yes and words[2] == "generate")
    end_with(ExitCode(make_app()(words, prog_name="carms", standalone_mode=False) or 0))


def demo_steps(domain: Domain) -> list[str]:
    """The command that generates the data of a demo, and the paragraphs of the domain's demo.sql.

    A comment that begins with `$` is a command, run before the statement, if there is one. Where
    the first paragraph is `$ carms generate`, it is the first step, else the usual command.
    """
    source = authored.files(domain.package) / "demo.sql"
    text = source.read_text(encoding="utf-8").strip() if source.is_file() else ""
    steps = [paragraph.strip().removesuffix(";") for paragraph in text.split("\n\n") if paragraph]
    usual = f"-- $ carms generate {domain.name} --seed {DEMO_SEED}"
    if not (steps and steps[0].startswith("-- $ carms generate ")):
        steps.insert(0, usual)
    return [steps[0].removeprefix("-- $ "), *steps[1:]]


class Generate(Lazy):
    """`generate`: its options are the keywords of the domain's generator."""

    def prepared(self, args: list[str], parent: Any) -> Any:
        """The command with the options of the domain that the command line means."""
        from carms_lake.flows.generate import generator_options

        call = Call(parent.params.get("project"), parent.params.get("domain")) if parent else Call()
        domain = _domain_meant(args, call.merged(named_in(args)))
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


def _domain_meant(args: list[str], call: Call) -> Domain | None:
    """The first word that names a domain and is not an option's value, or the project's domain."""
    from carms_lake.config import DEFAULT_DOMAIN, resolve_domain

    with_value = {"-d", "--domain", "-p", "--project", "--out"}
    for before, word in zip(["", *args], args, strict=False):
        if IDENTIFIER.fullmatch(word) and before not in with_value:
            with suppress(ConfigError):
                return resolve_domain(word, Path())
    with suppress(ConfigError):
        return call.config().domain
    with suppress(ConfigError):
        return resolve_domain(call.domain or DEFAULT_DOMAIN, Path())
    return None


@command(app, cls=Generate)
def generate(
    call: Call, domain: OfDomain = None, out: Out = None, yes: AmongOthers = False, **options: Any
) -> None:
    """Generate a domain's source files, the same for the same seed.

    It replaces only what it made itself; next to other files of the domain it needs `--yes`.
    """
    from carms_lake.cli.reports import file_names

    config = call.on(domain=domain).config()
    folder = out or config.data_raw
    written = _generate(call, config, folder, options, yes=yes)
    is_terminal = stdout().isatty()
    _write_paths(call, written, file_names(written, folder) if is_terminal else None)


def _generate(
    call: Call, config: LakeConfig, out: Path, options: dict[str, Any], *, yes: bool
) -> list[Path]:
    from carms_lake.flows.generate import generate as flow

    package, sources = config.domain.package, _sources(config)
    with render.progress(call) as progress:
        return flow(package, out, options, progress, sources=sources, yes=yes)


def _sources(config: LakeConfig) -> list[Contract]:
    from carms_lake.catalog import load_catalog

    catalog = load_catalog(config.domain)
    return [catalog.contracts[ref] for ref in catalog.refs(Layer.BRONZE)]


@command(app)
def fetch(
    call: Call,
    base_url: BaseUrl = None,
    force: Force = False,
    timeout: Timeout = 30,
    retries: Retries = 3,
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
        fetched = flow(
            load_plan(plan),
            config.data_raw,
            base_url=base_url,
            timeout_s=timeout,
            retries=retries,
            force=force,
            progress=progress,
        )
    for file in fetched:
        instead = ", which replaced another one" if file.replaced else ""
        render.note(call, f"{file.status}: `{file.name}`, {file.bytes} bytes{instead}")
    _write_paths(call, [file.path for file in fetched])


def _write_paths(call: Call, paths: Sequence[Path], texts: Iterable[str] | None = None) -> None:
    if call.json:
        render.envelope([str(path) for path in paths])
    else:
        render.write("".join(f"{text}\n" for text in texts or paths))
