"""A server that understands Spark Connect: Sail in this process, or one that runs elsewhere."""

from __future__ import annotations

import os
import re
import socket
import warnings
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from carms_lake.errors import StoreError, UsageError
from carms_lake.extras import ensure_extra

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

SAIL = "sail"
_PORT = 15002
_PROVED = {"sail": "0.7.", "spark": "4.2."}
"""The versions that the rules of translation are tested with."""
_CONNECT_S = 5
_TRIES, _LONGEST_WAIT_MS = 5, 2_000
"""How often a call is repeated that the server does not take, and how long between: seconds."""
_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_LTZ",
    "spark.sql.ansi.enabled": "true",
}


class Refused(Exception):
    """What the server refused, in its words."""


@dataclass(frozen=True)
class Server:
    """A session on a server."""

    url: str
    """`sail`, or its address."""
    engine: str
    """`sail` or `spark`."""
    version: str
    session: Any

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Calls of the session, with what goes wrong as `Refused`, or as an error of ours.

        Raises:
            Refused: the server does not do it.
            StoreError: the server has gone.
        """
        from pyspark.errors import PySparkException  # noqa: PLC0415 - of the extra

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # that it gave up: said below
                yield
        except PySparkException as error:
            if _is_gone(error):
                raise _gone(self.url) from None
            raise Refused(_first_line(error)) from error
        except Exception as error:
            if type(error).__module__.startswith("grpc"):
                raise _gone(self.url) from None
            raise

    def rows(self, sql: str) -> pa.Table:
        """The rows of a statement.

        Raises:
            Refused: the server does not run it.
            StoreError: the server has gone.
        """
        with self.answering():
            return self.session.sql(sql).toArrow()


@contextmanager
def connected(url: str) -> Iterator[Server]:
    """A session on `sail`, which is started here and ends with it, or on the server of a URL.

    Raises:
        UsageError: the extra is not installed, the URL is not one, or the server's version is not
            one that the rules of translation are made for.
        StoreError: no server answers.
    """
    ensure_extra("spark", ["pyspark.sql.connect.session", "pandas", "grpc"], "carms certify")
    if url == SAIL:
        with _sail() as address:
            yield from _sessions(url, address)
    else:
        _ensure_listening(url)
        yield from _sessions(url, url)


@contextmanager
def _sail() -> Iterator[str]:
    """The address of a Sail that runs in this process."""
    ensure_extra("spark", ["pysail.spark"], "carms certify")
    os.environ.setdefault("RUST_LOG", "error")  # it writes each session to stderr
    from pysail.spark import SparkConnectServer  # noqa: PLC0415 - of the extra

    server = SparkConnectServer("127.0.0.1", 0)  # it ends where nothing refers to it any more
    server.start(background=True)
    try:
        host, port = server.listening_address
        yield f"sc://{host}:{port}"
    finally:
        server.stop()


def _sessions(url: str, address: str) -> Iterator[Server]:
    """One session, ended afterwards."""
    from pyspark.sql.connect.client.retries import DefaultPolicy  # noqa: PLC0415 - of the extra
    from pyspark.sql.connect.session import SparkSession  # noqa: PLC0415 - the same

    session = SparkSession.builder.remote(address).create()
    policy = DefaultPolicy(max_retries=_TRIES, max_backoff=_LONGEST_WAIT_MS)
    session.client.set_retry_policies([policy])
    try:
        server = Server(url, "", "", session)
        try:
            with server.answering():
                for name, value in _SETTINGS.items():
                    session.conf.set(name, value)
                said = str(session.sql("select version()").toArrow().column(0)[0])
        except Refused as refused:
            raise StoreError(
                f"`{url}` does not answer as a Spark Connect server: {refused}",
                "name the port of Spark Connect, usually 15002",
            ) from refused
        engine, version = version_of(said)
        yield Server(url, engine, version, session)
    finally:
        with suppress(Exception), warnings.catch_warnings():  # a server that has gone has none
            warnings.simplefilter("ignore")
            session.stop()


def version_of(said: str) -> tuple[str, str]:
    """The engine and the version that `version()` names: Spark's has the commit after it.

    Raises:
        UsageError: it is not one that the rules are made for.
    """
    version, _, commit = said.partition(" ")
    engine = "spark" if commit else SAIL
    if not version.startswith(_PROVED[engine]):
        raise UsageError(
            f"the server is {engine.capitalize()} {version}; carms translates for Spark "
            f"{_PROVED['spark']}x and Sail {_PROVED['sail']}x",
            "start one of these, or certify with `--engine sail`",
        )
    return engine, version


def ensure_url(url: str) -> tuple[str, int]:
    """The host and port of a URL; what has a token is refused, and not repeated.

    Raises:
        UsageError: it is not the URL of a Spark Connect server, or has a token.
    """
    if "token=" in url.lower():
        raise UsageError(
            "the address has a token, which other users of this machine can see",
            "leave it out and set SPARK_CONNECT_AUTHENTICATE_TOKEN",
        )
    with suppress(ValueError):
        found = urlsplit(url)
        if found.scheme == "sc" and found.hostname:
            return found.hostname, found.port or _PORT
    raise UsageError(
        f"`{url}` is not an engine", "name `sail`, or a Spark Connect server as `sc://host:15002`"
    )


def _ensure_listening(url: str) -> None:
    """Refuse an address where nothing listens: the client would try for minutes."""
    host, port = ensure_url(url)
    try:
        socket.create_connection((host, port), timeout=_CONNECT_S).close()
    except OSError as error:
        raise StoreError(
            f"no Spark Connect server answers at `{url}`: {error.strerror or error}",
            "start it, check the address, or certify with `--engine sail`",
        ) from None


def _is_gone(error: Exception) -> bool:
    return type(error).__name__ == "RetriesExceeded" or "StatusCode.UNAVAILABLE" in str(error)


def _gone(url: str) -> StoreError:
    return StoreError(
        f"the Spark Connect server `{url}` has gone, or closed the session",
        "look into its log, start it again, and certify again; nothing was kept",
    )


def _first_line(error: Exception) -> str:
    """The first line of what a server says, without its stack and the SQLSTATE."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return re.sub(r"\s*SQLSTATE: \w+.*", "", line)[:300]
