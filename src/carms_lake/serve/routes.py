"""What a route is: a path, typed parameters, and a function of a lake. No library of the web.

A domain declares its own in a module `service` with `ROUTES`, a sequence of `Route`; all that HTTP
asks for (status, errors, caching, limits, OpenAPI) is the service's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from carms_lake import Published
    from carms_lake.serve.memory import Memory

Schema = Mapping[str, Any]
"""A JSON Schema (2020-12), of the keywords that `schema.problem` knows."""

JSON = "application/json"
HTML = "text/html; charset=utf-8"
MARKDOWN = "text/markdown; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Parameter:
    """A parameter of the query, or of the path where the path names it."""

    name: str
    schema: Schema
    description: str
    is_required: bool = False


@dataclass(frozen=True)
class Asked:
    """One request, with its values checked and of their types."""

    lake: Published
    memory: Memory
    """What was read from the same published file before."""
    values: Mapping[str, Any]
    """By parameter; what was not given is not there."""
    body: Any = None
    more: Sequence[tuple[str, str]] = ()
    """Parameters that the route does not name, as they were written."""
    snapshot: Any = None
    """The published file as the service has it, for its own routes."""

    @property
    def tag(self) -> str:
        """What tells the published file from others, for cursors."""
        return str(self.snapshot.tag)


@dataclass(frozen=True)
class Encoded:
    """An answer that is bytes already."""

    body: bytes
    media_type: str = JSON
    file_name: str | None = None
    """Under which a browser keeps it."""


@dataclass(frozen=True)
class Command:
    """An answer that takes long: `carms` with these words, in a process of its own.

    The answer is 202 and the place where the outcome will be: `Route.outcomes`.
    """

    words: tuple[str, ...]


@dataclass(frozen=True)
class Written:
    """An answer that `carms` with these words and `-o FILE` writes.

    It is made once for each published file, in a process of its own.
    """

    words: tuple[str, ...]
    suffix: str
    media_type: str
    file_name: str | None = None
    """Under which a browser keeps it."""


Answer = Callable[[Asked], object]
"""What answers: a value for JSON, `Encoded`, `Written` or a `Command`; errors are `LakeError`."""


@dataclass(frozen=True)
class Route:
    """One path and method."""

    path: str
    """As `/programs/{program_stream_id}`."""
    answer: Answer
    summary: str
    response: Schema = field(default_factory=dict)
    """Of the answer's JSON."""
    parameters: tuple[Parameter, ...] = ()
    method: str = "GET"
    body: Schema | None = None
    quick: Callable[[Asked], Encoded | None] | None = None
    """Answers at once from memory, without waiting for anything; None where it cannot."""
    warm: Callable[[Asked], object] | None = None
    """Reads what `quick` needs, before the first request to a published file."""
    description: str = ""
    contradiction: int = 400
    """The status where values that are each as described do not go together, or name nothing."""
    needs_key: bool = False
    needs_key_for: Callable[[Any], bool] = lambda _: False
    """Whether a request with this body needs a key: one that writes to the lake does."""
    is_live: bool = False
    """Whether it answers from the lake as it is, not from the published file: without an ETag."""
    outcomes: str = ""
    """Of a route that answers with a `Command`: where its jobs are listed, one at a time runs."""
    shown: Callable[[Any], Any] = lambda data: data
    """What is shown of what such a command says."""
    words: tuple[str, ...] = ()
    """Of a route that always answers with the same command, and needs no published file: its
    words, in place of what `answer` gives."""
    is_users: bool = False
    """Whether it answers a statement that a user wrote, which may take long: others go on."""
    takes_more: bool = False
    """Whether it checks parameters that it does not name by itself: `Asked.more`."""
    media_types: Sequence[str] = (JSON,)
    example: Mapping[str, Any] = field(default_factory=dict)
    """Values of parameters that have an answer."""

    @property
    def names(self) -> frozenset[str]:
        """The names of its parameters."""
        return frozenset(parameter.name for parameter in self.parameters)


@dataclass(frozen=True)
class TableRoute:
    """A path at which the rows of one table of gold are, as at `/api/v1/tables/TABLE`."""

    path: str
    table: str
    summary: str
