"""One file over HTTP(S) into its `.part`: resumed, and retried where that can help."""

from __future__ import annotations

import http.client
import re
import ssl
import string
import time
import urllib.request
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urljoin, urlsplit

from carms_lake import __version__
from carms_lake.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS = 10


class HostUnreachable(SourceError):
    """The server gave no response: its other files need not be asked for."""


class BrokeOff(Exception):
    """An attempt failed, and another one may succeed."""

    def __init__(self, reason: str, *, answered: bool) -> None:
        super().__init__(reason)
        self.answered = answered


def ask(
    url: str, headers: Mapping[str, str], *, timeout_s: float, hint: str
) -> http.client.HTTPResponse:
    """The response after all redirects, each of which must lead to an http or https URL.

    Raises:
        HTTPError: the server answers with an error status; the error holds the connection.
        BrokeOff: no response, and another attempt may get one.
        HostUnreachable: no response, and another attempt would not get one.
        SourceError: a redirect leads nowhere.
    """
    opener = _opener()
    own = {"User-Agent": f"carms-lake/{__version__}", "Accept-Encoding": "identity"}
    asked = url
    for _ in range(_MAX_REDIRECTS + 1):
        # The opener knows http and https only.
        request = urllib.request.Request(asked, headers={**headers, **own})  # noqa: S310 - see above
        try:
            response: http.client.HTTPResponse = opener.open(request, timeout=timeout_s)
        except HTTPError as error:
            if error.code not in _REDIRECTS:
                raise
            with error:
                asked = _redirected(asked, error.headers.get("Location", ""), hint)
        except (OSError, http.client.HTTPException) as error:
            raise _connection_fault(asked, error, timeout_s, hint) from error
        else:
            return response
    raise SourceError(f"`{url}`: more than {_MAX_REDIRECTS} redirects", hint)


def is_http_url(url: str) -> bool:
    """Whether it is an http or https URL with a host and without a user name."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    is_http = parts.scheme in {"http", "https"}
    return is_http and bool(parts.hostname) and parts.username is None and port != 0


def _opener() -> urllib.request.OpenerDirector:
    """`build_opener` would add `file:`, `ftp:` and `data:`, which a redirect could then lead to.

    Its redirect handler also leaves the connection open if the new address is not a URL.
    """
    proxies = urllib.request.getproxies()
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler({s: proxies[s] for s in ("http", "https") if s in proxies}),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _redirected(asked: str, location: str, hint: str) -> str:
    try:
        target = urljoin(asked, quote(location, safe=string.punctuation, encoding="latin-1"))
    except ValueError:
        target = ""
    if not location or not is_http_url(target):
        raise SourceError(
            f"`{asked}`: redirected to `{location}`, which is not an http or https URL", hint
        )
    return target


def _connection_fault(url: str, error: Exception, timeout_s: float, hint: str) -> Exception:
    """Timeouts and resets may pass; an unknown host or a closed port will not."""
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, TimeoutError):
        return BrokeOff(f"no answer within {timeout_s:g} s", answered=False)
    if isinstance(reason, ConnectionResetError | ConnectionAbortedError | BrokenPipeError):
        return BrokeOff(f"connection reset: {reason}", answered=False)
    if isinstance(reason, ssl.SSLError):
        return HostUnreachable(
            f"`{url}`: no secure connection: {reason}",
            f"if a proxy signs with its own authority, name it in SSL_CERT_FILE; else {hint}",
        )
    if isinstance(reason, OSError):
        return HostUnreachable(f"`{url}` cannot be reached: {reason}", hint)
    if isinstance(reason, http.client.HTTPException) and not isinstance(
        reason, http.client.InvalidURL
    ):
        return BrokeOff(f"no HTTP answer: {reason!r}", answered=False)
    return SourceError(f"`{url}`: {reason}", hint)


MAX_BYTES = 1 << 30
"""No file may be larger, whether downloaded or unzipped."""

_BLOCK_BYTES = 1 << 16
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_STRONG_ETAG = re.compile(r'"[\x21\x23-\x7e]*"')


@dataclass(frozen=True)
class Transfer:
    """Timeouts and retries of a download, and its callback for progress."""

    timeout_s: float = 30
    """Of each read, not of the whole file."""
    retries: int = 3
    """Attempts after the first that may fail in a row without one new byte."""
    backoff_s: float = 1.0
    """Pause before the second attempt; it doubles with each further one."""
    progress: Callable[[str, int, int | None], None] | None = None
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
        except BrokeOff as error:
            failures = 1 if _size(part) > most_bytes else failures + 1
            most_bytes = max(most_bytes, _size(part))
            if failures > transfer.retries:
                raise _given_up(url, part, error) from error
        time.sleep(transfer.backoff_s * 2 ** (failures - 1))


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


def _attempt(url: str, part: Path, transfer: Transfer) -> bool:
    """Ask once, from where `part` ends; True if the server continued there."""
    offset = _size(part)
    try:
        response = ask(url, _range(part), timeout_s=transfer.timeout_s, hint=by_hand(part))
    except HTTPError as error:
        with error:
            if error.code != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE or not offset:
                raise _refusal(url, part, error) from error
        discard(part)
        return _attempt(url, part, transfer)
    with response:
        if response.status == HTTPStatus.OK:
            _receive(response, part, transfer, 0)
            return False
        if response.status != HTTPStatus.PARTIAL_CONTENT or not offset:
            raise SourceError(
                f"`{url}`: the server answered HTTP {response.status} instead of the file",
                by_hand(part),
            )
        if _continues(response, offset):
            _receive(response, part, transfer, offset)
            return True
    discard(part)
    return _attempt(url, part, transfer)


def _range(part: Path) -> dict[str, str]:
    """Ask for what `part` lacks, or for the whole file if it has changed since."""
    offset = _size(part)
    etag = _remembered_etag(part)
    headers = {"Range": f"bytes={offset}-"} if offset else {}
    return headers | {"If-Range": etag} if offset and etag else headers


def _continues(response: http.client.HTTPResponse, offset: int) -> bool:
    found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    return found is not None and int(found[1]) == offset


def _receive(
    response: http.client.HTTPResponse, part: Path, transfer: Transfer, offset: int
) -> None:
    """Append the body after the first `offset` bytes of `part`."""
    end = None if response.length is None else offset + response.length
    total = _total(response, end) if offset else end
    written = offset
    _remember_etag(part, response.headers.get("ETag", ""))
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
        raise BrokeOff(f"{written} of {total} bytes received", answered=True)


def _total(response: http.client.HTTPResponse, end: int | None) -> int | None:
    """The size of the whole file: a server may send less of it than was asked for."""
    found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    return int(found[2]) if found and found[2] != "*" else end


def _read(response: http.client.HTTPResponse, wanted: int, transfer: Transfer) -> bytes:
    try:
        return response.read1(wanted)
    except TimeoutError as error:
        raise BrokeOff(f"nothing received for {transfer.timeout_s:g} s", answered=True) from error
    except (OSError, http.client.HTTPException) as error:
        raise BrokeOff(f"the connection broke: {error}", answered=True) from error


def _refusal(url: str, part: Path, error: HTTPError) -> Exception:
    """What an error status means: after some, another attempt may succeed."""
    if error.code in _TRANSIENT:
        return BrokeOff(f"HTTP {error.code} {error.reason}", answered=True)
    hint = by_hand(part)
    if error.code in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        hint = f"check the base URL, or copy the files by hand into `{part.parent}`"
    return SourceError(f"`{url}`: the server answered HTTP {error.code} {error.reason}", hint)


def _given_up(url: str, part: Path, error: BrokeOff) -> SourceError:
    if not error.answered:
        return HostUnreachable(f"`{url}` cannot be reached: {error}", by_hand(part))
    return SourceError(
        f"`{url}`: the download broke off: {error}",
        "run the command again to resume where it stopped; or " + by_hand(part),
    )


def _etag_file(part: Path) -> Path:
    return part.with_name(f".{part.name}.etag")


def _remember_etag(part: Path, etag: str) -> None:
    """A weak ETag does not guarantee the same bytes, so `If-Range` cannot use it."""
    if _STRONG_ETAG.fullmatch(etag):
        _etag_file(part).write_text(etag, encoding="ascii")
    else:
        _etag_file(part).unlink(missing_ok=True)


def _remembered_etag(part: Path) -> str:
    path = _etag_file(part)
    etag = path.read_text(encoding="latin-1") if path.is_file() else ""
    return etag if _STRONG_ETAG.fullmatch(etag) else ""


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
