"""Kept simulations: kept by `simulate`, listed, given again byte by byte, and compared."""

from __future__ import annotations

import csv
import io
import json

import pytest
from domains.carms.gold_lake import published, silver_of, version
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import carms_lake
from carms_lake.cli import make_app
from carms_lake.domains.carms.match import runs
from carms_lake.domains.carms.match import simulation as sim
from carms_lake.domains.carms.match.scenario import Setting


def silver(quota=4):
    return silver_of(
        version("27447", quota=quota),
        version(
            "27448", school_code=82, school_name="Queen’s University", school_province="ON",
            training_province="ON", program_stream="IMG Stream for IMG", eligibility="IMG", quota=1,
            eligible_cmg=False, eligible_usmg=False,
        ),
        version(
            "27449", school_code=93, school_name="Université de Montréal", discipline_id="27",
            discipline_name="Family Medicine", document_language="fr", quota=3,
        ),
    )  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return published(tmp_path_factory.mktemp("project"), silver())


@pytest.fixture(scope="module")
def lake(project):
    return carms_lake.open(project, "carms")


@pytest.fixture(scope="module")
def match(project):
    def run(*arguments):
        return CliRunner().invoke(make_app(), ["-p", str(project), "match", *arguments])

    return run


@pytest.fixture(scope="module")
def two(match):
    """What two simulations printed, the earlier one first; they stay in the lake."""
    asked = (["--quota", "27447+2", "--by", "province"], ["--shift", "QC=+50%"])
    answers = [match("simulate", "--reps", "2", *more) for more in asked]
    assert [answer.exit_code for answer in answers] == [0, 0], answers[0].stderr
    return answers


def rows_of(result):
    assert result.exit_code == 0, result.stderr
    return list(csv.DictReader(io.StringIO(result.stdout)))


def test_a_simulation_is_kept_with_what_it_was_made_from(two, match, lake):
    newest, before = rows_of(match("runs"))[:2]
    assert f"kept as `{newest['run_id'][-6:]}`" in two[1].stderr
    assert (before["settings"], newest["settings"]) == ("quota 27447 +2", "shift QC +50%")
    assert (before["seed"], before["repetitions"], before["by_level"]) == ("1", "2", "province")
    assert before["supply_hash"] == newest["supply_hash"]
    assert before["scenario_hash"] != newest["scenario_hash"]
    build = lake.query("select run_id from ops.build").item()
    assert {newest["gold_run_id"], before["gold_run_id"]} == {build}
    kept = lake.query("select run_id, count(*) from match.result group by all").rows()
    assert {newest["run_id"], before["run_id"]} <= {run for run, _ in kept}
    seats = "select seats from match.supply where supply_hash = $hash order by position"
    assert lake.query(seats, {"hash": newest["supply_hash"]})["seats"].to_list() == [4, 1, 3]


@pytest.mark.parametrize("form", ["csv", "json", "table"])
def test_a_kept_simulation_is_given_again_byte_by_byte(match, form):
    first = match("simulate", "--reps", "2", "--seed", "5", "--quota", "27449+3", "-f", form)
    again = match("rerun", "last", "-f", form)
    assert (first.exit_code, again.exit_code) == (0, 0), again.stderr
    assert first.stdout == again.stdout
    assert "the same figures as were kept" in again.stderr


def test_one_object_names_the_run_and_is_given_again_too(match, lake, tmp_path):
    shares = tmp_path / "demand.toml"
    shares.write_text('[CMG]\n"Neurology" = 0.4\n"Family Medicine" = 0.6\n', encoding="utf-8")
    first = match("simulate", "--reps", "1", "--demand", str(shares), "--by", "all", "--json")
    shares.unlink()
    assert json.loads(first.stdout)["run_id"] == runs.kept(lake)[0].run_id
    assert match("rerun", "last", "--json").stdout == first.stdout


def test_parameters_of_a_file_are_kept_with_the_run(match, lake, tmp_path):
    file = tmp_path / "parameters.toml"
    file.write_text("[parameters]\nhome = 0.5\n", encoding="utf-8")
    first = match("simulate", "--reps", "1", "--parameters", str(file), "--by", "all", "--json")
    assert first.exit_code == 0, first.stderr
    file.unlink()
    assert json.loads(runs.kept(lake)[0].scenario)["parameters"]["home"] == 0.5
    assert match("rerun", "last", "--json").stdout == first.stdout


def test_runs_are_named_by_either_end_of_their_ids_or_by_last_and_previous(two, lake):
    newest, before = runs.kept(lake)[:2]
    for text, run in (
        ("last", newest), ("previous", before), ("2", before), (newest.short, newest),
        (before.run_id, before), (newest.short[:5], newest),
    ):  # fmt: skip
        assert runs.find(lake, text) == run


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rerun", "zzzzzz"], "no run `zzzzzz`"),
        (["rerun", "20"], "no run `20`"),
        (["rerun", "2026"], "means"),
        (["rerun", ""], "no run ``"),
        (["compare", "last", "zzzzzz"], "the newest are"),
        (["compare", "last"], "'B'"),
    ],
)
def test_a_run_that_is_not_there_is_said_with_the_nearest_or_the_newest(
    two, match, arguments, said
):
    result = match(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""


def test_without_a_kept_run_that_is_said(tmp_path):
    empty = published(tmp_path, silver())
    for arguments in (["rerun", "last"], ["compare", "last", "previous"]):
        result = CliRunner().invoke(make_app(), ["-p", str(empty), "match", *arguments])
        assert result.exit_code == 2
        assert "no simulation is kept yet" in result.stderr
    result = CliRunner().invoke(make_app(), ["-p", str(empty), "match", "runs"])
    assert (result.exit_code, len(result.stdout.splitlines())) == (0, 1)
    asked = ["-p", str(empty), "match", "simulate", "--reps", "1", "--no-keep"]
    assert "kept" not in CliRunner().invoke(make_app(), asked).stderr
    assert runs.kept(carms_lake.open(empty, "carms")) == []


def test_a_comparison_has_a_as_base_and_b_as_scenario_on_the_same_draws(two, match):
    ids = {row["settings"]: row["run_id"] for row in rows_of(match("runs"))}
    found = match("compare", ids["quota 27447 +2"], ids["shift QC +50%"], "-f", "csv")
    seats = [r for r in rows_of(found) if (r["level"], r["measure"]) == ("all", "seats")]
    assert [(r["base"], r["scenario"], r["difference_low"]) for r in seats] == [
        ("10.0", "8.0", "-2.0")
    ]
    assert "both again with seed 1, 2 repetitions" in found.stderr
    same = rows_of(match("compare", "last", "last"))
    assert {row["difference"] for row in same} <= {"0.0", ""}


def test_explain_says_how_often_a_program_fills_and_who_displaces_whom(two, match):
    ids = {row["settings"]: row["run_id"] for row in rows_of(match("runs"))}
    asked = ["explain", ids["quota 27447 +2"], "--program", "27447"]
    page = match(*asked)
    assert page.exit_code == 0, page.stderr
    assert page.stdout.startswith("27447  Neurology / McGill University / Regular Stream for All")
    assert "ONE SEAT MORE THAN IN THE SCENARIO" in page.stdout
    assert "2 of 2 repetitions" in page.stderr
    figures = {row["measure"]: row for row in rows_of(match(*asked, "-f", "csv"))}
    seats = [figures["seats"][side] for side in ("base", "scenario", "one_more", "one_less")]
    assert seats == ["4.0", "6.0", "7.0", "5.0"]
    steps = rows_of(match(*asked, "--chains", "-f", "csv"))
    assert {row["change"] for row in steps} <= {"scenario", "one_more", "one_less"}
    whole = json.loads(match(*asked, "--json").stdout)
    assert whole["run_id"] == ids["quota 27447 +2"]
    assert len(whole["data"]["chains"]) == len(steps)


def test_explain_of_a_wrong_program_ends_with_2(two, match):
    result = match("explain", "last", "--program", "27445")
    assert result.exit_code == 2
    assert "unknown program `27445`" in result.stderr
    assert "`27447`" in result.stderr


def test_different_seats_are_refused_and_compared_anyway(tmp_path):
    project = published(tmp_path, silver())

    def match(*arguments):
        return CliRunner().invoke(make_app(), ["-p", str(project), "match", *arguments])

    assert match("simulate", "--reps", "1").exit_code == 0
    published(tmp_path, silver(quota=9))
    assert match("simulate", "--reps", "1").exit_code == 0
    refused = match("compare", "previous", "last")
    assert refused.exit_code == 2
    assert "different seats" in refused.stderr
    assert "--anyway" in refused.stderr
    anyway = rows_of(match("compare", "previous", "last", "--anyway"))
    seats = [r["difference"] for r in anyway if (r["level"], r["measure"]) == ("all", "seats")]
    assert seats == ["5.0"]
    was = match("rerun", "previous")  # on the seats of then
    assert [r["base"] for r in rows_of(was) if (r["level"], r["measure"]) == ("all", "seats")] == [
        "8.0"
    ]
    assert match("simulate", "--reps", "1", "--iterations", "1").exit_code == 0
    other = match("compare", "previous", "last")
    assert other.exit_code == 2
    assert "iterations" in other.stderr


def test_a_lake_that_cannot_be_written_is_said_and_the_answer_is_given(two, match, monkeypatch):
    def refused(*_):
        raise carms_lake.StoreError("the lake cannot be written", "is it read-only?")

    monkeypatch.setattr(carms_lake.Lake, "append", refused)
    result = match("simulate", "--reps", "1")
    assert result.exit_code == 0
    assert result.stdout
    assert "not kept: the lake cannot be written" in result.stderr
    said = json.loads(match("simulate", "--reps", "1", "--json").stdout)
    assert said["run_id"] is None
    assert said["data"]["not_kept"] == "the lake cannot be written"


def test_figures_that_differ_from_the_kept_ones_end_with_1(two, match, monkeypatch):
    real = runs.result_of

    def other(lake, run):
        return real(lake, run).with_columns(base=1.0)

    monkeypatch.setattr(runs, "result_of", other)
    result = match("rerun", "last")
    assert result.exit_code == 1
    assert "differ from those that were kept" in result.stderr


def test_ctrl_c_keeps_nothing(match, lake, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    before = [run.run_id for run in runs.kept(lake)]
    monkeypatch.setattr(sim, "repetitions", stopped)
    assert match("simulate", "--reps", "1").exit_code == 130
    assert [run.run_id for run in runs.kept(lake)] == before


CHANGES = st.sampled_from([
    Setting("quota", "27447", "+3", ""), Setting("quota", "27449", "=0", ""),
    Setting("shift", "ON", "-20%", ""), Setting("demand", "Neurology", "+10%", ""),
    Setting("language", "27449", "either", ""), Setting("applicants", "IMG", "*0.5", ""),
    Setting("split", "", {"program": "27447", "seats": {"IMG": 1, "CMG": 3}}, ""),
    Setting("second_iteration", "open_to_all", value=False, at=""), Setting("name", "", "a", ""),
])  # fmt: skip


@pytest.mark.slow
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(CHANGES, max_size=3, unique_by=lambda one: (one.table, one.key)).filter(
        # A program that is split has other ids.
        lambda changes: (
            "split" not in {one.table for one in changes}
            or not any(one.table == "quota" and one.key == "27447" for one in changes)
        )
    ),
    st.integers(0, 99),
)
def test_a_kept_run_has_the_plan_it_was_made_of_and_earlier_runs_stay(lake, changes, seed):
    offered, plan = sim.plan_of(lake, changes, seed=seed, couples=2)
    found = sim.simulation(offered, plan, 1)
    earlier = lake.table("match.run").collect()
    run = runs.find(lake, runs.keep(lake, found, runs.Asked(changes)))
    assert runs.plan_of(lake, run) == (offered, plan)
    assert runs.differing(runs.result_of(lake, run), found.table) == 0
    after = lake.table("match.run").collect()
    assert (
        after.join(earlier, on="run_id", how="semi").sort("run_id").equals(earlier.sort("run_id"))
    )
    assert after.height == earlier.height + 1
