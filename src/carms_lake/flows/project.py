"""A project folder, and the source files that a domain's generator writes into it."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from inspect import Parameter, signature
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin

from carms_lake.config import CONFIG_FILE, DEFAULT_DOMAIN, KEYS, builtin_domains
from carms_lake.errors import StoreError, UsageError, did_you_mean
from carms_lake.files import whole
from carms_lake.writers import write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from carms_lake.records import Progress

_DATA_RAW = """\
Source files go here, one folder per domain: `data_raw/carms/`.

They are read, never changed. `carms ingest` finds them by the names that the contracts give.
"""

_LAKE = """\
The tool makes everything here: Delta tables in `<domain>/`, and `<domain>.duckdb`, the gold file
that `carms query` and BI tools open. Nothing here is edited by hand; `carms run` rebuilds it.
"""

_GITIGNORE = """\
# Made by the tool, from the source files.
lake/*
!lake/README.md
# The key of the masks in gold: whoever has it can try out whom a mask hides.
.carms/
"""


def init(project: Path, domain: str | None = None) -> tuple[Path, ...]:
    """Make a folder a project; what is there already stays as it is. Returns what was made.

    Raises:
        StoreError: the folder cannot be written.
    """
    chosen = domain or DEFAULT_DOMAIN
    folders = [project / "data_raw" / name for name in sorted({*builtin_domains(), chosen})]
    files = {
        project / CONFIG_FILE: _settings(chosen),
        project / "data_raw" / "README.md": _DATA_RAW,
        project / "lake" / "README.md": _LAKE,
        project / ".gitignore": _GITIGNORE,
    }
    made: list[Path] = []
    try:
        for folder in (*folders, project / "lake"):
            if not folder.is_dir():
                folder.mkdir(parents=True)
                made.append(folder)
        for path, text in files.items():
            if not path.exists():
                path.write_text(text, encoding="utf-8")
                made.append(path)
    except OSError as error:
        raise StoreError(
            f"`{error.filename or project}` cannot be made: {error.strerror}",
            "name a folder that you may write to",
        ) from error
    return tuple(made)


def _settings(domain: str) -> str:
    """A carms.toml that shows every key; all but the domain are comments."""
    examples = {"domains": '["name"]', "memory_limit": '"2GB"', "query_timeout_s": "60"}
    lines = [
        "# A project of the carms command. Flags and CARMS_* variables win over this file.",
        "",
    ]
    for key, meaning in KEYS.items():
        lines.append(f"# {meaning}")
        lines.append(f'domain = "{domain}"' if key == "domain" else f"# {key} = {examples[key]}")
    return "\n".join(lines) + "\n"


def generate(
    package: str, out: Path, options: Mapping[str, object], progress: Progress | None = None
) -> list[Path]:
    """Write all files that a domain's generator yields, below `out`, and say which they are.

    A file appears whole under its name, or not at all. `progress` hears each file's rows so far.

    Raises:
        UsageError: the domain has no generator, or it knows no such option, or refuses a value.
    """
    generator = _generator(package)
    _check(package, generator, options)
    try:
        files = generator(**options)
    except ValueError as error:
        raise UsageError(f"`{package}` cannot generate that: {error}") from error
    written = []
    for name, frames, file_format, format_options in files:
        parts = PurePosixPath(name)
        if parts.is_absolute() or ".." in parts.parts:
            raise UsageError(f"a generator names the file `{name}`, which is not below its folder")
        path = out.joinpath(*parts.parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole(path, is_synced=False) as partial:
            write(partial, _counted(name, frames, progress), file_format, format_options)
        written.append(path)
    return written


def generator_options(package: str) -> list[tuple[Parameter, Any, str]]:
    """The keywords of a domain's generator, each with its type and what it means; none without one.

    A keyword is annotated `Annotated[int, "How many programs."]`, or with a type alone.
    """
    try:
        generator = _generator(package)
    except UsageError:
        return []
    options = []
    for parameter in signature(generator, eval_str=True).parameters.values():
        kind, meaning = parameter.annotation, ""
        if get_origin(kind) is Annotated:
            kind, meaning = get_args(kind)[:2]
        options.append((parameter, str if kind is Parameter.empty else kind, str(meaning)))
    return options


def _generator(package: str) -> Callable[..., Iterable[Any]]:
    if find_spec(package) is None or find_spec(f"{package}.generate") is None:
        raise UsageError(
            f"`{package}` has no generator", "a domain that has one has a module `generate`"
        )
    function: Callable[..., Iterable[Any]] = import_module(f"{package}.generate").generate
    return function


def _check(package: str, generator: Callable[..., object], options: Mapping[str, object]) -> None:
    known = signature(generator).parameters
    for name in options:
        if name not in known:
            raise UsageError(
                f"the generator of `{package}` has no option `{name}`", did_you_mean(name, known)
            )
    missing = [n for n, p in known.items() if p.default is Parameter.empty and n not in options]
    if missing:
        raise UsageError(
            f"the generator of `{package}` needs " + ", ".join(f"`{name}`" for name in missing)
        )


def _counted(name: str, frames: Iterable[Any], progress: Progress | None) -> Iterator[Any]:
    rows = 0
    for frame in frames:
        rows += len(frame)
        yield frame
        if progress is not None:
            progress(name, rows, None)
