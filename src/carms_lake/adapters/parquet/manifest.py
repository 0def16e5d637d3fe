"""The manifest of a published run: what it has, and how to tell that it is whole."""

from __future__ import annotations

import json
from contextlib import suppress
from hashlib import file_digest, sha256
from typing import TYPE_CHECKING, Any

import carms_lake
from carms_lake.adapters.parquet.place import FORMAT, MANIFEST, RUNS

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake import Lake
    from carms_lake.adapters.gold import Gold
    from carms_lake.adapters.parquet.place import Files, NewFile

Manifest = dict[str, Any]


def write_run(lake: Lake, gold: Gold, new_file: NewFile) -> None:
    """Write each table and view of gold as a Parquet file, then the manifest.

    Raises:
        OSError: a file cannot be written.
        LakeError: gold cannot be read, or a store refuses a file.
    """
    tables = {}
    for table, (version, columns) in gold.tables.items():
        listed = ", ".join(f'"{column}"' for column in columns)
        with new_file(f"{table}.parquet") as file:
            rows = lake.to_parquet(f'select {listed} from gold."{table}"', file)  # noqa: S608 - names of contracts
            tables[table] = {
                "file": file.name,
                "contract_version": version,
                "rows": rows,
                "bytes": file.stat().st_size,
                "sha256": _sha256(file),
            }
    manifest = {
        "format": FORMAT,
        "domain": gold.domain,
        "run": gold.run_id,
        "built_at": gold.built_at,
        "failed_checks": gold.failed_checks,
        "tool_version": carms_lake.__version__,
        "digest": _digest(tables),
        "tables": tables,
    }
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    with new_file(MANIFEST) as file:
        file.write_text(text, encoding="utf-8", newline="")


def whole_run(files: Files, run_id: str) -> Manifest | None:
    """The manifest of a run all of whose files are as they were written; None without one.

    Raises:
        OSError: a file cannot be read.
        StoreError: the same.
    """
    folder = f"{RUNS}/{run_id}"
    with suppress(ValueError, KeyError, TypeError):
        found: Manifest = json.loads(files.read(f"{folder}/{MANIFEST}") or b"")
        tables = found["tables"].values()
        is_whole = all(files.sha256(f"{folder}/{one['file']}") == one["sha256"] for one in tables)
        if is_whole and found["digest"] == _digest(found["tables"]):
            return found
    return None


def _digest(tables: dict[str, dict[str, Any]]) -> str:
    """One digest for all files: of a line for each with its name and its own digest."""
    lines = (f"{one['sha256']}  {one['file']}\n" for _, one in sorted(tables.items()))
    return sha256("".join(lines).encode()).hexdigest()


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()
