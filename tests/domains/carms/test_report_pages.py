"""The pages of carms in the report: their figures are those of a query, in both languages."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from domains.carms.gold_lake import published, silver_of, version
from html_page import Page
from typer.testing import CliRunner

import carms_lake
from carms_lake.cli import make_app
from carms_lake.domains.carms.analysis.iterations import compare_deliveries, compare_iterations
from carms_lake.domains.carms.report import (
    PAGES,
    canada,
    changes,
    match_runs,
    programs,
    requirements,
    seats,
)
from carms_lake.report import html
from carms_lake.report.filled import fill, queries
from carms_lake.report.words import Words

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.api import Lake
    from carms_lake.report.pages import Page as Declared

HOSTILE = "<script>alert('x')</script>\u202e\"&"
SHOWN = "<script>alert('x')</script>\\u202e\"&"
NEXT = datetime(2026, 3, 1, 12)  # noqa: DTZ001 - gold keeps UTC without a zone
LATER = datetime(2026, 4, 1, 12)  # noqa: DTZ001 - the same


def after(stream_id: str, **rest: Any) -> dict[str, Any]:
    """A program of the next match."""
    return version(stream_id, **{"match_iteration_id": "1603", "valid_from": NEXT, **rest})


SILVER = silver_of(
    version("1", quota=2),
    version("2", quota=5, program_site="Laval"),
    version("3", quota=1, program_site="Gatineau", training_province="ON"),
    after("1", quota=4, valid_to=LATER, is_current=False),
    after("1", quota=3, valid_from=LATER, applications_min=601, applications_max=None),
    after("902", quota=7, program_site="Laval"),
    after("6", quota=1, program_site=HOSTILE, training_province="BC", applications_min=601,
          applications_max=None, interviewed_pct_min=0, interviewed_pct_max=25,
          return_of_service_img="required", eligible_cmg=False, length_years=5),
    after("7", quota=None, program_site="Elsewhere", training_province=None, discipline_id="27",
          discipline_name="Family Medicine", applications_min=None, applications_max=None),
    interview_date=[
        {"match_iteration_id": "1603", "program_stream_id": stream_id, "interview_on": day}
        for stream_id, day in (("1", date(2026, 1, 20)), ("1", date(2026, 1, 26)),
                               ("6", date(2026, 1, 20)))
    ],
    requirement=[
        {"match_iteration_id": "1603", "program_stream_id": stream_id, "requirement_ordinal": n,
         "requirement_category": "examination", "requirement_code": code,
         "requirement_name": code.upper(), "requirement_level": level, "label": code.upper(),
         "is_alternative": False}
        for n, (stream_id, code, level) in enumerate(
            (("1", "casper", "required"), ("6", "casper", "optional"), ("6", "nac", "conditional"))
        )
    ],
)  # fmt: skip


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return carms_lake.open(published(tmp_path_factory.mktemp("project"), SILVER))


def drawn(lake: Lake, page: Declared, lang: str = "en") -> str:
    return html.section(fill(lake, page, lang), Words(lang), queries(lake, lang))


def cells(lake: Lake, page: Declared, block: str, lang: str = "en") -> list[list[str]]:
    return Page(drawn(lake, page, lang)).table(f"{page.key}-{block}")


def rows(lake: Lake, page: Declared, block: str, lang: str = "en") -> list[dict[str, Any]]:
    filled = fill(lake, page, lang).blocks
    return next(list(one.rows) for one in filled if one.block.key == block)


def test_seats_of_the_map_and_of_the_table_are_those_of_geo_summary(lake: Lake) -> None:
    asked = lake.query(
        "select training_province, discipline_id, programs, seats from geo_summary"
    ).rows()
    of_map = [
        (row["training_province"], row["discipline_id"], row["programs"], row["seats"])
        for row in rows(lake, seats.PAGE, "map")
    ]
    assert sorted(map(str, asked)) == sorted(str(row) for row in of_map if row[1] is not None)
    by_province = {row[0]: row[3] for row in of_map if row[1] is None}
    assert by_province == {"QC": 10, "BC": 1, None: None}
    table = {row["discipline"]: row for row in rows(lake, seats.PAGE, "disciplines")}
    assert (table["Neurology"]["qc"], table["Neurology"]["seats"]) == (10, 11)


def test_the_map_shows_all_seats_and_has_the_state_of_every_choice(lake: Lake) -> None:
    said = drawn(lake, seats.PAGE)
    states = json.loads(re.search(r'<script[^>]*id="seats-map-states">(.*?)</script>', said)[1])
    assert states["*|seats"]["QC"] == ["q5", "10"]
    assert states["44|programs"]["QC"] == ["q5", "2"]
    # QC: 601 for 3 seats, 51 for 7.
    assert states["44|contested"]["QC"][1] == "\u2265 104"
    page = Page(said)
    shades = {a["data-part"]: a.get("class") for tag, a in page.elements if tag == "path"}
    assert shades["QC"] == "q5"
    assert shades["ON"] is None
    numbers = [
        (around[-1][1]["data-part"], text)
        for text, around in page.texts
        if "data-part" in around[-1][1]
    ]
    assert sorted(numbers) == [("BC", "1"), ("QC", "10")]
    chosen = [a["data-chooses"] for tag, a in page.elements if tag == "select"]
    assert chosen == ["seats-map-drawn"] * 2


def test_every_province_has_an_outline_and_a_place_for_its_number() -> None:
    box, paths = canada.outlines()
    assert set(paths) == set(canada._PLACES)
    width, height = map(int, box.split()[2:])
    assert all(0 < x < width and 0 < y < height for x, y in canada._PLACES.values())


def test_the_most_contested_are_their_ranges_and_seats_ties_together(lake: Lake) -> None:
    (demand,) = [page for page in PAGES if page.key == "demand"]
    assert [
        (row["bucket"], row["programs"], row["least"], row["most"])
        for row in rows(lake, demand, "ties")
    ] == [
        ("601 or more for 1 seat", 1, 601.0, None),
        ("601 or more for 3 seats", 1, 200.3, None),
        ("51 to 200 for 7 seats", 1, 7.3, 28.6),
    ]
    assert [row["bucket"] for row in rows(lake, demand, "ties", "fr")][:2] == [
        "601 ou plus pour 1 poste",
        "601 ou plus pour 3 postes",
    ]
    assert [row[0] for row in cells(lake, demand, "programs")[1:]] == ["6", "1", "902"]
    (neurology,) = rows(lake, demand, "disciplines")
    assert (neurology["least"], neurology["most"]) == (200.3, None)


def test_the_calendar_counts_programs_by_day_and_week(lake: Lake) -> None:
    (page,) = [page for page in PAGES if page.key == "interviews"]
    asked = lake.query(
        "select interview_on, count(distinct program_stream_id) as programs"
        " from fact_interview_date where is_newest_iteration group by all order by all"
    ).rows()
    assert [(r["interview_on"], r["programs"]) for r in rows(lake, page, "days")] == asked
    weeks = [row for row in cells(lake, page, "days") if len(row) == 2]
    assert weeks == [["2026-01-19", "2"], ["2026-01-26", "1"]]
    (neurology,) = rows(lake, page, "disciplines")
    assert neurology["busiest_day"] == date(2026, 1, 20)


def test_the_matrix_counts_what_is_required_of_all_or_on_a_condition(lake: Lake) -> None:
    table = {row["discipline"]: row for row in rows(lake, requirements.PAGE, "matrix")}
    assert table["Neurology"]["programs"] == 3
    assert (table["Neurology"]["casper"], table["Neurology"]["nac"]) == (33.3, 33.3)
    assert table["Family Medicine"]["casper"] == 0


def test_changes_are_those_of_the_comparisons(lake: Lake) -> None:
    found = rows(lake, changes.PAGE, "programs")
    compared = {
        "delivery": compare_deliveries(lake, "1603"),
        "iteration": compare_iterations(lake, "1503", "1603"),
    }
    for since, frame in compared.items():
        changed = frame.filter(pl.col("change") != "same")
        assert changed.height > 0
        assert [
            (row["change"], row["program_stream_id"], row["seats_before"], row["seats_after"])
            for row in found
            if row["since"] == since
        ] == changed.select(
            "change", "program_stream_id_after", "seats_before", "seats_after"
        ).rows()
    french = rows(lake, changes.PAGE, "programs", "fr")
    assert {row["discipline"] for row in french} == {"Neurologie", "Médecine familiale"}
    said = Page(drawn(lake, changes.PAGE))
    assert "gone" in [text for text, _ in said.texts]


def test_a_program_has_a_part_that_a_link_reaches(lake: Lake) -> None:
    said = "".join(drawn(lake, page) for page in PAGES)
    page = Page(said)
    ids = page.ids()
    assert len(set(ids)) == len(ids)
    offered = lake.query("select program_stream_id from program_profile").rows()
    assert sorted(one for one in ids if re.fullmatch(r"p-\d+", one)) == sorted(
        f"p-{one}" for (one,) in offered
    )
    links = [a["href"].removeprefix("#") for tag, a in page.elements if tag == "a"]
    assert links
    assert set(links) <= set(ids)


def test_a_program_s_part_has_its_facts_as_text(lake: Lake) -> None:
    said = drawn(lake, programs.PAGE)
    part = re.search(r'<details[^>]*id="p-6".*?</details>', said, re.DOTALL)[0]
    text = re.sub(r"<[^>]+>", "|", part)
    for fact in (
        "1 seat", "BC", "5 years", "601 or more applications", "0\u201325 % interviewed",
        "interviews on 2026-01-20", "examinations: NAC", "return of service: IMG required",
    ):  # fmt: skip
        assert fact in text
    whole = drawn(lake, programs.PAGE, "fr")
    assert "<summary>Médecine familiale \u00b7 " in whole
    french = re.search(r'<details[^>]*id="p-6".*?</details>', whole, re.DOTALL)[0]
    assert "Université McGill" in french
    assert "601 candidatures ou plus" in french
    parts = "".join(re.findall(r'<details[^>]* id="p-.*?</details>', whole, re.DOTALL))
    apart = re.sub(r'<span lang="en">.*?</span>|<[^>]+>', "", parts)
    assert not re.search(r"seat|year|apply|interview|examination|service:|letter|applica", apart)
    assert '<span lang="en">Regular Stream for All</span>' in french


def test_names_of_programs_are_shown_as_text(lake: Lake) -> None:
    for page in PAGES:
        said = drawn(lake, page)
        assert "<script>alert" not in said
        assert "\u202e" not in said
    shown = Page("".join(drawn(lake, page) for page in PAGES))
    assert sum(SHOWN in text for text, _ in shown.texts) >= 3


def test_statements_below_blocks_give_the_figures_as_they_are(lake: Lake) -> None:
    for lang in ("en", "fr"):
        for page in PAGES:
            for filled in fill(lake, page, lang).blocks:
                if filled.foot:
                    assert lake.query(filled.foot).to_dicts() == list(filled.rows)


def test_kept_simulations_are_shown_with_their_bands(tmp_path: Path) -> None:
    project = published(tmp_path, silver_of(version("1", quota=4), version("2", quota=3)))
    asked = ["-p", str(project), "match", "simulate", "--reps", "2", "--shift", "QC=+50%"]
    assert CliRunner().invoke(make_app(), asked).exit_code == 0
    there = carms_lake.open(project, "carms")
    unfilled = there.query(
        "select base_low, base_high, scenario_low, scenario_high from match.result"
        " where level = 'all' and measure = 'unfilled'"
    ).row(0)
    shown = rows(there, match_runs.PAGE, "unfilled")
    assert [(row["low"], row["high"]) for row in shown] == [unfilled[:2], unfilled[2:]]
    run_id = there.query("select run_id from match.run")["run_id"][0]
    assert [row[0] for row in cells(there, match_runs.PAGE, "runs")[1:]] == [run_id[-6:]]
    kinds = {row["name"] for row in rows(there, match_runs.PAGE, "differences")}
    assert {"all", "CMG"} <= kinds


def test_pages_of_a_lake_without_programs_say_that_there_is_nothing(tmp_path: Path) -> None:
    empty = carms_lake.open(published(tmp_path, {}))
    for lang, nothing in (("en", "None."), ("fr", "Rien")):
        for page in PAGES:
            Page(drawn(empty, page, lang))
        (demand,) = [page for page in PAGES if page.key == "demand"]
        assert nothing in drawn(empty, demand, lang)


@pytest.mark.real_data
@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "fr"])
def test_the_whole_report_of_the_real_files_is_below_a_megabyte(real_lake: Lake, lang: str) -> None:
    from carms_lake.report import report

    assert len(report(real_lake, lang).html().encode()) < 1_000_000


@pytest.mark.real_data
@pytest.mark.slow
def test_the_figures_of_the_real_files_are_those_of_their_queries(real_lake: Lake) -> None:
    found = rows(real_lake, seats.PAGE, "disciplines")
    assert sum(row["seats"] for row in found) == 3942
    assert sum(row["on"] for row in found) == 1474
    provinces = [row for row in rows(real_lake, seats.PAGE, "map") if not row["discipline_id"]]
    assert sum(row["programs"] for row in provinces) == 815
    (demand,) = [page for page in PAGES if page.key == "demand"]
    first = rows(real_lake, demand, "ties")[0]
    assert (first["bucket"], first["programs"]) == ("601 or more for 1 seat", 52)
    assert drawn(real_lake, programs.PAGE).count('<details data-find=""') == 815
