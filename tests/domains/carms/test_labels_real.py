"""Facts that people read in the real descriptions, against what the domain reads in them.

`labels/` has one file per fact: ids of programs and values, none of the texts. How the programs
were chosen, and what precision and coverage come to, is in docs/carms-facts.md.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from domains.carms import bronze

from carms_lake.domains.carms import silver

if TYPE_CHECKING:
    import polars as pl

pytestmark = [pytest.mark.real_data, pytest.mark.slow]

LABELS = Path(__file__).parent / "labels"
LEAST_PROGRAMS = 40


def labelled(fact: str) -> list[dict[str, str]]:
    """The labels of a fact, one dict per program; an empty value is one that no text states."""
    with (LABELS / f"{fact}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def documents(real_carms: Path) -> pl.LazyFrame:
    """silver.document of the real files."""
    frames = bronze.real(real_carms)
    return silver.document(frames["bronze_markdown_program_descriptions"]).collect().lazy()


@pytest.fixture(scope="module")
def programs(real_carms: Path, documents: pl.LazyFrame) -> dict[str, dict[str, object]]:
    """silver.program_history of the real files, one row per program."""
    frames = {
        name: frame for name, frame in bronze.real(real_carms).items() if "section" not in name
    }
    history = silver.program_history(**frames, silver_document=documents).collect()
    return {row["program_stream_id"]: row for row in history.iter_rows(named=True)}


def wrong(fact: str, said: dict[str, dict[str, str]]) -> list[tuple[dict[str, str], object]]:
    """The labels that differ from what is said of their program, with it."""
    labels = labelled(fact)
    assert len({label["program_stream_id"] for label in labels}) == len(labels) >= LEAST_PROGRAMS
    return [
        (label, found)
        for label in labels
        if any((found := said[label["program_stream_id"]])[name] != label[name] for name in label)
    ]


def test_return_of_service_is_as_people_read_it(programs: dict[str, dict[str, object]]) -> None:
    columns = ("program_stream_id", "return_of_service_cmg", "return_of_service_img")
    said = {key: {name: row[name] or "" for name in columns} for key, row in programs.items()}
    assert wrong("return_of_service", said) == []


def test_every_return_of_service_has_the_sentence_it_was_read_from(
    programs: dict[str, dict[str, object]],
) -> None:
    for row in programs.values():
        for kind in ("cmg", "img"):
            value, text = (row[f"return_of_service_{kind}{end}"] for end in ("", "_text"))
            assert (value is None) == (text is None), row["program_stream_id"]


def test_the_days_of_interviews_are_as_people_read_them(documents: pl.LazyFrame) -> None:
    days = silver.interview_date(documents).collect()
    said = {key: {"program_stream_id": key, "interview_dates": ""} for key in _ids(documents)}
    for key, day in days.select("program_stream_id", "interview_on").rows():
        printed = said[key]["interview_dates"]
        said[key]["interview_dates"] = f"{printed} {day}".strip()
    assert wrong("interview_dates", said) == []


def test_the_number_of_letters_is_as_people_read_it(programs: dict[str, dict[str, object]]) -> None:
    columns = ("program_stream_id", "reference_letters")
    said = {key: {name: str(row[name] or "") for name in columns} for key, row in programs.items()}
    assert wrong("reference_letters", said) == []


def test_the_tests_that_count_are_as_people_read_them(documents: pl.LazyFrame) -> None:
    asked = silver.requirement(documents).collect().select("program_stream_id", "requirement_code")
    codes = set(asked.rows())
    said = {
        key: {
            "program_stream_id": key,
            **{code: "yes" if (key, code) in codes else "no" for code in ("casper", "fmproc")},
        }
        for key in _ids(documents)
    }
    assert wrong("tests", said) == []


def _ids(documents: pl.LazyFrame) -> list[str]:
    return documents.collect()["program_stream_id"].to_list()


def test_whether_a_component_is_evaluated_is_as_people_read_it(documents: pl.LazyFrame) -> None:
    answers = {True: "true", False: "false", None: ""}
    criteria = silver.selection_criterion(documents).collect()
    columns = ("program_stream_id", "stage", "component_code", "is_evaluated")
    said = {(key, *cell): answers[said] for key, *cell, said in criteria.select(columns).rows()}
    labels = [tuple(label.values()) for label in labelled("is_evaluated")]
    assert len({key for key, *_ in labels}) >= LEAST_PROGRAMS
    assert len({label[:3] for label in labels}) == len(labels)
    assert [label for label in labels if said[label[:3]] != label[3]] == []
