"""A trace leads to the sentence that a value was read from."""

from __future__ import annotations

import json

import pytest
from domains.carms.gold_lake import DOMAIN
from typer.testing import CliRunner

from carms_lake.cli import make_app
from carms_lake.config import LakeConfig
from carms_lake.flows.build import build
from carms_lake.flows.generate import generate
from carms_lake.flows.ingest import ingest
from carms_lake.flows.lineage.trace_value import trace_value
from carms_lake.flows.query import query_frame

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    """A lake of a few invented programs."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "carms.toml").touch()
    config = LakeConfig(folder, DOMAIN)
    config.data_raw.mkdir(parents=True)
    generate(DOMAIN.package, config.data_raw, {"seed": 5, "programs": 4})
    ingest(config)
    build(config)
    return config


def programs(config):
    return query_frame(
        config, "select * from gold.program_profile where first_interview_on is not null"
    ).to_dicts()


def read_from(origin):
    """The words of a value and of all that it is made of."""
    own = [words for one in origin.values for words in one.read_from]
    return own + [words for below in origin.made_of for words in read_from(below)]


def test_a_value_leads_to_its_sentence_on_the_way_to_the_file(config):
    program = programs(config)[0]
    (origin,) = trace_value(config, program["program_stream_id"], "quota").origins
    (words,) = read_from(origin)
    assert str(program["quota"]) in words.sentence.split()
    assert words.place.startswith("section_code match_iteration_name, span_start ")


def test_a_column_that_only_the_profile_has_is_traced_in_the_one_that_people_read(config):
    program = programs(config)[0]
    found = trace_value(config, program["program_stream_id"], "needs_casper")
    (origin,) = found.origins
    assert origin.table == "gold.program_profile"
    assert [held.value for held in origin.values] == [program["needs_casper"]]


def test_a_row_of_a_list_leads_to_its_own_line(config):
    program = programs(config)[0]
    key = f"program_stream_id={program['program_stream_id']}"
    for table, column in (
        ("silver.interview_date", "interview_on"),
        ("silver.requirement", "requirement_level"),
        ("silver.selection_criterion", "is_evaluated"),
    ):
        found = trace_value(config, key, column, table=table)
        assert found.origins
        assert all(one.read_from for origin in found.origins for one in origin.values)
    profile = trace_value(config, key, "first_interview_on", table="gold.program_profile")
    (first,) = profile.origins[0].values[0].read_from
    assert str(program["first_interview_on"].day) in first.sentence


def test_a_value_that_no_words_say_has_none(config):
    key = f"program_stream_id={programs(config)[0]['program_stream_id']}"
    (origin,) = trace_value(config, key, "program_site", table="silver.program").origins
    assert read_from(origin) == []


def test_the_command_shows_the_sentence_and_has_it_as_columns(config):
    program = programs(config)[0]

    def carms(*arguments):
        asked = ["-p", str(config.project), "trace", program["program_stream_id"], *arguments]
        result = CliRunner().invoke(make_app(), asked)
        assert result.exit_code == 0, result.stderr
        return result.stdout

    assert "read in: " in carms("--column", "quota", "-f", "table")
    rows = json.loads(carms("--column", "quota", "-f", "json"))
    (row,) = [row for row in rows if row["sentence"]]
    assert (row["table"], row["value"]) == ("silver.document", str(program["quota"]))
    assert "span_start" in row["sentence_place"]
