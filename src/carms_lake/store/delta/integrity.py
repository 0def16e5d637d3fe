"""What is wrong with a table's files, and what cures it: of its log, and of its data.

A hint names what brings the rows back. It never advises to delete what is not cured by that.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from carms_lake.errors import StoreError, first_few, system_refusal
from carms_lake.names import Layer
from carms_lake.store import LOG

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


_NAMED = 3
"""How many files a message names."""


def name_of(path: Path) -> str:
    """The name of the table in a folder of a lake: `bronze.orders`, `ops.runs` or `rejects`."""
    return path.name if path.name == "rejects" else f"{path.parent.name}.{path.name}"


def cure(path: Path) -> str:
    """How a table whose files are lost or damaged gets its rows back."""
    name, layer = name_of(path), path.parent.name
    if layer == Layer.SILVER:
        return f"`carms build --full-refresh {name}` builds the table again from bronze"
    backup = "put the file back from a backup of this table"
    if layer == Layer.BRONZE:
        return (
            f"{backup}, or `carms ingest --full-refresh {path.name}` reads its source files again"
        )
    if name == "rejects":
        return (
            f"{backup}, or move `{path}` away: `carms ingest --full-refresh` and "
            "`carms build --full-refresh` write the rejects again"
        )
    return f"{backup}, or move `{path}` away: only the history of earlier runs goes with it"


def log_files(path: Path) -> list[Path]:
    """The entries of a table's log, oldest first; none where there is no table.

    Raises:
        StoreError: the log is there and cannot be listed.
    """
    try:
        files = list((path / LOG).iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:  # glob() would be silent, and the table look empty
        raise unreadable(path, error) from error
    return sorted(file for file in files if file.suffix == ".json" and file.stem.isdigit())


def ensure_newest(path: Path) -> None:
    """Refuse a table the newest entry of whose log is not whole.

    delta-rs takes an empty entry for a commit that changes nothing: its rows would be missing
    without a word.

    Raises:
        StoreError: it is cut off, or cannot be read.
    """
    for file in log_files(path)[-1:]:
        try:
            whole = is_whole(file)
        except OSError as error:
            raise unreadable(path, error) from error
        if not whole:
            raise broken_log(path, file)


def is_whole(file: Path) -> bool:
    """Whether an entry of a log, or a checkpoint, was written to its end.

    Raises:
        OSError: it cannot be read.
    """
    content = file.read_bytes()
    if file.suffix == ".parquet":
        return content.endswith(b"PAR1")
    try:
        actions = [json.loads(line) for line in content.splitlines()]
    except ValueError:
        return False
    return bool(actions) and all(isinstance(action, dict) for action in actions)


def has_sound_checkpoints(path: Path) -> bool:
    """Whether delta-rs can read the checkpoints of a table's log, which only repeat its entries."""
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    log = path / LOG
    if not (log / "_last_checkpoint").exists() and not any(log.glob("*.checkpoint*.parquet")):
        return True
    try:
        DeltaTable(str(path))
    except DeltaError:
        return False
    return True


def broken_log(path: Path, file: Path) -> StoreError:
    """The error for an entry of a log that is cut off or damaged."""
    return StoreError(
        f"the log of the table `{name_of(path)}` is damaged: its entry `{file}` is not whole",
        "put that file back from a backup",
    )


def unreadable(path: Path, error: Exception) -> StoreError:
    """The error for a table that cannot be opened: what is wrong, and what cures that."""
    name = name_of(path)
    if refusal := system_refusal(error):
        return StoreError(f"`{name}` in `{path}` cannot be read: {refusal[0]}", refusal[1])
    try:
        files = log_files(path)
        broken = [file for file in files if not is_whole(file)]
        checkpoints = sorted((path / LOG).glob("*.checkpoint*.parquet"))
    except OSError as second:
        said = second.strerror or str(second)
        return StoreError(f"`{second.filename}` cannot be read: {said}", cure(path))
    if broken:
        return broken_log(path, broken[0])
    if (checkpoints or (path / LOG / "_last_checkpoint").exists()) and files:
        last = checkpoints[-1] if checkpoints else path / LOG / "_last_checkpoint"
        return StoreError(
            f"`{last}`, a checkpoint of `{name}`, is damaged; no row is lost, because a checkpoint "
            "only repeats the log",
            "the next run that writes, such as `carms ingest`, puts it aside",
        )
    said = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return StoreError(f"`{name}` in `{path}` cannot be read: {said}", cure(path))


def ensure_sizes(path: Path, files: Iterable[tuple[str, int]]) -> None:
    """Refuse data files, by name and size, that are missing or of another size than was written.

    Raises:
        StoreError: there are such files; the message names them.
    """
    if wrong := wrong_sizes(path, files):
        raise damaged(path, wrong)


def wrong_sizes(path: Path, files: Iterable[tuple[str, int]]) -> list[str]:
    """What is wrong with data files, by a look at their sizes: `x.parquet` is missing."""
    found = []
    for name, size in files:
        try:
            there = (path / name).stat().st_size
        except FileNotFoundError:
            found.append(f"`{name}` is missing")
            continue
        except OSError as error:
            raise unreadable(path, error) from error
        if there != size:
            found.append(f"`{name}` has {there} bytes and was written with {size}")
    return found


def damaged(path: Path, wrong: Iterable[str]) -> StoreError:
    """The error for a table whose data files are lost or damaged."""
    said = first_few(list(wrong), _NAMED)
    return StoreError(f"a data file of `{name_of(path)}` is missing or damaged: {said}", cure(path))


def beyond_cure(path: Path, wrong: Iterable[str], unread: Iterable[str]) -> StoreError:
    """The error for a damaged bronze table some of whose source files are not reread."""
    files = first_few([f"`{name}`" for name in unread], _NAMED)
    return StoreError(
        f"{damaged(path, wrong).message}; it may hold rows of files that are not read: {files}",
        "put the data file back from a backup of this table, or those files into data_raw; without "
        f"both, move `{path}` away, and `carms ingest {path.name}` loads the existing files",
    )
