"""One commit for the files of a bronze table: the rows that were read, in place of earlier ones."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import polars as pl

from carms_lake.contract.model import Contract
from carms_lake.flows.ingest.kept import has_other_types, kept_rows
from carms_lake.flows.ingest.renames import Renames, move_rejects, moved_rows
from carms_lake.flows.run import Run
from carms_lake.names import DELIVERY_ID, SRC_FILENAME
from carms_lake.quality.split import landed_schema
from carms_lake.store import delta, table_path
from carms_lake.store.delta.inspection import inspected
from carms_lake.store.delta.integrity import beyond_cure
from carms_lake.store.delta.log import LEFT
from carms_lake.store.delta.manifest import FileEntry
from carms_lake.store.delta.staged import Staged
from carms_lake.store.delta.write import ensure_columns


def keys_of(contract: Contract, deliveries: Sequence[tuple[str, int | None]]) -> pl.DataFrame:
    """What tells the rows of these deliveries from others."""
    schema = {SRC_FILENAME: pl.String, DELIVERY_ID: pl.Int64}
    keys = pl.DataFrame(deliveries, schema=schema, orient="row")
    return keys if DELIVERY_ID in contract.audit_columns else keys.select(SRC_FILENAME)


def commit(
    run: Run,
    contract: Contract,
    staged: Staged | None,
    entries: Sequence[FileEntry],
    renames: Renames,
    *,
    is_full_refresh: bool,
    misfits_as_null: bool,
) -> None:
    """Commit the staged rows of files together, in place of those that the table has of them.

    Renamed files that were not read take their rows and rejects along. Where the contract's
    columns changed, a full refresh carries other deliveries over to them. Without `staged`, of a
    dry run, nothing is committed.

    Raises:
        ContractError: the table has other columns than its contract, or a full refresh keeps
            values that are not of its types.
        StoreError: the lake cannot be written.
    """
    path = table_path(run.config, contract.ref)
    schema = landed_schema(contract)
    read = {(entry.name, entry.delivery_id) for entry in entries}
    kept = renames.origin.keys() - read
    # The table has its rows under the old names.
    known = {
        renames.origin.get((e.name, e.delivery_id), (e.name, e.delivery_id)): e.accepted
        for e in renames.manifest.entries
    }
    replaced = {*renames.origin.values(), *renames.dropped}
    replaced |= {label for label in read - renames.origin.keys() if label in known}
    keys = keys_of(contract, sorted(replaced, key=repr))
    with_rows = {label for label, accepted in known.items() if accepted}
    is_whole = bool(with_rows) and with_rows <= replaced and not kept
    is_there = delta.exists(path)
    present = delta.columns(path) if is_full_refresh and is_there else schema
    if staged is None:
        if not (is_full_refresh or is_whole):
            ensure_columns(path, schema)
        return
    as_kept = partial(kept_rows, run, contract, present, misfits_as_null=misfits_as_null)
    if kept:
        move_rejects(run, contract, renames, kept)
        if delta.columns(path) == present:  # else the commit refuses
            for rows in moved_rows(run, contract, renames, kept):
                staged.add(as_kept(rows))
    has_others = is_full_refresh and is_there and not is_whole
    if has_others and has_other_types(contract, present):
        others = delta.scan(path).join(
            keys.lazy(), on=keys.columns, how="anti", nulls_equal=True, maintain_order="left"
        )
        staged.add(as_kept(others))
        is_whole = True
    if is_full_refresh and not is_whole and (wrong := inspected(path, contents=True).wrong):
        raise beyond_cure(path, wrong, sorted({n for n, _ in with_rows - replaced}))
    renamed = [e for e in renames.entries if (e.name, e.delivery_id) not in read]
    metadata = _metadata(run, contract, [*renamed, *entries], renames)
    staged.commit(metadata, keys if replaced else None, whole=is_whole)


def _metadata(
    run: Run, contract: Contract, entries: Sequence[FileEntry], renames: Renames
) -> dict[str, Any]:
    """What the commit says of its run, its contract and its files."""
    metadata: dict[str, Any] = {
        "run_id": run.run_id,
        "contract": contract.fingerprint,
        "contract_version": contract.version,
        "files": [entry.as_metadata() for entry in entries],
    }
    return {**metadata, LEFT: renames.left} if renames.left else metadata
