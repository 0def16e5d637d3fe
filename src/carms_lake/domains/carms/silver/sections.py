"""The text of the descriptions by section, and the CSV as its second witness."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import polars as pl

from carms_lake.domains.carms.documents import Agreement, agreement, split_sections
from carms_lake.domains.carms.documents.csv_witness import comparable, undo_tuple
from carms_lake.domains.carms.documents.spans import with_masks
from carms_lake.domains.carms.documents.text import plain_text
from carms_lake.domains.carms.people import people_masks, without_people
from carms_lake.domains.carms.readings import people_of
from carms_lake.domains.carms.silver.programs import KEY

if TYPE_CHECKING:
    from carms_lake.domains.carms.documents import Section
    from carms_lake.domains.carms.documents.spans import Mask

CSV_SECTIONS = (
    "program_name",
    "match_iteration_name",
    "program_contracts",
    "general_instructions",
    "supporting_documentation_information",
    "review_process",
    "interviews",
    "selection_criteria",
    "program_highlights",
    "program_curriculum",
    "training_sites",
    "additional_information",
    "return_of_service",
    "faq",
    "summary_of_changes",
)
"""The columns of the CSV that hold a section; Important Information has none."""

CONTACTS = "program_contracts"
NO_SECTION = "no_section"
_DOCUMENTS_AT_ONCE = 50

_SECTION_SCHEMA: dict[str, pl.DataType] = {
    "match_iteration_id": pl.String(),
    "program_stream_id": pl.String(),
    "section_code": pl.String(),
    "section_ordinal": pl.Int32(),
    "heading": pl.String(),
    "content": pl.String(),
    "masked_content": pl.String(),
    "mask_places": pl.List(pl.Int32()),
    "character_count": pl.Int32(),
    "csv_outcome": pl.String(),
}


def document_section(
    silver_program: pl.LazyFrame,
    silver_document: pl.LazyFrame,
    bronze_markdown_program_descriptions: pl.LazyFrame,
    bronze_program_descriptions_x_section: pl.LazyFrame,
) -> pl.LazyFrame:
    """One row per program and section of its description, sorted by program and section.

    `mask_places` has three numbers for each mask, in their order: where in content the masked
    characters start and end, and how long the mask is.
    `csv_agrees` is null where the CSV has no column or cell, or several rows for the program. The
    names of the people of all programs of the school are masked: texts name each other's people.
    """
    record = ["src_filename", "src_row_number"]
    texts = bronze_markdown_program_descriptions.select(*record, "page_content").cast(
        {"src_row_number": pl.Int32()}
    )
    documents = (
        silver_document.select(*KEY, *record, "lists")
        .join(texts, on=record)
        .join(silver_program.select(*KEY, "school_code"), on=KEY, how="left")
        .sort(record)
        .collect()
    )
    names = _names_by_school(documents)
    cells = _unique_cells(bronze_program_descriptions_x_section)
    columns = (*KEY, "school_code", "page_content")
    # Some at a time: as Python's, the texts and cells of all would be in memory twice.
    parts = [
        _sections(part.select(columns), names, cells)
        for part in documents.iter_slices(_DOCUMENTS_AT_ONCE)
    ]
    agrees = pl.col("csv_outcome") != "differs"
    return (
        pl.concat([pl.DataFrame(schema=_SECTION_SCHEMA), *parts])
        .lazy()
        .with_columns(agrees.alias("csv_agrees"))
        .sort(*KEY, "section_code")
    )


def csv_section(
    bronze_program_descriptions_x_section: pl.LazyFrame, silver_document_section: pl.LazyFrame
) -> pl.LazyFrame:
    """One row per filled section cell of the CSV, sorted by program and section."""
    sections = silver_document_section.select(
        *KEY, "section_code", "csv_outcome", section_character_count="character_count"
    )
    return (
        _cells(bronze_program_descriptions_x_section)
        .join(sections, on=[*KEY, "section_code"], how="left")
        .select(
            *KEY,
            "section_code",
            pl.col("csv_outcome").fill_null(NO_SECTION),
            pl.col("cell").str.len_chars().cast(pl.Int32).alias("cell_character_count"),
            "section_character_count",
        )
        .sort(*KEY, "section_code")
    )


def outcome(cell: str | None, section: Section) -> str | None:
    """What a cell of the CSV says about a section of the document; None without a cell."""
    if cell is None:
        return None
    # Most cells differ in white space and links at most, which is seen faster than the rest.
    words = section.raw.split()
    if plain_text(cell).split() == words:
        return "agrees"
    match agreement(cell, section):
        case Agreement.EQUAL:
            return "agrees"
        case Agreement.PREFIX:
            is_heading = comparable(undo_tuple(cell)) == comparable(section.heading)
            return "heading_only" if is_heading else "cut_at_heading"
        case Agreement.DIFFERENT:
            return "differs"
        case _:
            return None


def _cells(csv: pl.LazyFrame) -> pl.LazyFrame:
    """One row per filled section cell of the CSV."""
    return (
        csv.rename({"program_description_id": "program_stream_id"})
        .unpivot(CSV_SECTIONS, index=KEY, variable_name="section_code", value_name="cell")
        .filter(pl.col("cell").str.strip_chars() != "")
    )


def _unique_cells(csv: pl.LazyFrame) -> pl.DataFrame:
    """The cells by program and section, without those of a program that occurs more than once."""
    return _cells(csv).filter(pl.struct(*KEY, "section_code").is_unique()).collect()


def _names_by_school(documents: pl.DataFrame) -> dict[int | None, tuple[str, ...]]:
    """The directors and contacts of each school's programs."""
    printed: dict[int | None, list[str]] = {}
    for school, lists in documents.select("school_code", "lists").rows():
        people = json.loads(lists)
        contacts = [entry["name"] for entry in people["contacts"] if entry["name"]]
        printed.setdefault(school, []).extend([*people["directors"], *contacts])
    return {school: tuple(people_of(names, ())) for school, names in printed.items()}


@lru_cache(maxsize=64)  # programs that follow each other in the file share sections
def _masks(text: str, names: tuple[str, ...]) -> tuple[Mask, ...]:
    return tuple(people_masks(text, names))


def _sections(
    documents: pl.DataFrame, names: dict[int | None, tuple[str, ...]], cells: pl.DataFrame
) -> pl.DataFrame:
    """The sections of some documents: key, school and text."""
    of_these = cells.join(documents.select(KEY), on=KEY, how="semi")
    columns = of_these.select(*KEY, "section_code", "cell").rows()
    found = {(iteration, stream, code): cell for iteration, stream, code, cell in columns}
    rows = [
        _row((iteration, stream), section, names[school], found)
        for iteration, stream, school, text in documents.rows()
        for section in split_sections(plain_text(text))
    ]
    return pl.DataFrame(rows, schema=_SECTION_SCHEMA, orient="row")


def _row(
    key: tuple[str, str],
    section: Section,
    names: tuple[str, ...],
    cells: dict[tuple[str, str, str], str],
) -> tuple[Any, ...]:
    is_public = section.code != CONTACTS
    masks = _masks(section.text, names) if is_public else ()
    return (
        *key,
        section.code,
        section.ordinal,
        without_people(section.heading, names),
        section.text,
        with_masks(section.text, masks) if is_public else None,
        [place for m in masks for place in (m.start, m.end, len(m.word))],
        len(section.text),
        outcome(cells.get((*key, section.code)), section),
    )
