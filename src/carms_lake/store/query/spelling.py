"""The columns of an answer, each under a name of its own and in a type that carries its values.

Python has no months, no infinite day and no nanoseconds, and Polars no unions or bits; both would
give another value without a word. So such a value is text as DuckDB writes it, also inside a list.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any, TypeVar

import duckdb
from duckdb.sqltypes import DuckDBPyType

from carms_lake.store.sql import quoted

Answer = TypeVar("Answer")
Casts = Mapping[str, Sequence[str]]

_TEXT = "VARCHAR"

FOR_PYTHON: Casts = {
    **dict.fromkeys(
        (
            "DATE", "TIME", "TIME_NS", "TIME WITH TIME ZONE", "INTERVAL", "TIMESTAMP",
            "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE",
            "GEOMETRY", "VARIANT",
        ),
        (_TEXT,),
    ),
    "FLOAT": (_TEXT, "DOUBLE"),
}  # fmt: skip
"""By type, what its values are cast to, one after the other: a float of four bytes keeps the digits
that it is written with only by way of text."""

FOR_ARROW: Casts = {
    **dict.fromkeys(
        (
            "INTERVAL", "TIME WITH TIME ZONE", "BIT", "BIGNUM", "UHUGEINT", "GEOMETRY",
            "VARIANT", "UNION", "TUPLE",
        ),
        (_TEXT,),
    ),
    "TIMESTAMP_S": ("TIMESTAMP",),
    "TIMESTAMP_MS": ("TIMESTAMP",),
    "HUGEINT": ("DECIMAL(38,0)",),
}  # fmt: skip
"""For Polars, whose milliseconds know no infinite moment."""

_WITH_39_DIGITS = {**FOR_ARROW, "HUGEINT": (_TEXT,)}


def in_types_of_arrow(
    read: Callable[[Casts], Answer], begin_again: Callable[[], object] = lambda: None
) -> Answer:
    """What a function reads with `FOR_ARROW`; where a number has 39 digits, again with it as text.

    `begin_again` is called before the second time.
    """
    try:
        return read(FOR_ARROW)
    except duckdb.ConversionException as error:
        if "DECIMAL(38,0)" not in str(error):
            raise
    begin_again()
    return read(_WITH_39_DIGITS)


def with_casts(sql: str, asked: duckdb.DuckDBPyRelation, casts: Casts) -> str:
    """The SELECT inside of one that casts its columns; itself where they are as they should be."""
    names, types = asked.columns, asked.types
    each_once = _each_once(names)
    wanted = [_cast(kind, casts) for kind in types]
    if each_once == tuple(names) and not any(wanted):
        return sql
    # Columns by their places (`#1`) take DuckDB longer the more there are.
    places = [f"c{place}" for place in range(len(names))]
    columns = ", ".join(
        f"{place}{cast} AS {quoted(name)}"
        for place, cast, name in zip(places, wanted, each_once, strict=True)
    )
    text = sql.encode()
    ends = [at for at, _ in duckdb.tokenize(sql) if text[at : at + 1] == b";"]
    inner = text[: ends[0] if ends else None].decode()
    return f"SELECT {columns} FROM ({inner}\n) AS answer({', '.join(places)})"


def _cast(kind: DuckDBPyType, casts: Casts) -> str:
    """What is written behind a column of a type: nothing, or one or two casts."""
    first, last = (_type(kind, casts, at) for at in (0, -1))
    return "".join(f"::{text}" for text in dict.fromkeys((first, last)) if text != str(kind))


def _type(kind: DuckDBPyType, casts: Casts, at: int) -> str:
    """The type with those inside of it exchanged, as SQL."""
    if steps := casts.get(kind.id.upper()):
        return steps[at]
    parts = [(name, _type(part, casts, at)) for name, part in _parts(kind)]
    texts = [text for _, text in parts]
    match kind.id:
        case "list":
            return f"{texts[0]}[]"
        case "array":
            return f"{texts[0]}[{kind.children[1][1]}]"
        case "map" | "tuple":
            return f"{kind.id.upper()}({', '.join(texts)})"
        case "struct" | "union":
            named = ", ".join(f"{quoted(name)} {text}" for name, text in parts)
            return f"{kind.id.upper()}({named})"
        case _:
            return str(kind)


def _parts(kind: DuckDBPyType) -> list[tuple[str, DuckDBPyType]]:
    """The types inside of one, by name."""
    if kind.id not in ("list", "array", "map", "tuple", "struct", "union"):
        return []
    parts: list[Any] = kind.children
    if kind.id == "array":
        return parts[:1]  # the other is its size
    return parts[1:] if kind.id == "union" else parts  # the first is its tag


def _each_once(names: Sequence[str]) -> tuple[str, ...]:
    """The names of columns, later ones of a name with a number: `a`, `a_2`."""
    taken, seen = set(names), set[str]()
    numbers: dict[str, Iterator[str]] = {}
    found: list[str] = []
    for name in names:
        free = name
        if name in seen:
            numbered = numbers.setdefault(name, (f"{name}_{number}" for number in count(2)))
            free = next(other for other in numbered if other not in taken)
        seen.add(name)
        taken.add(free)
        found.append(free)
    return tuple(found)
