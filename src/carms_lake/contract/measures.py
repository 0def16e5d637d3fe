"""`carms.measures`: figures of a gold table that reports share, in DAX and in SQL."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from carms_lake.contract.keys import entry_lines, text, words
from carms_lake.errors import did_you_mean

_NAME_LENGTH = 100
_NO_NAME = re.compile(r"[\[\]\x00-\x1f]")


@dataclass(frozen=True)
class Measure:
    """A figure of a table, as a report shows it and as SQL gives it."""

    name: str
    """What reports call it; unique in the domain."""
    dax: str
    """The DAX expression. It names tables and columns as gold does: `'fact_sales'[quantity]`."""
    sql: str
    """A scalar SELECT over gold that gives the same number, where nothing is filtered."""
    format: str
    """How reports show it, as Power BI writes formats: `#,0`, `0.0%`."""
    description: str
    folder: str = ""
    """The display folder."""
    line: int = field(default=0, compare=False)
    """Where the contract has it."""


_KEYS = frozenset(each.name for each in fields(Measure)) - {"line"}


def measures(own: Mapping[str, Any], contract_text: bytes) -> tuple[Measure, ...]:
    """The measures of a contract, in their order.

    Raises:
        ValueError: one is not complete; the message has its line.
    """
    found = own.get("measures")
    if found is None:
        return ()
    if not isinstance(found, list):
        raise ValueError(f"`carms.measures` is `{found}`: write a list")  # noqa: TRY004 - a fault of the contract
    lines = entry_lines(contract_text, "carms.measures")
    return tuple(_measure(entry, line) for entry, line in zip(found, lines, strict=True))


def _measure(entry: Any, line: int) -> Measure:
    where = f"line {line}: a measure"
    if not isinstance(entry, dict):
        raise ValueError(f"{where} is `{entry}`: write `name`, `dax`, `sql`, `format` ..")  # noqa: TRY004 - as above
    where += f" `{entry['name']}`" if entry.get("name") else ""
    for key in entry:
        if key not in _KEYS:
            known = did_you_mean(str(key), _KEYS) or ""
            raise ValueError(f"{where} has the unknown key `{key}`. {known}".rstrip(". "))
    for key in ("name", "dax", "sql", "format", "description"):
        try:
            if not (text(entry, key) or "").strip():
                raise ValueError(f"`{key}` is missing")  # noqa: TRY301
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from None
    name = words(entry, "name")
    if len(name) > _NAME_LENGTH or _NO_NAME.search(name):
        raise ValueError(f"{where}: a name has up to {_NAME_LENGTH} characters, no brackets")
    return Measure(
        name,
        dax=entry["dax"].strip(),
        sql=entry["sql"].strip().removesuffix(";"),
        format=entry["format"].strip(),
        description=words(entry, "description"),
        folder=words(entry, "folder"),
        line=line,
    )
