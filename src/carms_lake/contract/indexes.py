"""`carms.indexes`: the indexes that a gold table has in a database that it is published to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from carms_lake.contract.keys import entry_lines, texts
from carms_lake.contract.types import ColumnType
from carms_lake.errors import did_you_mean

KINDS = ("btree", "trigram")


@dataclass(frozen=True)
class Index:
    """An index of a table."""

    columns: tuple[str, ...]
    kind: str = "btree"
    """`btree`: equal values, ranges, joins. `trigram`: a part of a text, whatever its accents."""
    line: int = field(default=0, compare=False)
    """Where the contract has it."""

    def __str__(self) -> str:
        return f"{self.kind} ({', '.join(self.columns)})"


def indexes(
    own: Mapping[str, Any], contract_text: bytes, types: Mapping[str, ColumnType], layer: str
) -> tuple[Index, ...]:
    """The indexes of a contract, in their order; `types` are those of its columns.

    Raises:
        ValueError: one names what the table does not have, or cannot be; the message has its line.
    """
    found = own.get("indexes")
    if found is None:
        return ()
    if not isinstance(found, list):
        raise ValueError(f"`carms.indexes` is `{found}`: write a list")  # noqa: TRY004 - a fault of the contract
    read: list[Index] = []
    for entry, line in zip(found, entry_lines(contract_text, "carms.indexes"), strict=True):
        try:
            if layer != "gold":
                raise ValueError("it belongs in gold")  # noqa: TRY301
            index = _index(entry, line, types)
            if index in read:
                raise ValueError("it is there twice")  # noqa: TRY301
        except ValueError as error:
            raise ValueError(f"line {line}: an entry of `carms.indexes`: {error}") from None
        read.append(index)
    return tuple(read)


def _index(entry: Any, line: int, types: Mapping[str, ColumnType]) -> Index:
    if not isinstance(entry, dict) or not entry.keys() <= {"columns", "kind"}:
        raise ValueError(f"`{entry}`: write `columns`, and `kind` where it is not `btree`")
    columns, kind = texts(entry, "columns", ""), entry.get("kind", "btree")
    if not columns or len(set(columns)) < len(columns):
        raise ValueError("`columns` must name one column or more, each once")
    if kind not in KINDS:
        raise ValueError(f"`kind` is `{kind}`: write one of {', '.join(KINDS)}")
    for column in columns:
        if column not in types:
            hint = did_you_mean(column, types) or ""
            raise ValueError(f"no column `{column}`. {hint}".rstrip(". "))
        name = types[column].name
        if kind == "trigram" and name != "varchar":
            raise ValueError(f"`{column}` is of type {types[column]}, and trigrams are of varchar")
        if name in ("json", "list"):
            raise ValueError(f"`{column}` is of type {types[column]}, which has no order")
    return Index(columns, kind, line)
