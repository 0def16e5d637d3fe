"""dlt's fastest path: Arrow tables. `load_arrow.py DATA BRONZE WORK KIND`.

`KIND` is what becomes of them: `parquet` and `delta` are folders `BRONZE/bronze/<table>/`, `duckdb`
is the schema bronze of the file `BRONZE`.

Files that an earlier load of the same pipeline brought are known by name, size and time.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import dlt
import sources

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa
    from dlt.extract import DltResource


def main() -> int:
    """Load what is new."""
    root, bronze, work = (Path(argument).absolute() for argument in sys.argv[1:4])
    kind = sys.argv[4]
    pipeline = dlt.pipeline(
        "retail",
        pipelines_dir=str(work),
        destination=dlt.destinations.duckdb(str(bronze))
        if kind == "duckdb"
        else dlt.destinations.filesystem(bronze.as_uri()),
        dataset_name="bronze",
    )
    loaded_at = datetime.now(UTC)
    found = sources.files_of(root)
    pipeline.run(
        [_resource(name, files, root, loaded_at) for name, files in found.items()] + [_holidays()],
        loader_file_format="parquet",
        table_format="delta" if kind == "delta" else None,
    )
    trace = pipeline.last_trace.last_normalize_info
    counts = trace.row_counts if trace else {}
    sources.report(rows={n: c for n, c in counts.items() if not n.startswith("_dlt")})
    return 0


def _resource(name: str, files: list[Path], root: Path, loaded_at: datetime) -> DltResource:
    def new() -> Iterator[pa.Table]:
        known = dlt.current.resource_state().setdefault("files", {})
        marks = {str(f.relative_to(root)): _mark(f) for f in files}
        fresh = [f for f in files if known.get(str(f.relative_to(root))) != _mark(f)]
        if fresh:
            yield from sources.tables(name, fresh, loaded_at)
            known.update(marks)

    return dlt.resource(new, name=name, write_disposition="append")


def _mark(file: Path) -> list[int]:
    found = file.stat()
    return [found.st_size, found.st_mtime_ns]


def _holidays() -> DltResource:
    def new() -> Iterator[pa.Table]:
        state = dlt.current.resource_state()
        if not state.get("is_loaded"):
            yield sources.holidays()
            state["is_loaded"] = True

    return dlt.resource(new, name="holidays", write_disposition="append")


if __name__ == "__main__":
    sys.exit(main())
