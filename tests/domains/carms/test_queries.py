"""The questions of docs/queries/carms, and every query of README, guides and demo, with answers.

A lake that has two match iterations answers as one that has the newer one alone: no sum is doubled.
"""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest
from domains.carms.gold_lake import DOMAIN

from carms_lake import Lake
from carms_lake.cli.project import demo_steps
from carms_lake.config import LakeConfig
from carms_lake.flows.generate import generate

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
QUESTIONS = {
    path.stem: path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "docs/queries/carms").glob("*.sql"))
}
PAGES = (
    "README.md", "docs/quickstart.md", "docs/carms.md", "docs/match-pressure.md", "docs/python.md",
    "docs/carms-facts.md", "docs/guides/bi-tools.md",
)  # fmt: skip
HELD_BY_ALL = {"seats_by_iteration"}
"""The questions about all iterations."""
_QUERY = re.compile(r'carms query (?:-\S+ \S+ )*"([^"]+)"|lake\.query\("([^"]+)"\)')


def quoted() -> dict[str, str]:
    """Every query of people that a page or the demo shows, over gold, by where it is."""
    found = {}
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        for number, match in enumerate(_QUERY.finditer(text), start=1):
            found[f"{page} {number}"] = " ".join((match[1] or match[2]).split())
    for number, step in enumerate(demo_steps(DOMAIN)[1:], start=1):
        found[f"demo.sql {number}"] = step
    others = ("ops.", "silver.", "bronze.", "rejects", "orders", "all_iterations", "$ carms")
    return {at: sql for at, sql in found.items() if not any(word in sql for word in others)}


QUOTED = quoted()


def lake_of(folder: Path, *iterations: int) -> Lake:
    config = LakeConfig(folder, DOMAIN)
    for iteration in iterations:
        options = {"seed": 7, "programs": 60, "iteration": iteration}
        generate(DOMAIN.package, config.data_raw, options)
    lake = Lake(config)
    lake.ingest()
    lake.build()
    return lake


@pytest.fixture(scope="module")
def newer(tmp_path_factory):
    return lake_of(tmp_path_factory.mktemp("newer"), 9026)


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    return lake_of(tmp_path_factory.mktemp("both"), 9025, 9026)


def test_there_are_twenty_questions_and_queries_of_pages_to_ask():
    assert len(QUESTIONS) == 20
    assert len(QUOTED) >= 8
    for text in QUESTIONS.values():
        first, second, *_ = text.splitlines()
        assert first.startswith("-- Question: ")
        assert first.endswith("?")
        assert second.startswith("-- Answer: ")


def test_the_page_of_the_domain_lists_every_question():
    page = (ROOT / "docs/carms.md").read_text(encoding="utf-8")
    assert [name for name in QUESTIONS if f"queries/carms/{name}.sql" not in page] == []


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_has_an_answer(newer, name):
    assert newer.query(QUESTIONS[name]).height > 0


@pytest.mark.parametrize("name", sorted(QUESTIONS.keys() - HELD_BY_ALL))
def test_a_second_iteration_doubles_no_answer(both, newer, name):
    assert both.query(QUESTIONS[name]).equals(newer.query(QUESTIONS[name]))


@pytest.mark.parametrize("at", QUOTED)
def test_a_second_iteration_doubles_no_query_of_a_page_or_the_demo(both, newer, at):
    found, expected = (sorted(map(str, lake.query(QUOTED[at]).rows())) for lake in (both, newer))
    assert found == expected  # not every one of them orders its ties


@pytest.fixture(scope="module")
def counted(newer):
    """The programs, as polars reads them from silver; nothing of gold."""
    programs = newer.table("silver.program").collect()
    documents = newer.table("silver.document").collect()
    facts = documents.select("program_stream_id", "quota", "reference_letters", "document_language")
    return programs.join(facts, on="program_stream_id", how="left")


def test_seats_by_province_are_those_that_polars_counts(newer, counted):
    expected = counted.group_by("training_province").agg(pl.len(), pl.col("quota").sum())
    found = newer.query(QUESTIONS["seats_by_province"])
    assert set(found.select("training_province", "programs", "seats").rows()) == set(
        expected.rows()
    )


def test_seats_by_discipline_are_those_that_polars_counts(newer, counted):
    is_img = pl.col("eligibility").is_in(["IMG", "All"])
    expected = counted.group_by("discipline_name").agg(
        pl.len(), pl.col("quota").sum(), pl.col("quota").filter(is_img).sum().alias("img")
    )
    found = newer.query(QUESTIONS["seats_by_discipline"])
    columns = ("discipline_name", "programs", "seats", "seats_open_to_img")
    assert set(found.select(columns).rows()) == set(expected.rows())


def test_letters_are_those_that_polars_counts(newer, counted):
    expected = counted.group_by("reference_letters").len().rows()
    found = newer.query(QUESTIONS["letters_of_reference"])
    assert set(found.select("reference_letters", "programs").rows()) == set(expected)


def test_weeks_of_interviews_are_those_that_polars_counts(newer):
    days = newer.table("silver.interview_date").collect()
    monday = pl.col("interview_on").dt.truncate("1w")
    expected = days.group_by(monday).agg(pl.col("program_stream_id").n_unique())
    found = newer.query(QUESTIONS["interview_calendar"])
    assert set(found.select("week_from", "programs").rows()) == set(expected.rows())


def test_casper_is_counted_as_polars_counts_it(newer, counted):
    asked = newer.table("silver.requirement").filter(pl.col("requirement_code") == "casper")
    ids = asked.collect()["program_stream_id"].unique()
    expected = counted.filter(pl.col("program_stream_id").is_in(ids.to_list()))
    found = newer.query(QUESTIONS["casper_by_discipline"])
    assert expected.height > 0
    assert set(found.select("discipline_name", "programs_with_casper").rows()) == set(
        expected.group_by("discipline_name").len().rows()
    )


def test_a_discipline_is_followed_from_match_to_match(both):
    found = both.query(QUESTIONS["seats_by_iteration"])
    seats = dict(found.group_by("match_iteration_id").agg(pl.col("seats").sum()).rows())
    expected = both.table("silver.document").collect().group_by("match_iteration_id")
    assert seats == dict(expected.agg(pl.col("quota").sum()).rows())
    assert found["seats_difference"].drop_nulls().len() > 0


@pytest.mark.real_data
@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_has_an_answer_on_the_real_files(real_lake, name):
    assert real_lake.query(QUESTIONS[name]).height > 0


@pytest.mark.real_data
def test_answers_on_the_real_files_are_the_figures_that_were_measured(real_lake):
    provinces = real_lake.query(QUESTIONS["seats_by_province"])
    assert provinces["seats"].sum() == 3942
    disciplines = real_lake.query(QUESTIONS["seats_by_discipline"])
    assert disciplines.row(0)[:3] == ("Family Medicine", 265, 1821)
