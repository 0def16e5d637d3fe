"""Download a domain's public files into its folder of data_raw, and verify each by its digest.

`schemas/<domain>/fetch.yaml` lists them. A file gets its name only after its content is verified;
until then it is a `.part`, which the next run resumes after an interruption.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from carms_lake import files
from carms_lake.errors import SourceError, StoreError
from carms_lake.flows.fetch.download import HostUnreachable, Transfer, by_hand, discard, download
from carms_lake.flows.fetch.plan import (
    FetchPlan,
    RemoteFile,
    Unzip,
    checked_base_url,
    extract_member,
    load_plan,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


__all__ = [
    "FetchPlan",
    "FetchReport",
    "FetchStatus",
    "FetchedFile",
    "RemoteFile",
    "Unzip",
    "fetch",
    "load_plan",
]

STATE_FILE = ".fetch.json"
"""In the target: for each unzipped file, the zip and the digest of its content."""


class FetchStatus(StrEnum):
    """What a run did for one file."""

    FETCHED = "fetched"
    RESUMED = "resumed"
    """Fetched, with what an interrupted run had downloaded."""
    PRESENT = "present"
    """It was there and is right; nothing was downloaded."""


@dataclass(frozen=True)
class FetchedFile:
    """One file in the target; for a zip, its member."""

    name: str
    path: Path
    bytes: int
    status: FetchStatus
    sha256: str
    replaced: bool = False
    """A different file had that name before."""


@dataclass(frozen=True)
class FetchReport:
    """What one fetch did, in the order of the plan."""

    base_url: str
    target: Path
    files: tuple[FetchedFile, ...]


@dataclass(frozen=True)
class _Digests:
    blob_id: str
    sha256: str
    bytes: int

    def are_of(self, file: RemoteFile) -> bool:
        return self.blob_id == file.blob_id and file.sha256 in {None, self.sha256}


def fetch(
    plan: FetchPlan,
    target: Path,
    *,
    base_url: str | None = None,
    timeout_s: float = 30,
    retries: int = 3,
    backoff_s: float = 1.0,
    force: bool = False,
    progress: Callable[[str, int, int | None], None] | None = None,
) -> FetchReport:
    """Download the files of a plan into `target`, except those that are there and right.

    After a file fails the others are still fetched; not after a server gave no response.
    `force` downloads everything again, from the first byte.

    Raises:
        UsageError: `base_url` is not an http or https URL.
        SourceError: a file cannot be downloaded, or is not the published one.
        StoreError: the target cannot be written.
    """
    base = plan.base_url if base_url is None else checked_base_url(base_url)
    transfer = Transfer(timeout_s, retries, backoff_s, progress)
    fetched: list[FetchedFile] = []
    failures: list[SourceError] = []
    try:
        target.mkdir(parents=True, exist_ok=True)
        for file in plan.files:
            try:
                fetched.append(_fetch_one(file, base, target, transfer, force=force))
            except HostUnreachable as error:
                failures.append(error)
                break
            except SourceError as error:
                failures.append(error)
    except OSError as error:
        raise StoreError(
            f"cannot write into `{target}`: {error}", "check its permissions and the free space"
        ) from error
    if failures:
        raise _together(failures, plan) from failures[0]
    return FetchReport(base, target, tuple(fetched))


def _fetch_one(
    file: RemoteFile, base: str, target: Path, transfer: Transfer, *, force: bool
) -> FetchedFile:
    written = target / file.written_as
    part = target / f"{file.name}.part"
    before = _digests(written) if written.is_file() else None
    if force:
        discard(part)
    elif before is not None and _is_right(before, file, target):
        discard(part)
        return FetchedFile(
            file.written_as, written, before.bytes, FetchStatus.PRESENT, before.sha256
        )
    status = _download_right(file, base + file.name_in_url, part, transfer)
    if file.unzip is None:
        files.put(part, written)
    else:
        try:
            extract_member(part, file.unzip.ending, written)
        except SourceError:
            discard(part)
            raise
    now = _digests(written)
    if file.unzip is not None:
        _write_state(target, _read_state(target) | {file.written_as: _origin(file, now)})
    discard(part)
    replaced = before is not None and before.sha256 != now.sha256
    return FetchedFile(file.written_as, written, now.bytes, status, now.sha256, replaced)


def _is_right(found: _Digests, file: RemoteFile, target: Path) -> bool:
    """A member's digest is not published, so the state file has the one that the right zip gave."""
    if file.unzip is None:
        return found.are_of(file)
    return _read_state(target).get(file.written_as) == _origin(file, found)


def _origin(file: RemoteFile, member: _Digests) -> dict[str, str]:
    ending = file.unzip.ending if file.unzip else ""
    return {"blob_id": file.blob_id, "ending": ending, "sha256": member.sha256}


def _download_right(file: RemoteFile, url: str, part: Path, transfer: Transfer) -> FetchStatus:
    """Fill `part` with the published content, or remove it."""
    if part.is_file() and _digests(part).are_of(file):
        return FetchStatus.RESUMED
    resumed = download(url, part, transfer)
    found = _digests(part)
    if resumed and not found.are_of(file):
        # An earlier run may have fetched part of another version: download all of it to tell.
        discard(part)
        resumed = download(url, part, transfer)
        found = _digests(part)
    if not found.are_of(file):
        discard(part)
        raise _not_the_published(file, url, part, found)
    return FetchStatus.RESUMED if resumed else FetchStatus.FETCHED


def _not_the_published(file: RemoteFile, url: str, part: Path, found: _Digests) -> SourceError:
    if found.blob_id == file.blob_id:
        expected, got = f"sha256 {file.sha256}", found.sha256
    else:
        expected, got = f"git blob id {file.blob_id}", found.blob_id
    return SourceError(
        f"`{url}` is not the published file: expected {expected}, got {got} ({found.bytes} bytes)",
        "run the command again; if it fails again, something else answered (a proxy, a login page, "
        "another version): " + by_hand(part),
    )


def _together(failures: list[SourceError], plan: FetchPlan) -> SourceError:
    if len(failures) == 1:
        return SourceError(failures[0].message, failures[0].hint)
    return SourceError(
        f"{len(failures)} of {len(plan.files)} files could not be fetched: "
        + "; ".join(failure.message for failure in failures),
        failures[0].hint,
    )


def _digests(path: Path) -> _Digests:
    size = path.stat().st_size
    blob = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    sha256 = hashlib.sha256()
    with path.open("rb") as source:
        while block := source.read(1 << 20):
            blob.update(block)
            sha256.update(block)
    return _Digests(blob.hexdigest(), sha256.hexdigest(), size)


def _read_state(target: Path) -> dict[str, object]:
    """What earlier runs recorded; if it is unreadable, all files are fetched again."""
    path = target / STATE_FILE
    if not path.is_file():
        return {}
    try:
        state = json.loads(path.read_bytes())
    except ValueError:
        return {}
    return state if isinstance(state, dict) else {}


def _write_state(target: Path, state: dict[str, object]) -> None:
    text = json.dumps(state, indent=1, sort_keys=True)
    with files.whole(target / STATE_FILE) as partial:
        partial.write_text(text + "\n", encoding="utf-8")
