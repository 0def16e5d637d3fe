"""API keys: from a file or the environment, kept as digests, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path

from carms_lake.errors import ConfigError

VARIABLE = "CARMS_API_KEY"
LEAST_CHARACTERS = 16


class Keys:
    """The keys that the service takes; none at all where none is given."""

    def __init__(self, keys: tuple[str, ...] = ()) -> None:
        self._digests = tuple(hashlib.sha256(key.encode()).digest() for key in keys)

    def __bool__(self) -> bool:
        return bool(self._digests)

    def name_of(self, given: str) -> str | None:
        """`key-1`, `key-2` ... of a key that is known; None of any other.

        Every key is compared, to the end, so that the time says nothing about them.
        """
        digest = hashlib.sha256(given.encode("utf-8", "surrogateescape")).digest()
        found = None
        for number, known in enumerate(self._digests, start=1):
            if hmac.compare_digest(digest, known):
                found = f"key-{number}"
        return found


def read_keys(file: Path | None, environment: Mapping[str, str] | None = None) -> Keys:
    """The keys of a file, one a line (`#` begins a comment), else the one of `CARMS_API_KEY`.

    Raises:
        ConfigError: the file cannot be read, others may read it, or a key is too short.
    """
    variables = os.environ if environment is None else environment
    if file is None:
        text, where = variables.get(VARIABLE, ""), f"`{VARIABLE}`"
    else:
        where = f"`{file}`"
        try:
            text = file.read_text(encoding="utf-8")
            mode = file.stat().st_mode
        except (OSError, UnicodeDecodeError) as error:
            to_do = "write them as UTF-8, one in a line, into a file that this user may read"
            raise ConfigError(f"the keys in {where} cannot be read: {error}", to_do) from None
        if os.name == "posix" and mode & (stat.S_IRGRP | stat.S_IROTH):
            raise ConfigError(f"others may read the keys in {where}", f"run `chmod 600 {file}`")
    lines = [line.strip() for line in text.splitlines()]
    found = tuple(line for line in lines if line and not line.startswith("#"))
    if file is not None and not found:
        raise ConfigError(f"{where} holds no key", "write one a line")
    if any(len(key) < LEAST_CHARACTERS for key in found):
        raise ConfigError(
            f"a key of {where} is shorter than {LEAST_CHARACTERS} characters",
            'make one with `python -c "import secrets; print(secrets.token_urlsafe(32))"`',
        )
    return Keys(found)


def given_key(headers: Mapping[bytes, bytes], *, is_reading: bool = False) -> str | None:
    """The key that a request shows: `Authorization: Bearer KEY`, or `X-API-Key: KEY`.

    One that reads may show it as the password of `Authorization: Basic`, as browsers do. They send
    that along whoever makes them ask, so it does not count for what starts something.
    """
    if (said := headers.get(b"x-api-key")) is not None:
        return said.decode("latin-1")
    scheme, _, key = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    if scheme.lower() == "basic" and is_reading:
        try:
            return b64decode(key, validate=True).decode("utf-8").partition(":")[2]
        except ValueError:
            return ""
    return key.strip() if scheme.lower() == "bearer" and key else None
