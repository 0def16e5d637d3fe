"""Whom a stream takes, and what that makes of a text that speaks of several kinds of applicants.

Kinds are `cmg` (graduates of medical schools in Canada), `usmg` (in the United States) and `img`
(of any other country). A stream for CMG takes USMG on the same terms, a stream for All takes IMG,
too. A stream for MOTP/MMTP takes members of the Canadian Armed Forces only.
"""

from __future__ import annotations

import polars as pl

from carms_lake.domains.carms.documents.service import KINDS
from carms_lake.domains.carms.silver.programs import names_return_of_service

_TAKES = {"cmg": ("CMG", "All"), "img": ("IMG", "All"), "usmg": ("CMG", "All")}
"""The eligibilities of the streams that a kind of applicant may apply to."""

_SPOKEN_OF = {"cmg": ("CMG", "All", "MOTP/MMTP"), "img": ("IMG", "All")}
"""Of whom a text without kinds speaks: officers in training are graduates of Canadian schools."""


def eligible() -> list[pl.Expr]:
    """`eligible_cmg`, `eligible_img`, `eligible_usmg`; null where the stream says for nobody."""
    return [
        pl.col("eligibility").is_in(values).alias(f"eligible_{kind}")
        for kind, values in _TAKES.items()
    ]


def return_of_service() -> list[pl.Expr]:
    """`return_of_service_cmg` and `_img` with the sentences they were read from, for the stream.

    Null where the stream does not take that kind, whatever the text says about it. A stream that is
    named after return of service asks for one, unless its text states something for that kind.
    """
    columns = []
    for kind in KINDS:
        name = f"return_of_service_{kind}"
        is_taken = pl.col("eligibility").is_in(_SPOKEN_OF[kind]).fill_null(value=True)
        states = pl.col(name).is_in(["required", "none"])
        is_named = names_return_of_service(pl.col("program_stream")) & ~states.fill_null(
            value=False
        )
        for column, by_name in ((name, pl.lit("required")), (f"{name}_text", "program_stream")):
            said = pl.when(is_named).then(by_name).otherwise(column)
            columns.append(pl.when(is_taken).then(said).alias(column))
    return columns


def has_return_of_service() -> pl.Expr:
    """True where anybody is obliged, false where there is said to be none, else null."""
    values = [pl.col(f"return_of_service_{kind}") for kind in KINDS]
    is_required = pl.any_horizontal(value.eq_missing(pl.lit("required")) for value in values)
    is_none = pl.any_horizontal(value.is_in(["none", "not_applicable"]) for value in values)
    return (
        pl.when(is_required)
        .then(statement=True)
        .when(is_none)
        .then(statement=False)
        .alias("has_return_of_service")
    )
