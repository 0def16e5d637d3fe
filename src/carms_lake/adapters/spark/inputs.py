"""What the SELECTs read, as views of the server: silver from the lake's own files, gold copied.

The server reads files, so it has to see the lake. The published gold, `ops`, and silver with masks
are copied as Parquet into a folder of the lake, which is removed afterwards.
"""

from __future__ import annotations

import re
import secrets
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from carms_lake import Published
from carms_lake.adapters.spark.server import SAIL, Refused
from carms_lake.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from carms_lake import Lake
    from carms_lake.adapters.spark.server import Server
    from carms_lake.adapters.spark.translation import Mask, Translation

_TYPE = re.compile(r'(ArrayType\()?PrimitiveType\("([^"]+)"\)(?:, contains_null=\w+\))?')
"""A type of a Delta table, as a pinned version names it."""


class Inputs:
    """Tables of the lake that a server reads; each is made a view once."""

    def __init__(self, lake: Lake, server: Server, gold_run_id: str, scratch: Path) -> None:
        self._lake = lake
        self._server = server
        self._run_id = gold_run_id
        self.scratch = scratch
        """A folder of the lake, for files that end with the certificate."""
        self._read: dict[str, str] = {}

    def read(self, select: Translation) -> tuple[str, ...]:
        """Make the views that a SELECT reads; the tables, those of silver with their versions.

        Raises:
            Refused: the server cannot read one of them.
            StoreError: a table of silver is not as the build read it, or the server has gone.
        """
        masks: dict[str, list[Mask]] = {}
        for mask in select.masks:
            masks.setdefault(mask.table, []).append(mask)
        for view, table in select.views.items():
            # Two SELECTs may want other masks of one table.
            if view not in self._read or table in masks:
                self._read[view] = self._made(view, table, masks.get(table, []))
        return tuple(sorted(self._read[view] for view in select.views))

    def _made(self, view: str, table: str, masks: list[Mask]) -> str:
        if not table.startswith("silver."):
            self._create(view, self._parquet([self._copied(view, table)]))
            return table
        pinned = self._lake.silver_files(table, self._run_id)
        if masks:
            frame = self._parquet([self._masked(view, table, masks)])
        elif self._server.engine == SAIL:
            folder = self._lake.config.lake / "silver" / table.partition(".")[2]
            delta = self._server.session.read.format("delta").option("versionAsOf", pinned.version)
            with self._server.answering():
                frame = delta.load(self._seen(folder))
        else:  # Apache Spark reads no Delta tables without a library of the server
            schema = schema_of(table, dict(pinned.columns))
            frame = self._parquet([Path(file) for file in pinned.files], schema)
        self._create(view, frame if masks else _without_zones(frame, dict(pinned.columns)))
        return f"{table} {pinned.version}"

    def _create(self, view: str, frame: Any) -> None:
        with self._server.answering():
            frame.createOrReplaceTempView(view)

    def _parquet(self, files: list[Path], schema: str | None = None) -> Any:
        session = self._server.session
        with self._server.answering():
            if not files:
                return session.createDataFrame([], schema)
            read = session.read if schema is None else session.read.schema(schema)
            return read.parquet(*map(self._seen, files))

    def _seen(self, path: Path) -> str:
        """A path in the lake as the server sees it."""
        return seen(self._lake, self._server, path)

    def _copied(self, view: str, table: str) -> Path:
        """A table of the published file, as Parquet."""
        path = self.scratch / f"{view}.parquet"
        if table.startswith("gold."):
            self._lake.to_parquet(f"from {table}", path)
        else:  # the operations as of the build, which the lake's own have moved on from
            file = Published(self._lake.config)
            try:
                file.query(f"from {table}").write_parquet(path)
            finally:
                file.close()
        return path

    def _masked(self, view: str, table: str, masks: list[Mask]) -> Path:
        """A table of silver with masks, as Parquet: the key stays here."""
        words = ", ".join(f"{mask.expression} as {mask.column}" for mask in masks)
        rows = self._lake.query(f"select *, {words} from {table}", as_of=self._run_id)
        hashed = [
            pl.Series(mask.column, self._lake.masked(rows[mask.column]), dtype=pl.String)
            for mask in masks
        ]
        # Another SELECT may want other masks: a new name, as engines keep what they know of a file.
        path = self.scratch / f"{view}_{secrets.token_hex(4)}.parquet"
        rows.with_columns(hashed).write_parquet(path)
        return path


@contextmanager
def scratch_of(lake: Lake) -> Iterator[Path]:
    """A folder in the lake that ends with the block; what a killed certificate left is removed.

    Raises:
        StoreError: it cannot be made.
    """
    folder = lake.config.gold_file.parent / f".{lake.config.domain.name}.certify"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise StoreError(
            f"`{folder}` cannot be written: {error.strerror}", "check its permissions and the disk"
        ) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def seen(lake: Lake, server: Server, path: Path) -> str:
    """A path in the lake as the server sees it: carms.toml may say where it has the folder."""
    folder, there = lake.config.gold_file.parent, lake.config.spark.lake
    if there is None or server.url == SAIL:
        return str(path)
    return f"{there.rstrip('/')}/{path.relative_to(folder).as_posix()}"


def ensure_seen(lake: Lake, server: Server, scratch: Path) -> None:
    """Refuse a server that does not read what is written to the lake, before anything runs.

    Raises:
        StoreError: it does not.
    """
    word, probe = secrets.token_hex(8), scratch / "probe.parquet"
    pl.DataFrame({"word": [word]}).write_parquet(probe)
    path = seen(lake, server, probe)
    why = "it reads another file there"
    try:
        with server.answering():
            found = server.session.read.parquet(path).toArrow().to_pylist()
    except Refused as refused:
        found, why = [], str(refused)
    if found != [{"word": word}]:
        raise StoreError(
            f"the Spark Connect server `{server.url}` does not see the lake: `{path}`: {why}",
            "put the lake on storage that the server and its workers mount, and say in carms.toml "
            'how they see its folder: `[spark]`, `lake = "/mnt/lake"`',
        )


def _without_zones(frame: Any, columns: Mapping[str, str]) -> Any:
    """The rows with times in UTC without a zone, as a build reads them."""
    return frame.selectExpr(
        *(
            f"cast(`{name}` as timestamp_ntz) as `{name}`" if '"timestamp"' in kind else f"`{name}`"
            for name, kind in columns.items()
        )
    )


def schema_of(table: str, columns: Mapping[str, str]) -> str:
    """The columns of a Delta table as Spark's DDL; without it Spark looks into the files.

    Raises:
        Refused: a column is of a nested type.
    """
    found = []
    for name, kind in columns.items():
        match = _TYPE.fullmatch(kind)
        if match is None:
            raise Refused(f"`{table}` has a column of a nested type: `{name}`")
        found.append(f"`{name}` array<{match[2]}>" if match[1] else f"`{name}` {match[2]}")
    return ", ".join(found)
