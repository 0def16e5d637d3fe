"""Where the table is in a file: its header by rule, its end by pattern, what is outside of it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import polars as pl

from carms_lake.contract.model import Contract, NewColumns
from carms_lake.contract.spelling import AUTO, NO_HEADER
from carms_lake.errors import ContractError, SourceRefused, counted
from carms_lake.names import folded
from carms_lake.readers.header import names_in_files, parse, spec_of

MOST_ROWS = 1000
"""`carms.header: auto` looks at so many rows."""


def header_among(rows: Iterable[Sequence[str]], contract: Contract) -> int | None:
    """Which row has the names of all columns that must be there, else the most of them; from 0.

    None where no row has any.
    """
    wanted = [
        {folded(name) for name in names_in_files(column)}
        for column in contract.columns
        if not column.may_be_absent and column.from_path is None
    ]
    best, most = None, 0
    for at, row in enumerate(rows):
        found = {folded(cell) for cell in row}
        count = sum(not names.isdisjoint(found) for names in wanted)
        if count > most:
            best, most = at, count
        if count == len(wanted):
            break
    return best


def names_by_position(widths: Iterable[int], contract: Contract) -> list[str]:
    """The headers of a file without one, whose first records have so many fields.

    A column that the contract does not know is called by its number: `column_7`.
    """
    names = [column.source for column in contract.columns if column.from_path is None]
    found = list(widths)
    # The first records may be broken ones: one with as many fields as expected is believed.
    width = len(names) if len(names) in found else next(iter(found), len(names))
    return [*names[:width], *(f"column_{at + 1}" for at in range(len(names), width))]


def with_place(
    refused: SourceRefused,
    contract: Contract,
    look: Callable[[Contract], tuple[Sequence[str], str]],
) -> SourceRefused:
    """The refusal of a file that lacks columns, with the row that has them all, if one does.

    `look` gives the headers that a contract finds in the file, and where they are.
    """
    spec = spec_of(contract)
    if refused.code != "MISSING_COLUMN" or spec.extent.header in (AUTO, NO_HEADER):
        return refused
    extent = replace(spec.extent, header=AUTO)
    own = replace(spec, extent=extent, new_columns=NewColumns.ACCEPT)
    searching = replace(contract, source=own)
    try:
        headers, where = look(searching)
        parse(headers, searching, where)
    except SourceRefused:
        return refused
    place = where.rpartition(", ")[2]
    hint = f"{place} has the columns: set `carms.header` to `auto`, or to its number"
    return SourceRefused(refused.code, refused.message, hint)


def end_among(cells: Sequence[str], contract: Contract) -> int | None:
    """The first row that ends the table, by the first filled cell of each row; None if none does.

    Raises:
        ContractError: a pattern is not a regular expression of Rust's `regex`.
    """
    texts = pl.Series(cells, dtype=pl.String)
    try:
        found = [texts.str.contains(pattern) for pattern in spec_of(contract).extent.ends]
    except pl.exceptions.PolarsError as error:
        said = " ".join(str(error).split())
        raise ContractError(
            f"`{contract.ref}`: a pattern of `carms.tableEnd` cannot be used: {said}",
            "see Rust's `regex`: it has neither lookaround nor backreferences",
        ) from None
    places = [at for series in found for at in series.arg_true().head(1)]
    return min(places, default=None)


def before_note(where: str, rows: int) -> tuple[str, ...]:
    """The note about rows before the header, with the sheet, if any, before it; or none."""
    return (f"{where}left out: {counted(rows, 'row')} before the header",) if rows else ()


def after_note(where: str, rows: int, last: int) -> str:
    """The note about rows behind the table, whose last record has a number."""
    rest = f"{counted(rows, 'row')} after record {last}, from `carms.tableEnd` on"
    return f"{where}left out: {rest}"


def blank_header(where: str, row: int) -> SourceRefused:
    """The refusal of a file whose header should be a row without a value."""
    return SourceRefused(
        "MISSING_COLUMN",
        f"{where}: row {row}, which `carms.header` names, is blank",
        "correct `carms.header` in the contract, or have the file sent again",
    )


def no_such_line(where: str, row: int, rows: int) -> SourceRefused:
    """The refusal of a file that has no header where the contract says."""
    return SourceRefused(
        "MISSING_COLUMN",
        f"{where} has {counted(rows, 'row')}, and its header should be row {row}",
        "correct `carms.header` in the contract, or have the file sent again",
    )
