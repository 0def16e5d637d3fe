"""`carms programs compare`: what came, went and changed between two iterations or deliveries."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime

import polars as pl
import pytest
from domains.carms.gold_lake import SECOND, published, silver_of, version
from hypothesis import given
from hypothesis import strategies as st
from matrix import check_formats
from typer.testing import CliRunner

import carms_lake
from carms_lake.cli import make_app
from carms_lake.domains.carms.analysis import iterations
from carms_lake.domains.carms.analysis.iterations import (
    compare_deliveries,
    compare_iterations,
    totals,
)

FIRST_OF_NEXT = datetime(2026, 3, 1, 12)  # noqa: DTZ001 - gold keeps UTC without a zone


def after(stream_id, **rest):
    return version(stream_id, match_iteration_id="1603", valid_from=FIRST_OF_NEXT, **rest)


SILVER = silver_of(
    version("1", quota=2),
    version("2", quota=5, program_site="Laval"),
    version("3", quota=1, program_site="Gatineau", training_province="ON"),
    version("4", quota=3, program_site="Val d'Or"),
    version("5", quota=None, program_site="Longueuil"),
    after("1", quota=2),
    after("902", quota=7, program_site="Laval"),  # the same program under another id
    after("4", quota=3, program_site="Rouyn"),  # its site was renamed
    after("5", quota=None, program_site="Longueuil", application_language="fr"),
    after("6", quota=4, program_site="Sherbrooke"),
)  # fmt: skip
VERSIONS = silver_of(
    version("1", quota=2, valid_to=SECOND, is_current=False),
    version("1", quota=3, valid_from=SECOND),
    version("2", quota=5, program_site="Laval", valid_to=SECOND, is_deleted=True,
            deleted_on=SECOND.date()),
    version("3", quota=1, program_site="Gatineau", valid_from=SECOND),
)  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return published(tmp_path_factory.mktemp("project"), SILVER)


@pytest.fixture(scope="module")
def versions(tmp_path_factory):
    return published(tmp_path_factory.mktemp("versions"), VERSIONS)


@pytest.fixture
def carms(project):
    def run(*arguments, at=project):
        return CliRunner().invoke(make_app(), ["-p", str(at), *arguments])

    return run


def brief(compared):
    return compared.select(
        "change", "program_stream_id_before", "program_stream_id_after", "seats_difference",
        "changed_facts",
    ).rows()  # fmt: skip


def test_programs_come_go_and_change_between_two_iterations(project):
    found = compare_iterations(carms_lake.open(project), "1503", "1603")
    assert brief(found) == [
        ("came", None, "6", 4, []),
        ("went", "3", None, -1, []),
        ("seats", "2", "902", 2, []),
        ("facts", "5", "5", None, ["application_language"]),
        ("facts", "4", "4", 0, ["program_site"]),
        ("same", "1", "1", 0, []),
    ]


def test_the_other_way_round_what_came_went(project):
    lake = carms_lake.open(project)
    there, back = (compare_iterations(lake, *pair) for pair in (("1503", "1603"), ("1603", "1503")))
    mirrored = {"came": "went", "went": "came"}
    assert sorted(
        (mirrored.get(change, change), new, old, None if more is None else -more)
        for change, old, new, more, _ in brief(back)
    ) == sorted((change, old, new, more) for change, old, new, more, _ in brief(there))  # fmt: skip


def test_sums_are_those_of_the_rows_and_of_both_iterations(project):
    lake = carms_lake.open(project)
    sums = totals(compare_iterations(lake, "1503", "1603"))
    assert sums.rows() == [
        ("came", 1, 0, 4, 4), ("went", 1, 1, 0, -1), ("seats", 1, 5, 7, 2), ("facts", 2, 3, 3, 0),
        ("same", 1, 2, 2, 0), ("all", 6, 11, 16, 5),
    ]  # fmt: skip
    seats = lake.query(
        "select sum(quota) from program_profile_all_iterations group by match_iteration_id"
        " order by match_iteration_id"
    )
    assert seats.to_series().to_list() == [11, 16]


def test_filters_keep_the_programs_that_fit_before_or_after(project):
    found = compare_iterations(carms_lake.open(project), "1503", "1603", {"province": "ON"})
    assert brief(found) == [("went", "3", None, -1, [])]


def test_an_iteration_is_compared_with_itself_before_its_last_change(versions):
    found = compare_deliveries(carms_lake.open(versions), "1503")
    assert brief(found) == [
        ("came", None, "3", 1, []), ("went", "2", None, -5, []), ("seats", "1", "1", 1, []),
    ]  # fmt: skip


PLACES = st.tuples(st.integers(1, 3), st.sampled_from("ab"), st.sampled_from("xy"))


@given(
    old=st.dictionaries(st.integers(1, 6).map(str), PLACES),
    new=st.dictionaries(st.integers(1, 6).map(str), PLACES),
)
def test_every_program_of_either_side_is_in_exactly_one_pair(old, new):
    def frame(programs):
        rows = [(code, "1", site, stream, i) for i, (code, site, stream) in programs.items()]
        columns = dict.fromkeys((*iterations.PLACE, "program_stream_id"), pl.String)
        return pl.DataFrame(rows, schema={**columns, "school_code": pl.Int32}, orient="row")

    pairs = iterations._pairs(frame(old), frame(new))
    for side, programs in (("before", old), ("after", new)):
        ids = pairs[f"program_stream_id_{side}"].drop_nulls().to_list()
        assert sorted(ids) == sorted(programs)


def test_the_command_lists_what_changed_with_sums_below(carms):
    done = carms("programs", "compare", "1503", "1603")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["change"] for row in rows] == ["came", "went", "seats", "facts", "facts"]
    assert done.stderr == (
        "1 came (+4 seats), 1 went (-1 seats), 1 with other seats (+2 seats),"
        " 2 with other facts, 1 unchanged, seats 11 -> 16 (+5)\n"
    )
    everything = carms("programs", "compare", "1503", "1603", "--all", "--json").stdout
    assert len(json.loads(everything)["data"]) == 6


def test_a_table_shows_seats_before_and_after(carms):
    shown = carms("programs", "compare", "1503", "1603", "-f", "table").stdout
    assert "5 -> 7" in shown
    assert "application_language" in shown


def test_the_sums_alone_are_rows(carms):
    done = carms("programs", "compare", "1503", "1603", "--totals")
    assert done.stdout.splitlines()[-1] == "all,6,11,16,5"


def test_an_iteration_that_has_not_changed_since_it_arrived_says_so(carms):
    done = carms("programs", "compare", "1603", "-f", "csv")
    assert done.exit_code == 0
    assert len(done.stdout.splitlines()) == 1  # the columns
    assert "nothing has changed in iteration `1603` since it first arrived" in done.stderr


def test_two_deliveries_are_compared_where_one_iteration_is_named(carms, versions):
    done = carms("programs", "compare", "1503", at=versions)
    assert "1 came (+1 seats), 1 went (-5 seats)" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["1503", "1604"], 1, "no match iteration `1604`"),
        (["1503", "1604"], 1, "there are `1503`, `1603`"),
        (["1503", "1603", "--iteration", "1503"], 2, "leave it out"),
        (["1503", "--province", "ON"], 2, "filters need two iterations"),
        (["1503", "1603", "--school", "nowhere"], 2, "no school is called `nowhere`"),
    ],
)
def test_what_cannot_be_compared_is_said(carms, arguments, code, message):
    done = carms("programs", "compare", *arguments)
    assert done.exit_code == code
    assert message in done.stderr


def test_the_comparison_has_every_format(project, tmp_path):
    check_formats(["-p", str(project), "programs", "compare", "1503", "1603"], tmp_path, {0})


@pytest.mark.parametrize("words", [["programs", "--help"], ["programs", "--province", "ON", "-h"]])
def test_the_help_of_programs_is_that_of_its_list(carms, words):
    shown = carms(*words).stdout
    assert "--discipline" in shown
    assert "programs compare" in shown.replace("\n ", "")
