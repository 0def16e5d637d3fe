"""What was known of each program after each delivery."""

from __future__ import annotations

import polars as pl

from carms_lake.domains.carms.readings import FACTS, read_documents, with_content_hash
from carms_lake.domains.carms.silver.descriptions import identified
from carms_lake.domains.carms.silver.eligibility import (
    eligible,
    has_return_of_service,
    return_of_service,
)
from carms_lake.domains.carms.silver.programs import KEY, described
from carms_lake.expressions import natural_order

_FROM_MASTER = (
    "program_name",
    "school_code",
    "school_name",
    "discipline_id",
    "discipline_name",
    "program_site",
    "program_stream",
    "eligibility",
    "school_province",
    "training_province",
    "program_url",
)
_FROM_DOCUMENT = (
    "quota",
    "accreditation_status",
    "approved_on",
    "document_language",
    "application_language",
    "length_years",
    "reference_letters",
    "applications_min",
    "applications_max",
    "interviewed_pct_min",
    "interviewed_pct_max",
    "return_of_service_cmg",
    "return_of_service_cmg_text",
    "return_of_service_img",
    "return_of_service_img_text",
)
_FROM_BOTH = ("eligible_cmg", "eligible_img", "eligible_usmg", "has_return_of_service")
_DELIVERY = ("match_iteration_id", "src_filename", "delivery_id", "delivered_at")


def program_history(
    bronze_program_master: pl.LazyFrame,
    bronze_markdown_program_descriptions: pl.LazyFrame,
    bronze_discipline: pl.LazyFrame,
    silver_document: pl.LazyFrame,
) -> pl.LazyFrame:
    """One row per program and moment at which a master or a file of descriptions arrived.

    What was known at a moment is in the newest deliveries of that moment: the programs of the
    master under a discipline that some delivery knows, each with its description. What `program`
    and `document` quarantine is left out: a program or a description that occurs twice in one
    file. Facts are null without a description.
    The bronze frames hold every delivery. Texts that `silver_document` has read are read only once.
    """
    masters, documents = (
        frame.collect()
        for frame in (bronze_program_master, identified(bronze_markdown_program_descriptions))
    )
    documents = with_content_hash(documents)
    arrivals = pl.concat([frame.select(_DELIVERY).unique() for frame in (masters, documents)])
    moments = arrivals.select("match_iteration_id", "delivered_at").unique()
    known = bronze_discipline.select("discipline_id").unique()
    programs = (
        _as_of(masters.lazy(), moments)
        .filter(pl.len().over(*KEY, "at") == 1)
        .join(known, on="discipline_id", how="semi")
    )
    facts = _facts(documents, silver_document)
    descriptions = (
        _as_of(documents.lazy().select(*KEY, *_DELIVERY[1:], "document_hash"), moments)
        .with_columns(natural_order("src_filename").alias("name_in_order"))
        .filter(pl.col("name_in_order") == pl.col("name_in_order").max().over(*KEY, "at"))
        .filter(pl.len().over(*KEY, "at") == 1)
        .select(*KEY, "at", "document_hash")
    )
    return (
        described(programs)
        .join(descriptions, on=[*KEY, "at"], how="left")
        .join(facts, on="document_hash", how="left")
        .with_columns(*eligible(), *return_of_service())
        .with_columns(has_return_of_service())
        .select(
            *KEY, pl.col("at").alias("delivered_at"),
            *_FROM_MASTER, *_FROM_DOCUMENT, *_FROM_BOTH, "document_hash",
        )
        .sort(*KEY, "delivered_at")
    )  # fmt: skip


def _as_of(rows: pl.LazyFrame, moments: pl.DataFrame) -> pl.LazyFrame:
    """The rows once for each moment (`at`) when they were in the newest delivery of their file."""
    deliveries = rows.select(_DELIVERY).unique()
    newest = (
        deliveries.join(
            moments.lazy().rename({"delivered_at": "at"}), on="match_iteration_id", how="inner"
        )
        .filter(pl.col("delivered_at") <= pl.col("at"))
        .filter(pl.col("delivery_id") == pl.col("delivery_id").max().over("src_filename", "at"))
        .select("match_iteration_id", "src_filename", "delivery_id", "at")
    )
    return rows.join(newest, on=["match_iteration_id", "src_filename", "delivery_id"])


def _facts(documents: pl.DataFrame, silver_document: pl.LazyFrame) -> pl.LazyFrame:
    """One row per distinct text: facts of the current table, and a reading of every other text."""
    columns = ["document_hash", *(name for name in FACTS if name in _FROM_DOCUMENT)]
    read = silver_document.select(columns).unique("document_hash").collect()
    unread = documents.join(read, on="document_hash", how="anti")
    return pl.concat([read, read_documents(unread).select(columns)]).lazy()
