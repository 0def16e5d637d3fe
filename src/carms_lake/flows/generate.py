"""The source files that a domain's generator writes, kept apart from those of the user.

A record next to the files says which they are: nothing else is ever replaced.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from inspect import Parameter, signature
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, get_args, get_origin

from carms_lake import authored
from carms_lake.contract.model import Contract
from carms_lake.errors import ContractError, StoreError, UsageError, did_you_mean, first_few
from carms_lake.files import put, whole
from carms_lake.readers.discover import discover, listing
from carms_lake.records import Progress
from carms_lake.writers import write

Made = set[tuple[str, str]]
"""Path below the folder, and SHA-256, of each file that a generator wrote there."""

RECORD = ".generated.sha256"
"""In a folder of generated files: which these are, in the format of `sha256sum`."""

_PARTS = 4
_SHOWN = 3
"""How many files a message names."""


def generate(
    package: str,
    out: Path,
    options: Mapping[str, object],
    progress: Progress | None = None,
    *,
    sources: Iterable[Contract] = (),
    yes: bool = False,
) -> list[Path]:
    """Write all files that a domain's generator yields, below `out`, and say which they are.

    All of them appear, or none. Files that no generator made are neither replaced nor deleted, and
    without `yes` none is put next to those that belong to the `sources`. `progress` gets each
    file's rows so far.

    Raises:
        UsageError: the domain has no generator, or it does not know an option, or refuses a value;
            or there are files that it did not make.
        StoreError: the folder cannot be written.
    """
    generator = _generator(package)
    _check(package, generator, options)
    try:
        files = _yielded(generator, generator(**options))
    except ValueError as error:
        raise UsageError(
            f"`{package}` cannot generate that: {error}",
            "change the options; `carms generate DOMAIN --help` lists them",
        ) from error
    others = [] if yes else files_of_others(sources, out)
    if others:
        raise UsageError(
            f"`{out}` has files that `generate` did not make: {first_few(others, _SHOWN)}",
            "write the invented files elsewhere with `--out`, or add `--yes` to put them next to "
            "these",
        )
    try:
        out.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".generate.", suffix=".part", dir=out))
        try:
            return _generate(files, staging, out, progress)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        raise StoreError(
            f"`{error.filename or out}` cannot be written: {error.strerror}",
            "name a folder that you may write to with `--out`",
        ) from error


def _generate(
    files: Iterable[Any], staging: Path, out: Path, progress: Progress | None
) -> list[Path]:
    """Write all files to a hidden folder, see that none is in their way, give them their places."""
    made = _made(out)
    names: list[PurePosixPath] = []
    for name, frames, file_format, format_options in files:
        relative = PurePosixPath(name)
        if relative.is_absolute() or ".." in relative.parts:
            raise UsageError(
                f"a generator names the file `{name}`, which is not below its folder",
                "let the generator name files below its folder",
            )
        path = staging.joinpath(relative)
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, _counted(name, frames, progress), file_format, format_options)
        made = made | _contents(path, staging)
        _refuse_to_replace(out, relative, made)
        names.append(relative)
    # The record comes first: a file without its line would be taken for one of the user's.
    with whole(out / RECORD, is_synced=False) as partial:
        lines = (f"{digest}  {name}\n" for name, digest in sorted(made))
        partial.write_text("".join(lines), encoding="utf-8", newline="\n")
    for relative in names:
        path = out.joinpath(relative)
        path.parent.mkdir(parents=True, exist_ok=True)
        put(staging.joinpath(relative), path, is_synced=False)
    return [out.joinpath(relative) for relative in names]


def _yielded(generator: Callable[..., object], files: Any) -> Iterator[tuple[Any, ...]]:
    """What a generator gives, file by file.

    Raises:
        ContractError: it is not what a generator gives.
    """
    for file in files if isinstance(files, Iterable) else [files]:
        if not isinstance(file, tuple) or len(file) != _PARTS:
            raise ContractError(
                f"{authored.place_of(generator)}: the generator gives a `{type(file).__name__}`",
                "it yields `(path, frames, format, options)` for each file",
            )
        yield file


def files_of_others(sources: Iterable[Contract], folder: Path) -> list[str]:
    """The files of some sources in a folder that no generator made, or that were changed since."""
    if not folder.is_dir():
        return []
    made, there = _made(folder), listing(folder)
    paths = {file.path for contract in sources for file in discover(contract, there)}
    return sorted(f"`{name}`" for path in paths for name in _not_made(path, folder, made))


def holds_only_generated(sources: Iterable[Contract], folder: Path) -> bool:
    """Whether a generator wrote into a folder, and made all files of these sources there."""
    return bool(_made(folder)) and not files_of_others(sources, folder)


def _made(folder: Path) -> Made:
    found: Made = set()
    with suppress(OSError, UnicodeDecodeError):
        for line in (folder / RECORD).read_text(encoding="utf-8").splitlines():
            digest, _, name = line.partition("  ")
            found.add((name, digest))
    return found


def _refuse_to_replace(out: Path, relative: PurePosixPath, made: Made) -> None:
    """Refuse to write where something is that no generator made.

    Raises:
        UsageError: it would be lost.
    """
    above = [out.joinpath(*relative.parts[:n]) for n in range(1, len(relative.parts))]
    in_the_way = [
        f"`{path.relative_to(out)}`" for path in above if path.exists() and not path.is_dir()
    ]
    others = in_the_way or [f"`{name}`" for name in _not_made(out.joinpath(relative), out, made)]
    if others:
        raise UsageError(
            f"{first_few(others, _SHOWN)} in `{out}` would be lost: `generate` did not make it, or "
            "it was changed since",
            "nothing was written: move it away, or generate into another folder with `--out`",
        )


def _not_made(path: Path, folder: Path, made: Made) -> list[str]:
    return sorted(name for name, digest in _contents(path, folder) - made)


def _contents(path: Path, folder: Path) -> Made:
    """The file, or all files of a folder; a link or a device has no digest."""
    if path.is_dir() and not path.is_symlink():
        files = [file for file in path.rglob("*") if file.is_symlink() or not file.is_dir()]
    else:
        files = [path] if path.is_symlink() or path.exists() else []
    found: Made = set()
    for file in files:
        digest = ""
        if file.is_file() and not file.is_symlink():
            with file.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
        found.add((file.relative_to(folder).as_posix(), digest))
    return found


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
    function = getattr(authored.load(package, "generate"), "generate", None)
    if not callable(function):
        raise UsageError(
            f"`{package}` has no generator",
            "a domain that has one has a module `generate` with a function `generate`",
        )
    return function  # type: ignore[no-any-return]  # what it yields is looked at


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
            f"the generator of `{package}` needs " + ", ".join(f"`{name}`" for name in missing),
            "give them as options",
        )


def _counted(name: str, frames: Iterable[Any], progress: Progress | None) -> Iterator[Any]:
    rows = 0
    for frame in frames:
        rows += len(frame)
        yield frame
        if progress is not None:
            progress(name, rows, None)
