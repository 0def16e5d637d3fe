"""How much one client may ask: a bucket of tokens for each key or address."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from math import ceil
from time import monotonic

MOST_CLIENTS = 10_000
"""Buckets that are kept; the least recently used is dropped, and is full by then."""


class Limiter:
    """Lets each client ask `rate` times a second on average, twice as often in a burst."""

    def __init__(self, rate: float, clock: Callable[[], float] = monotonic) -> None:
        self.rate = rate
        self.burst = max(2 * rate, 1.0)
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, client: str) -> int:
        """0 where the client may ask now, else the whole seconds after which it may again."""
        if self.rate <= 0:
            return 0
        now = self._clock()
        tokens, at = self._buckets.pop(client, (self.burst, now))
        tokens = min(self.burst, tokens + (now - at) * self.rate)
        is_allowed = tokens >= 1
        self._buckets[client] = (tokens - is_allowed, now)
        if len(self._buckets) > MOST_CLIENTS:
            self._buckets.popitem(last=False)
        return 0 if is_allowed else max(1, ceil((1 - tokens) / self.rate))
