"""The model fitted to tables that it drew itself, so that the truth is known."""

from __future__ import annotations

import json
import re

import polars as pl
import pytest
from domains.carms.gold_lake import published, silver_of, version
from domains.carms.match.made_tables import PROGRAMS, TRUTH, tables, write
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import carms_lake
from carms_lake.cli import make_app
from carms_lake.domains.carms.match.calibration import (
    FITTED,
    FLAT,
    SEARCHED,
    calibrate,
    chosen,
    file_of,
    fitted_curve,
)
from carms_lake.domains.carms.match.fitted import LIMITS, Fitted, read_parameters, written
from carms_lake.domains.carms.match.fitting import Ask
from carms_lake.domains.carms.match.moments import MOMENTS, error
from carms_lake.domains.carms.match.oracle import Oracle, Published, read_oracle
from carms_lake.domains.carms.match.parameters import Parameters
from carms_lake.domains.carms.match.search import Column, cross_entropy, separable
from carms_lake.domains.carms.match.tables import curve

START = TRUTH._replace(home_bonus=2.4, agreement=0.2, bar=-4.0)
YEARS = (2030, 2031, 2032)
ASK = Ask(evaluations=120, repetitions=2, start=Fitted(START), draws=3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write(tmp_path_factory.mktemp("tables"), tables(YEARS))


@pytest.fixture(scope="module")
def found(folder):
    return calibrate(PROGRAMS, read_oracle(folder, PROGRAMS), ASK, workers=1)


@pytest.mark.slow
def test_the_fitted_model_is_nearer_to_the_truth_than_the_start(found):
    assert found.after < 0.6 * found.before
    held = found.moments.filter("held_out")
    assert set(held["year"]) == {2032}
    off = {name: error([tuple(held[name])], [tuple(held["published"])])
           for name in ("before", "fitted")}  # fmt: skip
    assert off["fitted"] < 0.75 * off["before"]
    home = held.row(by_predicate=pl.col("moment") == "home_school", named=True)
    assert abs(home["fitted"] - home["published"]) < 8 < abs(home["before"] - home["published"])


@pytest.mark.slow
def test_what_moved_was_separable_and_what_is_flat_stayed(found):
    rows = {row["parameter"]: row for row in found.parameters.to_dicts()}
    assert list(rows) == list(SEARCHED)
    assert all(row["status"].startswith(FITTED) for row in rows.values()
               if row["before"] != row["fitted"])  # fmt: skip
    # No stream is for all here, so Canadians cannot be put before IMGs.
    assert rows["canadian"]["status"] == FLAT
    assert sum(row["before"] != row["fitted"] for row in rows.values()) >= 3
    kept = [name for name in Parameters._fields if name not in SEARCHED]
    assert [getattr(found.fitted, n) for n in kept] == [getattr(START, n) for n in kept]


@pytest.mark.slow
def test_losers_are_in_the_table_of_the_year_held_out(found):
    success = found.held_out.filter(measure="first_choice_success")
    assert set(found.held_out["year"]) == {2032}
    assert {"fitted model, demand given", "model before, demand given", "curve, demand given",
            "fitted curve, demand given", "last year"} <= set(success["method"])  # fmt: skip
    assert success["names"].n_unique() == 1
    assert success["place"].to_list() == sorted(success["place"])


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes_in_one_process_or_two(folder):
    oracle, ask = read_oracle(folder, PROGRAMS), ASK._replace(evaluations=9, draws=2, years=(2031,))
    steps = []
    one = calibrate(PROGRAMS, oracle, ask, lambda *done: steps.append(done), workers=1)
    two = calibrate(PROGRAMS, oracle, ask, workers=2)
    assert file_of(one) == file_of(two)
    for name in ("parameters", "moments", "held_out"):
        assert getattr(one, name).equals(getattr(two, name))
    last = {what: (number, whole) for what, number, whole in steps}
    assert (last["search 1"], last["search 2"]) == ((4, 4), (5, 5))
    assert all(number == whole for number, whole in last.values())


@pytest.mark.slow
def test_the_file_is_read_back_with_its_years(found, tmp_path):
    path = tmp_path / "fitted.toml"
    path.write_text(file_of(found), encoding="utf-8")
    assert read_parameters(path) == Fitted(found.fitted, (2030, 2031))


@given(st.tuples(st.floats(0, 6), st.floats(-6, 2)), st.integers(0, 99))
def test_a_search_comes_near_the_least_and_is_never_above_its_start(truth, seed):
    def score(vectors):
        return [sum((a - b) ** 2 for a, b in zip(v, truth, strict=True)) for v in vectors]

    limits = ((0.0, 6.0), (-6.0, 2.0))
    best = cross_entropy((3.0, -2.0), limits, 300, seed, score)
    assert score([best])[0] <= min(score([(3.0, -2.0)])[0], 0.01)
    assert all(low <= one <= high for one, (low, high) in zip(best, limits, strict=True))
    assert cross_entropy((3.0, -2.0), limits, 1, seed, score) == (3.0, -2.0)


def test_a_parameter_that_does_what_another_does_is_not_separable():
    columns = {
        "strong": Column([4.0, 0.0, 2.0], 0.1), "alike": Column([2.0, 0.0, 1.0], 0.1),
        "own": Column([1.0, 1.5, 0.0], 0.1), "flat": Column([0.1, 0.1, 0.0], 0.1),
        "noisy": Column([0.0, 0.0, 3.0], 2.0),
    }  # fmt: skip
    assert separable(columns) == (["strong", "own"], ["flat", "noisy"])


def test_the_curve_is_fitted_to_the_years_that_are_named():
    def row(seats, wanted, constants):
        return Published(seats, wanted, round(wanted * curve(seats, wanted, constants)))

    pairs = [(n, 100) for n in range(20, 101, 10)]
    oracle = Oracle({2030: {str(n): row(*pair, (1.0, 2.0)) for n, pair in enumerate(pairs)},
                     2031: {str(n): row(*pair, (3.0, 1.0)) for n, pair in enumerate(pairs)}},
                    {})  # fmt: skip
    assert fitted_curve(oracle, [2030], 1) == pytest.approx((1.0, 2.0), abs=0.15)
    assert fitted_curve(oracle, [2031], 1) == pytest.approx((3.0, 1.0), abs=0.4)


def test_the_newest_year_is_held_out_unless_another_is_named(folder):
    oracle = read_oracle(folder, PROGRAMS)
    assert chosen(oracle, Ask())[:2] == (2032, (2030, 2031))
    assert chosen(oracle, Ask(hold_out=2031))[:2] == (2031, (2030, 2032))
    assert chosen(oracle, Ask(years=(2031,)))[:2] == (2032, (2031,))


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (Ask(hold_out=2030), "no disciplines of 2029"),
        (Ask(hold_out=2040), "no disciplines of 2040"),
        (Ask(years=(2031, 2032)), "2032 is held out and among the years to fit to"),
    ],
)
def test_years_that_cannot_be_used_are_refused(folder, ask, said):
    with pytest.raises(carms_lake.UsageError, match=said):
        chosen(read_oracle(folder, PROGRAMS), ask)


def lines(text, *, without=()):
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith(without))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"national.csv": None}, "`national.csv` has nothing of 2030"),
        ({"vacancies.csv": None}, "`vacancies.csv` has nothing of 2030"),
        ({"national.csv": ("2032",)}, "`national.csv` has nothing of 2032"),
        ({"disciplines.csv": ("2031", "2032")}, "no year in the folder comes after another"),
    ],
)
def test_a_folder_with_too_little_is_refused(folder, tmp_path, change, said):
    for path in folder.iterdir():
        without = change.get(path.name, ())
        if without is not None:
            text = lines(path.read_text(encoding="utf-8"), without=without)
            (tmp_path / path.name).write_text(text, encoding="utf-8")
    with pytest.raises(carms_lake.UsageError) as caught:
        calibrate(PROGRAMS, read_oracle(tmp_path, PROGRAMS), ASK, workers=1)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("year,applicants\n", "no column `matched`, `first_program`, `home_school`"),
        ("year,applicants,matched,first_program,home_school\n2030,9,10,1,1\n", "line 2: 9 appl"),
        ("year,applicants,matched,first_program,home_school\n2030,9,5,6,1\n", "line 2: 9 appl"),
        ("year,applicants,matched,first_program,home_school\n" + "2030,9,5,5,1\n" * 2,
         "line 3: 2030 comes twice"),
        ("year,applicants,matched,first_program,home_school\n2030,92.4,5,5,1\n",
         "`applicants` is `92.4`, not a whole number"),
    ],
)  # fmt: skip
def test_a_wrong_national_file_is_refused_by_line(folder, tmp_path, text, said):
    write(tmp_path, {"disciplines.csv": (folder / "disciplines.csv").read_text(encoding="utf-8")})
    write(tmp_path, {"national.csv": text})
    with pytest.raises(carms_lake.UsageError) as caught:
        read_oracle(tmp_path, PROGRAMS)
    assert said in str(caught.value)


def test_more_first_choices_than_applicants_are_refused(folder, tmp_path):
    files = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    files["national.csv"] = re.sub(
        r"^2030,440,", "2030,400,", files["national.csv"], flags=re.MULTILINE
    )
    with pytest.raises(carms_lake.UsageError, match="first choices of disciplines, 400 appl"):
        calibrate(PROGRAMS, read_oracle(write(tmp_path, files), PROGRAMS), ASK, workers=1)


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("[parameters]\nbar = -1\nhomme = 1", "line 3: unknown parameter `homme`", "`home`"),
        ("[parameters]\nbar_img = 1\nbar = 9", "line 3: `bar` is `9`, not a number from -6", ""),
        ("[parameters]\nhome = nan", "line 2: `home` is `nan`", ""),
        ("[parameters]\nhome = true", "line 2: `home` is `True`", ""),
        ("[parameters]\nhome = '1'", "line 2: `home` is `1`", ""),
        ("[parameters]\nimg = 1.5", "line 2: `img` is `1.5`, not a whole number", ""),
        ("[parameters]\none_discipline = 0.7", "line 2: `one_discipline` and", ""),
        ("[parameter]\nhome = 1", "line 1: unknown key `parameter`", "`parameters`"),
        ("home = 1", "line 1: `home` is outside of a table", "below [parameters]"),
        ("parameters = 3", "line 1: write it as [parameters]", ""),
        ("[origin]\nyears = [2030]", "has no table [parameters]", "calibrate"),
        ("[parameters]\nhome = 1\n[origin]\nyears = 2030", "line 4: `years` is `2030`", ""),
        ("[parameters]\nhome = 1\n[origin]\nyear = [1]", "line 4: unknown key `year`", "`years`"),
        ("[parameters", "is not TOML", ""),
    ],
)  # fmt: skip
def test_a_wrong_file_of_parameters_is_refused_by_line_and_key(tmp_path, text, said, hint):
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(carms_lake.UsageError) as caught:
        read_parameters(path)
    assert said in caught.value.message
    assert hint in caught.value.hint


def test_a_file_may_have_some_parameters_and_others_are_as_shipped(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("[parameters]\nhome = 1\n", encoding="utf-8")
    assert read_parameters(path) == Fitted(Parameters()._replace(home=1))


def test_every_parameter_has_limits_and_what_is_shipped_is_within_them(tmp_path):
    assert set(LIMITS) == set(Parameters._fields)
    path = tmp_path / "shipped.toml"
    path.write_text(written(Parameters(), {"years": []}, {}), encoding="utf-8")
    assert read_parameters(path) == Fitted(Parameters())


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    rows = [
        version(
            p.id, school_name=p.school, school_code=n, discipline_name=p.discipline,
            discipline_id=p.discipline, school_province=p.school_province,
            training_province=p.province, program_stream=p.stream, eligibility=p.eligibility,
            eligible_cmg="CMG" in p.kinds, eligible_img="IMG" in p.kinds,
            eligible_usmg="USMG" in p.kinds, quota=p.seats, document_language=p.language,
        )
        for n, p in enumerate(PROGRAMS)
    ]  # fmt: skip
    return published(tmp_path_factory.mktemp("project"), silver_of(*rows))


@pytest.fixture
def match(project):
    def run(*arguments):
        return CliRunner().invoke(make_app(), ["-p", str(project), "match", *map(str, arguments)])

    return run


@pytest.mark.slow
def test_what_the_command_writes_is_read_by_simulate_and_validate(match, folder, tmp_path):
    start, mine = tmp_path / "start.toml", tmp_path / "mine.toml"
    start.write_text(written(START, {"years": [2019]}, {}), encoding="utf-8")
    result = match("calibrate", "--oracle", folder, "--parameters", start, "--evaluations", 9,
                   "--years", "2031", "--reps", 1, "-o", mine, "--json")  # fmt: skip
    assert result.exit_code == 0, result.stderr
    data = json.loads(result.stdout)["data"]
    assert {row["moment"] for row in data["moments"]} == set(MOMENTS)
    assert data["fitted_to"].startswith("2031;")
    assert "canadian" in data["flat"]
    assert read_parameters(mine).years == (2019, 2031)
    judged = match("validate", "--oracle", folder, "--reps", 1, "--parameters", mine, "-f", "jsonl")
    rows = [json.loads(line) for line in judged.stdout.splitlines()]
    model = {row["year"]: row["held_out"] for row in rows if row["method"] == "model, demand given"}
    assert model == {2031: False, 2032: True}
    simulated = match("simulate", "--reps", 1, "--parameters", mine, "-f", "csv")
    assert "applicants,CMG,applicants,440.0," in simulated.stdout
    assert f"parameters: `{mine}`" in simulated.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--years", "20x"), "`20x` is not a year or a range"),
        (("--years", "2032-2030"), "`2032-2030` is not a year or a range"),
        (("--hold-out", 2030), "no disciplines of 2029"),
        (("-o", "no/such/folder/mine.toml"), "the folder does not exist"),
        (("-o", "-"), "rows go to stdout"),
    ],
)
def test_the_command_refuses_with_2_before_it_works(match, folder, arguments, said):
    result = match("calibrate", "--oracle", folder, *arguments)
    assert result.exit_code == 2
    assert said in result.stderr


@pytest.mark.parametrize("command", [("simulate",), ("validate", "--oracle")])
def test_the_commands_refuse_a_wrong_file_of_parameters(match, folder, tmp_path, command):
    path = tmp_path / "mine.toml"
    path.write_text("[parameters]\nhomebonus = 1\n", encoding="utf-8")
    more = [folder] if "--oracle" in command else []
    result = match(*command, *more, "--parameters", path)
    assert result.exit_code == 2
    assert "line 2: unknown parameter `homebonus`" in result.stderr
    assert "`home_bonus`" in result.stderr
