"""What the program descriptions say: single facts, and the lists of the same reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from carms_lake.domains.carms.readings import FACTS, read_documents, with_content_hash
from carms_lake.domains.carms.silver.programs import KEY

if TYPE_CHECKING:
    from collections.abc import Mapping

_CONTACT = {
    "ordinal": pl.Int32(),
    "information": pl.String(),
    "name": pl.String(),
    "title": pl.String(),
    "emails": pl.List(pl.String()),
    "phones": pl.List(pl.String()),
}
_REQUIREMENT = {
    "ordinal": pl.Int32(),
    "code": pl.String(),
    "category": pl.String(),
    "level": pl.String(),
    "applies_to": pl.String(),
    "is_alternative": pl.Boolean(),
    "number": pl.Int32(),
    "min_words": pl.Int32(),
    "max_words": pl.Int32(),
    "label": pl.String(),
    "evidence": pl.String(),
}
_CRITERION = {
    "ordinal": pl.Int32(),
    "stage": pl.String(),
    "code": pl.String(),
    "label": pl.String(),
    "is_evaluated": pl.Boolean(),
    "text": pl.String(),
}
_CONTACT_COLUMNS = (
    *KEY, "contact_role", "contact_ordinal", "contact_name", "contact_title", "information",
    "emails", "phones", "faxes",
)  # fmt: skip


def identified(documents: pl.LazyFrame) -> pl.LazyFrame:
    """Documents with `program_stream_id`: from their id, or from the URL where the file has no ids.

    It is null for a document of another iteration than that of its file.
    """
    by_id = r"^(\d+)\|(\d+)$"
    by_url = r"/(\d+)/(\d+)/?(?:[?#].*)?$"
    iteration, stream = (
        pl.coalesce(
            pl.col("document_id").str.extract(by_id, group),
            pl.col("source_url").str.extract(by_url, group),
        )
        for group in (1, 2)
    )
    return documents.with_columns(
        pl.when(iteration == pl.col("match_iteration_id")).then(stream).alias("program_stream_id")
    )


def document(bronze_markdown_program_descriptions: pl.LazyFrame) -> pl.LazyFrame:
    """One row per document of the newest deliveries, sorted by program, file and record.

    The contract keeps, of several files of one iteration, the last by name: `_v2.json` beats a file
    without ids. Each distinct text is read once, here; `program_history` takes what was read here
    and reads only the texts of older deliveries, and the tables of lists unfold `lists`.
    """
    rows = with_content_hash(
        identified(bronze_markdown_program_descriptions)
        .select(*KEY, "src_filename", "src_row_number", "source_url", "page_content")
        .collect()
    )
    columns = (*KEY, "src_filename", "src_row_number", "source_url", "document_hash")
    return (
        rows.lazy()
        .join(read_documents(rows).lazy(), on="document_hash", how="left")
        .select(*columns, pl.col("page_content").str.len_chars().alias("character_count"), *FACTS)
        .cast({"src_row_number": pl.Int32(), "character_count": pl.Int32()})
        .sort(*KEY, "src_filename", "src_row_number")
    )


def contact(silver_document: pl.LazyFrame) -> pl.LazyFrame:
    """One row per director, entry of Program Contacts and office of a program. Personal data."""
    roles = (_directors(silver_document), _contacts(silver_document), _offices(silver_document))
    sort_key = _CONTACT_COLUMNS[:4]
    return pl.concat([role.select(_CONTACT_COLUMNS) for role in roles]).sort(sort_key)


def _directors(silver_document: pl.LazyFrame) -> pl.LazyFrame:
    nothing = pl.lit(None, pl.String())
    no_texts = pl.lit([], pl.List(pl.String()))
    return _values(silver_document, "directors", pl.String()).with_columns(
        pl.lit("director").alias("contact_role"),
        pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over(KEY).alias("contact_ordinal"),
        pl.col("directors").alias("contact_name"),
        nothing.alias("contact_title"),
        nothing.alias("information"),
        *(no_texts.alias(name) for name in ("emails", "phones", "faxes")),
    )


def _contacts(silver_document: pl.LazyFrame) -> pl.LazyFrame:
    return (
        _entries(silver_document, "contacts", _CONTACT)
        .rename({"ordinal": "contact_ordinal", "name": "contact_name", "title": "contact_title"})
        .with_columns(
            pl.lit("contact").alias("contact_role"),
            pl.lit([], pl.List(pl.String())).alias("faxes"),
        )
    )


def _offices(silver_document: pl.LazyFrame) -> pl.LazyFrame:
    nothing = pl.lit(None, pl.String())
    is_fax = pl.col("kind").eq_missing("fax")
    return (
        _entries(silver_document, "phones", {"kind": pl.String(), "number": pl.String()})
        .group_by(KEY, maintain_order=True)
        .agg(
            pl.col("number").filter(~is_fax).alias("phones"),
            pl.col("number").filter(is_fax).alias("faxes"),
        )
        .with_columns(
            pl.lit("office").alias("contact_role"),
            pl.lit(1, pl.Int32()).alias("contact_ordinal"),
            *(nothing.alias(name) for name in ("contact_name", "contact_title", "information")),
            pl.lit([], pl.List(pl.String())).alias("emails"),
        )
    )


def interview_date(silver_document: pl.LazyFrame) -> pl.LazyFrame:
    """One row per program and day of interviews, each day once."""
    days = _values(silver_document, "interview_dates", pl.Date())
    dates = days.select(*KEY, pl.col("interview_dates").alias("interview_on"))
    return dates.unique().sort(*KEY, "interview_on")


def website(silver_document: pl.LazyFrame) -> pl.LazyFrame:
    """One row per program and website, in the order of the document."""
    entries = _entries(silver_document, "websites", {"text": pl.String(), "url": pl.String()})
    return entries.select(
        *KEY,
        pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over(KEY).alias("website_ordinal"),
        pl.col("text").alias("website_text"),
        pl.col("url").alias("website_url"),
    ).sort(*KEY, "website_ordinal")


def requirement(silver_document: pl.LazyFrame) -> pl.LazyFrame:
    """One row per program and thing that it asks for, or says that it does not need."""
    entries = _entries(silver_document, "requirements", _REQUIREMENT)
    return entries.select(
        *KEY,
        pl.col("code").alias("requirement_code"),
        pl.col("ordinal").alias("requirement_ordinal"),
        pl.col("category").alias("requirement_category"),
        pl.col("level").alias("requirement_level"),
        "applies_to",
        "is_alternative",
        pl.col("number").alias("requested_number"),
        "min_words",
        "max_words",
        "label",
        pl.col("evidence").alias("detail"),
    ).sort(*KEY, "requirement_code")


def reference_requirement(silver_requirement: pl.LazyFrame) -> pl.LazyFrame:
    """One row per program and kind of reference that it asks for."""
    return (
        silver_requirement.filter(pl.col("requirement_category") == "reference")
        .select(
            *KEY,
            pl.col("requirement_code").alias("reference_kind"),
            "requirement_ordinal",
            pl.col("requested_number").alias("reference_number"),
            "requirement_level",
            "label",
        )
        .sort(*KEY, "reference_kind")
    )


def selection_criterion(silver_document: pl.LazyFrame) -> pl.LazyFrame:
    """One row per program, stage and component of the stage's table."""
    entries = _entries(silver_document, "criteria", _CRITERION)
    return entries.select(
        *KEY,
        "stage",
        pl.col("code").alias("component_code"),
        pl.col("ordinal").alias("criterion_ordinal"),
        "label",
        "is_evaluated",
        pl.col("text").alias("criterion_text"),
    ).sort(*KEY, "stage", "component_code")


def _entries(
    silver_document: pl.LazyFrame, name: str, fields: Mapping[str, pl.DataType]
) -> pl.LazyFrame:
    """One row per entry of a list of objects, its fields as columns, in the order of the list."""
    return _values(silver_document, name, pl.Struct(dict(fields))).unnest(name)


def _values(silver_document: pl.LazyFrame, name: str, item: pl.DataType) -> pl.LazyFrame:
    """One row per value of a list, in the order of the list."""
    lists = pl.col("lists").str.json_decode(pl.Struct({name: pl.List(item)}))
    values = silver_document.select(*KEY, lists.struct.field(name)).sort(KEY)
    return values.explode(name).drop_nulls(name)
