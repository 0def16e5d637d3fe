"""The figures of the real files."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import polars as pl
import pytest
from domains.carms import bronze

from carms_lake.domains.carms import reference, silver
from carms_lake.names import Layer
from carms_lake.quality.validate import apply_constraints

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.real_data, pytest.mark.slow]


@pytest.fixture(scope="module")
def tables(real_carms: Path) -> dict[str, pl.DataFrame]:
    """Every silver table of the real files."""
    frames = dict(bronze.real(real_carms))
    waiting = {name: getattr(silver, name) for name in silver.__all__}
    made = {}
    while waiting:
        ready = [
            n for n, f in waiting.items() if set(inspect.signature(f).parameters) <= set(frames)
        ]
        for name in ready:
            function = waiting.pop(name)
            inputs = {p: frames[p] for p in inspect.signature(function).parameters}
            made[name] = function(**inputs).collect()
            frames[f"silver_{name}"] = made[name].lazy()
    return made


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        ("program", 815),
        ("document", 815),
        ("program_history", 815),
        ("discipline", 37),
        ("school", 18),
        ("site", 201),
        ("stream", 14),
        ("match_iteration", 1),
        ("csv_section", 10_716),
    ],
)
def test_a_table_has_its_rows(tables: dict[str, pl.DataFrame], table: str, rows: int) -> None:
    assert tables[table].height == rows


def test_no_table_has_a_key_twice(tables: dict[str, pl.DataFrame]) -> None:
    for name, contract in bronze.contracts(Layer.SILVER).items():
        key = [column for column in contract.primary_key if column in tables[name].columns]
        assert not tables[name].select(key).is_duplicated().any(), name


def test_nothing_is_quarantined(tables: dict[str, pl.DataFrame]) -> None:
    for name, contract in bronze.contracts(Layer.SILVER).items():
        if not contract.silver.history:
            quarantining = [r.target for r in contract.relationships if r.quarantine]
            kept = apply_constraints(
                tables[name], contract, {t: tables[t.table] for t in quarantining}
            )
            assert (name, kept.quarantined.height, kept.superseded) == (name, 0, 0)


def test_programs_by_eligibility_and_province(tables: dict[str, pl.DataFrame]) -> None:
    program = tables["program"]
    eligibility = dict(program.group_by("eligibility").len().rows())
    assert eligibility == {"CMG": 456, "IMG": 191, "All": 163, "MOTP/MMTP": 5}
    provinces = dict(program.group_by("training_province").len().rows())
    assert provinces == {
        "ON": 315, "QC": 140, "BC": 103, "AB": 79, "MB": 56, "NS": 44,
        "SK": 44, "NL": 17, "NB": 13, "PE": 2, "NU": 1, "NT": 1,
    }  # fmt: skip
    elsewhere = program.filter(pl.col("school_province") != pl.col("training_province"))
    assert elsewhere.height == 17
    assert program["program_site"].n_unique() == 199


def test_seats_and_languages(tables: dict[str, pl.DataFrame]) -> None:
    document = tables["document"]
    assert document["quota"].null_count() == 0
    seats = dict(document.group_by("document_language").agg(pl.col("quota").sum()).rows())
    assert seats == {"en": 3_113, "fr": 829}
    languages = dict(document.group_by("document_language").len().rows())
    assert languages == {"en": 696, "fr": 119}
    history = tables["program_history"]
    assert history["quota"].sum() == 3_942
    by_province = dict(history.group_by("training_province").agg(pl.col("quota").sum()).rows())
    assert (by_province["ON"], by_province["NB"], by_province["NT"]) == (1_474, 51, 2)


@pytest.mark.parametrize(
    ("column", "at_least"),
    [
        ("approved_on", 815),
        ("accreditation_status", 815),
        ("address", 814),
        ("postal_code", 793),
        ("application_language", 815),
        ("length_years", 813),
        ("reference_letters", 758),
        ("applications_min", 814),
        ("interviewed_pct_min", 814),
        ("rescheduling_policy", 814),
        ("considers_outside_information", 733),
        ("elective_requirement_text", 782),
        ("onsite_elective_text", 689),
    ],
)
def test_coverage_of_a_fact(tables: dict[str, pl.DataFrame], column: str, at_least: int) -> None:
    values = tables["document"][column]
    assert values.len() - values.null_count() >= at_least


@pytest.mark.parametrize(
    ("table", "at_least"), [("interview_date", 778), ("website", 787), ("requirement", 815)]
)
def test_programs_that_have_a_list(
    tables: dict[str, pl.DataFrame], table: str, at_least: int
) -> None:
    assert tables[table]["program_stream_id"].n_unique() >= at_least


def test_directors_of_every_program(tables: dict[str, pl.DataFrame]) -> None:
    directors = tables["contact"].filter(pl.col("contact_role") == "director")
    per_program = directors.group_by("program_stream_id").len()
    assert dict(per_program.group_by("len").len(name="n").rows()) == {1: 745, 2: 70}


def test_the_csv_agrees_wherever_it_has_a_cell(tables: dict[str, pl.DataFrame]) -> None:
    outcomes = dict(tables["csv_section"].group_by("csv_outcome").len().rows())
    assert set(outcomes) == {"agrees", "cut_at_heading", "heading_only"}
    assert sum(outcomes.values()) == 10_716
    unseen = tables["document_section"].filter(pl.col("csv_agrees").is_null())
    assert set(unseen["section_code"]) == {"important_information"}
    assert unseen.height == 738


def test_no_address_of_a_person_is_in_text_that_may_be_published(
    tables: dict[str, pl.DataFrame],
) -> None:
    emails = tables["contact"].select(pl.col("emails").explode().drop_nulls().str.to_lowercase())
    published = tables["document_section"]["masked_content"].drop_nulls().str.to_lowercase()
    known = emails["emails"].unique().to_list()
    assert published.str.contains_any(known).sum() == 0


def test_the_reference_files_know_every_discipline_and_school(
    tables: dict[str, pl.DataFrame],
) -> None:
    names = reference.disciplines().select("discipline_id", known_name="discipline_name").collect()
    disciplines = tables["discipline"].join(names, on="discipline_id", how="left")
    assert (
        disciplines.filter(pl.col("discipline_name").ne_missing(pl.col("known_name"))).height == 0
    )
    schools = tables["school"].join(
        reference.schools().select("school_code", known_name="school_name").collect(),
        on="school_code",
        how="left",
    )
    assert schools.filter(pl.col("school_name").ne_missing(pl.col("known_name"))).height == 0


def test_every_fact_has_the_words_that_say_it_at_their_place(
    tables: dict[str, pl.DataFrame],
) -> None:
    key = ["match_iteration_id", "program_stream_id"]
    text = tables["document_section"].select(*key, "section_code", "masked_content")
    evidence = tables["program_evidence"].join(text, on=[*key, "section_code"])
    assert evidence.height == tables["program_evidence"].height
    placed = evidence.filter(pl.col("span_start").is_not_null())
    assert set(evidence["fact"]) - set(placed["fact"]) == {"document_language"}
    places = placed.select("masked_content", "span_start", "span_end", "sentence").rows()
    assert [row for row in places if row[0][row[1] : row[2]] != row[3]] == []
    for fact in set(evidence["fact"]) & set(tables["document"].columns) - {"document_language"}:
        is_stated = pl.col(fact).is_not_null() & (pl.col(fact).cast(pl.String) != "false")
        if fact == "considers_outside_information":
            is_stated = pl.col(fact).is_not_null()
        stated = tables["document"].filter(is_stated).select(key)
        found = evidence.filter(pl.col("fact") == fact).select(key).unique()
        assert found.sort(key).equals(stated.sort(key)), fact
    for fact, table, items in (
        ("requirement", "requirement", pl.col("requirement_code")),
        ("interview_on", "interview_date", pl.col("interview_on").cast(pl.String)),
        (
            "selection_criterion",
            "selection_criterion",
            pl.concat_str("stage", "component_code", separator="."),
        ),
    ):
        rows = tables[table].select(*key, items.alias("item"))
        found = evidence.filter(pl.col("fact") == fact).select(*key, "item").unique()
        assert found.sort([*key, "item"]).equals(rows.sort([*key, "item"])), fact


def test_the_words_of_a_fact_alone_say_its_value(tables: dict[str, pl.DataFrame]) -> None:
    said = tables["program_evidence"].select(
        "fact", "value", pl.col("sentence").str.extract_all(r"\d+").alias("numbers")
    )
    printed = said.filter(pl.col("fact").is_in(["quota", "length_years", "applications_min"]))
    assert printed.height == 815 + 813 + 814 + 1
    assert printed.filter(~pl.col("numbers").list.contains(pl.col("value"))).is_empty()
    days = said.filter(pl.col("fact") == "interview_on")
    of_day = days.with_columns(pl.col("value").str.slice(8).str.strip_chars_start("0").alias("day"))
    assert of_day.filter(~pl.col("numbers").list.contains(pl.col("day"))).height < days.height / 50
