"""Which planted anomalies the lake found: each kind's rows, compared with what was planted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from carms_lake.domains.retail.anomaly_questions import QUESTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    Ask = Callable[[str], Sequence[Mapping[str, Any]]]
    """Rows of a statement, by column."""

_MOMENTS = ("_ts", "_at")
"""How columns of moments end; a file and the lake spell the same moment differently."""


@dataclass(frozen=True)
class Planted:
    """The rows that have one kind of anomaly: the columns of their key, and the keys."""

    key: tuple[str, ...]
    keys: frozenset[tuple[str, ...]]


@dataclass(frozen=True)
class Score:
    """How many rows of a kind were planted, found, missed, and taken for one that they are not."""

    source: str
    kind: str
    injected: int
    found: int
    missed: int
    called_falsely: int


def planted(documents: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], Planted]:
    """What several runs of the generator planted, by source and kind.

    Raises:
        ValueError: a document is not a list of anomalies, or two name different keys for one kind.
    """
    found: dict[tuple[str, str], Planted] = {}
    for document in documents:
        for entry in _anomalies(document):
            place = (str(entry["source"]), str(entry["kind"]))
            key = tuple(str(name) for name in entry["key"])
            keys = frozenset(_comparable(key, values) for values in entry["keys"])
            known = found.get(place, Planted(key, frozenset()))
            if known.key != key:
                raise ValueError(f"{' '.join(place)} has the keys {known.key} and {key}")
            found[place] = Planted(key, known.keys | keys)
    return found


def scores(truth: Mapping[tuple[str, str], Planted], ask: Ask) -> list[Score]:
    """One score per kind that was planted or can be found, in the order of the sources.

    Raises:
        ValueError: a kind was planted under a key that its question does not know.
    """
    places = [*QUESTIONS, *(place for place in truth if place not in QUESTIONS)]
    return [_score(place, truth.get(place), ask) for place in places]


def _score(place: tuple[str, str], known: Planted | None, ask: Ask) -> Score:
    injected = known.keys if known else frozenset()
    called: frozenset[tuple[str, ...]] = frozenset()
    if place in QUESTIONS:
        rows = ask(QUESTIONS[place])
        key = known.key if known else tuple(rows[0]) if rows else ()
        if rows and not set(key) <= set(rows[0]):
            raise ValueError(
                f"{' '.join(place)} is planted by {key}, and found by {tuple(rows[0])}"
            )
        called = frozenset(_comparable(key, [row[name] for name in key]) for row in rows)
    return Score(
        *place,
        injected=len(injected),
        found=len(injected & called),
        missed=len(injected - called),
        called_falsely=len(called - injected),
    )


def _anomalies(document: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    entries = document.get("anomalies") if hasattr(document, "get") else None
    wanted = {"source", "kind", "key", "keys"}
    if not isinstance(entries, list) or not all(
        isinstance(entry, dict) and wanted <= entry.keys() for entry in entries
    ):
        raise ValueError("not a list of anomalies, each with source, kind, key and keys")
    return entries


def _comparable(key: Sequence[str], values: Sequence[Any]) -> tuple[str, ...]:
    return tuple(
        _moment(value) if name.endswith(_MOMENTS) and value is not None else str(value)
        for name, value in zip(key, values, strict=True)
    )


def _moment(value: Any) -> str:
    at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return (at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)).isoformat()
