"""Download a domain's public files into its folder of data_raw, and verify each by its digest.

`schemas/<domain>/fetch.yaml` lists them. A file gets its name only after its content is verified;
until then it is a `.part`, which the next run resumes after an interruption.
"""

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from carms_lake import files
from carms_lake.errors import SourceError, StoreError
from carms_lake.flows.fetch.download import HostUnreachable, Transfer, by_hand, discard, download
from carms_lake.flows.fetch.plan import (
    FetchPlan,
    RemoteFile,
    checked_base_url,
    extract_member,
)
from carms_lake.records import Progress

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


class _Digests(NamedTuple):
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
    progress: Progress | None = None,
) -> list[FetchedFile]:
    """Download the files of a plan into `target`, except those that it has already, in its order.

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
    if len(failures) == 1:
        raise SourceError(failures[0].message, failures[0].hint) from failures[0]
    if failures:
        raise SourceError(
            f"{len(failures)} of {len(plan.files)} files could not be fetched: "
            + "; ".join(failure.message for failure in failures),
            failures[0].hint,
        ) from failures[0]
    return fetched


def _fetch_one(
    file: RemoteFile, base: str, target: Path, transfer: Transfer, *, force: bool
) -> FetchedFile:
    written = target / file.written_as
    part = target / f"{file.name}.part"
    before = _digests(written) if written.is_file() else None
    if before is None or force:
        is_right = False
    elif file.unzip is None:
        is_right = before.are_of(file)
    else:
        # A member's digest is not published: the state file has the one that the right zip gave.
        is_right = _read_state(target).get(file.written_as) == _origin(file, before)
    if force or is_right:
        discard(part)
    if before is not None and is_right:
        return FetchedFile(
            file.written_as, written, before.bytes, FetchStatus.PRESENT, before.sha256
        )
    status = _download_right(file, base + quote(file.name), part, transfer)
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
        state = _read_state(target) | {file.written_as: _origin(file, now)}
        with files.whole(target / STATE_FILE) as partial:
            partial.write_text(json.dumps(state, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    discard(part)
    replaced = before is not None and before.sha256 != now.sha256
    return FetchedFile(file.written_as, written, now.bytes, status, now.sha256, replaced)


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
        expected, got = f"git blob id {file.blob_id}", found.blob_id
        if found.blob_id == file.blob_id:
            expected, got = f"sha256 {file.sha256}", found.sha256
        raise SourceError(
            f"`{url}` is not the published file: expected {expected}, got {got} "
            f"({found.bytes} bytes)",
            "run the command again; if it fails again, something else answered (a proxy, a login "
            "page, another version): " + by_hand(part),
        )
    return FetchStatus.RESUMED if resumed else FetchStatus.FETCHED


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
    try:
        state = json.loads((target / STATE_FILE).read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}
