"""What is kept of one published file, so that it is read once: bounded, and shared by threads."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any

MOST_ENTRIES = 4_096


class Memory:
    """Values by key; the least recently used one is dropped first."""

    def __init__(self, most: int = MOST_ENTRIES) -> None:
        self._most = most
        self._found: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> Any:
        """The value; None where it is not there."""
        with self._lock:
            if key not in self._found:
                return None
            self._found.move_to_end(key)
            return self._found[key]

    def once(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """The value, made where it is not there; two threads may both make it, one is kept."""
        found = self.get(key)
        if found is None:
            found = make()
            with self._lock:
                found = self._found.setdefault(key, found)
                while len(self._found) > self._most:
                    self._found.popitem(last=False)
        return found

    def __len__(self) -> int:
        return len(self._found)
