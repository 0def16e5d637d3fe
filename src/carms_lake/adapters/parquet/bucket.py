"""A part of a bucket that is published to: a run counts once it has a manifest.

The pointer is put on the condition that it is the one that was read (`If-Match`), or that there is
none (`If-None-Match`). So of two who publish at once one is refused. A server that ignores the
condition is found out before anything is written.
"""

from __future__ import annotations

import json
import secrets
from base64 import b64encode
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

from carms_lake.adapters.parquet.place import MANIFEST, POINTER, RUNS
from carms_lake.adapters.parquet.s3 import Session, bucket_of
from carms_lake.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from carms_lake.adapters.parquet.place import NewFile

PART_BYTES = 32 * 2**20
"""Larger files are sent in parts of this size: what is held in memory."""
_MOST_PARTS = 10_000
_MISSING, _UNMET = {404}, {404, 409, 412, 501}
_UPLOADS = "list_multipart_uploads"
_NOT_LISTED = {400, 403, 404, 405, 501}
"""How the list of unfinished uploads is refused: to a role without that right, or to everybody."""


class Bucket:
    """Files under a prefix; every call raises `StoreError` where the server refuses it."""

    def __init__(self, session: Session, prefix: str, address: str) -> None:
        self.address = address
        self._session = session
        self._prefix = f"{prefix}/"
        self._etag: str | None = None
        self._is_probed = False

    @classmethod
    def at(cls, url: str, domain: str) -> Bucket:
        """The part of the bucket for a domain, at `s3://bucket/prefix`.

        Raises:
            UsageError: the URL is another one, plain HTTP, or the extra is missing.
            StoreError: the settings of AWS are wrong, or the bucket cannot be listed.
        """
        bucket, prefix = bucket_of(url)
        prefix = f"{prefix}/{domain}".lstrip("/")
        address = f"s3://{bucket}/{prefix}"
        session = Session(bucket, address)
        session.ensure_bucket()
        return cls(session, prefix, address)

    def names(self, folder: str = "") -> list[str]:
        """What is directly in one of its folders, uploads that were never finished among it."""
        prefix = self._key(f"{folder}/" if folder else "")
        found = []
        for operation, kind in (("list_objects_v2", "Contents"), (_UPLOADS, "Uploads")):
            or_none = _NOT_LISTED if operation == _UPLOADS else ()
            pages = self._session.pages(operation, or_none=or_none, Prefix=prefix, Delimiter="/")
            for page in pages:
                found += [one["Key"] for one in page.get(kind, ())]
                found += [one["Prefix"] for one in page.get("CommonPrefixes", ())]
        return sorted({key.removeprefix(prefix).partition("/")[0] for key in found} - {""})

    def read(self, name: str) -> bytes | None:
        """What a file has; None without one."""
        return self._read(name)[0]

    def sha256(self, name: str) -> str | None:
        """The digest of a file: by the checksum of the store if it has one, else all is read."""
        key = self._key(name)
        head = self._session.call("head_object", or_none=_MISSING, Key=key, ChecksumMode="ENABLED")
        if head is None:
            return None
        said: dict[str, str] = head["Metadata"]
        checksum = head.get("ChecksumSHA256", "").partition("-")[0]  # "-3" where it has 3 parts
        if checksum and checksum == said.get("checksum"):
            return said.get("sha256")
        digest = sha256()
        answer = self._session.call("get_object", Key=key)
        for piece in self._session.pieces(answer):
            digest.update(piece)
        return digest.hexdigest()

    @contextmanager
    def new_run(self, run_id: str) -> Iterator[NewFile]:
        """Where the files of a run are written; each is uploaded at once, and removed here."""
        self._ensure_conditions()
        folder, written = f"{RUNS}/{run_id}", set()
        self._abort(f"{folder}/")
        with TemporaryDirectory(prefix="carms-") as here:

            @contextmanager
            def new_file(name: str) -> Iterator[Path]:
                path = Path(here) / name
                yield path
                self._upload(self._key(f"{folder}/{name}"), path)
                path.unlink()
                written.add(name)

            yield new_file
        for name in {*self.names(folder)} - written:
            self._delete(f"{folder}/{name}")

    def read_pointer(self) -> bytes | None:
        """The pointer; None without one."""
        text, self._etag = self._read(POINTER)
        return text

    def put_pointer(self, pointer: dict[str, Any]) -> None:
        """Replace the pointer, unless another process did so since it was read.

        What is put has a part that no other pointer has, so that its ETag is another one, too.
        """
        self._ensure_conditions()
        text = (json.dumps({**pointer, "put": secrets.token_hex(8)}) + "\n").encode()
        # A put that is repeated, because its answer was lost, is refused, too.
        if self._put(POINTER, text, self._etag) is None and self.read(POINTER) != text:
            raise StoreError(
                f"another process published to `{self.address}` meanwhile: it keeps what that "
                "process wrote",
                "publish again, and one lake alone to one place",
            )

    def remove(self, names: Iterable[str]) -> None:
        """Remove files and folders, and what was uploaded of them."""
        for name in names:
            self._delete(f"{name}/{MANIFEST}")  # first: half a run must not look like a whole one
            self._abort(name)
            pages = self._session.pages("list_objects_v2", Prefix=self._key(f"{name}/"))
            keys = [one["Key"] for page in pages for one in page.get("Contents", ())]
            for key in [self._key(name), *keys]:
                self._session.call("delete_object", Key=key)

    def _key(self, name: str) -> str:
        return self._prefix + name

    def _abort(self, name: str) -> None:
        """Give up uploads in parts that were never finished; where they may not be listed, none."""
        pages = self._session.pages(_UPLOADS, or_none=_NOT_LISTED, Prefix=self._key(name))
        for one in [one for page in pages for one in page.get("Uploads", ())]:
            upload = {"Key": one["Key"], "UploadId": one["UploadId"]}
            self._session.call("abort_multipart_upload", or_none=_MISSING, **upload)

    def _read(self, name: str) -> tuple[bytes | None, str | None]:
        answer = self._session.call("get_object", or_none=_MISSING, Key=self._key(name))
        if answer is None:
            return None, None
        return b"".join(self._session.pieces(answer)), answer["ETag"]

    def _put(self, name: str, content: bytes, etag: str | None) -> str | None:
        """Put a file in the place of that with this ETag, or of none; None where it is not so."""
        condition = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag}
        answer = self._session.call(
            "put_object", or_none=_UNMET, Key=self._key(name), Body=content, **condition
        )
        return None if answer is None else str(answer["ETag"])

    def _delete(self, name: str) -> None:
        self._session.call("delete_object", Key=self._key(name))

    def _ensure_conditions(self) -> None:
        """Refuse a server that puts a file although the condition is not met.

        Raises:
            StoreError: it does, or knows no conditions.
        """
        if self._is_probed:
            return
        name = f".probe.{secrets.token_hex(4)}.part"
        etag = self._put(name, b"1", None)
        try:
            is_kept = (
                etag is not None
                and self._put(name, b"2", None) is None
                and self._put(name, b"3", f'"{"0" * 32}"') is None
                and self._put(name, b"4", etag) is not None
            )
        finally:
            self._delete(name)
        if not is_kept:
            raise StoreError(
                f"`{self.address}` cannot be published to: its server does not keep the conditions "
                "If-None-Match and If-Match, so two who publish would overwrite each other",
                "use a server that keeps them, as AWS, MinIO and R2 do, or publish to a folder",
            )
        self._is_probed = True

    def _upload(self, key: str, path: Path) -> None:
        """Upload a file, a large one in parts; the server compares each with its checksum."""
        file = _Local.of(path)
        digests = {"sha256": file.sha256, "checksum": file.checksum}
        said: dict[str, Any] = {"Key": key, "Metadata": digests, "ChecksumAlgorithm": "SHA256"}
        if len(file.parts) == 1:
            body = path.read_bytes()
            self._session.call("put_object", Body=body, ChecksumSHA256=file.checksum, **said)
            return
        started = self._session.call("create_multipart_upload", **said)
        upload = {"Key": key, "UploadId": started["UploadId"]}
        with ExitStack() as undo, path.open("rb") as stream:
            undo.callback(self._session.call, "abort_multipart_upload", or_none=_MISSING, **upload)
            parts = []
            for number, digest in enumerate(file.parts, start=1):
                body = stream.read(file.part_bytes)
                part: dict[str, Any] = {"PartNumber": number, "ChecksumSHA256": _text(digest)}
                sent = self._session.call("upload_part", Body=body, **part, **upload)
                parts.append({**part, "ETag": sent["ETag"]})
            self._session.call(
                "complete_multipart_upload", MultipartUpload={"Parts": parts}, **upload
            )
            undo.pop_all()


class _Local(NamedTuple):
    """A file here, and its digests."""

    part_bytes: int
    parts: list[bytes]
    """The digest of each part."""
    sha256: str

    @classmethod
    def of(cls, path: Path) -> _Local:
        """Read it once."""
        part_bytes = max(PART_BYTES, path.stat().st_size // (_MOST_PARTS - 1) + 1)
        whole, parts = sha256(), []
        with path.open("rb") as stream:
            while body := stream.read(part_bytes):
                whole.update(body)
                parts.append(sha256(body).digest())
        return cls(part_bytes, parts, whole.hexdigest())

    @property
    def checksum(self) -> str:
        """What S3 says of the whole: for parts it is the digest of their digests."""
        return _text(
            self.parts[0] if len(self.parts) == 1 else sha256(b"".join(self.parts)).digest()
        )


def _text(digest: bytes) -> str:
    return b64encode(digest).decode()
