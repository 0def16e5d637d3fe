"""One published file as the service has it, and its replacement as a whole by the next one.

A request has one snapshot from its beginning to its end, so no answer mixes two files; an old one
is closed when the last request that has it ends.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

from carms_lake import Published
from carms_lake.api.published import encoded
from carms_lake.errors import GoldMissing, LakeError, StoreError
from carms_lake.serve.memory import Memory
from carms_lake.serve.rows import Held, hold

if TYPE_CHECKING:
    from carms_lake import Lake
    from carms_lake.api.contracts import Contracts

MEMORY = "128MB"
"""What DuckDB may take for a published file, in all threads: `search` needs up to 50 of it."""

_TABLES = """
select table_name, list(column_name order by column_index)
from duckdb_columns()
where schema_name = 'gold' and database_name = 'published' and not internal
group by table_name
order by table_name
"""


class Snapshot:
    """A published file, what it has, and what was read from it."""

    def __init__(self, lake: Published, contracts: Contracts) -> None:
        self.lake = lake
        self.memory = Memory()
        self.run_id = _run_id(lake)
        named = f"{self.run_id} {lake.mark}"
        self.tag = hashlib.sha256(named.encode()).hexdigest()[:12]
        self.contracts = dict(contracts)
        gold = {name: one for name, one in contracts.items() if name.startswith("gold.")}
        self.private = contracts.private_in_gold()
        """Names of columns that a contract of gold classifies; nothing of that name is shown."""
        held = dict(lake.rows(_TABLES)[1])
        self.tables: dict[str, tuple[str, ...]] = {}
        """By table of gold with a contract: the columns that are shown."""
        for name, contract in gold.items():
            there = held.get(table := name.removeprefix("gold."))
            if there and contract.kind != "macro":
                known = [c.name for c in contract.columns if c.name in there]
                self.tables[table] = tuple(one for one in known if one not in self.private)
        self._uses = 0
        self._is_old = False
        self._lock = Lock()

    def hold(self, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> Held:
        """Rows to be kept in memory, as they are shown."""
        return hold(self.private, columns, rows)

    def public(self, value: Any) -> Any:
        """A value without the members whose names are those of private columns."""
        if not self.private:
            return value
        if isinstance(value, dict):
            return {k: self.public(v) for k, v in value.items() if k not in self.private}
        return [self.public(one) for one in value] if isinstance(value, list | tuple) else value

    def members(self, more: Mapping[str, Any]) -> bytes:
        """Members of an answer, as they are shown and as `paging.page` takes them."""
        return encoded(self.public(more))[1:-1] + b","

    def take(self) -> bool:
        """Begin a use; False where the snapshot was closed already."""
        with self._lock:
            if self._is_old and not self._uses:
                return False
            self._uses += 1
            return True

    def give_back(self) -> None:
        """End a use; the last one of an old snapshot closes it."""
        with self._lock:
            self._uses -= 1
            is_over = self._is_old and not self._uses
        if is_over:
            self.lake.close()

    def retire(self) -> None:
        """Another one is in its place: it is closed as soon as nobody uses it."""
        with self._lock:
            self._is_old = True
            is_over = not self._uses
        if is_over:
            self.lake.close()


class Snapshots:
    """The snapshot of now; `refresh` loads a newly published file."""

    def __init__(self, lake: Lake, warm: Callable[[Snapshot], None] = lambda _: None) -> None:
        self._lake = lake
        self._warm = warm
        self._refreshing = Lock()
        self._tried: tuple[int, int, int] | None = None
        self.current: Snapshot | None = None
        self.fault: LakeError | None = None
        """Why the newest file is not served."""

    @property
    def is_stale(self) -> bool:
        """Whether another file is published than the one served, and was not tried yet."""
        newest = Published.newest(self._lake.config)
        return newest is not None and newest != self._tried

    def refresh(self) -> bool:
        """Load the newest file; whether there is a new snapshot. On an error the old one stays.

        What the domain's routes read first is read before the new one is used.
        """
        with self._refreshing:
            self._tried = Published.newest(self._lake.config)
            try:
                lake = Published(self._lake.config, memory_limit=MEMORY)
                try:
                    fresh = Snapshot(lake, self._lake.contracts)
                    self._warm(fresh)
                except BaseException:
                    lake.close()
                    raise
            except LakeError as fault:
                self.fault = fault
                return False
            old, self.current, self.fault = self.current, fresh, None
            self._tried = lake.mark
            if old is not None:
                old.retire()
            return True

    @contextmanager
    def using(self) -> Iterator[Snapshot]:
        """The snapshot of now, which is not closed meanwhile.

        Raises:
            LakeError: there is none; the reason.
        """
        while True:
            found = self.current
            if found is None:
                raise self.fault or GoldMissing("no gold file yet", "run `carms build`")
            if found.take():
                break
        try:
            yield found
        finally:
            found.give_back()

    def close(self) -> None:
        """Close what is open, once the last request has ended."""
        if self.current is not None:
            self.current.retire()
            self.current = None


def _run_id(lake: Published) -> str:
    """The run that published the file; empty where the file does not say."""
    try:
        return str(lake.rows("select run_id from published.ops.build")[1][0][0])
    except (LakeError, IndexError) as error:
        if isinstance(error, StoreError):
            raise
        return ""
