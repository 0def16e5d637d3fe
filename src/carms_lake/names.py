"""What things are called: layers, tables, audit columns.

A table has one name everywhere: on disk, in SQL, on the command line and in errors.
"""

from __future__ import annotations

import os
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum


class Layer(StrEnum):
    """A layer of the lake, in the order in which data passes through."""

    BRONZE = "bronze"
    """As landed: typed, audited, one row per accepted source record."""
    SILVER = "silver"
    """Cleaned: one meaning per column, one row per real thing."""
    GOLD = "gold"
    """Answers: dimensions, facts and views in the DuckDB file."""


@dataclass(frozen=True, order=True)
class TableRef:
    """The name of a table: `carms.silver.program`."""

    domain: str
    layer: str
    """A `Layer`, or the name of a layer of the domain's own."""
    table: str

    def __str__(self) -> str:
        return f"{self.domain}.{self.layer}.{self.table}"

    @property
    def in_domain(self) -> str:
        """The name inside its domain, as SQL writes it: `silver.program`."""
        return f"{self.layer}.{self.table}"

    @property
    def as_parameter(self) -> str:
        """The name as a parameter of a silver function: `silver_program`."""
        return f"{self.layer}_{self.table}"

    @classmethod
    def parse(cls, text: str, *, domain: str, own: str = "") -> TableRef | None:
        """Read `silver.program` or `carms.silver.program`; None if it is neither.

        `own` is a layer of the domain's own whose tables may be named, too.

        >>> str(TableRef.parse("silver.program", domain="carms"))
        'carms.silver.program'
        >>> TableRef.parse("program", domain="carms") is None
        True
        """
        match text.split("."):
            case [layer, table]:
                owner = domain
            case [owner, layer, table]:
                pass
            case _:
                return None
        if layer not in {*Layer, own} or not IDENTIFIER.fullmatch(table):
            return None
        return cls(owner, Layer(layer) if layer in set(Layer) else layer, table)


IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")
"""What a domain, a table and a column may be called."""

INGESTION_TS = "ingestion_ts"
SRC_FILENAME = "src_filename"
SRC_ROW_NUMBER = "src_row_number"
SRC_ROW_HASH = "src_row_hash"
RUN_ID = "run_id"
DELIVERY_ID = "delivery_id"
DELIVERED_AT = "delivered_at"
SRC_REPAIR = "src_repair"
SRC_EXTRA = "src_extra"

AUDIT_COLUMNS = (INGESTION_TS, SRC_FILENAME, SRC_ROW_NUMBER, SRC_ROW_HASH, RUN_ID)
"""On every bronze row, after the columns of the contract."""

OWN_COLUMNS = (RUN_ID, INGESTION_TS)
"""On every row of a table that a command of the domain appends to; its contract names them."""

UPDATED_AT = "updated_at"
"""When a row was made or changed, where a table says so; copies of a row may differ in it."""

DELIVERY_COLUMNS = (DELIVERY_ID, DELIVERED_AT)
"""On every bronze row of a source whose deliveries are all kept, after the audit columns."""

_RUN_BEGAN = "%Y%m%dT%H%M%S.%fZ"


def run_timestamp(at: datetime) -> str:
    """A moment as run ids begin with theirs, so that ids sort by time: `20261121T120102.345678Z`.

    Behind it a run id has `-` and what tells it from another run of the same moment.
    """
    return f"{at.astimezone(UTC):{_RUN_BEGAN}}"


def run_began(run_id: str) -> datetime:
    """When a run began, in UTC, as its id says.

    Raises:
        ValueError: it is not a run id.
    """
    return datetime.strptime(run_id.partition("-")[0], _RUN_BEGAN).replace(tzinfo=UTC)


_DIGITS = re.compile("[0-9]+")


def natural_key(name: str) -> str:
    """A text that sorts as the name does where numbers count as numbers; equal for no other name.

    >>> sorted(["b10", "b9"], key=natural_key)
    ['b9', 'b10']
    """
    # The length of a number decides before its digits do; the name itself tells `7` from `07`.
    plain = _DIGITS.sub(lambda found: _counted(found[0].lstrip("0")), name)
    return f"{plain}\0{name}"


def _counted(digits: str) -> str:
    return f"0{len(digits):07}{digits}"


def folded(header: str) -> str:
    """A header without what nobody sees: case, spaces around it, marks without a width.

    The same letters in the two Unicode forms are the same.
    """
    if not header.isascii():
        shown = (c for c in header if unicodedata.category(c) != "Cf")
        header = unicodedata.normalize("NFC", "".join(shown))
    return header.strip().casefold()


def as_name(text: str) -> str:
    r"""A file's name in one Unicode form: macOS and others write the same letters in two ways.

    Bytes that are no UTF-8, as archives of old systems bring them, are written as in `caf\xe9`.
    """
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", os.fsencode(text).decode("utf-8", "backslashreplace"))


QUERY_THREAD = "carms-query"
"""The thread in which DuckDB answers; one that does not stop goes with the process."""

EXPORT_FILE = "carms_file"
EXPORT_RECORD = "carms_record"
EXPORT_RAW = "carms_raw"
EXPORT_COLUMNS = (EXPORT_FILE, EXPORT_RECORD, "carms_place", "carms_reason", EXPORT_RAW)
"""Columns that an export of rejected records has too; ignored when the file comes back."""
