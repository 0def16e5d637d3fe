"""Faulty records, added to sound files, and the ground truth of what must be said of them.

No sound record depends on a faulty one, but for the one document that is there twice.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

import polars as pl

from carms_lake.domains.carms.synthetic.program import page_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from carms_lake.domains.carms.synthetic.program import ProgramPlan

    GeneratedFile = tuple[str, Iterable[pl.DataFrame], str, dict[str, object]]
    Row = dict[str, object]

_UNUSED_ID = 9_000_000
_TRUTH_COLUMNS = ("source", "kind", "key", "code", "count")


@dataclass(frozen=True)
class Anomaly:
    """What was planted: how many records of a source get which reason code, and their key."""

    source: str
    kind: str
    key: str
    code: str
    count: int = 1


@dataclass(frozen=True)
class _Faults:
    """Records to add to one source, and what is wrong with them."""

    rows: tuple[Row, ...]
    anomalies: tuple[Anomaly, ...]
    number_cells: tuple[tuple[int, str], ...] = ()
    """Row (of the faulty ones) and column of the cells that become numbers."""


def planted(
    files: list[GeneratedFile], plans: Sequence[ProgramPlan], iteration: int
) -> list[GeneratedFile]:
    """The files of `generate` with faulty records at their ends, then the ground truth."""
    faults = (
        _disciplines(),
        _master(plans[0], iteration),
        _documents(plans[-1], iteration),
        _sections(iteration),
    )
    changed = [
        _extended(file, fault, len(plans)) for file, fault in zip(files, faults, strict=True)
    ]
    truth = pl.DataFrame(
        [astuple(anomaly) for fault in faults for anomaly in fault.anomalies],
        schema=_TRUTH_COLUMNS,
        orient="row",
    )
    return [*changed, (f"{iteration}_anomalies.json", [truth], "json", {})]


def _extended(file: GeneratedFile, faults: _Faults, sound: int) -> GeneratedFile:
    path, frames, file_format, options = file
    if faults.number_cells:
        cells = tuple((sound + row, column) for row, column in faults.number_cells)
        options = {**options, "number_cells": cells}
    return path, _with_rows(frames, faults.rows), file_format, options


def _with_rows(frames: Iterable[pl.DataFrame], rows: Sequence[Row]) -> Iterable[pl.DataFrame]:
    """The chunks, and one more with the faulty rows; its numbering goes on."""
    last = pl.DataFrame()
    for frame in frames:
        yield frame
        last = frame
    numbered = (
        {**row, "": last[""][-1] + at} if "" in last.columns else row
        for at, row in enumerate(rows, start=1)
    )
    copies = [{**last.row(-1, named=True), **row} for row in numbered]
    yield pl.DataFrame(copies, schema=last.schema)


def _disciplines() -> _Faults:
    source = "discipline"
    return _Faults(
        rows=(
            {"discipline_id": "D-77", "discipline": "Lighthouse Medicine"},
            {"discipline_id": "990001", "discipline": None},
        ),
        anomalies=(
            Anomaly(source, "discipline id is no number", "D-77", "PATTERN_MISMATCH"),
            Anomaly(source, "name is missing", "990001", "REQUIRED_NULL"),
        ),
    )


def _master(like: ProgramPlan, iteration: int) -> _Faults:
    """Copies of one program under unused ids and sites, each with a fault of its own."""
    source = "program_master"
    twice = str(_UNUSED_ID + 4)
    unknown = "990999"
    rows: tuple[Row, ...] = (
        _program(like, 1, iteration),
        {**_program(like, 2, iteration), "school_name": None},
        {**_program(like, 3, iteration), "discipline_id": "AN-13"},
        _program(like, 4, iteration),
        {**_program(like, 5, iteration), "program_stream_id": twice},
        {
            **_program(like, 6, iteration),
            "discipline_id": unknown,
            "school_id": str(like.slot.school.code * 65_536 + int(unknown)),
        },
    )
    return _Faults(
        rows=rows,
        anomalies=(
            Anomaly(source, "program id is a number cell", str(_UNUSED_ID + 1), "TYPE_MISMATCH"),
            Anomaly(source, "school name is missing", str(_UNUSED_ID + 2), "REQUIRED_NULL"),
            Anomaly(source, "discipline id is no number", str(_UNUSED_ID + 3), "PATTERN_MISMATCH"),
            Anomaly(source, "program id twice", twice, "DUPLICATE_KEY", 2),
            Anomaly(source, "unknown discipline", str(_UNUSED_ID + 6), "UNKNOWN_REFERENCE"),
        ),
        number_cells=((0, "program_stream_id"),),
    )


def _program(like: ProgramPlan, number: int, iteration: int) -> Row:
    slot, site = like.slot, f"Planted {number}"
    names = (slot.school.name, slot.discipline.name, site, slot.stream)
    return {
        "discipline_id": str(slot.discipline.id),
        "discipline_name": slot.discipline.name,
        "school_id": like.school_id,
        "school_name": slot.school.name,
        "program_stream_id": str(_UNUSED_ID + number),
        "program_url": page_url(iteration, str(_UNUSED_ID + number)),
        "program_site": site,
        "program_stream": slot.stream,
        "program_stream_name": f"{site} - {slot.stream}",
        "program_name": " / ".join(names),
    }


def _documents(last: ProgramPlan, iteration: int) -> _Faults:
    """Copies of the last document, the last one with another text: which of the two is right?"""
    source = "markdown_program_descriptions"
    bad, empty, orphan = _UNUSED_ID + 11, _UNUSED_ID + 12, _UNUSED_ID + 13
    doubled = f"{iteration}|{last.program_stream_id}"
    rows: tuple[Row, ...] = (
        {"id": None},
        {"id": f"{iteration}-{bad}", **_page(iteration, bad)},
        {"id": f"{iteration}|{empty}", "page_content": "", **_page(iteration, empty)},
        {"id": f"{iteration}|{orphan}", **_page(iteration, orphan)},
        {"page_content": "# Overview\n\nAnother text of the same document.\n"},
    )
    return _Faults(
        rows=rows,
        anomalies=(
            Anomaly(source, "document without an id", last.program_stream_id, "REQUIRED_NULL"),
            Anomaly(source, "malformed id", f"{iteration}-{bad}", "PATTERN_MISMATCH"),
            Anomaly(source, "empty document", f"{iteration}|{empty}", "OUT_OF_RANGE"),
            Anomaly(source, "no such program", f"{iteration}|{orphan}", "UNKNOWN_REFERENCE"),
            Anomaly(source, "document id twice", doubled, "DUPLICATE_KEY", 2),
        ),
    )


def _page(iteration: int, program_id: int) -> Row:
    return {"metadata": {"source": page_url(iteration, str(program_id))}}


def _sections(iteration: int) -> _Faults:
    """Copies of the last row under unused ids, each with a fault of its own."""
    source = "program_descriptions_x_section"
    ids = [str(_UNUSED_ID + number) for number in range(21, 25)]
    keys = [f"{iteration}-{program_id}" for program_id in ids]
    sound = [
        {
            "document_id": key,
            "source": page_url(iteration, program_id),
            "program_description_id": program_id,
        }
        for key, program_id in zip(keys, ids, strict=True)
    ]
    rows: tuple[Row, ...] = (
        {**sound[0], "document_id": ids[0]},
        {**sound[1], "n_program_description_sections": "several"},
        {**sound[2], "n_program_description_sections": "0"},
        {**sound[3], "program_description_id": None},
    )
    return _Faults(
        rows=rows,
        anomalies=(
            Anomaly(source, "document id without an iteration", ids[0], "PATTERN_MISMATCH"),
            Anomaly(source, "number of sections is a word", keys[1], "TYPE_MISMATCH"),
            Anomaly(source, "no sections", keys[2], "OUT_OF_RANGE"),
            Anomaly(source, "program id is missing", keys[3], "REQUIRED_NULL"),
        ),
    )
