"""A connection to PostgreSQL by ADBC: statements, and errors as ours."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from carms_lake.errors import DataError, StoreError, UsageError
from carms_lake.extras import ensure_extra

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

_SCHEMES = ("postgresql://", "postgres://")
_SECRET = {"password", "sslpassword"}
_NO_ROOM, _INTEGRITY, _GONE = ("53", "58"), "23", ("08", "57P")
"""How SQLSTATEs begin: no room or a fault of the server's disk; a constraint that is broken; the
server has ended."""
LOCK_NOT_AVAILABLE = "55P03"
_CAUGHT = """
exception when others then perform set_config('carms.refused', sqlstate || sqlerrm, true);
end"""


class Refused(Exception):
    """A statement that the server refused; `state` is its SQLSTATE."""

    def __init__(self, message: str, state: str) -> None:
        super().__init__(message)
        self.state = state


class Session:
    """One connection; statements are in a transaction until `commit` or `rollback`."""

    def __init__(self, connection: Any, url: str) -> None:
        self._connection = connection
        self._url = url

    def run(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a statement.

        Raises:
            Refused: the server refused it.
        """
        with _refusals(), closing(self._connection.cursor()) as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall()) if cursor.description else []

    @contextmanager
    def batches(self, sql: str) -> Iterator[Iterator[pa.RecordBatch]]:
        """The rows of a SELECT as Arrow batches.

        Raises:
            Refused: the server refused it.
        """
        with _refusals(), closing(self._connection.cursor()) as cursor:
            cursor.execute(sql)
            yield iter(cursor.fetch_record_batch())

    def load(self, schema: str, table: str, rows: pa.RecordBatchReader) -> None:
        """Append rows to a table, as binary COPY.

        Raises:
            Refused: the server refused them.
        """
        with _refusals(), closing(self._connection.cursor()) as cursor:
            cursor.adbc_ingest(table, rows, mode="append", db_schema_name=schema)

    def commit(self) -> None:
        """Keep what was done.

        Raises:
            Refused: the server could not.
        """
        with _refusals():
            self._connection.commit()

    def rollback(self) -> None:
        """Undo what was done since the last commit.

        Raises:
            Refused: the server is gone.
        """
        with _refusals():
            self._connection.rollback()

    def as_ours(self, refused: Refused) -> StoreError | DataError:
        """The error that a person can act on; the run that was published stays."""
        if refused.state.startswith(_INTEGRITY):
            return DataError(
                f"gold breaks a constraint in PostgreSQL, nothing is published: {refused}",
                "correct the contract or the data, and run `carms build`",
            )
        to_do = "check the permissions of the user in the database"
        if refused.state.startswith(_NO_ROOM):
            to_do = "free space on the disk of the server"
        elif refused.state.startswith(_GONE) or not refused.state:
            to_do = "start the server, and publish again"
        return StoreError(f"`{self._url}` cannot be written: {refused}", to_do)


def attempt(session: Session, *statements: str) -> Refused | None:
    """Run statements; where the server refuses one, all are undone, and the refusal is given.

    The server catches it: ADBC sends nothing more in a transaction with an error.

    Raises:
        Refused: somebody holds a lock, for which the caller may wait.
    """
    session.run("select set_config('carms.refused', '', true)")
    steps = "".join(f"execute{literal(statement)}; " for statement in statements)
    session.run(
        f"do{literal(f'begin {steps}{_CAUGHT}')}",
    )
    ((said,),) = session.run("select current_setting('carms.refused')")
    refused = Refused(said[5:], said[:5]) if said else None
    if refused is not None and refused.state == LOCK_NOT_AVAILABLE:
        raise refused
    return refused


@contextmanager
def connected(url: str) -> Iterator[Session]:
    """A session at a URL of libpq without a password.

    Raises:
        UsageError: the extra is not installed, or the URL has a password or is not one.
        StoreError: the server cannot be reached, or refuses the user.
    """
    ensure_url(url)
    ensure_extra("postgres", ["adbc_driver_postgresql"], "carms publish postgres")
    from adbc_driver_postgresql import dbapi  # noqa: PLC0415 - an optional extra

    try:
        with _refusals():
            connection = dbapi.connect(url)
    except Refused as refused:
        raise StoreError(
            f"`{url}` cannot be reached: {refused}",
            "check host, port, database and user; a password comes from PGPASSWORD, a service or "
            "a password file",
        ) from refused
    with closing(connection):
        yield Session(connection, url)


def ensure_url(url: str) -> None:
    """Refuse what is not a URL of PostgreSQL, and one with a password; neither is repeated.

    Raises:
        UsageError: it is not, or has one.
    """
    if not url.startswith(_SCHEMES):
        raise UsageError(
            "the URL does not begin with `postgresql://`",
            "write `postgresql://user@host:5432/database`",
        )
    user, at, _ = url.partition("://")[2].rpartition("@")
    if (at and ":" in user) or _SECRET & parse_qs(urlsplit(url).query).keys():
        raise UsageError(
            "the URL has a password, which other users of this machine can see",
            "leave it out: PGPASSWORD, a service (PGSERVICE) or a password file (PGPASSFILE) "
            "gives it",
        )


def quoted(*names: str) -> str:
    """A name as SQL has it: `"schema"."table"`."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def literal(text: str) -> str:
    """A text as SQL has it; the standard's quotes, whatever the server's settings are."""
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f" E'{escaped}'"


@contextmanager
def _refusals() -> Iterator[None]:
    """ADBC's errors as `Refused`, in the first line of the server."""
    from adbc_driver_manager import Error  # noqa: PLC0415 - an optional extra

    try:
        yield
    except Error as error:
        said = str(error).partition("ERROR:")[2] or str(error)
        first = said.strip().partition("Query was:")[0].split("SQLSTATE")[0]
        raise Refused(" ".join(first.split()).rstrip(". "), error.sqlstate or "") from error
