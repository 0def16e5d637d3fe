"""What an ingest commits: the rows of its files, in place of those that the table has of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from carms_lake.contract.model import Delivery
from carms_lake.names import DELIVERY_ID, SRC_FILENAME
from carms_lake.quality.split import landed_schema
from carms_lake.store import delta, table_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from carms_lake.contract.model import Contract
    from carms_lake.flows.run import Run
    from carms_lake.store.delta.manifest import FileEntry, Manifest
    from carms_lake.store.delta.staged import Staged


def commit(
    run: Run,
    contract: Contract,
    manifest: Manifest,
    entries: Sequence[FileEntry],
    staged: Staged,
    *,
    is_full_refresh: bool,
) -> None:
    """Commit the staged rows of files together; their rejects are written already.

    Where the contract's columns changed, a full refresh carries other deliveries over to them.

    Raises:
        ContractError: the table has other columns than its contract.
        StoreError: the lake cannot be written.
    """
    path, schema = table_path(run.config, contract.ref), landed_schema(contract)
    metadata = {
        "run_id": run.run_id,
        "contract": contract.fingerprint,
        "contract_version": contract.version,
        "files": [entry.as_metadata() for entry in entries],
    }
    known = {_delivery(entry) for entry in manifest.entries}
    with_rows = {_delivery(entry) for entry in manifest.entries if entry.accepted}
    replaced = [_delivery(entry) for entry in entries if _delivery(entry) in known]
    keys = _keys(contract, replaced)
    is_whole = bool(with_rows) and with_rows <= set(replaced)
    if is_full_refresh and not is_whole and delta.exists(path) and delta.columns(path) != schema:
        staged.add(_other_rows(contract, run, keys))
        is_whole = True
    staged.commit(metadata, keys if replaced else None, whole=is_whole)


def _delivery(entry: FileEntry) -> tuple[str, int | None]:
    return entry.name, entry.delivery_id


def _keys(contract: Contract, deliveries: Sequence[tuple[str, int | None]]) -> pl.DataFrame:
    """What tells the rows of these deliveries from others."""
    schema = {SRC_FILENAME: pl.String, DELIVERY_ID: pl.Int64}
    keys = pl.DataFrame(deliveries, schema=schema, orient="row")
    is_snapshot = contract.source and contract.source.delivery is Delivery.SNAPSHOT
    return keys if is_snapshot else keys.select(SRC_FILENAME)


def _other_rows(contract: Contract, run: Run, replaced: pl.DataFrame) -> pl.DataFrame:
    """The rows of other deliveries under the contract's columns; null in those that are new."""
    path, schema = table_path(run.config, contract.ref), pl.Schema(landed_schema(contract))
    present = delta.columns(path)
    rows = delta.scan(path).join(
        replaced.lazy(), on=replaced.columns, how="anti", nulls_equal=True, maintain_order="left"
    )
    missing = [
        pl.lit(None, kind).alias(name) for name, kind in schema.items() if name not in present
    ]
    return rows.with_columns(missing).select(schema.keys()).cast(schema).collect()
