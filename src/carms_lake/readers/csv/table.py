"""The records of delimited text up to where the contract says that its table ends."""

from collections.abc import Iterable, Iterator

from carms_lake.contract.model import Contract
from carms_lake.readers.csv.judge import lines_of
from carms_lake.readers.csv.records import (
    LINE_ENDS,
    Form,
    Grammar,
    Piece,
    fields_of,
    piece_of,
    pieces,
)
from carms_lake.readers.extent import end_among
from carms_lake.readers.header import spec_of


def table_pieces(
    blocks: Iterable[bytes], rules: Grammar, fields: int, contract: Contract
) -> Iterator[Piece]:
    """All records after the header in pieces; what follows the table is `Form.OUTSIDE`.

    Raises:
        RecordTooLong: a record does not end within the limit.
        ContractError: the pattern of the table's end cannot be used.
    """
    found = pieces(blocks, rules, fields)
    if not spec_of(contract).extent.ends:
        yield from found
        return
    is_over = False
    for piece in found:
        place = 0 if is_over else _end_in(piece, rules, contract)
        if place is None:
            yield piece
            continue
        if place:
            yield piece_of(piece.raw[:place], rules, fields, piece.first, is_last=True)
        is_over = True
        raw = piece.raw[place:]
        rows = sum(1 for text in lines_of(piece._replace(raw=raw), rules)[1] if text.strip())
        yield Piece(raw, 0, rows, Form.OUTSIDE, piece.is_last)


def _end_in(piece: Piece, rules: Grammar, contract: Contract) -> int | None:
    """Where in a piece the first record begins that ends the table."""
    texts = lines_of(piece, rules)[1]
    row = end_among([_first_filled(text, rules) for text in texts], contract)
    return None if row is None else sum(map(len, texts[:row]))


def _first_filled(text: bytes, rules: Grammar) -> str:
    """The first value of a record that is not blank; empty where all are."""
    # Nearly always the first cell is plain, and no record has to be parsed for it.
    rest = text.rstrip(LINE_ENDS).lstrip(rules.delimiter + b" \t")
    cell = rest.partition(rules.delimiter)[0].strip()
    is_plain = not (rules.quote and cell.startswith(rules.quote)) and not rules.has_escape(cell)
    if cell and is_plain:
        return cell.decode("utf-8", "replace")
    values = (
        value.decode("utf-8", "replace").strip()
        for value in fields_of(text.rstrip(LINE_ENDS), rules)
    )
    return next(filter(None, values), "")
