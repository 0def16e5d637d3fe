"""Synthetic CaRMS files: the four of a match iteration, in the shape of the real ones.

Schools, disciplines and towns are real; programs, people and sentences are invented.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from carms_lake.domains.carms.silver.sections import CSV_SECTIONS
from carms_lake.domains.carms.synthetic import anomalies as faults
from carms_lake.domains.carms.synthetic.disciplines import DISCIPLINES
from carms_lake.domains.carms.synthetic.document import document
from carms_lake.domains.carms.synthetic.draw import plan
from carms_lake.domains.carms.synthetic.language import SECTIONS
from carms_lake.domains.carms.synthetic.markdown import render, sections
from carms_lake.domains.carms.synthetic.program import ProgramPlan, page_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    GeneratedFile = tuple[str, Iterable[pl.DataFrame], str, dict[str, object]]
    """Path below the output folder, chunks of rows, format, the writer's options."""

_CHUNK = 100
_CSV_SECTIONS = CSV_SECTIONS[2:]
"""Those behind the title and the header block, which a row has in columns of their own."""

_CSV_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "": pl.Int64,
    "document_id": pl.String,
    "source": pl.String,
    "n_program_description_sections": pl.String,
    "program_name": pl.String,
    "match_iteration_name": pl.String,
    **dict.fromkeys(_CSV_SECTIONS, pl.String),
    "match_iteration_id": pl.String,
    "program_description_id": pl.String,
}
_JSON_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "id": pl.String,
    "page_content": pl.String,
    "metadata": pl.Struct({"source": pl.String}),
}
_MASTER_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "": pl.Int64,
    "discipline_id": pl.String,
    "discipline_name": pl.String,
    "school_id": pl.String,
    "school_name": pl.String,
    "program_stream_id": pl.String,
    "program_stream_name": pl.String,
    "program_site": pl.String,
    "program_stream": pl.String,
    "program_name": pl.String,
    "program_url": pl.String,
}


def files(
    seed: int, programs: int, iteration: int, delivery: int, *, anomalies: bool
) -> Iterator[GeneratedFile]:
    """The four files of a delivery; with `anomalies`, faulty records and a list of them, too."""
    plans = plan(seed, programs, iteration=iteration, delivery=delivery)
    sound = _files(plans, iteration)
    return iter(faults.planted(sound, plans, iteration) if anomalies else sound)


def page_content(program: ProgramPlan) -> str:
    """A program's document as the JSON file has it: Markdown without links."""
    return render(document(program), with_links=False)


def _files(plans: Sequence[ProgramPlan], iteration: int) -> list[GeneratedFile]:
    documents = f"{iteration}_markdown_program_descriptions_v2.json"
    return [
        (f"{iteration}_discipline.xlsx", [_disciplines()], "xlsx", {"sheet": "Sheet1"}),
        (
            f"{iteration}_program_master.xlsx",
            [_master(plans, iteration)],
            "xlsx",
            {"sheet": "Sheet1"},
        ),
        (documents, _json_chunks(plans, iteration), "json", {"without_nulls": True}),
        (
            f"{iteration}_program_descriptions_x_section.csv",
            _csv_chunks(plans, iteration),
            "csv",
            {},
        ),
    ]


def _disciplines() -> pl.DataFrame:
    """One row per discipline."""
    return pl.DataFrame(
        {
            "discipline_id": [str(discipline.id) for discipline in DISCIPLINES],
            "discipline": [discipline.name for discipline in DISCIPLINES],
        }
    )


def _master(plans: Sequence[ProgramPlan], iteration: int) -> pl.DataFrame:
    """One row per program stream, in the master's order, numbered from 0."""
    return pl.DataFrame(
        [_master_row(at, program, iteration) for at, program in enumerate(plans)],
        schema=_MASTER_SCHEMA,
        orient="row",
    )


def _master_row(at: int, program: ProgramPlan, iteration: int) -> tuple[object, ...]:
    slot = program.slot
    return (
        at,
        str(slot.discipline.id),
        slot.discipline.name,
        program.school_id,
        slot.school.name,
        program.program_stream_id,
        f"{slot.site} - {slot.stream}",
        slot.site,
        slot.stream,
        program.program_name,
        page_url(iteration, program.program_stream_id),
    )


def _json_chunks(plans: Sequence[ProgramPlan], iteration: int) -> Iterator[pl.DataFrame]:
    """One row per document."""
    for start in range(0, len(plans), _CHUNK):
        yield pl.DataFrame(
            [
                (
                    f"{iteration}|{program.program_stream_id}",
                    page_content(program),
                    {"source": page_url(iteration, program.program_stream_id)},
                )
                for program in plans[start : start + _CHUNK]
            ],
            schema=_JSON_SCHEMA,
            orient="row",
        )


def _csv_chunks(plans: Sequence[ProgramPlan], iteration: int) -> Iterator[pl.DataFrame]:
    """One row per document, its sections side by side."""
    for start in range(0, len(plans), _CHUNK):
        yield pl.DataFrame(
            [
                _csv_row(at, program, iteration)
                for at, program in enumerate(plans[start : start + _CHUNK], start)
            ],
            schema=_CSV_SCHEMA,
            orient="row",
        )


def _csv_row(at: int, program: ProgramPlan, iteration: int) -> tuple[object, ...]:
    source = page_url(iteration, program.program_stream_id)
    document_id = f"{iteration}-{program.program_stream_id}"
    footer = f"\n\nSource: {source}\nID: {document_id}"
    pieces = sections(render(document(program), with_links=True).rstrip() + footer)
    french = program.language == "fr"
    cells = {
        column: text
        for heading, text in reversed(pieces[2:])
        for column in _CSV_SECTIONS
        if SECTIONS[column][french] == heading
    }
    if "faq" in cells and not french:
        cells["faq"] = repr((cells["faq"],))
    return (
        at,
        document_id,
        source,
        str(len(pieces)),
        pieces[0][1],
        pieces[1][1],
        *(cells.get(column) for column in _CSV_SECTIONS),
        str(iteration),
        program.program_stream_id,
    )
