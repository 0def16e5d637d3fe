"""`carms generate`: a domain's generator says what, the writers write it."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from inspect import Parameter, signature
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin

from carms_lake.errors import UsageError, did_you_mean
from carms_lake.files import whole
from carms_lake.writers import write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from carms_lake.flows.run import Progress


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
