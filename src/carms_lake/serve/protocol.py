"""HTTP/1.1 as uvicorn speaks it, with an end for clients that do not finish their headers."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADERS_S = 10.0
"""How long a client may take for the head of a request."""
MOST_HEAD_BYTES = 32 << 10

_LATE = (
    b"HTTP/1.1 408 Request Timeout\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: 39\r\nconnection: close\r\n\r\nThe headers did not arrive within 10 s."
)
_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: 25\r\nconnection: close\r\n\r\nThe headers are too large"
)


class Protocol(H11Protocol):
    """One connection."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._late = self.loop.call_later(HEADERS_S, self._end)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take the next bytes; a head that has begun must be complete in time."""
        is_head = self.conn.their_state is h11.IDLE
        if is_head and len(self.conn.trailing_data[0]) + len(data) > MOST_HEAD_BYTES:
            head, found, _ = (self.conn.trailing_data[0] + data).partition(b"\r\n\r\n")
            if not found or len(head) > MOST_HEAD_BYTES:
                self._refuse(_LARGE)
                return
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self.conn.their_state is not h11.IDLE:
            self._stop()
        elif self.conn.trailing_data[0] and self._late is None:
            self._late = self.loop.call_later(HEADERS_S, self._end)

    def on_response_complete(self) -> None:
        """Wait for the next head, if it has begun, as for the first."""
        self._stop()
        super().on_response_complete()
        is_begun = self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]
        if is_begun and not self.transport.is_closing():
            self._late = self.loop.call_later(HEADERS_S, self._end)

    def _stop(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _end(self) -> None:
        self._late = None
        if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
            self._refuse(_LATE)

    def _refuse(self, answer: bytes) -> None:
        self.transport.write(answer)
        self.transport.close()
