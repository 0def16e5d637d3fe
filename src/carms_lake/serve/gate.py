"""Who may ask: hosts, origins, keys and rates, looked at before anything is answered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from carms_lake.serve.keys import given_key
from carms_lake.serve.limits import Limiter
from carms_lake.serve.replies import Reply, Scope, refusal
from carms_lake.serve.settings import MOST_URL_BYTES, Settings

PUBLIC = frozenset({"/", "/health"})
"""Paths that need no key; `/` then has nothing of the lake."""
ASSETS = "/assets/"
"""Below it the stylesheet and the icon of pages are, which need none either."""
MOST_HEADERS = 100
_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_LOCAL = frozenset({"127.0.0.1", "localhost", "[::1]"})


class Gate:
    """What a request has to pass."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._limiter = Limiter(settings.requests_per_s)
        self._hosts = frozenset(settings.hosts) | (
            _LOCAL | {settings.host} if settings.is_local and not settings.keys else frozenset()
        )

    @staticmethod
    def request_id(headers: Mapping[bytes, bytes]) -> str | None:
        """The id that the client gave, where it is one."""
        given = headers.get(b"x-request-id", b"")
        return given.decode() if _ID.fullmatch(given) else None

    def passed(self, scope: Scope, headers: Mapping[bytes, bytes]) -> Reply | None:
        """None where the request may go on, else the answer that it gets here."""
        about: dict[str, Any] = scope["carms"]
        request_id = about["request_id"]
        if refused := self._shape(scope, headers, request_id):
            return refused
        given = given_key(headers, is_reading=scope["method"] in ("GET", "HEAD"))
        name = self._settings.keys.name_of(given) if given is not None else None
        about["is_known"] = name is not None
        about["client"] = name or (scope["client"] or ("",))[0]
        if wait_s := self._limiter.wait_s(about["client"]):
            said = f"more than {self._limiter.rate:g} requests a second"
            reply = refusal(429, said, f"wait {wait_s} s", "", request_id)
            reply.headers["retry-after"] = str(wait_s)
            return reply
        if scope["method"] == "OPTIONS" and self.cors(headers):
            return self._preflight(headers)
        is_public = scope["path"] in PUBLIC or scope["path"].startswith(ASSETS)
        needs_key = given is not None or not is_public
        return no_key(request_id) if self._settings.keys and needs_key and not name else None

    def _shape(self, scope: Scope, headers: Mapping[bytes, bytes], request_id: str) -> Reply | None:
        """What is wrong with the request itself, whoever asks."""
        # A page elsewhere could let its own name lead to this address, and then read what is here.
        if self._hosts and _host(headers) not in self._hosts:
            said = "the service does not answer under this host name"
            return refusal(421, said, "allow it with `--allow-host NAME`", "", request_id)
        if len(scope["raw_path"]) + len(scope["query_string"]) > MOST_URL_BYTES:
            said = f"the URL is longer than {MOST_URL_BYTES:,} bytes"
            return refusal(414, said, "", "", request_id)
        if len(scope["headers"]) > MOST_HEADERS:
            return refusal(431, f"more than {MOST_HEADERS} headers", "", "", request_id)
        return None

    def cors(self, headers: Mapping[bytes, bytes]) -> dict[str, str]:
        """The headers that let a page of another origin read the answer; none if it may not."""
        if not self._settings.origins:
            return {}
        origin = headers.get(b"origin", b"").decode("latin-1")
        if origin not in self._settings.origins:
            return {}
        return {
            "access-control-allow-origin": origin,
            "access-control-expose-headers": "etag, location, retry-after, x-request-id",
            "vary": "origin",
        }

    @staticmethod
    def _preflight(headers: Mapping[bytes, bytes]) -> Reply:
        asked = headers.get(b"access-control-request-method", b"").decode("latin-1")
        if asked not in ("GET", "HEAD", "POST"):
            return Reply(204, b"")
        return Reply(
            204,
            b"",
            headers={
                "access-control-allow-methods": "GET, HEAD, POST",
                "access-control-allow-headers": "authorization, content-type, x-api-key",
                "access-control-max-age": "600",
            },
        )


def no_key(request_id: str) -> Reply:
    """The answer to a request without a key that is known."""
    reply = refusal(
        401,
        "an API key is needed",
        "send it as `Authorization: Bearer KEY` or `X-API-Key: KEY`",
        "",
        request_id,
    )
    reply.headers["www-authenticate"] = 'Bearer realm="carms"'
    return reply


def _host(headers: Mapping[bytes, bytes]) -> str:
    """The name under which the service is asked, without the port."""
    said = headers.get(b"host", b"").decode("latin-1").lower()
    name, _, port = said.rpartition(":")
    return name if name and port.isdigit() else said
