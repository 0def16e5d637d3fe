"""One file over HTTP(S) into its `.part`, with resume and retries."""

import http.client
import re
import ssl
import time
import urllib.request
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPMessage
from pathlib import Path
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import urljoin, urlsplit

from carms_lake import __version__
from carms_lake.errors import SourceError
from carms_lake.records import Progress

MAX_BYTES = 1 << 30
"""No file may be larger, whether downloaded or unzipped."""

_BLOCK_BYTES = 1 << 16
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_STRONG_ETAG = re.compile(r'"[\x21\x23-\x7e]*"')
"""A weak ETag does not guarantee the same bytes, so `If-Range` cannot use it."""


class HostUnreachable(SourceError):
    """The server gave no response: its other files need not be asked for."""


class _BrokeOff(Exception):
    """An attempt failed, and another one may succeed."""

    def __init__(self, reason: str, *, answered: bool) -> None:
        super().__init__(reason)
        self.answered = answered


@dataclass(frozen=True)
class Transfer:
    """Timeouts and retries of a download, and its callback for progress."""

    timeout_s: float = 30
    """Of each read, not of the whole file."""
    retries: int = 3
    """Attempts after the first that may fail in a row without one new byte."""
    backoff_s: float = 1.0
    """Pause before the second attempt; it doubles with each further one."""
    progress: Progress | None = None
    """Called with file name, bytes on disk, and bytes in all where the server says."""
    max_bytes: int = MAX_BYTES


def download(url: str, part: Path, transfer: Transfer) -> bool:
    """Download `url` into `part`; True if it resumed what `part` had already.

    Any interruption leaves `part` for the next call to resume.

    Raises:
        HostUnreachable: no connection, or no response.
        SourceError: the server refuses, or breaks off again and again.
    """
    failures = 0
    most_bytes = _size(part)
    while True:
        try:
            return _attempt(url, part, transfer)
        except _BrokeOff as error:
            # New bytes are progress: on a bad line a large file still comes, piece by piece.
            failures = 1 if _size(part) > most_bytes else failures + 1
            most_bytes = max(most_bytes, _size(part))
            if failures <= transfer.retries:
                time.sleep(transfer.backoff_s * 2 ** (failures - 1))
                continue
            if not error.answered:
                raise HostUnreachable(
                    f"`{url}` cannot be reached: {error}", by_hand(part)
                ) from error
            raise SourceError(
                f"`{url}`: the download broke off: {error}",
                "run the command again to resume where it stopped; or " + by_hand(part),
            ) from error


def discard(part: Path) -> None:
    """Remove a `.part` and its ETag, so that the next download starts from the beginning."""
    part.unlink(missing_ok=True)
    _etag_file(part).unlink(missing_ok=True)


def by_hand(part: Path) -> str:
    """The hint that always applies."""
    return (
        "check the network or a proxy (HTTPS_PROXY), "
        f"or copy the files by hand into `{part.parent}`"
    )


def is_http_url(url: str) -> bool:
    """Whether it is an http or https URL with a host and without a user name."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    is_http = parts.scheme in {"http", "https"}
    return is_http and bool(parts.hostname) and parts.username is None and port != 0


class _HttpRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to plain http and https URLs; the standard one goes to ftp, too."""

    inf_msg = "redirected in a circle: "

    def http_error_302(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage
    ) -> IO[bytes] | None:
        location = headers.get("Location", "")
        try:
            is_http = is_http_url(urljoin(req.full_url, location))
        except ValueError:
            is_http = False
        if not is_http:
            what = f"redirected to `{location}`, which is not an http or https URL"
            raise HTTPError(req.full_url, code, what, headers, fp)
        return super().http_error_302(req, fp, code, msg, headers)

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


def _attempt(url: str, part: Path, transfer: Transfer) -> bool:
    """Ask once, from where `part` ends; True if the server continued there."""
    offset = _size(part)
    headers = {"User-Agent": f"carms-lake/{__version__}", "Accept-Encoding": "identity"}
    if offset:
        headers["Range"] = f"bytes={offset}-"
        etag_file = _etag_file(part)
        etag = etag_file.read_text(encoding="latin-1") if etag_file.is_file() else ""
        if _STRONG_ETAG.fullmatch(etag):
            headers["If-Range"] = etag
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - the plan has http only
    try:
        opener = urllib.request.build_opener(_HttpRedirects)
        response: http.client.HTTPResponse = opener.open(request, timeout=transfer.timeout_s)
    except HTTPError as error:
        with error:
            if error.code != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE or not offset:
                raise _refusal(url, part, error) from error
    except (OSError, http.client.HTTPException) as error:
        raise _connection_fault(url, error, transfer.timeout_s, by_hand(part)) from error
    else:
        with response:
            if response.status == HTTPStatus.OK:
                _receive(response, part, transfer, 0)
                return False
            if response.status != HTTPStatus.PARTIAL_CONTENT or not offset:
                raise SourceError(
                    f"`{url}`: the server answered HTTP {response.status} instead of the file",
                    by_hand(part),
                )
            found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
            if found and int(found[1]) == offset:
                # A server may send less of the file than was asked for.
                _receive(response, part, transfer, offset, found[2].removeprefix("*"))
                return True
    # The server cannot go on from here: once more, from the first byte.
    discard(part)
    return _attempt(url, part, transfer)


def _connection_fault(url: str, error: Exception, timeout_s: float, hint: str) -> Exception:
    """Timeouts and resets may pass; an unknown host or a closed port will not."""
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, TimeoutError):
        return _BrokeOff(f"no answer within {timeout_s:g} s", answered=False)
    if isinstance(reason, ConnectionResetError | ConnectionAbortedError | BrokenPipeError):
        return _BrokeOff(f"connection reset: {reason}", answered=False)
    if isinstance(reason, http.client.HTTPException):
        return _BrokeOff(f"no HTTP answer: {reason!r}", answered=False)
    if isinstance(reason, ssl.SSLError):
        return HostUnreachable(
            f"`{url}`: no secure connection: {reason}",
            f"if a proxy signs with its own authority, name it in SSL_CERT_FILE; else {hint}",
        )
    return HostUnreachable(f"`{url}` cannot be reached: {reason}", hint)


def _refusal(url: str, part: Path, error: HTTPError) -> Exception:
    """What an error status means: after some, another attempt may succeed."""
    if error.code in _TRANSIENT:
        return _BrokeOff(f"HTTP {error.code} {error.reason}", answered=True)
    hint = by_hand(part)
    if error.code in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        hint = f"check the base URL, or copy the files by hand into `{part.parent}`"
    return SourceError(f"`{url}`: the server answered HTTP {error.code} {error.reason}", hint)


def _receive(
    response: http.client.HTTPResponse, part: Path, transfer: Transfer, offset: int, size: str = ""
) -> None:
    """Append the body after the first `offset` bytes of `part`; `size` is that of the file."""
    end = None if response.length is None else offset + response.length
    total = int(size) if size else end
    written = offset
    etag = response.headers.get("ETag", "")
    # With the part: it is resumed only while the server has the same content.
    if _STRONG_ETAG.fullmatch(etag):
        _etag_file(part).write_text(etag, encoding="ascii")
    else:
        _etag_file(part).unlink(missing_ok=True)
    with part.open("ab" if offset else "wb") as sink:
        while max(written, end or 0) <= transfer.max_bytes and written != end:
            wanted = _BLOCK_BYTES if end is None else min(_BLOCK_BYTES, end - written)
            block = _read(response, wanted, transfer)
            if not block:
                break
            sink.write(block)
            written += len(block)
            if transfer.progress:
                transfer.progress(part.name.removesuffix(".part"), written, total)
    if max(written, end or 0) > transfer.max_bytes:
        discard(part)
        raise SourceError(
            f"`{response.url}` is larger than {transfer.max_bytes} bytes", by_hand(part)
        )
    if total is not None and written < total:
        raise _BrokeOff(f"{written} of {total} bytes received", answered=True)


def _read(response: http.client.HTTPResponse, wanted: int, transfer: Transfer) -> bytes:
    try:
        return response.read1(wanted)
    except TimeoutError as error:
        raise _BrokeOff(f"nothing received for {transfer.timeout_s:g} s", answered=True) from error
    except (OSError, http.client.HTTPException) as error:
        raise _BrokeOff(f"the connection broke: {error}", answered=True) from error


def _etag_file(part: Path) -> Path:
    return part.with_name(f".{part.name}.etag")


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
