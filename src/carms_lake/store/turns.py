"""Tables that are built at the same time write to the tables they share one after another."""

from __future__ import annotations

from threading import Lock

SHARED = Lock()
"""Held while a run of this process writes to rejects or ops, which every table writes to."""
