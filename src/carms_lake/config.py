"""carms.toml, the environment and the command line -> LakeConfig.

Precedence: flag > `CARMS_*` environment > carms.toml > default.
"""

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from carms_lake import authored
from carms_lake.errors import ConfigError, did_you_mean
from carms_lake.names import IDENTIFIER, Layer

CONFIG_FILE = "carms.toml"
"""The file that makes a folder a project."""

DEFAULT_DOMAIN = "carms"

KEYS = {
    "domain": "The domain that commands work on where `-d` names none (default: carms)",
    "domains": "Domains of other installed packages that this project uses, by name",
    "memory_limit": "What DuckDB may take in a build or a query, as `2GB` (default: 2GB)",
    "query_timeout_s": "Seconds after which a query is stopped (default: 60)",
    "spark": "The server of `carms certify`, and how it sees the folder of the lake",
}
"""The keys of carms.toml; names, times and sizes are also variables: `CARMS_DOMAIN` and so on."""

IN_FILE_ONLY = frozenset({"domains", "spark"})
"""The keys that no variable sets."""

ENTRY_POINTS = "carms_lake.domains"
"""The group of a package's domain; its value is a package with silver, gold/, schemas/<layer>/."""

_MEMORY = re.compile(r"\d+(\.\d+)?\s*[KMGT]i?B", re.IGNORECASE)


@dataclass(frozen=True)
class Domain:
    """One business area: a name, the package that says what its data means, its contracts.

    `package` has `silver.py`, `gold/*.sql` and may have `checks.py`, `generate.py` and
    `commands.py`; it is installed, or a folder of the project (`authored`). `schemas` are the
    folders with `<layer>/<table>.odcs.yaml`; a later one wins, file by file.
    """

    name: str
    package: str
    schemas: tuple[Path, ...]

    @cached_property
    def own_layers(self) -> tuple[str, ...]:
        """The domain's own layers, sorted: folders of contracts next to those of the three layers.

        Commands of the domain append to their tables, which are in a schema of that name.
        """
        found = {path.parent.name for at in self.schemas for path in at.glob("*/*.odcs.yaml")}
        return tuple(sorted(found - {*Layer}))


@dataclass(frozen=True)
class SparkServer:
    """The table `[spark]` of carms.toml."""

    server: str | None = None
    """Its address, as `sc://host:15002`."""
    lake: str | None = None
    """How it sees the project's folder `lake`, as `/mnt/lake`; None: as this machine does."""


@dataclass(frozen=True)
class LakeConfig:
    """A project folder and how to work in it."""

    project: Path
    domain: Domain
    memory_limit: str = "2GB"
    """What DuckDB may take in a build or a query."""
    query_timeout_s: float = 60.0
    spark: SparkServer = SparkServer()

    @property
    def data_raw(self) -> Path:
        """Where the domain's source files arrive."""
        return self.project / "data_raw" / self.domain.name

    @property
    def lake(self) -> Path:
        """The domain's Delta tables: bronze/, silver/, rejects/, ops/, layers of its own."""
        return self.project / "lake" / self.domain.name

    @property
    def gold_file(self) -> Path:
        """The published DuckDB file."""
        return self.project / "lake" / f"{self.domain.name}.duckdb"

    @property
    def service_counts(self) -> Path:
        """What `carms serve` has counted since it started: JSON, for the report."""
        return self.gold_file.with_suffix(".service.json")


def load_config(
    *,
    project: Path | None = None,
    domain: str | None = None,
    query_timeout_s: float | None = None,
    environment: Mapping[str, str] | None = None,
) -> LakeConfig:
    """The project to work in and the domain to work on.

    `project`, `domain` and `query_timeout_s` are the command line's. Without a project the nearest
    carms.toml upward from the working folder counts.

    Raises:
        ConfigError: no carms.toml, an unknown key or domain, or a value of the wrong kind.
    """
    variables = os.environ if environment is None else environment
    folder = find_project(project, variables)
    settings = _read_settings(folder / CONFIG_FILE)
    for key in KEYS.keys() - IN_FILE_ONLY:
        value = variables.get(f"CARMS_{key.upper()}")
        if value:
            settings[key] = value
    if query_timeout_s is not None:
        settings["query_timeout_s"] = query_timeout_s
    name = domain or str(settings.get("domain", DEFAULT_DOMAIN))
    return LakeConfig(
        project=folder,
        domain=resolve_domain(name, folder, settings.get("domains", [])),
        memory_limit=_memory(settings.get("memory_limit", LakeConfig.memory_limit)),
        query_timeout_s=_seconds(settings.get("query_timeout_s", LakeConfig.query_timeout_s)),
        spark=_spark(settings.get("spark", {})),
    )


def find_project(project: Path | None, environment: Mapping[str, str]) -> Path:
    """The project folder: the one named, or the nearest upward with a carms.toml.

    Raises:
        ConfigError: there is none.
    """
    variable = environment.get("CARMS_PROJECT")
    named = project or (Path(variable) if variable else None)
    if named is not None:
        if not (named / CONFIG_FILE).is_file():
            raise ConfigError(
                f"`{named}` is not a carms project: no `{CONFIG_FILE}` found",
                f"make it one with `carms init {named}`",
            )
        return named.absolute()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / CONFIG_FILE).is_file():
            return folder
    raise ConfigError(
        f"no `{CONFIG_FILE}` in `{here}` or above it",
        "run `carms init` to make this folder a project, or name one with `-p`",
    )


def builtin_domains() -> tuple[str, ...]:
    """The domains that come with the tool, sorted."""
    found = Path(__file__).with_name("domains").glob("*/")
    return tuple(sorted(p.name for p in found if p.is_dir() and IDENTIFIER.fullmatch(p.name)))


def builtin_schemas() -> Path:
    """The folder of the contracts that come with the tool: in the wheel, else in the checkout."""
    installed = Path(__file__).with_name("schemas")
    return installed if installed.is_dir() else Path(__file__).parents[2] / "schemas"


def resolve_domain(name: str, project: Path, extra: list[str] | None = None) -> Domain:
    """The domain of a name: built in, of the project itself, or of another installed package.

    One of the project has its contracts in `schemas/<name>` and its code in `domains/<name>`.

    Raises:
        ConfigError: the domain is unknown.
    """
    own, code = project / "schemas" / name, project / "domains" / name
    if name in builtin_domains():
        package, schemas = f"carms_lake.domains.{name}", builtin_schemas() / name
    elif IDENTIFIER.fullmatch(name) and code.is_dir():
        return Domain(name, authored.of_folder(name, code), (own,))
    else:
        try:
            package, schemas = _third_party(name, extra or [], project)
        except ConfigError:
            if IDENTIFIER.fullmatch(name) and own.is_dir():  # it has contracts alone
                return Domain(name, authored.of_folder(name, code), (own,))
            raise
    return Domain(name, package, (schemas, own) if own.is_dir() and own != schemas else (schemas,))


def project_domains(project: Path) -> tuple[str, ...]:
    """The domains whose contracts and code are in the project itself, sorted."""
    found = (path.name for path in project.glob("domains/*/") if path.is_dir())
    own = {name for name in found if (project / "schemas" / name).is_dir()}
    return tuple(sorted(name for name in own - {*builtin_domains()} if IDENTIFIER.fullmatch(name)))


def foreign_domains(project: Path | None = None, domain: str | None = None) -> tuple[Domain, ...]:
    """The domains of the project, and those of other packages that are named.

    A command line, `CARMS_DOMAIN` and carms.toml name them.

    What is wrong with one of them is for the command to say that works on it.
    """
    names = [domain, os.environ.get("CARMS_DOMAIN")]
    folder = Path()
    with suppress(ConfigError):
        folder = find_project(project, os.environ)
        settings = _read_settings(folder / CONFIG_FILE)
        names += [settings.get("domain"), *settings.get("domains", [])]
        names += project_domains(folder)
    found = []
    for name in dict.fromkeys(filter(None, names)):
        if name not in builtin_domains():
            with suppress(ConfigError):
                found.append(resolve_domain(name, folder))
    return tuple(found)


def _third_party(name: str, extra: list[str], project: Path) -> tuple[str, Path]:
    """Package and contracts of an installed domain; looked up only when asked for: 50-80 ms."""
    from importlib.metadata import entry_points
    from importlib.util import find_spec

    found = {entry.name: entry.value for entry in entry_points(group=ENTRY_POINTS)}
    if name not in found:
        why = f", though `{CONFIG_FILE}` names it: no installed package provides it"
        raise ConfigError(
            f"unknown domain `{name}`" + (why if name in extra else ""),
            did_you_mean(name, {*builtin_domains(), *found, *project_domains(project)})
            + f"; `carms domain new {name} FILE...` makes one of your files",
        )
    spec = None
    with suppress(Exception):  # it imports the package above, which may do anything
        spec = find_spec(found[name])
    if not IDENTIFIER.fullmatch(name) or spec is None or not spec.submodule_search_locations:
        raise ConfigError(
            f"domain `{name}` is not usable: its entry point `{found[name]}` is not a package",
            "a domain's entry point names a package with silver.py, gold/ and schemas/<layer>/",
        )
    return found[name], Path(next(iter(spec.submodule_search_locations))) / "schemas"


def _read_settings(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(
            f"`{path}` is not TOML: {error}",
            "correct it; `carms init` in an empty folder shows one that is right",
        ) from None
    except OSError as error:
        raise ConfigError(
            f"`{path}` cannot be read: {error.strerror}", "check its permissions"
        ) from None
    for key in settings:
        if key not in KEYS:
            raise ConfigError(f"`{path}`: unknown key `{key}`", did_you_mean(key, KEYS))
    domains = settings.get("domains", [])
    if not isinstance(domains, list) or not all(isinstance(name, str) for name in domains):
        raise ConfigError(
            f"`{path}`: `domains` must be a list of names", 'write `domains = ["name"]`'
        )
    if not isinstance(settings.get("domain", ""), str):
        raise ConfigError(f"`{path}`: `domain` must be a name", 'write `domain = "carms"`')
    return settings


def _memory(value: object) -> str:
    if not isinstance(value, str) or not _MEMORY.fullmatch(value.strip()):
        raise ConfigError(
            f"`memory_limit`: `{value}` is not an amount of memory", "write it as `2GB` or `500MB`"
        )
    return value.strip()


def _seconds(value: object) -> float:
    seconds = 0.0
    with suppress(ValueError):
        seconds = float(str(value))
    if not 0 < seconds < float("inf"):
        raise ConfigError(
            f"`query_timeout_s`: `{value}` is not a number of seconds",
            "write a number greater than 0",
        )
    return seconds


def _spark(table: object) -> SparkServer:
    known = SparkServer.__dataclass_fields__.keys()
    if not isinstance(table, dict) or not all(isinstance(text, str) for text in table.values()):
        raise ConfigError(
            "`spark` must be a table of texts",
            'write `[spark]`, and below it `server = "sc://host:15002"` and `lake = "/mnt/lake"`',
        )
    for key in table:
        if key not in known:
            raise ConfigError(f"`[spark]`: unknown key `{key}`", did_you_mean(key, known))
    return SparkServer(**table)
