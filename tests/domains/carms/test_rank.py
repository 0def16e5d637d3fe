"""`carms rank` on a published gold file of a few programs, and what a profile may say."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date

import pytest
from domains.carms.gold_lake import published, silver_of, version
from matrix import check_formats
from typer.testing import CliRunner

import carms_lake
from carms_lake.cli import make_app
from carms_lake.domains.carms.analysis import ranking
from carms_lake.domains.carms.analysis.ranking import Profile, Wish, reading
from carms_lake.domains.carms.analysis.ranking.candidates import candidates
from carms_lake.domains.carms.analysis.ranking.names import resolved


def interview(program: str, day: int) -> dict:
    return {
        "match_iteration_id": "1503", "program_stream_id": program,
        "interview_on": date(2025, 1, day),
    }  # fmt: skip


def examination(program: str, code: str, level: str, applies_to: str | None = None) -> dict:
    return {
        "match_iteration_id": "1503", "program_stream_id": program, "requirement_ordinal": 1,
        "requirement_code": code, "requirement_category": "examination",
        "requirement_level": level, "applies_to": applies_to, "is_alternative": False,
        "label": code,
    }  # fmt: skip


IMG_ONLY = {
    "program_stream": "IMG Stream for IMG", "eligibility": "IMG", "eligible_cmg": False,
    "eligible_usmg": False,
}  # fmt: skip
SILVER = silver_of(
    version("27447", quota=4, application_language="en", length_years=5),
    version(
        "27448", school_code=82, school_name="Queen’s University", training_province="ON",
        program_site="Kingston", quota=1, application_language="en", length_years=5,
        return_of_service_img="required", return_of_service_img_text="IMGs must sign.", **IMG_ONLY,
    ),
    version(
        "27449", school_code=93, school_name="Université de Montréal", discipline_id="27",
        discipline_name="Family Medicine", program_site="Rural North", document_language="fr",
        application_language="fr", length_years=2, quota=9, applications_max=None,
    ),
    version("27450", discipline_id="27", discipline_name="Family Medicine", quota=1),
    version("27447", match_iteration_id="1403", quota=1),
    interview_date=[interview("27447", 20), interview("27449", 20), interview("27448", 21)],
    requirement=[
        examination("27449", "casper", "required"),
        examination("27447", "nac", "conditional", "IMG"),
    ],
)  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return published(tmp_path_factory.mktemp("project"), SILVER)


@pytest.fixture
def carms(project):
    def run(*arguments):
        return CliRunner().invoke(make_app(), ["-p", str(project), "rank", *arguments])

    return run


def rows(result):
    assert result.exit_code == 0, result.stderr
    return list(csv.DictReader(io.StringIO(result.stdout)))


def ids(result):
    return {row["program_stream_id"] for row in rows(result)}


ALL = {"27447", "27448", "27449", "27450"}


@pytest.fixture(scope="module")
def lake(project):
    return carms_lake.open(project, domain="carms")


@pytest.fixture(scope="module")
def everyone(lake):
    return candidates(lake, None)


@pytest.mark.parametrize(
    ("options", "left_out"),
    [
        ({}, set()),
        ({"applicant": "CMG"}, {"27448"}),
        ({"apply_in": ["EN"]}, {"27449"}),
        ({"apply_in": ["en", "fr"]}, set()),
        ({"disciplines": ["médecine familiale"]}, {"27447", "27448"}),
        ({"disciplines": ["27", "neurology"]}, set()),
        ({"schools": ["queens"]}, ALL - {"27448"}),
        ({"provinces": ["Ontario"]}, ALL - {"27448"}),
        ({"tests": ["none"]}, {"27449"}),
        ({"tests": ["Casper"]}, set()),
        ({"tests": ["casper"], "applicant": "IMG"}, {"27447"}),
        ({"return_of_service": "none", "applicant": "IMG"}, {"27448"}),
        ({"return_of_service": "required", "applicant": "IMG", "strict": True}, ALL - {"27448"}),
        ({"max_length": 4}, {"27447", "27448"}),
        ({"max_length": 4, "strict": True}, {"27447", "27448", "27450"}),
        ({"min_length": 5}, {"27449"}),
        ({"min_seats": 4}, {"27448", "27450"}),
        ({"max_seats": 4}, {"27449"}),
        ({"fixed": ["27447"]}, {"27449"}),
        ({"busy": [date(2025, 1, 21)]}, {"27448"}),
    ],
)
def test_a_constraint_leaves_out_the_programs_that_break_it(lake, everyone, options, left_out):
    profile = resolved(lake, reading.with_options(Profile(), options)).profile
    found = ranking.ranking(everyone, profile, draws=1)
    assert set(found.programs["program_stream_id"]) == ALL - left_out
    assert set(found.left_out["program_stream_id"]) == left_out


@pytest.mark.slow
def test_options_become_constraints(carms):
    options = [
        "--for", "img", "--apply-in", "en", "--apply-in", "fr", "--discipline", "neurology",
        "--school", "mcgill", "--province", "QC", "--test", "nac", "--return-of-service", "none",
        "--min-length", "2", "--max-length", "5", "--min-seats", "2", "--max-seats", "9",
        "--fixed", "27448", "--busy", "2025-01-22", "--iteration", "1503",
    ]  # fmt: skip
    assert ids(carms(*options)) == {"27447"}
    assert ids(carms(*options, "--strict")) == set()
    assert ids(carms("--iteration", "1403")) == {"27447"}


def test_wishes_order_the_programs_and_facts_that_are_not_known_are_named(carms):
    found = rows(carms("--wish", "discipline=27:2", "--wish", "length=short"))
    assert [row["program_stream_id"] for row in found] == ["27449", "27450", "27447", "27448"]
    assert [row["rank"] for row in found] == ["1", "2", "3", "3"]
    assert [row["unknown"] for row in found] == ["", "length_years", "", ""]
    assert (found[0]["applications_per_seat_min"], found[0]["applications_per_seat_max"]) == (
        "5.67",
        "",
    )


def test_without_a_wish_all_are_tied(carms):
    result = carms()
    assert {(row["rank"], row["rank_to"], row["tied_group"]) for row in rows(result)} == {
        ("1", "4", "1")
    }
    assert "no wish was stated" in result.stderr


def test_the_answer_says_that_it_is_not_a_chance_of_a_match(carms):
    assert ranking.NO_CHANCE in carms("--for", "cmg").stderr
    data = json.loads(carms("--for", "cmg", "--json").stdout)["data"]
    assert data["note"] == ranking.NO_CHANCE
    assert (data["ranked"], data["considered"], data["left_out"]) == (3, 4, {"for": 1})
    assert "not a chance of a match" in ranking.NO_CHANCE
    assert "applicant-proposing" in ranking.NO_CHANCE


def test_why_not_names_the_constraint_the_fact_and_its_evidence(carms):
    found = rows(carms("--for", "img", "--return-of-service", "none", "--why-not", "27448"))
    assert [(row["constraint"], row["outcome"]) for row in found] == [
        ("return_of_service", "removed"),
        ("for", "passed"),
    ]
    assert (found[0]["fact"], found[0]["value"], found[0]["evidence"]) == (
        "return_of_service_img",
        "required",
        "IMGs must sign.",
    )


@pytest.mark.slow
def test_why_adds_up_to_the_fit(carms):
    wishes = ["--wish", "discipline=27:2", "--wish", "seats=many", "--wish", "low-contestedness"]
    added = rows(carms(*wishes, "--why", "27449"))
    fit = next(row for row in rows(carms(*wishes)) if row["program_stream_id"] == "27449")["fit"]
    assert sum(float(row["points"]) for row in added) == pytest.approx(float(fit), abs=0.02)
    shares = {row["wish"]: float(row["share"]) for row in added}
    assert shares["low_contestedness"] == 0.15


@pytest.mark.slow
def test_options_win_over_the_profile(carms, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(
        'for = "IMG"\ndisciplines = "Neurology"\n'
        'wishes = [{ seats = "many" }, { length = "short", weight = 2 }]\n',
        encoding="utf-8",
    )
    assert ids(carms(str(file))) == {"27447", "27448"}
    assert ids(carms(str(file), "--for", "cmg")) == {"27447"}
    stated = reading.with_options(reading.read_profile(file), {"wishes": ["seats=few:3"]})
    assert stated.wishes == (Wish("length", ("short",), 2.0), Wish("seats", ("few",), 3.0))


def test_the_template_is_a_profile_and_its_commented_lines_are_too(carms):
    text = carms("--template").stdout
    assert reading.profile_of(text, "template") == Profile(applicant="CMG")
    setting = re.compile(r"( *)# (\w+ = .*|\{ .*)")
    every = reading.profile_of(
        "\n".join(setting.sub(r"\1\2", line) for line in text.splitlines()), "all"
    )
    assert {wish.kind for wish in every.wishes} == set(ranking.WISHES)
    assert every.tests == ("mccqe1",)
    assert every.busy == (date(2025, 1, 20),)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("a =", "`my.toml` is not TOML: Invalid value", "quotes"),
        ('\nfro = "CMG"', "`my.toml`, line 2: `fro`: there is no key", "did you mean `for`?"),
        ('for = "CGM"', "line 1: `for`: `CGM` is not known", "`CMG`"),
        ('max_length = "x"', "`max_length`: `x` is not a whole number", ""),
        ('busy = "2025-13-01"', "`busy`: `2025-13-01` is not a day", "2025-01-20"),
        ('strict = "yes"', "neither true nor false", ""),
        ('tests = ["caspr"]', "no examination is called `caspr`", "did you mean `casper`?"),
        ("provinces = [true]", "`true` is not a text", "quotes"),
        ("wishes = 3", "a list of tables", "wishes = ["),
        ('wishes = [\n{ provnce = "ON" },\n]', "line 2: `wishes[1]`: there is no wish `provnce`",
         "did you mean `province`?"),
        ('wishes = [{ seats = "lots" }]', "`wishes[1]`: the wish `seats` is `lots`", "`many`"),
        ("wishes = [{ province = true }]", "`true` is not a text", ""),
        ('wishes = [{ seats = "many", length = "short" }]', "a wish is one thing", "of its own"),
        ("wishes = [{ weight = 2 }]", "nothing but a weight", "of its own"),
        ('wishes = [{ seats = "many", weight = "x" }]', "`x` is not a number", ""),
        ('wishes = [{ seats = "many", weight = -1 }]', "has the weight -1", "from 0 upward"),
        ('wishes = [{ seats = "few" }, { seats = "few" }]', "stated twice", "once"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_profile_is_named_with_its_place(text, message, hint):
    with pytest.raises(carms_lake.UsageError) as error:
        reading.profile_of(text, "my.toml")
    assert message in error.value.message
    assert hint in error.value.hint


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.toml"], "`nowhere.toml` cannot be read"),
        (["--discipline", "Neurolgy"], "no discipline is called `Neurolgy`"),
        (["--wish", "seats=many:x"], "`x` is not a number"),
        (["--wish", "foo=1"], "there is no wish `foo`"),
        (["--return-of-service", "none"], "asked of one kind of applicant"),
        (["--wish", "return-of-service=none"], "asked of one kind of applicant"),
        (["--fixed", "1"], "no program of this iteration has the id `1`"),
        (["--fixed", "27447", "--fixed", "27449"], "cannot all be attended"),
        (["--why", "27447", "--why-not", "27447"], "both"),
        (["--apply-in", "de"], "`de` is not known"),
    ],
)
def test_wrong_usage_is_named(carms, arguments, message):
    result = carms(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_program_that_does_not_exist_has_no_explanation(carms):
    result = carms("--why-not", "27499")
    assert result.exit_code == 1
    assert "no program of this iteration has the id `27499`" in result.stderr


def test_low_contestedness_never_has_more_than_15_percent_unless_it_is_asked_for():
    mild = Profile(wishes=(Wish("seats", ("many",)), Wish("low_contestedness", ("true",))))
    assert dict(mild.shares())[mild.wishes[1]] == pytest.approx(0.15)
    assert Profile(wishes=(Wish("seats", ("many",)),)).shares() == ((mild.wishes[0], 1.0),)


@pytest.mark.slow
def test_it_can_be_written_in_each_format(project, tmp_path):
    check_formats(["-p", str(project), "rank", "--wish", "seats=many"], tmp_path, {0})
