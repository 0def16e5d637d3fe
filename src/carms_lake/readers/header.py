"""The columns of a file, compared with those of its contract."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from carms_lake.contract.model import Column, Contract, NewColumns, SourceSpec
from carms_lake.errors import (
    ContractError,
    SourceRefused,
    did_you_mean,
    either,
    first_few,
    nearest,
    visible,
)
from carms_lake.names import EXPORT_COLUMNS, SRC_EXTRA, folded

_SHOWN = 40
"""How many names a message lists."""


@dataclass(frozen=True)
class Layout:
    """Where a file has the contract's columns."""

    positions: tuple[tuple[str, int], ...]
    """The contract's name and the position in the file, in the contract's order."""
    width: int
    """How many columns the file has, dropped ones included."""
    notes: tuple[str, ...] = ()
    extra: tuple[tuple[str, int], ...] = ()
    """Header and position of columns that the contract does not know and yet accepts."""


def spec_of(contract: Contract) -> SourceSpec:
    """Where and how the contract's files are read.

    Raises:
        ContractError: the contract is not a bronze contract.
    """
    if contract.source is None:
        raise ContractError(
            f"`{contract.ref}` has no source files", "only bronze tables are read from files"
        )
    return contract.source


def parse(found: Sequence[str], contract: Contract, where: str) -> Layout:
    """Where the file has each of the contract's columns; `where` names file and line or sheet.

    Another order or case, spaces around a header and marks that nobody sees are accepted and noted.

    Raises:
        SourceRefused: MISSING_COLUMN; UNEXPECTED_COLUMN, also for a duplicate header.
    """
    given = found
    found, renamed = _by_own_names(given, contract, where)
    wanted = {column.source: column for column in contract.columns}
    # Exports that come back corrected have columns of ours, which no source has.
    dropped = {*spec_of(contract).drop_columns, *(set(EXPORT_COLUMNS) - wanted.keys())}
    exact = {name: position for position, name in enumerate(found) if name in wanted}
    others = {folded(name): name for name in wanted if name not in exact}
    taken = {folded(name) for name in exact}
    repeated = [n for n, count in Counter(found).items() if count > 1 and n not in dropped]
    unexpected: dict[str, int] = {}
    for position, name in enumerate(found):
        if name in exact or name in dropped:
            continue
        target = others.get(folded(name))
        if folded(name) in taken or (target is not None and target in renamed):
            repeated.append(name)
        elif target is None and folded(name) not in {folded(n) for n in dropped}:
            unexpected[name] = position
        elif target is not None:
            renamed[target] = name
            exact[target] = position
    missing = [
        column.source
        for column in contract.columns
        if column.source not in exact and not column.may_be_absent and column.from_path is None
    ]
    if missing:
        raise no_such_columns(where, given, missing)
    if repeated:
        raise SourceRefused(
            "UNEXPECTED_COLUMN",
            f"{where}: duplicate column {listed(repeated)}; found {listed(given)}",
            "remove or rename one of them in the file",
        )
    if unexpected and spec_of(contract).new_columns is NewColumns.REFUSE:
        raise unknown_columns(where, unexpected, wanted)
    positions = tuple((c.name, exact[c.source]) for c in contract.columns if c.source in exact)
    notes = _notes(where, positions, renamed)
    if unexpected:
        notes += (new_columns_note(where, unexpected, contract),)
    return Layout(positions, len(found), notes, tuple(unexpected.items()))


def names_in_files(column: Column) -> tuple[str, ...]:
    """The headers, or paths, under which a file may have a column."""
    return (column.source, *column.aliases)


def _by_own_names(
    found: Sequence[str], contract: Contract, where: str
) -> tuple[Sequence[str], dict[str, str]]:
    """The headers with the contract's own name in place of an alias, and what was replaced.

    Raises:
        SourceRefused: UNEXPECTED_COLUMN, for two names of one column.
    """
    names, renamed = list(found), dict[str, str]()
    for column in contract.columns:
        if not column.aliases:
            continue
        known = {folded(name) for name in names_in_files(column)}
        places = [at for at, name in enumerate(found) if folded(name) in known]
        if len(places) > 1:
            raise two_names(where, [found[at] for at in places], column)
        if places and folded(found[places[0]]) != folded(column.source):
            renamed[column.source] = found[places[0]]
            names[places[0]] = column.source
    return names, renamed


def two_names(where: str, names: Sequence[str], column: Column) -> SourceRefused:
    """The refusal of a file that has a column twice, under two of its names."""
    return SourceRefused(
        "UNEXPECTED_COLUMN",
        f"{where}: {listed(names)} are names of one column, `{column.name}`",
        "remove one of them in the file, or from `carms.aliases` in the contract",
    )


def no_such_columns(where: str, found: Iterable[str], missing: Iterable[str]) -> SourceRefused:
    """The refusal of a file that lacks columns."""
    names, lacking = list(found), list(missing)
    near = nearest(lacking[0], filter(None, names))
    return SourceRefused(
        "MISSING_COLUMN",
        f"{where}: missing {_columns(lacking)}; found {listed(names)}",
        either(near, "have the file corrected, or say `carms.mayBeAbsent` of it in the contract"),
    )


def unknown_columns(where: str, unexpected: Iterable[str], known: Iterable[str]) -> SourceRefused:
    """The refusal of a file that has columns which its contract does not know."""
    names = list(unexpected)
    them = "it" if len(names) == 1 else "them"
    to_do = f"add {them} to the contract's properties, or list {them} in `carms.dropColumns`"
    return SourceRefused(
        "UNEXPECTED_COLUMN",
        f"{where}: unexpected {_columns(names)}",
        either(did_you_mean(names[0], known), to_do),
        names[:_SHOWN],
    )


def new_columns_note(where: str, names: Iterable[str], contract: Contract) -> str:
    """The note about columns that a contract does not know and yet accepts."""
    what = {
        NewColumns.ACCEPT: f"their values are in `{SRC_EXTRA}`",
        NewColumns.REJECT: "rows with a value there are rejected",
        NewColumns.REFUSE: "the file is refused",
    }[spec_of(contract).new_columns]
    return f"{where}: {_columns(list(names))} not in the contract; {what}"


def listed(names: Sequence[str]) -> str:
    """Names for a message: `a`, `b`; an empty one is shown as `(without a name)`."""
    shown = [f"`{visible(name)[:80]}`" if name else "(without a name)" for name in names]
    return first_few(shown, _SHOWN) or "none"


def _columns(names: Sequence[str]) -> str:
    return f"column{'s' * (len(names) > 1)} {listed(names)}"


def _notes(
    where: str, positions: tuple[tuple[str, int], ...], renamed: dict[str, str]
) -> tuple[str, ...]:
    pairs = [(visible(name), visible(target)) for target, name in renamed.items()]
    notes = [f"{where}: header `{name}` read as `{target}`" for name, target in pairs]
    order = [position for _, position in positions]
    if order != sorted(order):
        notes.append(f"{where}: the columns are in a different order than in the contract")
    return tuple(notes)
