"""How texts of this domain are read: names with one separator, and amounts of money."""

from __future__ import annotations

import polars as pl

ORDER = ("batch_number", "src_filename", "src_row_number")
"""What the contracts order the rows of a key by; every function of a source hands it on."""

AMOUNT = pl.Decimal(12, 2)


def joined_by(column: str, separator: str) -> pl.Expr:
    """Text in lower case, where all that is neither letter nor digit becomes one separator.

    >>> frame = pl.DataFrame({"a": [" Viewed  Product-Page ", "LION_KING", "Les Misérables!", "-"]})
    >>> frame.select(joined_by("a", "-"))["a"].to_list()
    ['viewed-product-page', 'lion-king', 'les-misérables', None]
    """
    lower = pl.col(column).str.to_lowercase()
    joined = lower.str.replace_all(r"[^\p{L}\p{M}\p{N}]+", separator).str.strip_chars(separator)
    return pl.when(joined != "").then(joined).alias(column)


def amount(column: str) -> pl.Expr:
    """An amount of money to the cent; brackets, as accountants write them, mean minus.

    The contract of bronze lets only texts pass that are amounts.

    >>> frame = pl.DataFrame({"a": ["$1,000.50", "($25.00)", "-$5", "$-5.1", None]})
    >>> [str(value) for value in frame.select(amount("a"))["a"]]
    ['1000.50', '-25.00', '-5.00', '-5.10', 'None']
    """
    text = pl.col(column)
    is_minus = text.str.contains(r"[(-]")
    value = text.str.replace_all(r"[^0-9.]", "").cast(AMOUNT)
    return pl.when(is_minus).then(-value).otherwise(value).alias(column)
