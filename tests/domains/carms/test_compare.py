"""`carms compare` on a published gold file of a few programs."""

from __future__ import annotations

import csv
import io
import json
from datetime import date

import pytest
from domains.carms.gold_lake import SECOND, published, silver_of, version
from typer.testing import CliRunner

import carms_lake
from carms_lake.cli import make_app
from carms_lake.domains.carms.analysis.compare import SCHEMA, compare
from carms_lake.domains.carms.analysis.evidence import why
from carms_lake.domains.carms.compare_text import as_text

QUEENS = {"school_code": 82, "school_name": "Queen’s University", "training_province": "ON"}


def key(stream_id, iteration="1503"):
    return {"match_iteration_id": iteration, "program_stream_id": stream_id}


def asked(stream_id, place, code, level="required", **rest):
    row = {
        **key(stream_id), "requirement_ordinal": place, "requirement_code": code,
        "requirement_category": "document", "requirement_level": level,
        "is_alternative": False, "label": code.upper(),
    }  # fmt: skip
    return {**row, **rest}


def component(stream_id, place, code, is_evaluated):
    return {
        **key(stream_id), "stage": "file_review", "criterion_ordinal": place,
        "component_code": code, "label": code.upper(), "is_evaluated": is_evaluated,
    }  # fmt: skip


SILVER = silver_of(
    version("27447", return_of_service_cmg="none", return_of_service_img="required"),
    version("27448", **QUEENS, quota=5, length_years=5),
    version("27449", is_deleted=True, valid_to=SECOND, deleted_on=SECOND.date()),
    version("27450", document_language=None),
    version("17447", match_iteration_id="1403", quota=1),
    version("27448", match_iteration_id="1403", **QUEENS, program_site="Belleville"),
    interview_date=[{**key("27447"), "interview_on": date(2025, 1, 20)}],
    requirement=[
        asked("27447", 1, "photo"),
        asked("27447", 2, "nac", "conditional", applies_to="IMG"),
        asked("27447", 3, "letter", max_words=500),
        asked("27448", 1, "photo"),
        asked("27448", 2, "letter", max_words=800),
    ],
    selection_criterion=[
        component("27447", 1, "cv", True),
        component("27447", 2, "electives", False),
        component("27448", 1, "cv", True),
    ],
    document_section=[
        {
            **key("27448"), "section_code": "interviews", "section_ordinal": 1,
            "heading": "Interviews", "content": "-", "masked_content": "Late in winter.",
            "character_count": 1,
        }
    ],
)  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return published(tmp_path_factory.mktemp("project"), SILVER)


@pytest.fixture(scope="module")
def lake(project):
    return carms_lake.open(project, "carms")


@pytest.fixture
def carms(project):
    def run(*arguments):
        return CliRunner().invoke(make_app(), ["-p", str(project), *arguments])

    return run


def values(frame):
    """The values of each fact, in the order of the programs, and whether they differ."""
    found = {}
    for row in frame.iter_rows(named=True):
        found.setdefault(row["fact"], (row["is_different"], []))[1].append(row["value"])
    return found


def test_facts_requirements_and_components_are_in_words(lake):
    found = values(compare(lake, ["27447", "27448"]))
    assert found["seats"] == (True, ["2", "5"])
    assert found["length"] == (True, [None, "5 years"])
    assert found["school"][1][1] == "Queen’s University (Quebec)"
    assert found["return_of_service"][1][0] == "none for CMG, required for IMG"
    assert found["photo"] == (False, ["required", "required"])
    assert found["nac"] == (True, ["on a condition, IMG only", "not asked"])
    assert found["letter"] == (
        True, ["required, at most 500 words", "required, at most 800 words"],
    )  # fmt: skip
    assert found["file_review.cv"] == (False, ["looked at", "looked at"])
    assert found["file_review.electives"] == (True, ["not looked at", "not listed"])


def test_what_is_only_in_prose_is_not_said_to_be_equal(lake):
    found = values(compare(lake, ["27447", "27448"]))
    assert found["interviews_on"] == (None, ["2025-01-20", "see `--section interviews`"])


def test_facts_that_differ_are_first_and_those_of_no_program_are_left_out(lake):
    frame = compare(lake, ["27448", "27447"])
    assert dict(frame.schema) == SCHEMA
    order = frame["is_different"].to_list()
    assert order == sorted(order, key=[True, None, False].index)
    assert frame["program_stream_id"].to_list() == ["27448", "27447"] * (frame.height // 2)
    known = frame.filter(frame["value"].is_not_null())["fact"].unique().to_list()
    assert set(known) == set(frame["fact"])
    assert "accreditation" not in frame["fact"].to_list()


@pytest.mark.slow
def test_every_fact_is_one_whose_source_can_be_asked_for(lake):
    for fact in compare(lake, ["27447", "27448"])["fact"].unique():
        assert why(lake, "27447", fact).height, fact


@pytest.mark.slow
def test_what_stands_at_the_left_of_a_comparison_can_be_asked_for_in_its_words(lake):
    found = compare(lake, ["27447", "27448"])
    for fact, label in found.select("fact", "label").unique().rows():
        asked = why(lake, "27447", label)
        code = fact.rpartition(".")[2]
        by_code = why(lake, "27447", code)
        assert asked.height, label
        assert asked["value"].to_list() == by_code["value"].to_list(), label


def test_nothing_is_denied_of_a_program_without_a_description(lake):
    found = values(compare(lake, ["27447", "27450"]))
    assert found["photo"] == (True, ["required", None])


def test_a_dropped_program_is_compared_as_it_was(lake):
    found = values(compare(lake, ["27447", "27449"]))
    assert found["deleted_on"] == (True, [None, "2025-04-01"])
    assert found["seats"] == (False, ["2", "2"])


@pytest.mark.slow
def test_one_program_in_two_iterations_is_found_by_its_place_or_its_id(carms):
    for program, ids in (("27447", ["17447", "27447"]), ("27448", ["27448", "27448"])):
        shown = carms("compare", program, "--iterations", "1403", "1503").stdout
        rows = [row for row in csv.DictReader(io.StringIO(shown)) if row["fact"] == "seats"]
        assert [row["program_stream_id"] for row in rows] == ids
        assert [row["match_iteration_id"] for row in rows] == ["1403", "1503"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["27447"], "one program cannot be compared"),
        (["27447", "27447"], "program `27447` was named twice"),
        (["27447", "9"], "no program has the id `9`"),
        (["27447", "27448", "--iterations", "1403", "1503"], "with 2 programs"),
        (["27447", "--iteration", "1503", "--iterations", "1403", "1503"], "with `--iteration`"),
        (["27447", "--iterations", "1503", "1503"], "`1503` was named twice"),
        (["27450", "--iterations", "1403", "1999"], "not in both match iterations"),
    ],
)
def test_what_cannot_be_compared_is_named(carms, arguments, message):
    result = carms("compare", *arguments)
    assert result.exit_code != 0
    assert message in result.stderr
    assert not result.stdout


@pytest.mark.slow
def test_a_table_folds_what_is_equal(carms):
    shown = carms("compare", "27447", "27448", "-f", "table").stdout
    assert "seats                 2                                       5\n" in shown
    assert "facts are equal (`--all` shows them). facts: " in shown
    assert "FACTS, IN PROSE\n" in shown
    assert "PHOTO  " not in shown
    assert "PHOTO  " in carms("compare", "27447", "27448", "-f", "table", "--all").stdout


def test_json_has_the_rows(carms):
    rows = json.loads(carms("compare", "27447", "27448", "--json").stdout)["data"]
    assert list(rows[0]) == list(SCHEMA)


@pytest.mark.parametrize("width", [30, 40, 80, 140])
@pytest.mark.parametrize("programs", [2, 3, 6])
def test_text_stays_within_the_width_and_says_everything(width, programs):
    rows = [
        {
            "part": "facts", "fact": fact, "label": fact, "match_iteration_id": "1503",
            "program_stream_id": f"2744{at}", "program_name": "Université / Neurology / " * 4,
            "value": f"value {at} " + "word " * 12, "is_different": True,
        }
        for fact in ("seats", "a fact with a long label")
        for at in range(programs)
    ]  # fmt: skip
    text = as_text(rows, width)
    assert max(map(len, text.splitlines())) <= max(width, 40)
    assert text.split().count("word") == 2 * programs * 12
