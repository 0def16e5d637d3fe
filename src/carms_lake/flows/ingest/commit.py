"""One commit for the files of a bronze table: the rows that were read, in place of earlier ones.

Rows of earlier deliveries, which no file has any more, are carried over to a contract that changed.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import polars as pl

from carms_lake.contract.model import Column, Contract
from carms_lake.errors import ContractError, counted, first_few
from carms_lake.flows.ingest.renames import Renames, move_rejects, moved_rows
from carms_lake.flows.run import Run
from carms_lake.names import DELIVERY_ID, SRC_FILENAME, SRC_ROW_NUMBER
from carms_lake.quality.split import landed_schema
from carms_lake.quality.types import fits_exactly, json_is_read
from carms_lake.store import delta, table_path
from carms_lake.store.delta.inspection import inspected
from carms_lake.store.delta.integrity import beyond_cure
from carms_lake.store.delta.log import LEFT
from carms_lake.store.delta.manifest import FileEntry
from carms_lake.store.delta.staged import Staged
from carms_lake.store.delta.write import ensure_columns

_SHOWN = 3
"""How many values a message names."""


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
    read = {entry.label for entry in entries}
    kept = renames.origin.keys() - read
    # The table has its rows under the old names.
    known = {renames.origin.get(e.label, e.label): e.accepted for e in renames.manifest.entries}
    replaced = {*renames.origin.values(), *renames.dropped}
    replaced |= {label for label in read - renames.origin.keys() if label in known}
    keys = keys_of(contract, sorted(replaced, key=repr))
    with_rows = {label for label, accepted in known.items() if accepted}
    # Where every row goes anyway, the columns may be new ones without a full refresh.
    is_whole = bool(with_rows) and with_rows <= replaced and not kept
    is_there = delta.exists(path)
    present = delta.columns(path) if is_full_refresh and is_there else schema
    if staged is None:
        if not (is_full_refresh or is_whole):
            ensure_columns(path, schema)
        return
    as_kept = partial(_kept_rows, run, contract, present, misfits_as_null=misfits_as_null)
    if kept:
        move_rejects(run, contract, renames, kept)
        if delta.columns(path) == present:  # else the commit refuses
            for rows in moved_rows(run, contract, renames, kept):
                staged.add(as_kept(rows))
    has_others = is_full_refresh and is_there and not is_whole
    if has_others and _has_other_types(contract, present):
        others = delta.scan(path).join(
            keys.lazy(), on=keys.columns, how="anti", nulls_equal=True, maintain_order="left"
        )
        staged.add(as_kept(others))
        is_whole = True
    if is_full_refresh and not is_whole and (wrong := inspected(path, contents=True).wrong):
        raise beyond_cure(path, wrong, sorted({n for n, _ in with_rows - replaced}))
    renamed = [e for e in renames.entries if e.label not in read]
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


def _has_other_types(contract: Contract, present: Mapping[str, pl.DataType]) -> bool:
    """Whether kept rows have to be cast, or their texts looked at, to be rows of the contract."""
    is_other = present != landed_schema(contract)
    return is_other or any(_is_recast(column, contract, present) for column in contract.columns)


def _is_recast(column: Column, contract: Contract, present: Mapping[str, pl.DataType]) -> bool:
    # Text and JSON are one type of column: only the values tell whether they are JSON.
    is_json = column.type.name == "json" and not json_is_read(contract)
    other = present.get(column.name) != landed_schema(contract)[column.name]
    return column.name in present and (other or is_json)


def _kept_rows(
    run: Run,
    contract: Contract,
    present: Mapping[str, pl.DataType],
    rows: pl.LazyFrame,
    *,
    misfits_as_null: bool,
) -> pl.DataFrame:
    """Rows of the table, which has the `present` columns, in the columns of its contract.

    New columns are null. A value is cast exactly or not at all: nothing is rounded or cut. With
    `misfits_as_null`, one that does not fit becomes null, and the run notes how many did.

    Raises:
        ContractError: a value is not one of its column's type, unless that is to be null.
    """
    schema = landed_schema(contract)
    before = rows.collect()
    recast = [column for column in contract.columns if _is_recast(column, contract, present)]
    exact = before.with_columns(
        fits_exactly(column.name, present[column.name], column.type, column.spelling)
        for column in recast
    )
    misfits = {
        column.name: before.filter(before[column.name].is_not_null() & exact[column.name].is_null())
        for column in recast
    }
    count = sum(frame.height for frame in misfits.values())
    if count and not misfits_as_null:
        found = [text for c in recast for text in _described(misfits[c.name], c)]
        raise ContractError(
            f"`{contract.ref}`: {counted(count, 'value')} of kept deliveries cannot be cast "
            f"exactly to the type of the contract: {first_few(found, _SHOWN)}",
            f"change the type in `{contract.path}`, or keep these values as null with "
            f"`carms ingest --full-refresh --misfits-as-null {contract.ref.table}`",
        )
    if count:
        run.add(notes=[f"`{contract.ref.in_domain}`: {counted(count, 'kept value')} became null"])
    new = {name: pl.lit(None, kind) for name, kind in schema.items() if name not in present}
    return exact.with_columns(**new).select(list(schema)).cast(pl.Schema(schema))


def _described(misfits: pl.DataFrame, column: Column) -> Iterator[str]:
    """What each value is, unless it is about people; its file, delivery and record."""
    is_public = column.classification in (None, "public")
    as_text = pl.col(column.name).cast(pl.String, strict=False)
    value = as_text if is_public else pl.lit("a value")
    delivery = pl.col(DELIVERY_ID) if DELIVERY_ID in misfits.columns else pl.lit(None)
    places = misfits.sort(SRC_FILENAME, delivery, SRC_ROW_NUMBER).select(
        SRC_FILENAME, delivery.alias(DELIVERY_ID), SRC_ROW_NUMBER, value.alias("value")
    )
    for name, number, record, shown in places.iter_rows():
        of_delivery = f", delivery {number}" if number is not None else ""
        text = f"`{shown}`" if is_public else shown
        yield f"{text} for `{column.name}` {column.type} (`{name}`{of_delivery}, record {record})"
