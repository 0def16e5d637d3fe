"""What a silver table's function reads: the newest deliveries of bronze, each record once."""

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import polars as pl

from carms_lake import authored
from carms_lake.catalog import SilverStep
from carms_lake.contract.model import Balance, Contract
from carms_lake.errors import ContractError
from carms_lake.flows import series
from carms_lake.flows.build.context import NO_COLUMN, OTHER_TYPE, BuildContext, all_rows, collected
from carms_lake.names import (
    DELIVERED_AT,
    DELIVERY_ID,
    SRC_EXTRA,
    SRC_FILENAME,
    SRC_ROW_HASH,
    SRC_ROW_NUMBER,
    TableRef,
)
from carms_lake.quality.split import landed_schema
from carms_lake.quality.types import polars_schema
from carms_lake.store import table_path
from carms_lake.store.delta.log import commits
from carms_lake.store.delta.manifest import read_manifest


@dataclass(frozen=True)
class FunctionInput:
    """What a table's function reads, each record once."""

    frames: Mapping[TableRef, pl.LazyFrame]
    superseded: int
    """How many rows of the driver are left out, where the balance is of rows."""


def frame_of(context: BuildContext, ref: TableRef) -> pl.LazyFrame:
    """What the function gets of a table: the newest deliveries, or all for a history table.

    Of a source whose files are a series it is the rows of its last place, or of all in order.

    Raises:
        StoreError: the table cannot be read.
    """
    frame, contract = all_rows(context, ref), context.contracts[ref]
    is_history = context.contract.silver.history is not None
    if contract.series is None and not contract.is_snapshot:
        return frame
    manifest = read_manifest(commits(table_path(context.run.config, ref)))
    if found := series.snapshots(contract, manifest, frame):
        rows_of = series.all_rows if is_history else series.current_rows
        return rows_of(frame, contract, found)
    if is_history or not contract.is_snapshot:
        return frame
    newest = pl.LazyFrame(
        [(name, entry.delivery_id) for name, entry in manifest.current.items()],
        schema={SRC_FILENAME: pl.String, DELIVERY_ID: pl.Int64},
        orient="row",
    )
    return frame.join(newest, on=[SRC_FILENAME, DELIVERY_ID], how="semi")


def function_input(context: BuildContext, driver_rows: pl.LazyFrame | None = None) -> FunctionInput:
    """The tables that the function reads, or some rows of its driver and all other tables.

    A record of bronze that occurs twice is read once, so that no function that numbers or compares
    rows is led astray by a file that came twice. A table without a key keeps what came, and so does
    one that sums up: two equal lines of a file may well be two sales.

    Raises:
        StoreError: a table cannot be read.
    """
    contract, driver = context.contract, context.driver
    is_summed_up = contract.silver.balance in (Balance.AGGREGATE, Balance.NONE)
    has_rows_of_driver = contract.silver.history is not None or not is_summed_up
    frames: dict[TableRef, pl.LazyFrame] = {}
    superseded = 0
    for ref in {*context.step.reads.values(), *([driver.ref] if driver else ())}:
        is_driver = driver is not None and ref == driver.ref
        rows = frame_of(context, ref) if driver_rows is None or not is_driver else driver_rows
        if context.contracts[ref].source and contract.primary_key and has_rows_of_driver:
            again = repeated_records(context, ref, rows)
            if again.height:
                rows = rows.join(again.lazy(), on=again.columns, how="anti", maintain_order="left")
            superseded += again.height if is_driver and not context.counts_keys else 0
        frames[ref] = rows
    return FunctionInput(frames, superseded)


def repeated_records(context: BuildContext, ref: TableRef, rows: pl.LazyFrame) -> pl.DataFrame:
    """The places (file, delivery, number) of the bronze rows that a later one repeats.

    They agree in every column of the contract. Of a history only rows of one delivery are compared.
    """
    source = context.contracts[ref]
    place = [SRC_FILENAME, SRC_ROW_NUMBER]
    if DELIVERY_ID in source.audit_columns:
        place = [DELIVERED_AT, DELIVERY_ID, *place]
    within = place[:-1] if context.contract.silver.history is not None else []
    hashes = rows.select(pl.struct(*within, SRC_ROW_HASH).hash().alias("hash"))
    numbers = hashes.collect(engine="streaming")["hash"]
    if numbers.n_unique() == numbers.len():
        return pl.DataFrame(schema=dict.fromkeys(place, pl.Null))
    twice = numbers.filter(numbers.is_duplicated()).unique().implode()
    marks = {*source.audit_columns} - {SRC_EXTRA}
    compared = list(dict.fromkeys([*within, *(n for n in rows.collect_schema() if n not in marks)]))
    alike = (
        rows.filter(pl.struct(*within, SRC_ROW_HASH).hash().is_in(twice))
        .select(list(dict.fromkeys([*compared, *place])))
        .collect(engine="streaming")
        .sort(place)
    )
    kept = alike.unique(compared, keep="last").select(place)
    return alike.select(place).join(kept, on=place, how="anti", nulls_equal=True)


def transformed(context: BuildContext, given: FunctionInput) -> pl.DataFrame:
    """What the function makes of what it reads.

    Raises:
        ContractError: the function reads a column that a table does not have, or does not deliver
            what its history needs.
    """
    with _misfits_explained(context.step, context.contracts, NO_COLUMN + OTHER_TYPE):
        frames = {name: given.frames[ref] for name, ref in context.step.reads.items()}
        return collected(context.step, frames)


def ensure_readable(
    steps: Iterable[SilverStep],
    contracts: Mapping[TableRef, Contract],
    changed: Container[TableRef],
) -> None:
    """Run the functions that read a changed bronze table on empty tables with today's columns.

    So a contract that renames or drops a column which silver reads is refused before a file is
    loaded by it.

    Raises:
        ContractError: a function reads a column that is gone; the message names both tables.
    """
    for step in steps:
        if not any(ref in changed for ref in step.reads.values()):
            continue
        frames = {
            name: pl.LazyFrame(schema=_columns_of(contracts[ref]))
            for name, ref in step.reads.items()
        }
        # Another type may be followed in silver later; without the column there is nothing to read.
        # What else a function cannot do without rows does not matter.
        with (
            _misfits_explained(step, contracts, NO_COLUMN),
            suppress(ContractError, *OTHER_TYPE),
        ):
            collected(step, frames)


def _columns_of(contract: Contract) -> Mapping[str, pl.DataType]:
    return landed_schema(contract) if contract.source else polars_schema(contract)


@contextmanager
def _misfits_explained(
    step: SilverStep,
    contracts: Mapping[TableRef, Contract],
    misfits: tuple[type[Exception], ...],
) -> Iterator[None]:
    """Turn what Polars says of a column that is missing, or of another type, into a wrong contract.

    Raises:
        ContractError: it is.
    """
    try:
        yield
    except misfits as error:
        first = str(error).splitlines()[0]
        quoted = re.search(r'"([^"]+)"', first)
        missing = quoted[1] if quoted and isinstance(error, NO_COLUMN) else ""
        raise _misfit(step, contracts, missing, first) from error


def _misfit(
    step: SilverStep, contracts: Mapping[TableRef, Contract], missing: str, said: str
) -> ContractError:
    """That a function reads a column which no table has, or cannot work with what it reads."""
    read = [contracts[ref] for ref in sorted(step.reads.values())]
    lacking = [c for c in read if missing not in _columns_of(c)]
    # Of several tables, those of bronze: their contracts follow files, which change.
    sources = [c for c in lacking if c.source] or lacking or read
    tables = " or ".join(f"`{c.ref.in_domain}` (contract {c.version})" for c in sources)
    paths = ", ".join(f"`{c.path}`" for c in sources)
    if not missing:
        message = f"`{step.contract.ref}` cannot work with {tables}: {said}"
    elif not lacking and len(read) == 1:
        message = f"`{step.contract.ref}` reads `{missing}`, which was not loaded into {tables} yet"
        return ContractError(message, "`carms ingest --full-refresh` reads the files again")
    else:
        message = f"`{step.contract.ref}` reads `{missing}`, which {tables} does not have"
    where = authored.place_of(step.transform)
    return ContractError(
        message, f"change the function `{step.contract.ref.table}` ({where}), or {paths}"
    )
