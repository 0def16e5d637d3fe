"""A folder that is a Delta table: its newest version, in its own types.

Row numbers follow the order of the table's files in that version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from carms_lake.errors import SourceRefused
from carms_lake.readers.content import DELTA_LOG, readable
from carms_lake.readers.header import parse
from carms_lake.readers.parquet import parts_of
from carms_lake.records import FileChunks

if TYPE_CHECKING:
    from carms_lake.contract.model import Contract
    from carms_lake.records import SourceFile


def read(source: SourceFile, contract: Contract) -> FileChunks:
    """The rows of a Delta table's newest version, in the table's own types.

    Raises:
        SourceRefused: it is not a Delta table, is damaged, or its columns are not the contract's.
    """
    with readable(source):
        frame = _scan(source)
        layout = parse(frame.collect_schema().names(), contract, f"`{source.name}`")
    return FileChunks(source, parts_of(frame, layout), layout.notes)


def _scan(source: SourceFile) -> pl.LazyFrame:
    if not (source.path / DELTA_LOG).is_dir():
        raise SourceRefused(
            "WRONG_FORMAT",
            f"`{source.name}` is not a Delta table: it has no folder `{DELTA_LOG}`",
            "copy the whole folder of the table, including its log",
        )
    try:
        return pl.scan_delta(DeltaTable(str(source.path)))
    except DeltaError as error:
        raise SourceRefused(
            "UNREADABLE",
            f"`{source.name}`: the table's log cannot be read: {error}",
            "the table may be damaged or only partly copied; copy it again",
        ) from error
