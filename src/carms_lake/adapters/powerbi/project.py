"""The files of a project in their folder: replaced only where nobody edited them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from carms_lake.errors import UsageError
from carms_lake.files import whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

RECORD = ".carms-powerbi.json"
"""The digest of each file as it was written, next to the .pbip file."""
_SHOWN = 3


@dataclass(frozen=True)
class Written:
    """What became of the files of a project."""

    folder: Path
    written: int
    unchanged: int
    removed: int


def write_files(folder: Path, files: Mapping[str, str], *, force: bool) -> Written:
    """Write files by their paths in a folder; those that were written before and are gone, go.

    Files of others in the folder stay, such as what Power BI Desktop adds.

    Raises:
        UsageError: without `force`, a file was edited or comes from something else.
    """
    record = _record(folder)
    wanted = {path: _digest(text.encode()) for path, text in files.items()}
    there = {
        path: _digest((folder / path).read_bytes())
        for path in sorted({*wanted, *record})
        if (folder / path).is_file()
    }
    foreign = [p for p, digest in there.items() if digest not in (record.get(p), wanted.get(p))]
    if not force:
        _ensure_ours(folder, foreign, is_known=bool(record))
    different = [path for path, digest in wanted.items() if there.get(path) != digest]
    old = [path for path in there if path not in wanted and (force or path not in foreign)]
    for path in different:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        _write(folder / path, files[path])
    for path in old:
        (folder / path).unlink()
        _remove_empty(folder, (folder / path).parent)
    if different or old or wanted != record:
        _write(folder / RECORD, json.dumps(wanted, indent=1, sort_keys=True) + "\n")
    return Written(folder, len(different), len(wanted) - len(different), len(old))


def _ensure_ours(folder: Path, foreign: list[str], *, is_known: bool) -> None:
    if foreign:
        more = f" and {len(foreign) - _SHOWN} more" if len(foreign) > _SHOWN else ""
        shown = ", ".join(f"`{path}`" for path in foreign[:_SHOWN])
        raise UsageError(
            f"`{folder}` has files that carms did not write, or that were edited: {shown}{more}",
            "name another folder, or replace them with `--force`",
        )
    if not is_known and folder.is_dir() and any(folder.iterdir()):
        raise UsageError(
            f"`{folder}` is not empty, and not a project that carms wrote",
            "name another folder, or write into it with `--force`",
        )
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"`{folder}` is not a folder", "name another one")


def _record(folder: Path) -> dict[str, str]:
    """The digests of the last time; none where the record is missing or no record."""
    try:
        found = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    inside = folder.resolve()
    return {
        path: str(digest)
        for path, digest in found.items()
        if (folder / path).resolve().is_relative_to(inside)
    }


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write(path: Path, text: str) -> None:
    with whole(path) as partial:
        partial.write_bytes(text.encode())


def _remove_empty(folder: Path, at: Path) -> None:
    """Remove the folders that a removed file leaves empty."""
    while at != folder and not any(at.iterdir()):
        at.rmdir()
        at = at.parent
