"""What another engine computed, compared with the published table: in DuckDB, row by row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from carms_lake import ParityStatus
from carms_lake.errors import counted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import polars as pl
    import pyarrow as pa

    from carms_lake import Contract

    Ask = Callable[[str], pl.DataFrame]
    """Answers a SELECT over the published gold and files."""

CLOSE = 1e-12
"""Floating-point numbers that differ by less, of their size, are equal in the second degree."""
_EXAMPLES = 2
_FLOATS = ("FLOAT", "DOUBLE")


@dataclass(frozen=True)
class Verdict:
    """How two tables compare."""

    status: ParityStatus
    rows: int
    differing_rows: int = 0
    columns: tuple[str, ...] = ()
    message: str = ""
    examples: tuple[str, ...] = ()


def compared(ask: Ask, contract: Contract, rows: pa.Table, path: Path) -> Verdict:
    """Compare rows with the published table of a contract; `path` is a file that may be written.

    Raises:
        LakeError: DuckDB cannot compare them, such as for lack of memory.
    """
    pq.write_table(rows, path)
    tables = _Tables(ask, contract, path)
    wanted, found = tables.types()
    count = tables.count()
    if wanted != found:
        wrong = tuple(name for name in {**wanted, **found} if wanted.get(name) != found.get(name))
        said = ", ".join(
            f"`{n}` is {found.get(n, 'missing')}, not {wanted.get(n, 'a column')}" for n in wrong
        )
        return Verdict(ParityStatus.DIFFERS, count, columns=wrong, message=said)
    ours, theirs = tables.difference()
    if not ours and not theirs:
        return Verdict(ParityStatus.EXACT, count)
    pairs = tables.pairs() if ours == theirs else {}
    if ours == theirs and not any(pairs.values()):
        message = f"{counted(ours, 'row')} differ by less than {CLOSE}"
        columns = tuple(name for name, kind in wanted.items() if kind in _FLOATS)
        return Verdict(ParityStatus.CLOSE, count, ours + theirs, columns, message)
    return Verdict(
        ParityStatus.DIFFERS,
        count,
        ours + theirs,
        tuple(name for name, differing in pairs.items() if differing),
        f"{counted(ours, 'row')} only in DuckDB, {counted(theirs, 'row')} only there",
        tables.examples(),
    )


class _Tables:
    """The published table and the one that was computed, as DuckDB reads them."""

    def __init__(self, ask: Ask, contract: Contract, path: Path) -> None:
        self._ask = ask
        self._contract = contract
        self._names = contract.column_names
        columns = ", ".join(map(_quoted, self._names))
        file = str(path).replace("'", "''")
        self._from = {
            "ours": f"from {contract.ref.in_domain}",
            "theirs": f"from read_parquet('{file}')",
        }
        self._rows = {side: f"(select {columns} {text})" for side, text in self._from.items()}

    def types(self) -> tuple[dict[str, str], dict[str, str]]:
        """By column: the type, ours and theirs."""
        ours, theirs = (
            self._ask(f"select column_name, column_type from (describe {text})").rows()
            for text in self._from.values()
        )
        return dict(ours), {name: dict(theirs)[name] for name in sorted(dict(theirs), key=self._at)}

    def _at(self, name: str) -> int:
        return self._names.index(name) if name in self._names else len(self._names)

    def count(self) -> int:
        """The rows of the published table."""
        return int(self._ask(f"select count(*) {self._from['ours']}").item())

    def difference(self) -> tuple[int, int]:
        """How many rows only we have, and only they."""
        ours, theirs = self._only("ours"), self._only("theirs")
        found = self._ask(f"select (select count(*) from {ours}), (select count(*) from {theirs})")
        return found.row(0)

    def pairs(self) -> dict[str, int]:
        """By column: in how many of the rows that differ it does, by more than floats may.

        Rows are paired by the key, or in their order where there is none.
        """
        types, _ = self.types()
        exact = [name for name, kind in types.items() if kind not in _FLOATS]
        floats = [name for name in types if name not in exact]
        order = ", ".join(map(_quoted, [*(self._contract.primary_key or exact), *floats]))
        sides = [
            f"(select *, row_number() over (order by {order}) as carms_row from {self._only(side)})"
            for side in ("ours", "theirs")
        ]
        counts = ", ".join(
            f"count(*) filter (where not ({_same(x, is_float=x in floats)})) as {_quoted(x)}"
            for x in types
        )
        found = self._ask(
            f"select {counts} from {sides[0]} as ours join {sides[1]} as theirs using (carms_row)"
        )
        return found.row(0, named=True)

    def examples(self) -> tuple[str, ...]:
        """The first rows of each side as text, without columns that are private."""
        private = {column.name for column in self._contract.columns if column.is_private}
        shown = ", ".join(_quoted(name) for name in self._names if name not in private) or "1"
        found = []
        for side, where in (("ours", "DuckDB"), ("theirs", "there")):
            rows: pl.DataFrame = self._ask(
                f"select {shown} from {self._only(side)} order by all limit {_EXAMPLES}"
            )
            found += [f"only in {where}: {row}" for row in rows.iter_rows(named=True)]
        return tuple(text.replace("only in there", "only there") for text in found)

    def _only(self, side: str) -> str:
        other = self._rows["theirs" if side == "ours" else "ours"]
        return f"(from {self._rows[side]} except all from {other})"


def _same(name: str, *, is_float: bool) -> str:
    """Whether a column of a pair is the same, as SQL."""
    ours, theirs = f"ours.{_quoted(name)}", f"theirs.{_quoted(name)}"
    same = f"{ours} is not distinct from {theirs}"
    if is_float:
        size = f"greatest(abs({ours}), abs({theirs}))"
        same += f" or coalesce(abs({ours} - {theirs}) <= {CLOSE} * {size}, false)"
    return same


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
