"""`schemas/<domain>/fetch.yaml` -> what to fetch, and the one wanted member of a zip file."""

import re
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from carms_lake.contract.keys import read_yaml
from carms_lake.errors import ContractError, SourceError, UsageError, did_you_mean
from carms_lake.files import whole
from carms_lake.flows.fetch.download import MAX_BYTES, is_http_url
from carms_lake.readers.content import BROKEN_ARCHIVE, unpacked_limit

_FILE_NAME = re.compile(r'(?!\.)[^\x00-\x1f<>:"/\\|?*]+(?<![. ])')
"""A plain name on every system: without folder or drive, and not hidden."""


@dataclass(frozen=True)
class Unzip:
    """The wanted member of a zip, by the end of its name, and the name to write it under."""

    ending: str
    name: str


@dataclass(frozen=True)
class RemoteFile:
    """One published file."""

    name: str
    blob_id: str
    """Git's id of the content."""
    sha256: str | None = None
    """Of the published file, if known."""
    unzip: Unzip | None = None

    @property
    def written_as(self) -> str:
        """The name in the target folder: the file's own, or the member's."""
        return self.unzip.name if self.unzip else self.name


@dataclass(frozen=True)
class FetchPlan:
    """Where a domain's public files are, and how to verify each."""

    base_url: str
    files: tuple[RemoteFile, ...]


def load_plan(path: Path) -> FetchPlan:
    """The plan in a domain's `fetch.yaml`.

    Raises:
        UsageError: the file does not exist: the domain has nothing to fetch.
        ContractError: the file is invalid.
    """
    if not path.is_file():
        raise UsageError(
            f"domain `{path.parent.name}` has nothing to fetch: no `{path}` found",
            "use `carms generate` for a domain without public files",
        )
    try:
        return _plan(read_yaml(path.read_bytes(), f"`{path}`"))
    except KeyError as error:
        raise ContractError(f"`{path}`: missing `{error.args[0]}`", "add it") from error
    except UsageError as error:
        raise ContractError(f"`{path}`: {error.message}", error.hint) from error


def checked_base_url(url: str) -> str:
    """A base URL that ends with `/`.

    Raises:
        UsageError: it is not a plain http or https URL, or it contains a user name.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.username is not None:
        raise UsageError(
            f"a base URL with a user name in it: `{parts.scheme}://…@{parts.hostname}`",
            "only public files can be fetched; put a proxy's password into HTTPS_PROXY",
        )
    is_plain = url.isascii() and url.isprintable() and not set(url) & set(" ?#")
    if not (is_plain and is_http_url(url)):
        raise UsageError(f"not a base URL: `{url}`", "write it like `https://example.org/folder/`")
    return url.rstrip("/") + "/"


def extract_member(archive: Path, ending: str, written_to: Path) -> None:
    """Write the only member whose name has `ending` to `written_to`, whole or not at all.

    Raises:
        SourceError: not a zip, a broken or encrypted one, no or several such members, or a bomb.
    """
    with whole(written_to) as partial:
        try:
            with zipfile.ZipFile(archive) as opened:
                member = _only_member(opened, ending, archive)
                with opened.open(member) as packed, partial.open("wb") as sink:
                    shutil.copyfileobj(packed, sink)
        except BROKEN_ARCHIVE as error:
            raise _bad_zip(archive, f"cannot be unzipped: {error}") from error


def _plan(document: Any) -> FetchPlan:
    found = _mapping(document, {"base_url", "files"}, "the file")
    entries = found["files"]
    if not isinstance(entries, list) or not entries:
        raise UsageError(
            "`files` must be a list of at least one file",
            "add the files to fetch, each with `name` and `blob_id`",
        )
    remote = tuple(_remote_file(entry) for entry in entries)
    for names in ([file.name for file in remote], [file.written_as for file in remote]):
        if len({name.casefold() for name in names}) != len(names):
            raise UsageError(
                "two files have the same name: " + ", ".join(sorted(names)),
                "give each a name of its own",
            )
    return FetchPlan(checked_base_url(str(found["base_url"])), remote)


def _remote_file(entry: Any) -> RemoteFile:
    found = _mapping(entry, {"name", "blob_id", "sha256", "unzip"}, "an entry of `files`")
    name = _file_name(found["name"])
    unzip = None
    if found.get("unzip") is not None:
        wanted = _mapping(found["unzip"], {"ending", "name"}, f"`unzip` of `{name}`")
        if not isinstance(wanted["ending"], str) or not wanted["ending"]:
            raise UsageError(
                f"`unzip.ending` of `{name}` must be text such as `.csv`",
                "write the ending of the wanted files in the archive",
            )
        unzip = Unzip(wanted["ending"], _file_name(wanted["name"]))
    blob_id = _hex(found["blob_id"], 40, f"`blob_id` of `{name}`")
    sha256 = found.get("sha256")
    if sha256 is not None:
        _hex(sha256, 64, f"`sha256` of `{name}`")
    return RemoteFile(name, blob_id, sha256, unzip)


def _mapping(entry: Any, known: set[str], where: str) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise UsageError(
            f"{where} must be a mapping with " + ", ".join(sorted(known)),
            "write it as `key: value` lines",
        )
    for key in entry:
        if key not in known:
            raise UsageError(f"{where} has an unknown key `{key}`", did_you_mean(str(key), known))
    return entry


def _file_name(value: Any) -> str:
    if not isinstance(value, str) or not _FILE_NAME.fullmatch(value):
        raise UsageError(
            f"not a plain file name: `{value}`", "leave out the folder and a leading dot"
        )
    return value


def _hex(value: Any, digits: int, where: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(f"[0-9a-f]{{{digits}}}", value):
        raise UsageError(
            f"{where} is not a valid digest: `{value}`", "write lower-case hex, in quotes"
        )
    return value


def _only_member(opened: zipfile.ZipFile, ending: str, archive: Path) -> zipfile.ZipInfo:
    found = [
        member
        for member in opened.infolist()
        if not member.is_dir()
        and member.filename.casefold().endswith(ending.casefold())
        # macOS adds `__MACOSX/._data.json` for each `data.json`.
        and not member.filename.startswith("__MACOSX/")
        and not member.filename.rpartition("/")[2].startswith("._")
    ]
    if len(found) != 1:
        names = ", ".join(f"`{member.filename!a}`" for member in found[:5]) or "none"
        raise _bad_zip(
            archive, f"must contain exactly one member that ends with `{ending}`; found: {names}"
        )
    member = found[0]
    if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise _bad_zip(archive, "is compressed by another method than `deflate`")
    # The size in the header can be trusted: `zipfile` returns no more bytes than it says.
    packed_bytes = min(member.compress_size, archive.stat().st_size)
    allowed_bytes = min(MAX_BYTES, unpacked_limit(packed_bytes))
    if member.file_size > allowed_bytes:
        raise _bad_zip(
            archive,
            f"unpacks {packed_bytes} bytes to {member.file_size}; the limit is {allowed_bytes}",
        )
    return member


def _bad_zip(archive: Path, what: str) -> SourceError:
    return SourceError(
        f"`{archive.name.removesuffix('.part')}` {what}",
        f"unzip it by hand and copy the member into `{archive.parent}`",
    )
