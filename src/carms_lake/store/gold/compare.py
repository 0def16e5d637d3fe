"""Two states of a table compared: the rows that were added, removed, and whose cells changed."""

import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import duckdb

from carms_lake.config import LakeConfig
from carms_lake.errors import GoldMissing, StoreError
from carms_lake.store.delta import pinned
from carms_lake.store.delta.log import ensure_complete
from carms_lake.store.sql import attach, connect, quoted, read_pinned, scalar

if TYPE_CHECKING:
    import polars as pl

Connection: TypeAlias = duckdb.DuckDBPyConnection
Columns: TypeAlias = tuple[Mapping[str, str], Mapping[str, str]]
"""The type of each column, before and after."""


_EXISTS, _NTH = '"row exists"', '"nth equal row"'
"""Columns of our own: no column of a table has a space in its name."""


@dataclass(frozen=True)
class Sides:
    """Two states of a table as SELECTs; None where there was no table."""

    before: str | None
    after: str | None


@dataclass(frozen=True)
class Comparison:
    """How many rows differ, and what they were matched by."""

    added: int = 0
    removed: int = 0
    changed: int = 0
    key: tuple[str, ...] = ()
    """Empty where no columns tell the rows apart: then a row is added or removed as a whole."""
    new_columns: tuple[str, ...] = ()
    lost_columns: tuple[str, ...] = ()
    new_types: tuple[tuple[str, str, str], ...] = ()
    """Columns whose type changed: name, type before, type after."""

    @property
    def total(self) -> int:
        """How many rows differ."""
        return self.added + self.removed + self.changed

    @property
    def differs(self) -> bool:
        """Whether rows or columns do."""
        return bool(self.total or self.new_columns or self.lost_columns or self.new_types)


@dataclass(frozen=True)
class RowChange:
    """One row that differs, with its values as text; a missing side is None."""

    change: str
    """added, removed or changed."""
    before: Mapping[str, str | None] | None
    after: Mapping[str, str | None] | None


@contextmanager
def comparing(config: LakeConfig, gold: Sequence[Path | None] = ()) -> Iterator[Connection]:
    """A connection on which states of tables can be compared, within the project's memory limit.

    The gold files are attached as `gold_0` and `gold_1`.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        connect(memory_limit=config.memory_limit, temp_directory=folder) as connection,
    ):
        for number, file in enumerate(gold):
            if file is not None:
                attach(connection, file, f"gold_{number}")
        yield connection


@contextmanager
def beside_files(config: LakeConfig) -> "Iterator[Callable[[str], pl.DataFrame]]":
    """What answers SELECTs of this program over the published gold and any Parquet file.

    Raises:
        GoldMissing: gold was not built yet.
        StoreError: the file cannot be read, or a SELECT not be answered.
    """
    import polars as pl

    if not config.gold_file.exists():
        raise GoldMissing(f"no gold file yet: `{config.gold_file}`", "run `carms build`")
    with comparing(config, [config.gold_file]) as connection:
        connection.execute("use gold_0")

        def ask(sql: str) -> "pl.DataFrame":
            try:
                return pl.DataFrame(pl.from_arrow(connection.sql(sql).to_arrow_table()))
            except duckdb.Error as error:
                raise StoreError(
                    f"rows cannot be compared: {error}",
                    "free memory or disk, or raise `memory_limit` in carms.toml",
                ) from error

        yield ask


def sides_of(path: Path, name: str, before: int, after: int) -> Sides | None:
    """What differs between two versions of a table; None where files and columns are the same.

    Rows of files that both versions have are the same, and left out.

    Raises:
        StoreError: files of one of them are gone.
    """
    if before == after:
        return None
    for version in (before, after):
        if version >= 0:
            ensure_complete(path, version, name)
    states = [pinned(path, version) if version >= 0 else None for version in (before, after)]
    files = [set(state.files) if state else set() for state in states]
    columns = [state.columns if state else () for state in states]
    # Versions that only maintenance separates are equal without a look at rows.
    if files[0] == files[1] and columns[0] == columns[1]:
        return None
    selects = [
        read_pinned(replace(state, files=tuple(sorted(own - other)))) if state else None
        for state, own, other in zip(states, files, files[::-1], strict=True)
    ]
    return Sides(*selects)


def gold_select(connection: Connection, number: int, table: str) -> str | None:
    """A SELECT of a table of an attached gold file; None where the file has none."""
    found = connection.execute(
        "select 1 from duckdb_tables() where database_name = $catalog and schema_name = 'gold'"
        " and table_name = $name",
        {"catalog": f"gold_{number}", "name": table},
    ).fetchall()
    return f"select * from gold_{number}.gold.{quoted(table)}" if found else None


def compare(
    connection: Connection, sides: Sides, keys: Sequence[Sequence[str]], ignored: Collection[str]
) -> Comparison:
    """Count the rows that differ, matched by the first of the keys that tells them apart.

    The two states stay on the connection for `row_changes`.
    """
    for view, select, other in (
        ("was", sides.before, sides.after),
        ("is_now", sides.after, sides.before),
    ):
        source = select or f"from ({other}) limit 0"
        connection.execute(f"create or replace temp view {view} as {source}")
    columns = (_columns(connection, "was"), _columns(connection, "is_now"))
    common = [name for name in columns[0] if name in columns[1]]
    key = next((tuple(k) for k in keys if k and _is_key(connection, k, common)), ())
    compared = [name for name in common if name not in ignored or name in key]
    counts = dict(
        connection.execute(
            f"select change, count(*) from ({_changes(columns, key, compared)}) group by change"
        ).fetchall()
    )
    return Comparison(
        **counts,
        key=key,
        new_columns=tuple(sorted(columns[1].keys() - columns[0].keys())),
        lost_columns=tuple(sorted(columns[0].keys() - columns[1].keys())),
        new_types=tuple(
            (name, columns[0][name].lower(), columns[1][name].lower())
            for name in sorted(common)
            if columns[0][name] != columns[1][name]
        ),
    )


def row_changes(
    connection: Connection, found: Comparison, ignored: Collection[str], limit: int
) -> list[RowChange]:
    """The rows that differ, changed ones first, by key; not more than `limit`."""
    columns = (_columns(connection, "was"), _columns(connection, "is_now"))
    common = [name for name in columns[0] if name in columns[1]]
    compared = [name for name in common if name not in ignored or name in found.key]
    half = len(common)
    sorted_by = [
        f"coalesce(c{half + i}, c{i})"
        for i, name in enumerate(common)
        if name in (found.key or compared)
    ]
    rows = connection.execute(
        f"from ({_changes(columns, found.key, compared)})"
        f" order by change = 'changed' desc, {', '.join(sorted_by)}, change limit {limit}"
    ).fetchall()
    return [
        RowChange(
            change,
            None if change == "added" else dict(zip(common, values[:half], strict=True)),
            None if change == "removed" else dict(zip(common, values[half:], strict=True)),
        )
        for change, *values in rows
    ]


def files_and_runs(
    connection: Connection, select: str, columns: Sequence[str], values: Sequence[tuple[Any, ...]]
) -> dict[tuple[Any, ...], list[str]]:
    """By values (as text) of some columns: the files and runs of the bronze rows that have them."""
    if not values:
        return {}
    parameters = {f"v{i}_{j}": v for i, row in enumerate(values) for j, v in enumerate(row)}
    marks = ", ".join(
        "(" + ", ".join(f"$v{i}_{j}" for j in range(len(row))) + ")" for i, row in enumerate(values)
    )
    names = ", ".join(f"{quoted(name)}::varchar" for name in columns)
    rows = connection.execute(
        f"select distinct {names}, src_filename, run_id from ({select})"
        f" where ({names}) in ({marks}) order by all",
        parameters,
    ).fetchall()
    found: dict[tuple[Any, ...], list[str]] = {}
    for *key, file, run_id in rows:
        found.setdefault(tuple(key), []).append(f"{file} ({run_id})")
    return found


def _columns(connection: Connection, view: str) -> dict[str, str]:
    return {name: kind for name, kind, *_ in connection.execute(f"describe {view}").fetchall()}


def _is_key(connection: Connection, key: Sequence[str], common: Sequence[str]) -> bool:
    """Whether all rows of both states differ in these columns."""
    if not set(key) <= set(common):
        return False
    names = ", ".join(quoted(name) for name in key)
    return not any(
        scalar(connection, f"select 1 from {view} group by {names} having count(*) > 1 limit 1")
        for view in ("was", "is_now")
    )


def _changes(columns: Columns, key: Sequence[str], compared: Sequence[str]) -> str:
    """A SELECT of `change` and, as text, of all columns as they were and as they are.

    Of rows without a key the nth of equal ones matches the nth of the other side.
    """
    common = [name for name in columns[0] if name in columns[1]]
    texts = [f"{side}.{quoted(name)}::varchar" for side in ("was", "is_now") for name in common]
    shown = ", ".join(f"{text} as {quoted(f'c{number}')}" for number, text in enumerate(texts))
    matches = [_same(columns, name) for name in key or compared]
    rest = [f"not ({_same(columns, name)})" for name in compared if key and name not in key]
    nth = ""
    if not key:
        names = ", ".join(quoted(name) for name in compared)
        nth = f", row_number() over (partition by {names}) as {_NTH}"
        matches.append(f"was.{_NTH} = is_now.{_NTH}")
    differs = " or ".join(rest) or "false"
    return (
        f"select case when was.{_EXISTS} is null then 'added'"
        f" when is_now.{_EXISTS} is null then 'removed' else 'changed' end as change, {shown}"
        f" from (select true as {_EXISTS}, *{nth} from was) as was"
        f" full join (select true as {_EXISTS}, *{nth} from is_now) as is_now"
        f" on {' and '.join(matches)}"
        f" where was.{_EXISTS} is null or is_now.{_EXISTS} is null or {differs}"
    )


def _same(columns: Columns, name: str) -> str:
    """That a column has the same value on both sides; as text where its type changed."""
    cast = "" if columns[0][name] == columns[1][name] else "::varchar"
    return f"was.{quoted(name)}{cast} is not distinct from is_now.{quoted(name)}{cast}"
