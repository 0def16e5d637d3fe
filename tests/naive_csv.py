"""Delimited text read byte by byte: slow, plain, and written from the rules alone."""

from __future__ import annotations

from typing import NamedTuple


class Naive(NamedTuple):
    """One record as the plain parser sees it."""

    raw: bytes
    fields: list[bytes]
    is_malformed: bool


def naive_records(data: bytes) -> list[Naive]:  # noqa: C901 - a state machine on purpose
    """A state machine over single bytes, written from the rules alone."""
    found: list[Naive] = []
    start = position = 0
    fields: list[bytes] = []
    value = b""
    state, is_malformed = "start", False
    while position <= len(data):
        byte = data[position : position + 1]
        position += 1
        if state == "quoted":
            if not byte:
                found.append(Naive(data[start:], [*fields, value], is_malformed=True))
                return found
            if byte != b'"':
                value += byte
            elif data[position : position + 1] == b'"':
                value += b'"'
                position += 1
            else:
                state = "closed"
        elif byte in (b",", b"\n", b"\r", b""):
            raw = data[start : position - 1]
            if byte == b",":
                fields.append(value)
            elif raw:
                found.append(Naive(raw, [*fields, value], is_malformed))
            if byte != b",":
                fields, is_malformed, start = [], False, position
            value, state = b"", "start"
        elif byte == b'"' and state == "start":
            state = "quoted"
        else:
            is_malformed = is_malformed or state == "closed"
            value += byte
            state = "closed" if state == "closed" else "plain"
    return found
