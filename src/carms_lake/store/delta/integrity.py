"""What is wrong with a table's files, and what cures it: of its log, and of its data.

A hint names what brings the rows back. It never advises to delete what is not cured by that.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from carms_lake.errors import StoreError, first_few, system_refusal
from carms_lake.names import Layer
from carms_lake.store import LOG

_NAMED = 3
"""How many files a message names."""


def name_of(path: Path) -> str:
    """The name of the table in a folder of a lake: `bronze.orders`, `ops.runs` or `rejects`."""
    return path.name if path.name == "rejects" else f"{path.parent.name}.{path.name}"


def layer_of(path: Path) -> str:
    """Whose table is in a folder of a lake: `bronze`, `silver`, `ops`, `rejects`, or `own`.

    `own` are all layers of the domain's own.
    """
    layer = path.parent.name
    if layer in (Layer.BRONZE, Layer.SILVER, "ops"):
        return layer
    return "rejects" if path.name == "rejects" else "own"


def cure(path: Path) -> str:
    """How a table whose files are lost or damaged gets its rows back."""
    name, layer = name_of(path), layer_of(path)
    if layer == Layer.SILVER:
        return f"`carms build --full-refresh {name}` builds the table again from bronze"
    backup = "put the file back from a backup of this table"
    if layer == Layer.BRONZE:
        return (
            f"{backup}, or `carms ingest --full-refresh {path.name}` reads its source files again"
        )
    if layer == "rejects":
        return (
            f"{backup}, or move `{path}` away: `carms ingest --full-refresh` and "
            "`carms build --full-refresh` write the rejects again"
        )
    what = "the history of earlier runs" if layer == "ops" else "what commands appended to it"
    return f"{backup}, or move `{path}` away: only {what} goes with it"


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


def ensure_named(path: Path) -> None:
    """Refuse a folder that holds another table: two folders were exchanged, or one was misplaced.

    A table keeps its name from its first entry on; those of earlier versions of the tool have none.

    Raises:
        StoreError: it holds another table, or its log cannot be read.
    """
    for file in log_files(path)[:1]:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
            found = (json.loads(line).get("metaData") for line in lines)
            name = next((metadata.get("name") for metadata in found if metadata), None)
        except OSError as error:
            raise unreadable(path, error) from error
        except (ValueError, AttributeError) as error:
            raise broken_log(path, file) from error
        if name and name != name_of(path):
            raise StoreError(
                f"the folder `{path}` holds the table `{name}`, not `{name_of(path)}`",
                "it was moved or exchanged with another: give each table its own folder back",
            )


def newest_version(path: Path) -> int:
    """The newest version of a table, whole or not; -1 where there is no table.

    Raises:
        StoreError: the log is there and cannot be listed.
    """
    return int((log_files(path) or [Path("-1")])[-1].stem)


def ensure_newest(path: Path) -> None:
    """Refuse a table the newest entry of whose log is not whole.

    delta-rs takes an empty entry for a commit that changes nothing: its rows would be missing
    without a word.

    Raises:
        StoreError: it is cut off, or cannot be read.
    """
    if not has_whole_newest(path):
        raise broken_log(path, log_files(path)[-1])


def has_whole_newest(path: Path) -> bool:
    """Whether the newest entry of a table's log was written to its end; without a table, too.

    Raises:
        StoreError: it cannot be read.
    """
    try:
        return all(is_whole(file) for file in log_files(path)[-1:])
    except OSError as error:
        raise unreadable(path, error) from error


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


def broken_log(path: Path, file: Path, *, is_leftover: bool | None = None) -> StoreError:
    """The error for an entry of a log that is cut off, damaged or missing, and what mends it.

    `is_leftover` says of a newest entry whether an interrupted run left it; None is unknown.
    """
    name, files = name_of(path), log_files(path)
    what = "is not whole" if file.exists() else "is missing"
    message = f"the log of the table `{name}` is damaged: its entry `{file}` {what}"
    backup = "put that file back from a backup"
    layer = layer_of(path)
    verb = f"`carms ingest {path.name}`" if layer == Layer.BRONZE else "`carms build`"
    if [file] != files[-1:] or int(file.stem) == 0:
        then = "away: its rows are lost"
        if layer != "own":
            then = f"away, and {verb} makes the table of what exists"
        return StoreError(message, f"{backup}; without one, move `{path}` {then}")
    if layer not in (Layer.BRONZE, "own"):
        return StoreError(message, f"{backup}, or run `carms build`, which puts it aside")
    restore = f"`carms restore {name} --to {int(file.stem) - 1} --yes`"
    given_up = f"{backup}, or give up what it brought: {restore}"
    if layer == "own":
        return StoreError(message, given_up)
    aside = "run `carms ingest`, which puts it aside if an interrupted run left it; if not, "
    return StoreError(
        message,
        (aside if is_leftover is None else "")
        + f"{given_up}, then `carms ingest` reads the files of it that data_raw still has",
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
        return broken_log(path, broken[-1])
    if (checkpoints or (path / LOG / "_last_checkpoint").exists()) and files:
        last = checkpoints[-1] if checkpoints else path / LOG / "_last_checkpoint"
        return StoreError(
            f"`{last}`, a checkpoint of `{name}`, is damaged; no row is lost, because a checkpoint "
            "only repeats the log",
            "the next run that writes, such as `carms ingest`, puts it aside",
        )
    said = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return StoreError(f"`{name}` in `{path}` cannot be read: {said}", cure(path))


def checksum(file: Path) -> str:
    """The SHA-256 of a file's bytes: processors have instructions for it, 0.1 s for 100 MB.

    Raises:
        OSError: it cannot be read.
    """
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


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


def wrong_contents(path: Path, files: Iterable[tuple[str, str]]) -> list[str]:
    """What is wrong with data files, by a comparison of their bytes with their checksums."""
    found = []
    for name, sha256 in files:
        try:
            is_same = checksum(path / name) == sha256
        except FileNotFoundError:
            continue  # its size was looked at before: it was deleted meanwhile
        except OSError as error:
            raise unreadable(path, error) from error
        if not is_same:
            found.append(f"`{name}` does not hold the bytes that were written")
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
