"""`carms.evidence`: where the words are that the values of a table were read from."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from carms_lake.contract.keys import texts
from carms_lake.names import TableRef

OWN_COLUMNS = ("fact", "item", "value", "sentence")
"""What columns of a table of evidence are called that say what it is about."""

_KEYS = frozenset(["table", "fact", "item"])


@dataclass(frozen=True)
class EvidenceSpec:
    """Which rows of a table hold the words that values of another one were read from.

    They have its key, in columns of the same names, and the words in `sentence`.
    """

    table: TableRef
    fact: str | None = None
    """What their `fact` is; None: the name of the column that has the value."""
    item: tuple[str, ...] = ()
    """The columns whose values, joined by a dot, are their `item`."""

    def keys(self, own: Iterable[str], there: Container[str]) -> list[str]:
        """Which of a table's columns say which rows of the other are about a row of it."""
        return [name for name in own if name in there and name not in OWN_COLUMNS]


def evidence(own: Mapping[str, Any], domain: str) -> EvidenceSpec | None:
    """What a contract says in `carms.evidence`: a table's name, or `table`, `fact` and `item`.

    Raises:
        ValueError: it is something else.
    """
    value = own.get("evidence")
    if value is None:
        return None
    said = value if isinstance(value, dict) else {"table": value}
    ref = TableRef.parse(str(said.get("table")), domain=domain)
    fact = said.get("fact")
    if ref is None or not (fact is None or isinstance(fact, str)) or said.keys() - _KEYS:
        raise ValueError(
            f"`carms.evidence` is `{value}`: write `layer.table`, or "
            "`{table: layer.table, fact: name, item: [column]}`"
        )
    return EvidenceSpec(ref, fact, texts(said, "item", "carms.evidence, "))
