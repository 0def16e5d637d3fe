"""`carms programs`, `program` and `disciplines` on a published gold file of a few programs."""

from __future__ import annotations

import csv
import io
import json
from datetime import date

import duckdb
import pytest
from domains.carms.gold_lake import FIRST, SECOND, contracts, published, silver_of, version
from matrix import check_formats, to_pipe, to_terminal
from typer.testing import CliRunner

from carms_lake.cli import make_app
from carms_lake.domains.carms.profile_text import as_text
from carms_lake.names import Layer

KEY = {"match_iteration_id": "1503", "program_stream_id": "27447"}
PROFILE_COLUMNS = (*contracts(Layer.GOLD)["program_profile"].column_names, "deleted_on")
SILVER = silver_of(
    version("27447", quota=4),
    version(
        "27448", school_code=82, school_name="Queen’s University", training_province="ON",
        program_stream="IMG Stream for IMG", eligibility="IMG", quota=1,
        eligible_cmg=False, eligible_usmg=False,
    ),
    version(
        "27449", school_code=93, school_name="Université de Montréal", discipline_id="27",
        discipline_name="Family Medicine", document_language="fr", quota=9,
    ),
    version("27450", is_deleted=True, valid_to=SECOND, deleted_on=SECOND.date()),
    version("27447", match_iteration_id="1403", quota=1),
    interview_date=[{**KEY, "interview_on": date(2025, 1, 20)}],
    requirement=[
        {
            **KEY, "requirement_ordinal": 1, "requirement_code": "personal_letter",
            "requirement_category": "document", "requirement_level": "required",
            "is_alternative": False, "max_words": 500, "label": "Personal letter",
        },
        {
            **KEY, "requirement_ordinal": 2, "requirement_code": "nac",
            "requirement_category": "examination", "requirement_level": "conditional",
            "applies_to": "IMG", "is_alternative": False, "label": "NAC",
        },
    ],
    selection_criterion=[
        {
            **KEY, "stage": "file_review", "criterion_ordinal": 1, "component_code": "cv",
            "label": "CV", "is_evaluated": True,
        },
        {
            **KEY, "stage": "interview", "criterion_ordinal": 1, "component_code": "collegiality",
            "label": "Collegiality", "is_evaluated": False,
        },
    ],
    program_evidence=[
        {
            **KEY, "evidence_ordinal": 1, "fact": "quota", "value": "4",
            "section_code": "interviews", "span_start": 0, "span_end": 18,
            "sentence": "Text of interviews",
        },
        {
            **KEY, "evidence_ordinal": 2, "fact": "requirement", "item": "nac",
            "value": "conditional", "section_code": "faq", "span_start": 5, "span_end": 7,
            "sentence": "of",
        },
        {
            **KEY, "evidence_ordinal": 3, "fact": "document_language", "value": "en",
            "section_code": "interviews", "sentence": "Interviews",
        },
        {
            **KEY, "evidence_ordinal": 4, "fact": "return_of_service_img", "value": "none",
            "section_code": "faq", "span_start": 5, "span_end": 7, "sentence": "of",
        },
    ],
    document_section=[
        {
            **KEY, "section_code": code, "section_ordinal": place, "heading": code.title(),
            "content": "-", "masked_content": f"Text of {code}.\n", "character_count": 1,
        }
        for place, code in enumerate(("interviews", "faq"), start=1)
    ],
)  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return published(tmp_path_factory.mktemp("project"), SILVER)


@pytest.fixture
def carms(project):
    def run(*arguments):
        return CliRunner().invoke(make_app(), ["-p", str(project), *arguments])

    return run


def ids(result):
    assert result.exit_code == 0, result.stderr
    return [row["program_stream_id"] for row in csv.DictReader(io.StringIO(result.stdout))]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ([], ["27449", "27447", "27448"]),
        (["--province", "on"], ["27448"]),
        (["--province", "QC", "--discipline", "NEURO"], ["27447"]),
        (["--discipline", "27"], ["27449"]),
        (["--school", "montreal"], ["27449"]),
        (["--school", "queen's"], ["27448"]),
        (["--school", "80"], ["27447"]),
        (["--eligibility", "img"], ["27448"]),
        (["--for", "img"], ["27449", "27447", "27448"]),
        (["--for", "IMG", "--eligibility", "all"], ["27449", "27447"]),
        (["--for", "cmg"], ["27449", "27447"]),
        (["--for", "usmg", "--province", "ON"], []),
        (["--language", "fr"], ["27449"]),
        (["--iteration", "1403"], ["27447"]),
        (["--limit", "1", "--offset", "1"], ["27447"]),
        (["--province", "Ontario"], ["27448"]),
        (["--province", "québec"], ["27449", "27447"]),
        (["--province", "Yukon"], []),
        (["--discipline", "médecine de famille"], ["27449"]),
        (["--school", "UdeM"], ["27449"]),
        (["--school", "ubc"], []),
        (["--site", "montréal", "--stream", "regular"], ["27449", "27447"]),
        (["--min-seats", "2", "--max-seats", "8"], ["27447"]),
        (["--nac"], ["27447"]),
        (["--nac", "--for", "cmg"], []),
        (["--no-nac", "--for", "cmg"], ["27449", "27447"]),
        (["--interview-month", "January"], ["27447"]),
        (["--interviews-from", "2025-01-20", "--interviews-to", "2025-01-20"], ["27447"]),
        (["--interviews-from", "2025-01-21"], []),
        (["--return-of-service", "not_mentioned, none"], ["27449", "27447", "27448"]),
        (["--apply-in", "en"], []),
        (["--length", "2"], []),
        (["--sort", "-seats"], ["27449", "27447", "27448"]),
        (["--sort", "in,quota"], ["27448", "27447", "27449"]),
        (["--sort", "-first_interview_on,id"], ["27447", "27448", "27449"]),
    ],
)
def test_programs_are_those_of_the_newest_match_that_fit(carms, arguments, found):
    assert ids(carms("programs", *arguments)) == found


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "3 of 3 programs with 14 seats\n"),
        (["--limit", "2"], "2 of 3 programs with 14 seats; 1 more with `--offset 2`\n"),
        (["--limit", "2", "--offset", "2"], "1 of 3 programs with 14 seats\n"),
        (["--school", "queens"], "1 of 1 program with 1 seat\n"),
        (["--offset", "9"], "no more programs: 0 of 3 programs with 14 seats\n"),
        (["--school", "ubc"], "no program matches\n"),
        (["-q"], ""),
    ],
)
def test_programs_say_how_many_more_there_are(carms, arguments, message):
    assert carms("programs", *arguments).stderr == message


def test_programs_have_the_whole_profile_in_formats_for_machines(carms):
    rows = json.loads(carms("programs", "--school", "80", "-f", "json").stdout)
    assert len(rows[0]) == 42
    assert rows[0]["quota"] == 4
    whole = json.loads(carms("programs", "--school", "80", "--json").stdout)
    assert whole["data"] == {"total": 1, "seats": 4, "programs": rows}


def test_programs_have_the_columns_that_fit_in_a_table(carms):
    header = carms("programs", "-f", "table").stdout.splitlines()[0].split()
    assert header == ["id", "discipline", "school", "site", "for", "in", "seats"]
    by = carms("programs", "-f", "table", "--sort", "-seats,length_years").stdout.splitlines()[0]
    assert by.split() == [*header, "length_years"]


@pytest.mark.slow
def test_a_terminal_has_the_first_programs_and_all_else_has_all(project, tmp_path, monkeypatch):
    monkeypatch.setattr("carms_lake.domains.carms.commands.programs.ON_A_TERMINAL", 2)
    argv = ["-p", str(project), "programs"]
    assert b"27448" not in to_terminal(argv)[1]
    assert b"27448" in to_terminal([*argv, "--limit", "3"])[1]
    assert b"27448" in to_terminal([*argv, "-f", "csv"])[1]
    assert b"27448" in to_terminal([*argv, "--json"])[1]
    assert b"27448" in to_pipe([*argv, "-f", "table"])[1]
    for name in ("rows.csv", "rows.txt"):
        to_terminal([*argv, "-o", str(tmp_path / name)])
        assert "27448" in (tmp_path / name).read_text(encoding="utf-8")


def test_a_part_of_the_programs_comes_with_the_total_of_all(carms):
    data = json.loads(carms("programs", "--limit", "1", "--json").stdout)["data"]
    assert (data["total"], data["seats"], len(data["programs"])) == (3, 14, 1)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--province", "XX"], ["--eligibility", "dogs"], ["--for", "all"],
        ["--language", "de"], ["--limit", "0"], ["--offset", "-1"], ["--min-seats", "-1"],
        ["--interviews-from", "2025-13-01"], ["--apply-in", "de"], ["--sort", ""],
    ],
)  # fmt: skip
def test_a_filter_that_can_match_nothing_is_wrong_usage(carms, arguments):
    assert carms("programs", *arguments).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--school", "McGil University"], "no school is called `McGil University`"),
        (["--school", "tornto"], "`Toronto`"),
        (["--discipline", "psychiatri3"], "`Psychiatrie`"),
        (["--province", "Ontaroi", "--school", "80"], "`Ontario`"),
        (["--school", ""], "no school is called ``"),
        (["--school", "-'"], "no school is called"),
        (["--site", "Montrael"], "the nearest names are `Montreal`"),
        (["--stream", "irregular"], "`Regular Stream for All`"),
        (["--iteration", "1504"], "there are: 1403, 1503"),
        (["--return-of-service", "none,maybe"], "there is no return of service `maybe`"),
        (["--interview-month", "13"], "write it as 2025-01, 1 or january"),
        (["--sort", "seat"], "there is no column `seat` to sort by"),
    ],
)
def test_a_name_of_nothing_is_refused_with_the_nearest_names(carms, arguments, message):
    result = carms("programs", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_a_program_reads_as_text(carms):
    assert (
        carms("program", "27447", "-f", "table").stdout
        == """\
McGill University / Neurology / Montreal / 27447

program               27447, match iteration 1503
school                McGill University (Quebec)
site                  Montreal (Quebec)
discipline            Neurology (Other)
stream                Regular Stream for All
who may apply         CMG, USMG and IMG
seats                 4
approved on           2024-10-15
described in          English
return of service     not mentioned
page                  https://example.org/1503/27447

applications          51 to 200 a year, five years' mean; shared between streams and sites
interviews on         2025-01-20

required              Personal letter (at most 500 words)
on a condition        NAC (IMG only)

file: looks at        CV
interview: not at     Collegiality

--section             interviews (20 characters)
--section             faq (13 characters)
"""
    )


@pytest.mark.slow
def test_a_program_is_a_page_in_a_pipe_and_in_a_text_file_too(carms, tmp_path):
    page = carms("program", "27447", "-f", "table").stdout
    assert carms("program", "27447").stdout == page
    file = tmp_path / "page.txt"
    assert carms("program", "27447", "-o", str(file)).stdout == ""
    assert file.read_text(encoding="utf-8") == page
    assert carms("program", "27447", "-f", "csv").stdout.startswith("match_iteration_id,")


@pytest.mark.slow
def test_a_program_that_is_gone_says_when_it_was_dropped(carms):
    result = carms("program", "27450")
    assert result.exit_code == 0
    assert "dropped on            2025-04-01; what it was before that day:" in result.stdout
    assert "seats                 2" in result.stdout
    assert "`27450` was dropped on 2025-04-01" in result.stderr
    row = json.loads(carms("program", "27450", "-f", "json").stdout)[0]
    assert (row["deleted_on"], row["program_stream_id"]) == ("2025-04-01", "27450")
    why = carms("program", "27450", "--why", "length")
    assert "dropped on 2025-04-01: its description is not kept" in why.stdout


def test_a_program_is_one_row_of_its_profile_in_formats_for_rows(carms):
    row = json.loads(carms("program", "27448", "-f", "json").stdout)[0]
    assert len(row) == 43
    assert (row["school_name"], row["eligibility"]) == ("Queen’s University", "IMG")


def test_a_program_is_all_that_is_known_in_the_envelope(carms):
    data = json.loads(carms("program", "27447", "--json").stdout)["data"]
    assert data["interview_dates"] == ["2025-01-20"]
    assert [entry["requirement_code"] for entry in data["requirements"]] == [
        "personal_letter",
        "nac",
    ]
    assert [entry["is_evaluated"] for entry in data["selection_criteria"]] == [True, False]
    assert [entry["section_code"] for entry in data["sections"]] == ["interviews", "faq"]


def test_a_program_without_requirements_and_sections_is_shown_too(carms):
    result = carms("program", "27449", "-f", "table")
    assert result.exit_code == 0
    assert "--section" not in result.stdout


def test_a_program_of_an_older_match_is_shown_by_its_iteration(carms):
    newest, older = (
        json.loads(carms("program", "27447", *more, "-f", "json").stdout)[0]
        for more in ([], ["--iteration", "1403"])
    )
    assert (newest["quota"], older["quota"]) == (4, 1)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--section", "faq"], "# Faq\n\nText of faq.\n"),
        (["--full"], "# Interviews\n\nText of interviews.\n\n# Faq\n\nText of faq.\n"),
    ],
)
def test_the_text_of_a_program_is_printed_as_it_is(carms, tmp_path, arguments, text):
    assert carms("program", "27447", *arguments).stdout == text
    file = tmp_path / "text.txt"
    assert carms("program", "27447", *arguments, "-o", str(file)).stdout == ""
    assert file.read_text(encoding="utf-8") == text


def test_the_text_of_a_program_comes_as_rows_where_they_are_asked_for(carms):
    rows = json.loads(carms("program", "27447", "--section", "faq", "-f", "json").stdout)
    assert rows == [{"section_code": "faq", "heading": "Faq", "content": "Text of faq.\n"}]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["1"], 1, "no program has the id `1`"),
        (["27448", "--iteration", "1403"], 1, "no program has the id `27448` in match iteration"),
        (["1", "--why", "quota"], 1, "no program has the id `1`"),
        (["27447", "--why", "acreditation"], 1, "did you mean `accreditation"),
        (["27447", "--why", "xyzzy"], 1, "there are `match_iteration_id`"),
        (["27447", "--why", "quota", "--full"], 2, "give one of them"),
        (["27447", "--section", "fax"], 1, "did you mean `faq`?"),
        (["27449", "--section", "faq"], 1, "program `27449` has no section `faq`"),
        (["27447", "--section", "faq", "--full"], 2, "give one of them"),
    ],
)
def test_what_is_not_there_is_told(carms, arguments, code, message):
    result = carms("program", *arguments)
    assert result.exit_code == code
    assert message in result.stderr
    assert result.stdout == ""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fact", "headline", "words", "place"),
    [
        (
            "Seats", "quota: 4", "Text of interviews",
            "section interviews (Interviews), line 1, characters 1 to 18",
        ),
        (
            "nac", "requirement nac: conditional", "of",
            "section faq (Faq), line 1, characters 6 to 7",
        ),
        (
            "described in", "document_language: en", "Interviews",
            "the heading of section interviews (Interviews)",
        ),
        (
            "eligible-img", "eligible_img: true", "Regular Stream for All",
            "the program master, column program_stream",
        ),
        ("length_years", "length_years: not said", None, "the description does not say"),
        ("casper", "needs_casper: false", None, "the description does not ask for it"),
        (
            "collegiality", "selection_criterion interview.collegiality: not said", None,
            "the description does not say",
        ),
        (
            "return_of_service_img", "return_of_service_img: not said", None,
            "the description does not say",
        ),
        (
            "school_province", "school_province: QC", None,
            "reference/schools.csv of the carms domain, line 5",
        ),
        (
            "discipline_group", "discipline_group: Other", None,
            "reference/disciplines.csv of the carms domain",
        ),
        (
            "valid_from", f"valid_from: {FIRST}", None,
            "the deliveries of files: `carms trace` shows them",
        ),
    ],
)  # fmt: skip
def test_a_fact_shows_what_it_was_read_from(carms, fact, headline, words, place):
    lines = [headline, *([f'  "{words}"'] if words else []), f"  {place}"]
    assert carms("program", "27447", "--why", fact).stdout.splitlines() == lines


@pytest.mark.slow
def test_evidence_of_a_fact_comes_as_rows_where_they_are_asked_for(carms):
    (row,) = json.loads(carms("program", "27447", "--why", "quota", "-f", "json").stdout)
    assert row == {
        **KEY, "fact": "quota", "item": None, "value": "4", "source": "description",
        "sentence": "Text of interviews",
        "place": "section interviews (Interviews), line 1, characters 1 to 18",
        "section_code": "interviews", "span_start": 0, "span_end": 18,
    }  # fmt: skip
    assert json.loads(carms("program", "27447", "--why", "nac", "--json").stdout)["data"]


def test_a_gold_file_without_the_tables_of_today_says_what_to_run(tmp_path):
    file = published(tmp_path, SILVER) / "lake" / "carms.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("drop table gold.program_evidence")
    asked = ["-p", str(tmp_path), "program", "27447", "--why", "quota"]
    result = CliRunner().invoke(make_app(), asked)
    assert result.exit_code != 0
    assert "run `carms build`" in result.stderr


def test_a_kind_of_applicants_that_the_stream_does_not_take_is_told(carms):
    said = carms("program", "27448", "--why", "return_of_service").stdout
    assert "return_of_service_cmg: not said\n  the stream does not take CMGs" in said


def test_alternatives_are_one_of_them_and_prose_is_pointed_to():
    requirement = {
        "requirement_category": "language", "requirement_level": "required", "applies_to": None,
        "requested_number": None, "max_words": None, "is_alternative": True,
    }  # fmt: skip
    profile = {
        **dict.fromkeys(PROFILE_COLUMNS), "program_name": "A", "program_stream_id": "1",
        "eligible_cmg": True, "eligible_img": True, "return_of_service_img": "unclear",
        "interview_dates": None, "selection_criteria": None,
        "requirements": [
            {**requirement, "requirement_code": code, "requirement_name": code.upper()}
            for code in ("ielts", "oet", "language_tcf")
        ],
        "sections": [
            {"section_code": code, "heading": "-", "character_count": 9}
            for code in ("interviews", "return_of_service")
        ],
    }  # fmt: skip
    page = as_text(profile)
    assert "required              one of: IELTS, OET or TCF\n" in page
    assert "interviews on         see `--section interviews`\n" in page
    assert "length" not in page
    service = "not mentioned for CMG, not clear for IMG; see `--section return_of_service`"
    assert f"return of service     {service}\n" in page


def test_disciplines_are_listed_with_what_is_offered(carms):
    rows = json.loads(carms("disciplines", "-f", "json").stdout)
    assert [(r["discipline_name"], r["programs"], r["schools"], r["seats"]) for r in rows] == [
        ("Family Medicine", 1, 1, 9), ("Neurology", 2, 2, 5),
    ]  # fmt: skip
    older = json.loads(carms("disciplines", "--iteration", "1403", "-f", "json").stdout)
    assert [r["seats"] for r in older] == [1]


def test_the_commands_ask_carms_whichever_domain_the_project_works_on(project, monkeypatch):
    monkeypatch.setenv("CARMS_DOMAIN", "no_such_domain")
    result = CliRunner().invoke(make_app(), ["-p", str(project), "disciplines"])
    assert result.exit_code == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "argv",
    [
        ["programs"],
        ["disciplines"],
        ["program", "27447"],
        ["program", "27447", "--full"],
        ["program", "27447", "--why", "quota"],
    ],
    ids=" ".join,
)
def test_commands_write_every_format_to_every_place(project, tmp_path, argv):
    if argv[-1] == "--full":
        assert b"Text of faq." in to_pipe(["-p", str(project), *argv])[1]
        assert b"Text of faq." in to_terminal(["-p", str(project), *argv])[1]
        return
    check_formats(["-p", str(project), *argv], tmp_path, {0})
