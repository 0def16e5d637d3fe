"""`carms similar` on a published gold file of a few programs."""

from __future__ import annotations

import csv
import io
import json
from unittest.mock import Mock

import pytest
from domains.carms.gold_lake import SECOND, published, silver_of, version
from typer.testing import CliRunner

import carms_lake
from carms_lake.cli import make_app
from carms_lake.domains.carms.analysis.similar import similar
from carms_lake.domains.carms.similar_text import as_text

ONTARIO = {"school_code": 82, "school_name": "Queen’s University", "training_province": "ON"}
IMG = {
    "program_stream": "IMG Stream for IMG", "eligibility": "IMG",
    "eligible_cmg": False, "eligible_usmg": False,
}  # fmt: skip
SILVER = silver_of(
    version("27447", quota=3),
    version("27448", **ONTARIO, **IMG),
    version("27449", **ONTARIO, quota=3),
    version("27450", program_site="Gatineau"),
    version("27451", program_site="Val d'Or"),
    version("27452", is_deleted=True, valid_to=SECOND, deleted_on=SECOND.date()),
    version("27453", match_iteration_id="1403"),
)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return published(tmp_path_factory.mktemp("project"), SILVER)


@pytest.fixture
def carms(project):
    def run(*arguments):
        return CliRunner().invoke(make_app(), ["-p", str(project), *arguments])

    return run


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ([], ["27449", "27448", "27450", "27451"]),
        (["--limit", "1"], ["27449", "27450", "27451"]),
        (["--for", "cmg"], ["27449", "27450", "27451"]),
        (["--province", "Ontario", "--for", "img"], ["27449", "27448"]),
        (["--eligibility", "IMG"], ["27448"]),
    ],
)
def test_similar_programs_fit_the_filters_and_those_of_the_same_program_are_last(
    carms, arguments, found
):
    result = carms("similar", "27447", *arguments)
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["program_stream_id"] for row in rows] == found
    assert list(rows[0])[:4] == ["program_stream_id", "score", "reasons", "is_same_program"]
    assert rows[0]["program_name"]


def test_a_table_is_text_with_the_programs_own_streams_apart(carms):
    shown = carms("similar", "27447", "--limit", "1", "-f", "table")
    assert shown.exit_code == 0
    assert (
        shown.stdout
        == """\
 4.05  27449  McGill University / Neurology / Montreal / 27449
              same discipline; both for all applicants; 3 seats each

Other streams and sites of the same program

 2.45  27450  McGill University / Neurology / Montreal / 27450
              same discipline; both for all applicants; 3 and 2 seats

and 1 more; `-f csv` has all
"""
    )


def test_json_has_the_rows(carms):
    answer = json.loads(carms("similar", "27447", "--json").stdout)
    assert [row["program_stream_id"] for row in answer["data"]][:2] == ["27449", "27448"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["2744"], "no program has the id `2744`"),
        (["2744"], "the nearest ids are `27447`, `27448`, `27449`"),
        (["27452"], "program `27452` was dropped on 2025-04-01"),
        (["27453"], "it is in `--iteration 1403`"),
        (
            ["27447", "--iteration", "1403"],
            "no program has the id `27447` in match iteration `1403`",
        ),
        (["27447", "--school", "nowhere"], "no school is called `nowhere`"),
    ],
)
def test_a_program_that_is_not_offered_is_named_with_what_to_do(carms, arguments, message):
    result = carms("similar", *arguments)
    assert result.exit_code != 0
    assert message in result.stderr
    assert not result.stdout


def test_that_nothing_matches_is_said(carms):
    result = carms("similar", "27447", "--language", "fr", "-f", "table")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "no other program matches" in result.stderr


def test_a_gold_file_of_an_earlier_version_has_to_be_built_again():
    old = Mock(spec=carms_lake.Lake)
    old.query.side_effect = carms_lake.QueryRefused("there is no macro `similar_programs`", "-")
    with pytest.raises(carms_lake.GoldMissing) as error:
        similar(old, "27447")
    assert "carms build" in error.value.hint


@pytest.mark.parametrize("width", [20, 40, 80, 140])
def test_text_stays_within_the_width(width):
    rows = [
        {
            "score": 4.05, "program_stream_id": "27447", "is_same_program": own,
            "program_name": "Université de Montréal / Family Medicine / les Eskers d'Amos / " * 2,
            "reasons": "same discipline; both for all applicants; 2 and 3 seats",
        }
        for own in (False, True)
    ]  # fmt: skip
    assert max(map(len, as_text(rows, width, 5).splitlines())) <= max(width, 43)
