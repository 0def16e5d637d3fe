"""The files that a contract's patterns match, in natural order, each with its name.

A file's name is its path from the folder where the pattern starts to match, so it is the same
whether the whole layout or a folder inside it is searched. Compressed files have the name of their
content.
"""

import os
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from carms_lake.contract.model import Contract
from carms_lake.errors import SourceError
from carms_lake.names import as_name, natural_key
from carms_lake.readers.content import DELTA_LOG, DiskFacts, disk_facts
from carms_lake.readers.globs import compiled
from carms_lake.readers.header import spec_of
from carms_lake.records import SourceFile


class _Candidate(NamedTuple):
    """A file, a zip's member or a Delta table that may be a source file."""

    names: tuple[str, ...]
    """Paths from the base folder under which it may be matched."""
    path: Path
    member: str | None = None
    is_table: bool = False


@dataclass(frozen=True)
class Listing:
    """The files of a folder, or the one file; listed once for all sources of a run."""

    base: Path
    above: tuple[str, ...]
    """The folders that lead to it, from the root."""
    candidates: tuple[_Candidate, ...]

    def others(self, taken: Iterable[SourceFile]) -> list[str]:
        """The names, from the folder, of the files that are not among the taken ones."""
        known = {(source.path, source.member) for source in taken}
        others = (c for c in self.candidates if (c.path, c.member) not in known)
        return [as_name(other.names[0]) for other in others]


def listing(base: Path) -> Listing:
    """Everything in a folder that may be a source file, except hidden files and folders.

    Raises:
        SourceError: `base` does not exist or cannot be read.
    """
    # `Path.absolute` keeps `..`, and `Path.resolve` gives the targets of links.
    parts = Path(os.path.abspath(base)).parts[1:]  # noqa: PTH100
    found = tuple(_candidates(base))
    return Listing(base, parts if base.is_dir() else parts[:-1], found)


def discover(contract: Contract, where: Path | Listing) -> list[SourceFile]:
    """The source files of a contract in a folder, or the one file, in natural order.

    Two files may have the same name, such as `a.csv` and `a.csv.gz`: their content decides later.

    Raises:
        SourceError: the folder does not exist or cannot be read.
        ContractError: the contract is not a bronze contract.
    """
    spec = spec_of(contract)
    there = where if isinstance(where, Listing) else listing(where)
    patterns = [(compiled(glob, "files"), _first_folder(glob)) for glob in spec.files]
    below = _prefixes(there.above, patterns, is_base=False)
    of_base = _prefixes(there.above, patterns, is_base=True)
    file_format = next((name for name in spec.formats if name != "delta"), None)
    found: list[SourceFile] = []
    for candidate in there.candidates:
        form = "delta" if candidate.is_table else file_format
        if form not in spec.formats:
            continue
        is_base = candidate.path == there.base and candidate.member is None
        name = _matching_name(candidate.names, of_base if is_base else below)
        if name is None:
            continue
        try:
            facts = disk_facts(candidate.path)
        except FileNotFoundError:
            if not candidate.path.is_symlink():  # it vanished since its folder was listed
                continue
            facts = DiskFacts(0, 0)
        except OSError:  # reading it will say what is wrong
            facts = DiskFacts(0, 0)
        member = candidate.member
        found.append(SourceFile(contract.ref, name, candidate.path, *facts, member, form))
    return sorted(found, key=lambda source: (natural_key(source.name), str(source.path)))


def matches(contract: Contract, name: str) -> bool:
    """Whether a file of this name would be one of the contract's.

    Raises:
        ContractError: the contract is not one of bronze.
    """
    return any(compiled(glob, "files").fullmatch(as_name(name)) for glob in spec_of(contract).files)


_Prefixes = list[tuple[str, list[re.Pattern[str]]]]


def _first_folder(glob: str) -> str:
    """The name of the folder that a glob starts with; empty where it starts with any or none."""
    first, slash, _ = glob.partition("/")
    return as_name(first) if slash and not set(first) & set("*?[") else ""


def _prefixes(
    above: tuple[str, ...], patterns: list[tuple[re.Pattern[str], str]], *, is_base: bool
) -> _Prefixes:
    """What may come before a name, of no folder above the base, of one, ..; what may match then.

    A glob that starts with any folder matches no more than is below the base: what is above may be
    any folder of this machine. A base that is a file itself has a name in these folders only.
    """
    found: _Prefixes = [("", [expression for expression, _ in patterns])]
    for at in range(len(above) - 1, -1, -1):
        here = as_name(above[at])
        fitting = [one for one, first in patterns if is_base or first == here]
        if fitting:
            found.append(("/".join(above[at:]) + "/", fitting))
    return found


def _matching_name(names: tuple[str, ...], prefixes: _Prefixes) -> str | None:
    """The shortest name that a pattern matches, with more and more folders above the base."""
    # So a file has one name, whether all of the layout or a folder in it is read.
    for prefix, expressions in prefixes:
        for name in names:
            longer = as_name(prefix + name) if name else as_name(prefix).rstrip("/")
            if any(expression.fullmatch(longer) for expression in expressions):
                return longer
    return None


def _candidates(base: Path) -> Iterator[_Candidate]:
    if not base.exists():
        raise SourceError(
            f"`{base}` does not exist", "check the name of the folder or file to read from"
        )
    if not base.is_dir():
        yield from _of_file(base, "")
        return
    if (base / DELTA_LOG).is_dir():
        yield _Candidate(("",), base, is_table=True)
        return
    try:
        yield from _of_folder(base, "", frozenset())
    except PermissionError as error:
        raise SourceError(
            f"`{error.filename}` cannot be read", "check the permissions of the folder"
        ) from error


def _of_folder(
    folder: Path, prefix: str, above: frozenset[tuple[int, int]]
) -> Iterator[_Candidate]:
    facts = folder.stat()
    here = (facts.st_dev, facts.st_ino)
    # A link to a folder above it would be followed for ever.
    if here in above:
        return
    with os.scandir(folder) as entries:
        named = sorted((entry.name, _is_folder(entry)) for entry in entries)
    for name, is_folder in named:
        path = folder / name
        if name.startswith((".", "~$")):
            continue
        if not is_folder:
            yield from _of_file(path, prefix)
        elif (path / DELTA_LOG).is_dir():
            # Its Parquet files are not the table: some of them hold deleted rows.
            yield _Candidate((prefix + name,), path, is_table=True)
        else:
            yield from _of_folder(path, f"{prefix}{name}/", above | {here})


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        # A link to itself, which is not a file either.
        return False


def _of_file(path: Path, prefix: str) -> Iterator[_Candidate]:
    is_broken_link = path.is_symlink() and not path.exists()
    if not (path.is_file() or is_broken_link):  # a pipe would be waited for
        return
    ending = path.suffix.lower()
    if ending == ".gz":
        yield _Candidate((prefix + path.name[:-3],), path)
    elif ending == ".zip":
        yield from _of_zip(path, prefix)
    else:
        yield _Candidate((prefix + path.name,), path)


def _of_zip(path: Path, prefix: str) -> Iterator[_Candidate]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info.filename for info in archive.infolist() if not info.is_dir()]
    except Exception:  # noqa: BLE001 - whatever `zipfile` raises on wrong bytes
        # Reading it will say what is wrong; until then only its own name can match a pattern.
        yield _Candidate((prefix + path.name[:-4],), path, member="")
        return
    for member in members:
        parts = member.replace("\\", "/").split("/")
        is_hidden = any(part.startswith((".", "~$")) or part in ("", "__MACOSX") for part in parts)
        if not is_hidden:
            names = dict.fromkeys((prefix + "/".join(parts), prefix + parts[-1]))
            yield _Candidate(tuple(names), path, member)
