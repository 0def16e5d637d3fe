"""How a contract's text is read: YAML within bounds, values of keys, and the keys under `carms.`.

Those are what the standard does not cover, read from `customProperties`. Every key is documented in
docs/reference/contract-keys.md, and an unknown one is an error.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from carms_lake.errors import ContractError, did_you_mean
from carms_lake.records import ReasonCode

TABLE_KEYS = frozenset([
    "files", "format", "delivery", "series", "encoding", "delimiter", "quote", "escape", "sheet",
    "range", "header", "tableEnd", "records", "decimalMark", "thousandsSeparator", "trueWords",
    "falseWords",
    "dropColumns", "nullValues", "driver", "balance", "driverKey", "order", "history",
    "reconcile", "parameters", "coverageBy", "incremental", "newColumns", "mergeSurplusInto",
    "mayBeEmpty", "trim", "enforceKey", "quarantineBudgetPct", "maxRowChangePct", "declaredTotals",
    "evidence", "writtenBy", "measures", "indexes",
])  # fmt: skip
COLUMN_KEYS = frozenset([
    "fromPath", "agreesWithPath", "mayBeAbsent", "coverage", "aliases", "formats", "decimalMark",
    "thousandsSeparator", "trueWords", "falseWords", "bytesEncoding",
])  # fmt: skip
RELATIONSHIP_KEYS = frozenset(["enforce", "quarantine", "budgetPct"])
SLA_KEYS = frozenset(["severity"])
RULE_KEYS = frozenset(["quarantine"])


_MOST_LEVELS = 100
_MOST_CHARACTERS = 2_000_000
_MOST_DIGITS = 100
_SHOWN_CHARACTERS = 60
_NUMBER = re.compile(r"[-+0-9_:.xa-fA-F]+")
"""What may be read as a number; one of many parts takes long to compute."""


def read_yaml(text: bytes | str, where: str) -> Any:
    """The one document of a YAML text, which may come from a stranger.

    Raises:
        ContractError: it is not YAML, is nested too deeply, or its aliases make it far larger.
    """
    import yaml  # noqa: PLC0415 - `carms_lake.open` reads no contract

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C where there is one
    try:
        _ensure_bounded(yaml.parse(text, Loader=loader))
        return yaml.load(text, Loader=loader)  # noqa: S506 - a safe loader
    except (yaml.YAMLError, ValueError) as error:
        raise ContractError(
            f"{where} is not YAML: {error}",
            "correct it there; a value with `: `, `#` or a quote in it is quoted itself",
        ) from None


def _ensure_bounded(events: Iterable[Any]) -> None:
    """Look at a text's events, which come without recursion: loading follows every level and alias.

    Raises:
        ValueError: it is nested too deeply, or its aliases make it far larger.
    """
    named: dict[str, int] = {}  # how large is what an anchor names, with its own aliases
    opened: list[tuple[str | None, int]] = [(None, 0)]
    for event in events:
        anchor, size = getattr(event, "anchor", None), 0
        match type(event).__name__:
            case "SequenceStartEvent" | "MappingStartEvent":
                opened.append((anchor, 1))
                if len(opened) > _MOST_LEVELS:
                    raise ValueError(f"it is nested more than {_MOST_LEVELS} levels deep")
                continue
            case "SequenceEndEvent" | "MappingEndEvent":
                anchor, size = opened.pop()
            case "ScalarEvent":
                size = 1 + len(event.value)
                if size > _MOST_DIGITS and event.implicit[0] and _NUMBER.fullmatch(event.value):
                    raise ValueError(f"it has a number of {size - 1} characters: quote it")
            case "AliasEvent":
                size = named.get(str(event.anchor), _MOST_CHARACTERS)  # not ended: a part of itself
        if anchor is not None:
            named[anchor] = size
        above, so_far = opened[-1]
        opened[-1] = (above, so_far + size)
        if so_far + size > _MOST_CHARACTERS:
            raise ValueError(f"with its aliases it has more than {_MOST_CHARACTERS} characters")


def entry_lines(contract_text: bytes, key: str) -> list[int]:
    """The lines, from 1, where the entries of a list in the table's `customProperties` begin."""
    import yaml  # noqa: PLC0415

    def below(node: Any, name: str) -> Any:
        return next(value for at, value in node.value if at.value == name)

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    table = below(yaml.compose(contract_text, Loader=loader), "schema").value[0]
    entry = next(
        e for e in below(table, "customProperties").value if below(e, "property").value == key
    )
    return [element.start_mark.line + 1 for element in below(entry, "value").value]


def custom(element: dict[str, Any], known: frozenset[str], where: str) -> dict[str, Any]:
    """The `carms.` custom properties of an element, without their prefix.

    Raises:
        ContractError: an unknown key; `where` names the place.
    """
    found: dict[str, Any] = {}
    for entry in element.get("customProperties") or []:
        key = str(entry["property"])
        if not key.startswith("carms."):
            continue
        if key[6:] not in known:
            raise ContractError(
                f"{where}: unknown custom property `{key}`",
                did_you_mean(key, {f"carms.{name}" for name in known}),
            )
        found[key[6:]] = entry.get("value")
    return found


def listed(value: Any) -> list[Any]:
    """The elements of a list; a single value is a list of one, None is empty."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def texts(own: Mapping[str, Any], key: str, prefix: str = "carms.") -> tuple[str, ...]:
    """The texts of a key that holds a list; a single text is a list of one.

    Raises:
        ValueError: an element is not text.
    """
    found = listed(own.get(key))
    wrong = [element for element in found if not isinstance(element, str)]
    if wrong:
        raise ValueError(f"`{prefix}{key}` has `{wrong[0]}`, which is not text: quote it")
    return tuple(found)


def text(element: Mapping[str, Any], key: str) -> str | None:
    """The text of a key; None where there is none.

    Raises:
        ValueError: it is something else.
    """
    value = element.get(key)
    if value is not None and not isinstance(value, str):
        shown = str(value)[:_SHOWN_CHARACTERS]
        raise ValueError(f"`{key}` is `{shown}`, which is not text: quote it")
    return value


def words(element: Mapping[str, Any], key: str) -> str:
    """The words of a key's text on one line.

    Raises:
        ValueError: it is not text.
    """
    return " ".join((text(element, key) or "").split())


def reconciled(own: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """What must be equal in gold and silver.

    Raises:
        ValueError: an entry lacks its name, or one of the two statements.
    """
    entries = listed(own.get("reconcile"))
    for entry in entries:
        for key in ("name", "gold", "silver"):
            if not isinstance(entry, dict) or not entry.get(key):
                raise ValueError(f"an entry of `carms.reconcile` has no `{key}`: {entry}")
    return tuple(entries)


def budget_pct(own: Mapping[str, Any], key: str) -> float | None:
    """The percentage that may fail; None where the contract does not say.

    Raises:
        ValueError: it is not a number from 0 to 100.
    """
    value = own.get(key)
    if value is None:
        return None
    if not is_number(value) or not 0 <= value <= 100:  # noqa: PLR2004 - percent
        raise ValueError(f"`carms.{key}` is `{value}`: write a number from 0 to 100")
    return float(value)


def quarantine_budgets(own: Mapping[str, Any]) -> tuple[float | None, dict[str, float]]:
    """The percentage of rows that may be quarantined: in all, and per reason code.

    A number is for all of them; a mapping has reason codes as keys, and `all`.

    Raises:
        ValueError: not a number from 0 to 100, or not a reason code.
    """
    key = "quarantineBudgetPct"
    if not isinstance(own.get(key), dict):
        return budget_pct(own, key), {}
    by_reason = {str(code): budget_pct({key: pct}, key) or 0.0 for code, pct in own[key].items()}
    for code in by_reason.keys() - {"all"} - set(ReasonCode):
        raise ValueError(f"`carms.{key}` names `{code}`, which is not a reason code")
    return by_reason.pop("all", None), by_reason


def whole_number(own: Mapping[str, Any], key: str, where: str) -> int | None:
    """A whole number, or None where the key is missing.

    Raises:
        ContractError: it is something else; `where` names the place.
    """
    value = own.get(key)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise ContractError(
            f"{where}: `{key}` is `{value}`, which is not a whole number", "write digits alone"
        )
    return value


def is_number(value: Any) -> bool:
    """Whether it is a number; YAML's `yes` is not one."""
    return isinstance(value, int | float) and not isinstance(value, bool)
