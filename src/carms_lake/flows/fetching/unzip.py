"""The one wanted member of a zip file, written under a name that the zip does not choose."""

from __future__ import annotations

import zipfile
import zlib
from typing import TYPE_CHECKING

from carms_lake.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 1 << 30
"""No member may be larger, unzipped."""

MAX_RATIO = 200
"""No member may be so many times larger than it is packed; text packs 5 to 20 times."""

_SMALL_BYTES = 1 << 20
"""Below this no ratio is suspicious."""

_BLOCK_BYTES = 1 << 20
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


def extract_member(archive: Path, ending: str, written_to: Path) -> None:
    """Write the only member whose name has `ending` to `written_to`, whole or not at all.

    Raises:
        SourceError: no zip, a broken or protected one, none or several such members, or a bomb.
    """
    scratch = written_to.with_name(f".{written_to.name}.tmp")
    try:
        try:
            with zipfile.ZipFile(archive) as opened:
                _copy(opened, _only_member(opened, ending, archive), scratch)
        except _BROKEN as error:
            raise _wrong(archive, f"cannot be unzipped: {error}") from error
        scratch.replace(written_to)
    finally:
        scratch.unlink(missing_ok=True)


def _only_member(opened: zipfile.ZipFile, ending: str, archive: Path) -> zipfile.ZipInfo:
    found = [
        member
        for member in opened.infolist()
        if not member.is_dir()
        and member.filename.casefold().endswith(ending.casefold())
        and not _is_resource_fork(member.filename)
    ]
    if len(found) != 1:
        names = ", ".join(f"`{member.filename!a}`" for member in found[:5]) or "none"
        raise _wrong(archive, f"must hold one member that ends with `{ending}`, found: {names}")
    _refuse_bomb(found[0], archive)
    return found[0]


def _is_resource_fork(name: str) -> bool:
    """MacOS packs `__MACOSX/._data.json` beside `data.json`."""
    return name.startswith("__MACOSX/") or name.rpartition("/")[2].startswith("._")


def _refuse_bomb(member: zipfile.ZipInfo, archive: Path) -> None:
    """What the header says holds: `zipfile` gives out no byte more, and checks the rest by CRC."""
    if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise _wrong(archive, "is packed in another way than `deflate`")
    packed_bytes = min(member.compress_size, archive.stat().st_size)
    allowed_bytes = min(MAX_BYTES, max(_SMALL_BYTES, MAX_RATIO * packed_bytes))
    if member.file_size > allowed_bytes:
        raise _wrong(
            archive,
            f"unpacks {packed_bytes} bytes to {member.file_size}, allowed are {allowed_bytes}",
        )


def _copy(opened: zipfile.ZipFile, member: zipfile.ZipInfo, scratch: Path) -> None:
    with opened.open(member) as packed, scratch.open("wb") as sink:
        while block := packed.read(_BLOCK_BYTES):
            sink.write(block)


def _wrong(archive: Path, what: str) -> SourceError:
    return SourceError(
        f"`{archive.name.removesuffix('.part')}` {what}",
        f"unzip it by hand and copy the member into `{archive.parent}`",
    )
