"""What each fact of a program was read from."""

from __future__ import annotations

import polars as pl

from carms_lake.domains.carms.documents.spans import Span, masked_span
from carms_lake.domains.carms.silver.programs import KEY

_ENTRY: dict[str, pl.DataType] = {
    "fact": pl.String(),
    "item": pl.String(),
    "value": pl.String(),
    "section": pl.String(),
    "start": pl.Int32(),
    "end": pl.Int32(),
}


def program_evidence(
    silver_document: pl.LazyFrame, silver_document_section: pl.LazyFrame
) -> pl.LazyFrame:
    """One row per program, fact and place that says it, in the order of the facts.

    The document gives the places in its sections as they are; here they are those in the masked
    text, and `sentence` is exactly what is there. Of a fact that the heading says, the sentence
    is the heading, and the place is null.
    """
    entries = (
        silver_document.select(
            *KEY, pl.col("evidence").str.json_decode(pl.List(pl.Struct(_ENTRY))).alias("entry")
        )
        .explode("entry")
        .drop_nulls("entry")
        .unnest("entry")
        .rename({"section": "section_code"})
        .with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over(KEY).alias("ordinal"))
    )
    sections = silver_document_section.select(
        *KEY, "section_code", "heading", "masked_content", "mask_places"
    ).collect()
    # The text of a section comes to Python once, not with each of its facts.
    texts = sections.select("heading", "masked_content", "mask_places").rows()
    number = sections.select(*KEY, "section_code").with_row_index("number").lazy()
    found = entries.join(number, on=[*KEY, "section_code"]).collect()
    places = [
        _place(start, end, *texts[at])
        for at, start, end in found.select("number", "start", "end").iter_rows()
    ]
    schema = {"span_start": pl.Int32(), "span_end": pl.Int32(), "sentence": pl.String()}
    return (
        found.lazy()
        .select(*KEY, pl.col("ordinal").alias("evidence_ordinal"), "fact", "item", "value")
        .with_columns(found["section_code"])
        .with_columns(pl.DataFrame(places, schema, orient="row").get_columns())
        .sort(*KEY, "evidence_ordinal")
    )


def _place(
    start: int | None, end: int | None, heading: str, text: str, masks: list[int]
) -> tuple[int | None, int | None, str]:
    """The place in the masked text, and the words there."""
    if start is None or end is None:
        return None, None, heading
    triples = zip(masks[::3], masks[1::3], masks[2::3], strict=True)
    span = masked_span(Span(start, end), triples)
    return span.start, span.end, text[slice(*span)]
