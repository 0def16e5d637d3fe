"""The server: one process, one loop, HTTP/1.1."""

from __future__ import annotations

import socket
import sys
from typing import TYPE_CHECKING, Any

import uvicorn

from carms_lake.errors import UsageError
from carms_lake.serve.protocol import MOST_HEAD_BYTES, Protocol

if TYPE_CHECKING:
    from carms_lake.serve.settings import Settings

STOP_S = 10
"""How long running requests may take once the service is asked to end."""
MOST_CONNECTIONS = 1_000


def serve(app: Any, settings: Settings) -> None:
    """Answer until SIGINT or SIGTERM (on Windows Ctrl-C or Ctrl-Break).

    Raises:
        UsageError: the address is taken, or is not one of this machine.
    """
    listening = _listening(settings.host, settings.port)
    config = uvicorn.Config(
        app,
        http=Protocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=settings.proxy is not None,
        forwarded_allow_ips=settings.proxy,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=STOP_S,
        limit_concurrency=MOST_CONNECTIONS,
        h11_max_incomplete_event_size=MOST_HEAD_BYTES,
    )
    server = uvicorn.Server(config)
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    print(f"serving on http://{shown}:{port}", file=sys.stderr, flush=True)  # noqa: T201 - the one line that says where
    with listening:
        server.run(sockets=[listening])


def _listening(host: str, port: int) -> socket.socket:
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        found = socket.socket(family, kind, proto)
        try:
            if sys.platform != "win32":  # there it would let two servers share a port
                found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            found.bind(address)
            found.listen(socket.SOMAXCONN)
        except OSError:
            found.close()
            raise
    except OSError as error:
        raise UsageError(
            f"`{host}`, port {port}: {error.strerror}", "name another one with `--port`"
        ) from None
    return found
