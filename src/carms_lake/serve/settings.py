"""How a service is set up."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address

from carms_lake.errors import ConfigError
from carms_lake.serve.keys import Keys

PORT = 8321
RATE = 50.0
"""Requests a second of one client, where others than this machine may ask."""
MOST_BODY_BYTES = 256 << 10
MOST_URL_BYTES = 16 << 10


@dataclass(frozen=True)
class Settings:
    """The address of the service, who may ask, how much, and what."""

    host: str = "127.0.0.1"
    port: int = PORT
    keys: Keys = field(default_factory=Keys)
    rate: float | None = None
    """Requests a second of one key or address; 0 lets it ask without a limit, None does
    so on this machine alone and is `RATE` elsewhere."""
    origins: tuple[str, ...] = ()
    """Origins whose pages may ask, as `https://example.org` (CORS)."""
    hosts: tuple[str, ...] = ()
    """Names under which the service is asked, where a proxy passes them on."""
    proxy: str | None = None
    """The address of a proxy that may name the client in `X-Forwarded-For`."""
    has_query: bool = False
    """Whether `/api/v1/query` takes SQL."""
    is_quiet: bool = False
    """No log of requests."""
    body_timeout_s: float = 10.0
    """How long a client may take to send the body."""

    def ensure_sound(self) -> None:
        """Refuse to let others ask without a key.

        Raises:
            ConfigError: the address is not one of this machine alone, and there is no key.
        """
        if not self.is_local and not self.keys:
            raise ConfigError(
                f"`{self.host}` lets other machines ask, and there is no API key",
                "give one with `--key-file FILE` or `CARMS_API_KEY`, or serve on 127.0.0.1",
            )
        for origin in self.origins:
            scheme, _, rest = origin.partition("://")
            if scheme not in ("http", "https") or not rest or "/" in rest or "*" in rest:
                raise ConfigError(
                    f"`{origin}` is not an origin", "write it as `https://example.org`"
                )

    @property
    def is_local(self) -> bool:
        """Whether only this machine can ask."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def requests_per_s(self) -> float:
        """The limit that holds."""
        if self.rate is not None:
            return self.rate
        return 0.0 if self.is_local else RATE
