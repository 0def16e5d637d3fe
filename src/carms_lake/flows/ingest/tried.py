"""What a dry run keeps of the records that it checks: nothing of it is written."""

from collections.abc import Iterator

import polars as pl

from carms_lake.errors import counted
from carms_lake.names import SRC_FILENAME, SRC_ROW_HASH, SRC_ROW_NUMBER
from carms_lake.quality.split import Checked

_SHOWN = 5
"""How many reasons are reported of a file."""
_WHY = ("code", "column", "message")


class Tried:
    """The records of a dry run: hashes of the accepted ones, reasons of the rejected ones."""

    def __init__(self) -> None:
        self._hashes = [pl.DataFrame(schema={SRC_FILENAME: pl.String, SRC_ROW_HASH: pl.Binary})]
        self._reasons: list[pl.DataFrame] = []

    def add(self, checked: Checked) -> None:
        """Keep what is reported, and compared, of a batch."""
        self._hashes.append(checked.accepted.select(SRC_FILENAME, SRC_ROW_HASH))
        reasons = checked.rejected.select(SRC_FILENAME, SRC_ROW_NUMBER, "reasons")
        without_number = pl.col("message").str.replace(r"^record \d+: ", "")
        found = reasons.explode("reasons").unnest("reasons").with_columns(without_number)
        of_batch = found.group_by(SRC_FILENAME, *_WHY, maintain_order=True)
        self._reasons.append(of_batch.agg(pl.len(), pl.col(SRC_ROW_NUMBER).min()))

    def hashes_of(self, name: str) -> pl.LazyFrame:
        """The hashes of the accepted records of a file."""
        of_file = pl.concat(self._hashes).lazy().filter(pl.col(SRC_FILENAME) == name)
        return of_file.select(SRC_ROW_HASH)

    def reasons(self) -> Iterator[tuple[str, str]]:
        """Each file with a reason for which its records would be rejected, most frequent first."""
        if not self._reasons:
            return
        found = pl.concat(self._reasons).group_by(SRC_FILENAME, *_WHY, maintain_order=True)
        counts = found.agg(pl.col("len").sum(), pl.col(SRC_ROW_NUMBER).min())
        for (name, *_), of_file in counts.group_by(SRC_FILENAME, maintain_order=True):
            ordered = of_file.sort("len", SRC_ROW_NUMBER, descending=[True, False])
            for row in ordered.head(_SHOWN).iter_rows(named=True):
                many = f"{row['code']} in {counted(row['len'], 'record')}"
                yield str(name), f"{many}, first in record {row[SRC_ROW_NUMBER]}: {row['message']}"
            if ordered.height > _SHOWN:
                yield str(name), f"and {ordered.height - _SHOWN} other reasons"
