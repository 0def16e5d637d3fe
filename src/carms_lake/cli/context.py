"""One call of the command: the options of every command, the project, and what a shell completes.

Completion reads the names of contract files and the log of `ops.runs`: no data library is imported,
and what cannot be read completes to nothing.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from carms_lake.errors import LakeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from carms_lake.config import LakeConfig

RUNS = 20
"""So many of the newest runs are offered by completion."""


class Call(NamedTuple):
    """The options that all commands share; no dataclass, since those cost 1 ms of `--help` each."""

    project: Path | None = None
    domain: str | None = None
    json: bool = False
    quiet: bool = False
    verbose: bool = False

    def merged(self, later: Call) -> Call:
        """These options with those given after the verb, which win."""
        return Call._make(own or other for own, other in zip(later, self, strict=True))

    def on(self, *, project: Path | None = None, domain: str | None = None) -> Call:
        """The same call on another project or domain."""
        return self._replace(project=project or self.project, domain=domain or self.domain)

    def config(self, *, query_timeout_s: float | None = None) -> LakeConfig:
        """The project and domain that the call is about.

        Raises:
            ConfigError: the project or the domain is unknown, or a setting is wrong.
        """
        from carms_lake.config import load_config

        return load_config(
            project=self.project, domain=self.domain, query_timeout_s=query_timeout_s
        )


def named_in(words: Sequence[str]) -> Call:
    """The project and the domain that the words of a command line name, before they are parsed."""
    project = _value_of(words, "-p", "--project")
    return Call(Path(project) if project else None, _value_of(words, "-d", "--domain"))


def _value_of(words: Sequence[str], short: str, long: str) -> str | None:
    value = None
    for word, following in zip(words, [*words, ""][1:], strict=True):
        if word in (short, long):
            value = following
        elif word.startswith(f"{long}="):
            value = word.removeprefix(f"{long}=")
        elif word.startswith(short) and not word.startswith("--"):
            value = word.removeprefix(short)
    return value or None


def complete_domains(incomplete: str) -> list[str]:
    """The domains that come with the tool, and those of the project."""
    from carms_lake.config import builtin_domains, find_project, project_domains

    found: tuple[str, ...] = ()
    with suppress(LakeError):
        found = project_domains(find_project(None, os.environ))
    return _starting(sorted({*builtin_domains(), *found}), incomplete)


def complete_tables(ctx: typer.Context, incomplete: str) -> list[str]:
    """The tables of the domain, as `silver.program`, and as `program` where no layer is typed."""
    found = [(layer, table) for layer, table in _contracts(ctx) if layer != "ops"]
    names = [f"{layer}.{table}" for layer, table in found]
    bare = [] if "." in incomplete or not incomplete else [table for _, table in found]
    return _starting([*names, *bare], incomplete)


def complete_sources(ctx: typer.Context, incomplete: str) -> list[str]:
    """The bronze tables of the domain, by their names alone."""
    return _starting((table for layer, table in _contracts(ctx) if layer == "bronze"), incomplete)


def complete_runs(ctx: typer.Context, incomplete: str) -> list[str]:
    """The ids of the newest runs, the newest one first."""
    from carms_lake.store import ops_path
    from carms_lake.store.delta.log import commits

    with suppress(LakeError, OSError):
        log = commits(ops_path(_config(ctx), "runs"))
        ids = {commit.run_id for commit in log if commit.run_id}
        return _starting(sorted(ids, reverse=True)[:RUNS], incomplete)
    return []


def _starting(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in dict.fromkeys(names) if name.startswith(incomplete)]


def _contracts(ctx: typer.Context) -> list[tuple[str, str]]:
    """Layer and name of each contract file of the domain."""
    with suppress(LakeError, OSError):
        files = {
            (path.parent.name, path.name.removesuffix(".odcs.yaml"))
            for folder in _config(ctx).domain.schemas
            for path in folder.glob("*/*.odcs.yaml")
        }
        return sorted(files)
    return []


def _config(ctx: typer.Context) -> LakeConfig:
    """The project and domain that the words typed so far mean."""
    call = Call()
    at: Any = ctx
    while at is not None:
        own = {key.removeprefix("call_"): value for key, value in at.params.items()}
        project = own.get("project")  # a text: values are not converted while a shell completes
        call = Call(Path(project) if project else None, own.get("domain")).merged(call)
        at = at.parent
    return call.config()
