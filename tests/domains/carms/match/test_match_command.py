"""`carms match` on a published gold file of a few programs."""

from __future__ import annotations

import csv
import io
import json
import tomllib

import pytest
from domains.carms.gold_lake import published, silver_of, version
from typer.testing import CliRunner

from carms_lake.cli import make_app

SILVER = silver_of(
    version("27447", quota=4),
    version(
        "27448", school_code=82, school_name="Queen’s University", school_province="ON",
        training_province="ON", program_stream="IMG Stream for IMG", eligibility="IMG", quota=1,
        eligible_cmg=False, eligible_usmg=False,
    ),
    version(
        "27449", school_code=93, school_name="Université de Montréal", discipline_id="27",
        discipline_name="Family Medicine", document_language="fr", quota=None,
    ),
    version(
        "27450", program_stream="MOTP-MMTP for MOTP/MMTP", eligibility="MOTP/MMTP", quota=3,
        eligible_cmg=False, eligible_img=False, eligible_usmg=False,
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return published(tmp_path_factory.mktemp("project"), SILVER)


@pytest.fixture
def match(project):
    def run(*arguments):
        return CliRunner().invoke(make_app(), ["-p", str(project), "match", *arguments])

    return run


def rows_of(result, **wanted):
    assert result.exit_code == 0, result.stderr
    rows = csv.DictReader(io.StringIO(result.stdout))
    return [row for row in rows if wanted.items() <= row.items()]


def test_a_scenario_is_compared_with_the_base_and_said_to_be_no_forecast(match, tmp_path):
    folder = tmp_path / "market"
    result = match(
        "simulate", "--reps", "2", "--quota", "Neurology/McGill+6", "--export", str(folder)
    )
    (seats,) = rows_of(result, level="all", measure="seats")
    assert (seats["base"], seats["scenario"], seats["difference"]) == ("5.0", "11.0", "6.0")
    (filled,) = rows_of(result, level="all", measure="filled_first")
    assert float(filled["base"]) <= 5
    assert float(filled["difference"]) > 0
    assert "not a forecast" in result.stderr
    assert "seed 1, 2 repetitions" in result.stderr
    assert "seats of the Forces left out: 3" in result.stderr
    assert len(list(folder.iterdir())) == 6


@pytest.mark.slow
def test_no_scenario_differs_by_nothing_and_the_same_seed_gives_the_same_bytes(match):
    first, again = (match("simulate", "--reps", "2", "--seed", "7") for _ in range(2))
    assert first.stdout == again.stdout
    assert {row["difference"] for row in rows_of(first)} <= {"0.0", ""}


def test_one_object_holds_the_figures_and_what_has_to_be_known_with_them(match):
    result = match("simulate", "--reps", "1", "--by", "province", "--json")
    data = json.loads(result.stdout)["data"]
    assert {row["name"] for row in data["rows"]} == {"ON", "QC"}
    assert "forecast" in data["what_it_is"]
    assert result.stderr == ""


def test_a_table_has_a_row_per_name_and_both_figures_where_they_differ(match):
    asked = ["--reps", "1", "--by", "discipline", "--quota", "27447+6", "-f", "table"]
    lines = match("simulate", *asked).stdout.splitlines()
    assert [line.split()[0] for line in lines[2:]] == ["Family", "Neurology"]
    assert lines[0].split()[:5] == ["name", "seats", "filled", "change", "unfilled"]
    assert "5 > 11" in lines[3]


@pytest.mark.slow
def test_the_template_is_toml_and_runs(match, tmp_path):
    result = match("template")
    assert result.exit_code == 0
    assert tomllib.loads(result.stdout)
    file = tmp_path / "scenario.toml"
    text = result.stdout.replace("Psychiatry/Toronto", "Neurology/McGill")
    file.write_text(text, encoding="utf-8")
    assert match("simulate", str(file), "--reps", "1").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--reps", "0"], "--reps"),
        (["--couples", "10000"], "at most 100"),
        (["--quota", "27447=-4"], "seats cannot be -4"),
        (["--quota", "Neurologie pediatrique+1"], "Neurologie pediatrique"),
        (["--quota", "27447"], "no change at its end"),
        (["--shift", "ZZ=+1%"], "unknown province"),
        (["no-such.toml"], "no-such.toml"),
        (["--demand", "no-such.toml"], "no-such.toml"),
    ],
)
def test_what_is_asked_wrongly_is_said_and_ends_with_2(match, arguments, said):
    result = match("simulate", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""


def test_a_name_in_either_language_or_an_abbreviation_is_one_too(match):
    result = match("simulate", "--reps", "1", "--quota", "médecine de famille/UdeM=1")
    (seats,) = rows_of(result, level="all", measure="seats")
    assert seats["difference"] == "1.0"


def test_an_iteration_that_is_not_there_is_said(match):
    result = match("simulate", "--iteration", "1", "--reps", "1")
    assert result.exit_code == 1
    assert "no program of match iteration `1`" in result.stderr
