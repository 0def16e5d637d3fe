"""Whether the data files of tables are what was written: by size, by checksum, after an error."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from carms_lake.config import LakeConfig
from carms_lake.errors import LakeError, StoreError, system_refusal
from carms_lake.store.delta.integrity import damaged, wrong_contents, wrong_sizes
from carms_lake.store.delta.log import DataFile, files_at, states, table_folders


@dataclass(frozen=True)
class Inspected:
    """The data files of a table, and what is wrong with them; of earlier versions, what is kept."""

    files: tuple[DataFile, ...]
    newest: tuple[str, ...]
    """What is wrong with files of the newest version."""
    earlier: tuple[str, ...] = ()
    """What is wrong with files that earlier versions alone have."""

    @property
    def wrong(self) -> tuple[str, ...]:
        """What is wrong with any of the files."""
        return self.newest + self.earlier


def inspected(path: Path, *, contents: bool = False, everything: bool = False) -> Inspected:
    """The data files of a table's newest version compared with their sizes.

    With `contents` their bytes are compared with their checksums, too, where they have one; with
    `everything` the files of earlier versions as well that were not vacuumed.

    Raises:
        StoreError: the log is damaged, or a file cannot be looked at.
    """
    newest: dict[str, DataFile] = {}
    known: dict[str, DataFile] = {}
    for _, files in states(path):
        newest = dict(files)
        known |= files
    earlier = {n: f for n, f in known.items() if n not in newest and (path / n).exists()}
    found = []
    for part in (newest, earlier if everything else {}):
        wrong = wrong_sizes(path, [(file.name, file.bytes) for file in part.values()])
        if contents and not wrong:
            wrong = wrong_contents(path, [(f.name, f.sha256) for f in part.values() if f.sha256])
        found.append(tuple(wrong))
    kept = newest | earlier if everything else newest
    return Inspected(tuple(kept.values()), *found)


def ensure_undamaged(paths: Iterable[Path], *, contents: bool = False) -> None:
    """Refuse tables a data file of which is missing or cut off, before anything is done with them.

    With `contents` files that do not have their checksums are refused, too: rows are to be copied.

    Raises:
        StoreError: there are such tables; it names them all.
    """
    found = [
        damaged(path, wrong)
        for path in paths
        if (wrong := inspected(path, contents=contents).wrong)
    ]
    if found:
        messages = "; ".join(error.message for error in found)
        raise StoreError(messages, "; ".join(dict.fromkeys(error.hint for error in found)))


def are_undamaged(path: Path, version: int, names: Collection[str]) -> bool:
    """Whether these data files of a version are still there, with the bytes that were written.

    Raises:
        StoreError: the log is damaged, or a file cannot be looked at.
    """
    files = [file for name, file in files_at(path, version).items() if name in names]
    return not (
        wrong_sizes(path, [(file.name, file.bytes) for file in files])
        or wrong_contents(path, [(f.name, f.sha256) for f in files if f.sha256])
    )


_OF_FILES = re.compile(
    r"(IO|InvalidInput|Internal|Fatal|Serialization|Panic|Arrow)Exception|ComputeError|DeltaError"
    r"|ArrowInvalid"
)
"""What the libraries raise where a file is not what it should be; also for other causes."""


GOLD_CURE = "`carms build --full-refresh` builds the gold file again from the lake"


def damage_behind(config: LakeConfig, error: BaseException) -> StoreError | None:
    """What is wrong with the lake's files where a library failed on one; None where nothing is.

    Libraries meet a damaged file anywhere, in a domain's function as in a check, and say so in
    words of their own; whoever called them may have blamed the contract or the query.
    """
    cause = error.__cause__ if isinstance(error, LakeError) else error
    if "Corrupt database file" in str(cause):  # DuckDB compares every block with its checksum
        said = str(cause).strip().splitlines()[0]
        return StoreError(f"the gold file `{config.gold_file}` is damaged: {said}", GOLD_CURE)
    of_library = isinstance(cause, OSError) and cause.filename is None
    if cause is None or not (of_library or _OF_FILES.fullmatch(type(cause).__name__)):
        return None
    if refusal := system_refusal(cause):
        return StoreError(f"the lake cannot be read or written: {refusal[0]}", refusal[1])
    try:
        for path in table_folders(config).values():
            if wrong := inspected(path, contents=True, everything=True).wrong:
                return damaged(path, wrong)
    except StoreError as fault:
        return fault
    return None
