"""The model held against published years; every figure here is invented."""

from __future__ import annotations

import csv
import io
import json

import polars as pl
import pytest
from domains.carms.gold_lake import published, silver_of, version
from domains.carms.match.worlds import PROGRAMS
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import carms_lake
from carms_lake.cli import make_app
from carms_lake.domains.carms.match.oracle import Oracle, Published, read_oracle
from carms_lake.domains.carms.match.parameters import HEADLINES
from carms_lake.domains.carms.match.simulate import repetitions
from carms_lake.domains.carms.match.validation import (
    LAST,
    MODEL,
    MODEL_BEFORE,
    PREDICTED,
    THREE,
    conservation,
    errors,
    plan_of,
    predictions,
    scaled,
    years,
)

DISCIPLINES = """year,discipline,seats,first_choices,matched
2030,Psychiatry,10,10,8
2030,Family Medicine,40,20,20
2031,Psychiatry,10,10,6
2031,family medicine,40,20,19
2032,Psychiatry,10,10,4
2032,Family Medicine,40,20,18
2033,Psychiatry,10,20,5
2033,Family Medicine,40,20,20
"""
VACANCIES = """year,school,unfilled
2032,University of Toronto,7
2033,University of Toronto,9
"""


def folder_of(path, disciplines=DISCIPLINES, vacancies=None):
    (path / "disciplines.csv").write_text(disciplines, encoding="utf-8")
    if vacancies is not None:
        (path / "vacancies.csv").write_text(vacancies, encoding="utf-8")
    return path


def test_last_year_and_the_mean_of_three_years_are_those_of_the_folder(tmp_path):
    oracle = read_oracle(folder_of(tmp_path), PROGRAMS)
    rows = predictions(PROGRAMS, oracle, 1).filter(year=2033, name="Psychiatry")
    said = dict(rows.select("method", "predicted").rows())
    assert said[LAST] == 0.4
    assert said[THREE] == 0.6
    assert set(rows["published"]) == {0.25}


def test_all_methods_of_a_year_answer_the_same_names(tmp_path):
    text = DISCIPLINES + "2033,Dermatology,1,5,1\n"  # last year has no such row
    found = predictions(PROGRAMS, read_oracle(folder_of(tmp_path, text), PROGRAMS), 1)
    names = found.group_by("year", "method").agg(pl.col("name").sort())["name"].to_list()
    assert names == [["Family Medicine", "Psychiatry"]] * len(names)


def test_a_method_without_its_years_is_left_out(tmp_path):
    found = predictions(PROGRAMS, read_oracle(folder_of(tmp_path), PROGRAMS), 1)
    assert THREE not in set(found.filter(year=2031)["method"])
    assert THREE in set(found.filter(year=2033)["method"])


def test_the_model_tells_demand_that_is_given_from_that_of_last_year(tmp_path):
    found = predictions(PROGRAMS, read_oracle(folder_of(tmp_path), PROGRAMS), 3)
    doubled = found.filter(year=2033, name="Psychiatry")
    said = dict(doubled.select("method", "predicted").rows())
    assert said[MODEL] < said[MODEL_BEFORE]  # twice as many wanted the same seats


def test_what_a_year_brought_changes_no_answer_that_is_made_before_it(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one = folder_of(tmp_path / "a")
    other = folder_of(tmp_path / "b", DISCIPLINES.replace("2033,Psychiatry,10,20,5",
                                                          "2033,Psychiatry,10,30,9"))  # fmt: skip
    before = [
        predictions(PROGRAMS, read_oracle(folder, PROGRAMS), 2)
        .filter(pl.col("method").is_in([MODEL_BEFORE, LAST, THREE, "curve, last year's demand"]))
        .drop("published")
        for folder in (one, other)
    ]
    assert before[0].equals(before[1])


def test_the_loser_stands_in_the_table_behind_the_nearest():
    rows = [
        (2033, "first_choice_success", "A", LAST, 0.5, 0.4, None, None),
        (2033, "first_choice_success", "B", LAST, 0.5, 0.6, None, None),
        (2033, "first_choice_success", "A", MODEL, 0.5, 0.8, 0.4, 0.9),
        (2033, "first_choice_success", "B", MODEL, 0.5, 0.7, 0.6, 0.9),
    ]
    found = errors(pl.DataFrame(rows, schema=PREDICTED, orient="row")).to_dicts()
    assert [(row["place"], row["method"]) for row in found] == [(1, LAST), (2, MODEL)]
    assert [(row["mean_error"], row["bias"]) for row in found] == [(10.0, 0.0), (25.0, 25.0)]
    assert [row["in_band"] for row in found] == [None, 1]


def test_vacancies_of_a_school_are_judged_in_seats(tmp_path):
    oracle = read_oracle(folder_of(tmp_path, vacancies=VACANCIES), PROGRAMS)
    found = predictions(PROGRAMS, oracle, 2).filter(measure="unfilled", year=2033)
    assert set(found["method"]) == {MODEL, MODEL_BEFORE, LAST}
    (last,) = errors(found).filter(method=LAST).to_dicts()
    assert (last["mean_error"], last["bias"]) == (2.0, -2.0)


def test_what_the_model_leaves_empty_and_what_it_fills_are_all_seats(tmp_path):
    schools = sorted({program.school for program in PROGRAMS})
    text = "year,school,unfilled\n" + "".join(f"2031,{school},1\n" for school in schools)
    oracle = read_oracle(folder_of(tmp_path, vacancies=text), PROGRAMS)
    found = predictions(PROGRAMS, oracle, 1).filter(year=2031, measure="unfilled", method=MODEL)
    (pair,) = repetitions(plan_of(PROGRAMS, oracle, 2031, 1), 1)
    seats, filled = pair[0]["all", "all"][:2]
    assert filled > 0
    assert found["predicted"].sum() == seats - filled


@pytest.mark.parametrize(("year", "held_out"), [(2018, False), (2033, True)])
def test_a_year_that_the_parameters_saw_is_no_hold_out(year, held_out):
    rows = [(year, "unfilled", "A", MODEL, 1.0, 2.0, 1.0, 3.0)]
    assert errors(pl.DataFrame(rows, schema=PREDICTED, orient="row"))["held_out"][0] is held_out


@given(st.integers(0, 300), st.integers(0, 300))
def test_seats_of_a_year_are_conserved_and_leave_those_of_imgs_alone(psychiatry, family):
    found = scaled(PROGRAMS, {"Psychiatry": psychiatry, "Family Medicine": family})
    sums = {"Psychiatry": 0, "Family Medicine": 0}
    for program in found:
        if "CMG" in program.kinds and program.discipline in sums:
            sums[program.discipline] += program.seats
    assert sums == {"Psychiatry": psychiatry, "Family Medicine": family}
    others = [n for n, p in enumerate(PROGRAMS) if p.eligibility == "IMG"]
    assert [found[n] for n in others] == [PROGRAMS[n] for n in others]


def test_published_totals_are_conserved_but_for_the_source_that_is_off_by_one():
    off = conservation()
    assert list(off) == [2020, 2021, 2023, 2024, 2025]
    assert {year: sums for year, sums in off.items() if any(sums.values())} == {
        2021: {"kinds": 0, "seats": 1}
    }
    assert conservation([HEADLINES[0]._replace(img=1)]) != conservation([HEADLINES[0]])


def test_a_single_year_cannot_be_judged():
    with pytest.raises(carms_lake.UsageError, match="no year in the folder"):
        years(Oracle({2030: {"Psychiatry": Published(1, 1, 1)}}, {}))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("year,discipline,seats\n", "no column `first_choices`, `matched`"),
        ("year,discipline,seats,first_choices,matched\n", "has no rows"),
        (DISCIPLINES.replace("40,20,20", "40,20,21", 1), "line 3: 21 matched, 20 first choices"),
        (DISCIPLINES.replace("10,10,8", "-1,10,8"), "line 2: `seats` is `-1`"),
        (DISCIPLINES.replace("Psychiatry", "Psychatry", 1), "line 2: unknown discipline"),
        (DISCIPLINES + "2033,PSYCHIATRY,10,20,5\n", "line 10: `Psychiatry` comes twice"),
    ],
)
def test_a_wrong_file_is_refused_by_line(tmp_path, text, said):
    with pytest.raises(carms_lake.UsageError) as caught:
        read_oracle(folder_of(tmp_path, text), PROGRAMS)
    assert said in str(caught.value)


def test_a_folder_without_the_table_is_refused(tmp_path):
    with pytest.raises(carms_lake.UsageError, match="cannot be read"):
        read_oracle(tmp_path, PROGRAMS)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    silver = silver_of(version("27447", quota=4))
    return published(tmp_path_factory.mktemp("project"), silver)


@pytest.fixture
def validate(project):
    def run(*arguments):
        command = ["-p", str(project), "match", "validate", "--reps", "2", *arguments]
        return CliRunner().invoke(make_app(), command)

    return run


NEUROLOGY = """year,discipline,seats,first_choices,matched
2030,Neurology,4,5,3
2031,Neurology,4,6,4
"""


def test_the_command_prints_every_method_and_says_what_is_no_hold_out(validate, tmp_path):
    result = validate("--oracle", str(folder_of(tmp_path, NEUROLOGY)))
    assert result.exit_code == 0, result.stderr
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert len({row["method"] for row in rows}) == len(rows) == 5
    assert [row["place"] for row in rows] == sorted(row["place"] for row in rows)
    assert "2021 (seats off by 1, as published)" in result.stderr


def test_the_command_gives_each_name_and_the_same_bytes_again(validate, tmp_path):
    arguments = ("--oracle", str(folder_of(tmp_path, NEUROLOGY)), "--each", "--json")
    first, again = validate(*arguments), validate(*arguments)
    assert first.stdout == again.stdout
    data = json.loads(first.stdout)
    assert "rows" in json.dumps(data)
    assert "Neurology" in first.stdout


def test_the_command_refuses_a_folder_that_is_not_there(validate, tmp_path):
    result = validate("--oracle", str(tmp_path / "none"))
    assert result.exit_code == 2
    assert "disciplines.csv" in result.stderr
