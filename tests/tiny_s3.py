"""A server that speaks as much S3 as a publish needs, in memory, with the faults a test asks for.

It has no checksums and no uploads in parts, as some stores do not.
"""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BUCKET = "bucket"
DROP = (0, "")
"""As an answer: the connection ends without one."""

Answer = tuple[int, str]
"""A status, and the code of S3 or a body."""


class TinyS3:
    """Its objects, what it was asked, and how it fails."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.objects: dict[str, bytes] = {}
        self.asked: list[tuple[str, str]] = []
        """Method and key of each request."""
        self.signed_by: set[str] = set()
        self.conditions = {"If-None-Match", "If-Match"}
        """Those that it keeps."""
        self.fault: Callable[[str, str], Answer | None] = lambda _, __: None
        """Gets method and key, before anything is done; what it gives is answered."""
        self.stored: Callable[[str, bytes], bytes] = lambda _, content: content
        """What becomes of the content of a key."""

    def written(self) -> list[str]:
        """The keys that a request wrote or deleted."""
        return [key for method, key in self.asked if method in {"PUT", "POST", "DELETE"}]


@contextmanager
def tiny_s3() -> Iterator[TinyS3]:
    """A server on a free port of loopback, until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.store = TinyS3(server.server_address[1])  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.store  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (ConnectionError, ValueError):  # the other side has gone
            self.close_connection = True

    def do_any(self) -> None:
        store: TinyS3 = self.server.store  # type: ignore[attr-defined]
        parts = urlsplit(self.path)
        bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if bucket == "role":  # where a container gets its credentials
            self._send(200, json.dumps(_ROLE).encode())
            return
        store.signed_by.add(self.headers["Authorization"].partition("Credential=")[2].split(",")[0])
        store.asked.append((self.command, key))
        if answer := store.fault(self.command, key):
            self._fail(*answer)
        elif bucket != BUCKET:
            self._fail(404, "NoSuchBucket")
        elif "uploads" in parse_qs(parts.query, keep_blank_values=True):
            self._fail(501, "NotImplemented")
        elif not key:
            self._list(store, parse_qs(parts.query))
        elif self.command == "PUT":
            self._put(store, key, content)
        elif self.command == "DELETE":
            store.objects.pop(key, None)
            self._send(204)
        elif key in store.objects:
            self._send(200, store.objects[key], ETag=_etag(store.objects[key]))
        else:
            self._fail(404, "NoSuchKey")

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_any  # noqa: N815

    def _put(self, store: TinyS3, key: str, content: bytes) -> None:
        found = store.objects.get(key)
        wanted = self.headers.get("If-Match") if "If-Match" in store.conditions else None
        is_new = self.headers.get("If-None-Match") and "If-None-Match" in store.conditions
        if (is_new and found is not None) or (wanted and (not found or wanted != _etag(found))):
            self._fail(412, "PreconditionFailed")
            return
        store.objects[key] = store.stored(key, content)
        self._send(200, ETag=_etag(content))

    def _list(self, store: TinyS3, asked: dict[str, list[str]]) -> None:
        (prefix,), delimiter = asked.get("prefix", [""]), asked.get("delimiter")
        keys = [key for key in sorted(store.objects) if key.startswith(prefix)]
        below = [key for key in keys if delimiter and "/" in key.removeprefix(prefix)]
        folders = {prefix + key.removeprefix(prefix).partition("/")[0] + "/" for key in below}
        found = [f"<Contents><Key>{escape(k)}</Key></Contents>" for k in keys if k not in below]
        found += [f"<CommonPrefixes><Prefix>{escape(f)}</Prefix></CommonPrefixes>" for f in folders]
        name = f"<Name>{BUCKET}</Name>"
        self._send(200, f"<ListBucketResult>{name}{''.join(found)}</ListBucketResult>".encode())

    def _fail(self, status: int, code: str) -> None:
        if not status:
            self.close_connection = True
        elif code.startswith("<"):
            self._send(status, code.encode())
        else:
            said = f"<Error><Code>{code}</Code><Message>what a server says</Message></Error>"
            self._send(status, said.encode())

    def _send(self, status: int, content: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


_ROLE = {
    "AccessKeyId": "ROLEKEY",
    "SecretAccessKey": "secret",
    "Token": "token",
    "Expiration": "2999-01-01T00:00:00Z",
}


def _etag(content: bytes) -> str:
    return f'"{md5(content).hexdigest()}"'


def client() -> Any:
    """A client of the server that the environment names."""
    from botocore.session import Session

    return Session().create_client("s3", region_name="ca-central-1")
