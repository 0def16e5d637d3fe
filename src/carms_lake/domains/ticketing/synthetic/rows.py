"""What a file holds: which rows, in which version, the faulty ones, and how cells are spelled.

A row is identified by three numbers: `number` (which row), `state` (which version of it; the number
itself for the first) and `copy` (which time it is written: spelling is drawn from it).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from carms_lake.domains.draws import at
from carms_lake.domains.ticketing.synthetic.plan import PLACES, Draw, shifted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from carms_lake.domains.ticketing.synthetic.plan import Plan

    Spell = Callable[[str], pl.Expr]
    """The text of a column; its dirt depends on the random bits in the next column."""


_PART = 120_000
_AGAIN_SHARE = 0.03
_ORPHAN_SHARE = 0.004
_COPY = 1 << 34
"""Above any row number: a further version or copy of a row has a number of its own."""


def parts(plan: Plan, source: str, delivery: int) -> Iterator[pl.DataFrame]:
    """The rows of a file in their order; a part may be empty."""
    spans = [(delivery, 0)]
    if source == "transactions":
        spans = [(delivery - 1, 1), (delivery, 0), (delivery + 1, -1)]
    for home, shift in spans:
        if home in plan.deliveries:
            yield from _of_span(plan, source, home, shift)
    again = _again(plan, source, delivery)
    yield pl.concat([_orphans(plan, delivery), again]) if source == "transactions" else again


def _of_span(plan: Plan, source: str, home: int, shift: int) -> Iterator[pl.DataFrame]:
    first, end = plan.first(source, home), plan.first(source, home + 1)
    for start in range(first, end, _PART):
        places = pl.int_range(start, min(start + _PART, end), eager=True)
        rows = pl.DataFrame({"number": places}).select(plan.place(source, pl.col("number")))
        if source == "transactions":
            by = shifted(plan, pl.col("number"))
            # Nothing comes before the initial load, and nothing after the last batch.
            stays = (by + home).is_between(0, plan.batches).not_()
            rows = rows.filter(pl.when(stays).then(0).otherwise(by) == shift)
        yield _numbered(rows, pl.col("number"), pl.col("number"))


def _orphans(plan: Plan, delivery: int) -> pl.DataFrame:
    """Transactions of orders that never come."""
    counts = [
        plan.every(plan.first("orders", d + 1) - plan.first("orders", d), _ORPHAN_SHARE, 1)
        for d in plan.deliveries
    ]
    before = plan.total("orders") + sum(counts[:delivery])
    orders = pl.DataFrame({"number": pl.int_range(before, before + counts[delivery], eager=True)})
    return _numbered(orders.select(pl.col("number") * PLACES), pl.col("number"), pl.col("number"))


def _again(plan: Plan, source: str, delivery: int) -> pl.DataFrame:
    """Rows that have come before, half of them as they were, the others in a later version."""
    draw = Draw(plan.seed, source)
    end = plan.first(source, delivery) or plan.first(source, 1)
    share = plan.first(source, delivery + 1) - plan.first(source, delivery)
    counted = pl.int_range(delivery * _PART, delivery * _PART + max(1, int(share * _AGAIN_SHARE)))
    places = pl.select(counted.alias("place"))
    copy = (pl.col("place") + 1) * _COPY + pl.col("number")
    changed = draw.happens("again.changed", pl.col("place"), 0.5)
    rows = places.with_columns(
        plan.place(source, draw.below("again", pl.col("place"), end)).alias("number")
    )
    return _numbered(rows, pl.when(changed).then(copy).otherwise(pl.col("number")), copy)


def _numbered(rows: pl.DataFrame, state: pl.Expr, copy: pl.Expr) -> pl.DataFrame:
    return rows.select("number", state.alias("state"), copy.alias("copy"))


_SHARE = 0.0005


class Fault(NamedTuple):
    """A cell that no contract lets through."""

    column: str
    text: str
    code: str


_NO_DAY = "2025-02-30T10:00:00"
_NO_HOUR = "2025-02-11T24:30:00"
_AMOUNTS = ("12,50", "1.2.3", "USD 5", "$1,00.00", "(5.00")
_NO_MOMENT = [(text, "TYPE_MISMATCH") for text in (_NO_DAY, _NO_HOUR, "yesterday")]
_NO_AMOUNT = [(text, "PATTERN_MISMATCH") for text in _AMOUNTS]
_NO_ID = [("", "REQUIRED_NULL"), (" N/A ", "REQUIRED_NULL"), ("a\0b", "PATTERN_MISMATCH")]

FAULTS: dict[str, list[Fault]] = {
    source: [Fault(column, *bad) for column, cells in columns.items() for bad in cells]
    for source, columns in {
        "accounts": {"account_id": _NO_ID, "created_at": _NO_MOMENT},
        "events": {"event_id": _NO_ID},
        "showtimes": {"showtime_id": _NO_ID, "start_at": _NO_MOMENT},
        "orders": {"total_amount": _NO_AMOUNT, "order_id": _NO_ID, "created_at": _NO_MOMENT},
        "transactions": {
            "amount": _NO_AMOUNT,
            "transaction_id": _NO_ID,
            "occurred_at": _NO_MOMENT,
        },
        "pages": {"page_id": _NO_ID, "occurred_at": _NO_MOMENT},
        "identity_merges": {"from_customer_id": _NO_ID, "merged_at": _NO_MOMENT},
    }.items()
}


def faulty(
    plan: Plan, source: str, delivery: int, sound: pl.DataFrame
) -> tuple[pl.DataFrame, list[Fault]]:
    """Faulty rows, made of sound ones as text, and the fault of each; their ids are of no other."""
    count = min(plan.every(sound.height, _SHARE, 1), sound.height)
    kinds = FAULTS[source]
    # Every batch begins with another kind, so that small batches together have all of them.
    planted = [kinds[(delivery * 3 + place) % len(kinds)] for place in range(count)]
    rows = sound.head(count).to_dicts()
    key = sound.columns[0]
    for place, (row, fault) in enumerate(zip(rows, planted, strict=True)):
        row[key] = f"faulty_{source}_{delivery}_{place}"
        row[fault.column] = fault.text
    return pl.DataFrame(rows, schema=sound.schema), planted


_NOTHINGS = pl.Series(["", "N/A", "NULL", "None"] * 4 + ["", "n/a", "null", "none"])
_HOURS = 3_600_000_000


def spelled(rows: pl.DataFrame, cells: Mapping[str, Spell], draw: Draw) -> pl.DataFrame:
    """The rows as text, in the columns of the file; the dirt is drawn by the column `copy`."""
    bits = [draw.bits(name, pl.col("copy")).alias(_bits(name)) for name in cells]
    drawn = rows.with_columns(bits)
    texts = [spell(name).alias(name) for name, spell in cells.items()]
    written = drawn.with_columns(texts)
    return written.select(_spaced(name) for name in cells)


def word(column: str) -> pl.Expr:
    """Text as it is."""
    return pl.col(column)


def optional(column: str) -> pl.Expr:
    """Text, or one of the spellings of nothing."""
    return pl.coalesce(column, at(_NOTHINGS, _drawn(column, _NOTHINGS.len())))


def cased(column: str) -> pl.Expr:
    """Text in lower case, sometimes in upper case or with capitals."""
    return _in_case(pl.col(column), _drawn(column, 10), 1, 2)


def slug(column: str) -> pl.Expr:
    """Kebab-case in any case, sometimes with another separator."""
    text, separator = pl.col(column), _drawn(column, 12, 16)
    other = pl.when(separator == 0).then(pl.lit("_")).otherwise(pl.lit(" "))
    text = pl.when(separator < 2).then(text.str.replace_all("-", other)).otherwise(text)
    return _in_case(text, _drawn(column, 10), 3, 5)


def page_type(column: str) -> pl.Expr:
    """Snake case, capitals or words."""
    text = pl.col(column)
    kind = _drawn(column, 8)
    return (
        pl.when(kind < 2)
        .then(text.str.to_uppercase())
        .when(kind < 4)
        .then(text.str.replace_all("_", " ").str.to_titlecase())
        .otherwise(text)
    )


def amount(column: str) -> pl.Expr:
    """Cents as an amount, with or without a currency sign and thousands, negatives in brackets."""
    cents, kind = pl.col(column).abs(), _drawn(column, 20)
    units = (cents // 100).cast(pl.String)
    grouped = units.str.replace(r"(\d)(\d{3})$", "$1,$2")
    whole = (kind == 0) & (cents % 100 == 0)
    text = pl.concat_str(
        pl.when(kind % 3 == 0).then(grouped).otherwise(units),
        pl.when(whole).then(pl.lit("")).otherwise(pl.lit(".")),
        pl.when(whole).then(pl.lit("")).otherwise((cents % 100).cast(pl.String).str.zfill(2)),
    )
    dollars = pl.when(kind < 6).then("$" + text).otherwise(text)
    negative = pl.when(kind % 2 == 0).then(pl.format("({})", dollars)).otherwise("-" + dollars)
    return pl.when(pl.col(column) < 0).then(negative).otherwise(dollars)


def moment(column: str) -> pl.Expr:
    """A moment in UTC, with a zone or without one."""
    kind = _drawn(column, 20)
    hours = pl.when(kind == 0).then(2).when(kind == 1).then(-5).otherwise(0)
    local = (pl.col(column) + hours * _HOURS).cast(pl.Datetime("us"))
    text = local.dt.strftime("%Y-%m-%dT%H:%M:%S")
    return (
        pl.when(kind == 0)
        .then(text + "+02:00")
        .when(kind == 1)
        .then(text + "-0500")
        .when(kind < 5)
        .then(text + "Z")
        .when(kind == 5)
        .then(text.str.replace("T", " ", literal=True))
        .when(kind == 6)
        .then(text + ".000")
        .otherwise(text)
    )


def _spaced(column: str) -> pl.Expr:
    """Some cells with spaces in front or behind."""
    text, kind = pl.col(column), _drawn(column, 30, 32)
    return (
        pl.when(kind == 0)
        .then(" " + text)
        .when(kind == 1)
        .then(text + " ")
        .when(kind == 2)
        .then(pl.format("  {}  ", text))
        .otherwise(text)
        .alias(column)
    )


def _in_case(text: pl.Expr, kind: pl.Expr, upper: int, title: int) -> pl.Expr:
    """In upper case where the kind is below `upper`, with capitals where it is below `title`."""
    return (
        pl.when(kind < upper)
        .then(text.str.to_uppercase())
        .when(kind < title)
        .then(text.str.to_titlecase())
        .otherwise(text)
    )


def _drawn(column: str, number: int, shift: int = 0) -> pl.Expr:
    """A whole number from 0 to below `number`; draws at distant shifts do not depend on another."""
    return (pl.col(_bits(column)) // (1 << shift) % number).cast(pl.Int64)


def _bits(column: str) -> str:
    return f"{column} bits"
