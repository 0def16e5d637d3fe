"""One request over HTTP(S): through the environment's proxy, along redirects, faults told apart."""

from __future__ import annotations

import http.client
import ssl
import string
import urllib.request
from typing import TYPE_CHECKING
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urljoin, urlsplit

from carms_lake import __version__
from carms_lake.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS = 10


class HostUnreachable(SourceError):
    """No answer at all came: the other files of that server cannot be had either."""


class BrokeOff(Exception):
    """An attempt failed in a way that another attempt may mend."""

    def __init__(self, reason: str, *, answered: bool) -> None:
        super().__init__(reason)
        self.answered = answered


def ask(
    url: str, headers: Mapping[str, str], *, timeout_s: float, hint: str
) -> http.client.HTTPResponse:
    """The answer at the end of all redirects, each of which leads to http or https.

    Raises:
        HTTPError: the server answers with a status that is no success; it holds the connection.
        BrokeOff: no answer, and another attempt may get one.
        HostUnreachable: no answer, and none to be expected.
        SourceError: a redirect leads nowhere.
    """
    opener = _opener()
    asked = url
    for _ in range(_MAX_REDIRECTS + 1):
        # The opener knows http and https only.
        request = urllib.request.Request(asked, headers=dict(headers))  # noqa: S310 - see above
        request.add_header("User-Agent", f"carms-lake/{__version__}")
        request.add_header("Accept-Encoding", "identity")
        try:
            return _open(opener, request, timeout_s, hint)
        except HTTPError as error:
            if error.code not in _REDIRECTS:
                raise
            with error:
                asked = _redirected(asked, error.headers.get("Location", ""), hint)
    raise SourceError(f"`{url}`: more than {_MAX_REDIRECTS} redirects", hint)


def is_http_url(url: str) -> bool:
    """Whether it can be asked for: http or https, a host, no user, no port that is none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    is_http = parts.scheme in {"http", "https"}
    return is_http and bool(parts.hostname) and parts.username is None and port != 0


def _opener() -> urllib.request.OpenerDirector:
    """`build_opener` would add `file:`, `ftp:` and `data:`, which a redirect could then lead to.

    Its redirect handler also leaves the connection open where the new address is no URL.
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
            f"`{asked}`: redirected to `{location}`, which is no http or https URL", hint
        )
    return target


def _open(
    opener: urllib.request.OpenerDirector,
    request: urllib.request.Request,
    timeout_s: float,
    hint: str,
) -> http.client.HTTPResponse:
    url = request.full_url
    try:
        response: http.client.HTTPResponse = opener.open(request, timeout=timeout_s)
    except HTTPError:
        raise
    except URLError as error:
        raise _connection_fault(url, error.reason, timeout_s, hint) from error
    except OSError as error:
        raise _connection_fault(url, error, timeout_s, hint) from error
    except http.client.InvalidURL as error:
        raise SourceError(f"`{url}` is no URL: {error}", hint) from error
    except http.client.HTTPException as error:
        raise BrokeOff(f"no HTTP answer: {error!r}", answered=False) from error
    return response


def _connection_fault(
    url: str, reason: BaseException | str, timeout_s: float, hint: str
) -> Exception:
    """Timeouts and resets may pass; a name that is unknown or a port that is closed will not."""
    if isinstance(reason, TimeoutError):
        return BrokeOff(f"no answer within {timeout_s:g} s", answered=False)
    if isinstance(reason, ConnectionResetError | ConnectionAbortedError | BrokenPipeError):
        return BrokeOff(f"connection reset: {reason}", answered=False)
    if isinstance(reason, ssl.SSLError):
        return HostUnreachable(
            f"`{url}`: no secure connection: {reason}",
            f"where a proxy signs with its own authority, name it in SSL_CERT_FILE; else {hint}",
        )
    if isinstance(reason, OSError):
        return HostUnreachable(f"`{url}` cannot be reached: {reason}", hint)
    return SourceError(f"`{url}`: {reason}", hint)
