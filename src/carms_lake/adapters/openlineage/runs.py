"""What `ops` says of a run: the run, its files, the tables that it built, its checks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from carms_lake.errors import UsageError
from carms_lake.run_names import run_named

if TYPE_CHECKING:
    from carms_lake import Lake

LOADING = ("ingest", "build")
"""The commands whose newest runs made the lake what it is."""

Row = dict[str, Any]


class RunRecord(NamedTuple):
    """One run."""

    row: Row
    """Of `ops.runs`."""
    files: list[Row]
    tables: list[Row]
    checks: list[Row]

    @property
    def run_id(self) -> str:
        """Its id."""
        return str(self.row["run_id"])

    @property
    def command(self) -> str:
        """Its command, such as `ingest`."""
        return str(self.row["command"])

    @property
    def began(self) -> datetime:
        """When it began (UTC)."""
        at: datetime = self.row["started_at"]
        return at.replace(tzinfo=UTC)

    @property
    def ended(self) -> datetime:
        """When it ended (UTC)."""
        return self.began + timedelta(seconds=self.row["seconds"] or 0)


def read_runs(lake: Lake, run: str | None) -> list[RunRecord]:
    """The run of a name, or the newest ones of `ingest` and `build`, the older one first.

    Raises:
        UsageError: there was no run yet, or none has that name.
        StoreError: the lake cannot be read.
    """
    there = lake.query(
        "select table_name from information_schema.tables where table_schema = 'ops'"
    )
    known = set(there.to_series())
    runs = _rows(lake, "runs", known, "true")
    if run is not None:
        listed = "`carms status` shows the last runs"
        wanted = {run_named(run, [row["run_id"] for row in runs], listed=listed)}
    else:
        newest = {row["command"]: row["run_id"] for row in runs if row["command"] in LOADING}
        wanted = set(newest.values())
    if not wanted:
        raise UsageError(
            "nothing was loaded or built yet, so there are no events", "run `carms run` first"
        )
    return [
        RunRecord(
            row,
            *(
                _rows(lake, table, known, "run_id = $run", run=row["run_id"])
                for table in ("processed_files", "table_versions", "check_results")
            ),
        )
        for row in runs
        if row["run_id"] in wanted
    ]


def _rows(lake: Lake, table: str, known: set[str], which: str, **values: Any) -> list[Row]:
    """Rows of a table of operations, in a fixed order; none where the lake does not have it."""
    if table not in known:
        return []
    select = f"select * from ops.{table} where {which} order by all"  # noqa: S608 - names of ours
    return lake.query(select, values or None).to_dicts()
