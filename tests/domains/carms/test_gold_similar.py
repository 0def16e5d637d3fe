"""The macro `similar_programs` and the features that it compares, on a few programs."""

from __future__ import annotations

from contextlib import contextmanager

import duckdb
import polars as pl
import pytest
from domains.carms.gold_lake import KIT, SECOND, contracts, gold, silver_of, version
from hypothesis import given
from hypothesis import strategies as st

from carms_lake.names import Layer

GOLD = contracts(Layer.GOLD)
TEXTS = KIT.gold_texts()
THEMES = ("research", "rural")


def themes(stream_id="1", iteration="1503", *, characters=10_000, **hits):
    return [
        {
            "match_iteration_id": iteration, "program_stream_id": stream_id, "theme": theme,
            "theme_name": theme, "hits": hits.get(theme, 0), "character_count": characters,
            "words": f"{theme} ({hits[theme]})" if hits.get(theme) else None,
        }
        for theme in THEMES
    ]  # fmt: skip


def lists(*parts):
    return [row for part in parts for row in part]


def similar(connection, of_program, columns="program_stream_id", more=""):
    sql = f"select {columns} from gold.similar_programs(?) {more}"
    return connection.execute(sql, [of_program]).fetchall()


def test_hits_count_by_the_length_of_the_text(tmp_path):
    silver = silver_of(
        version("1"), version("2"),
        program_theme=[*themes("1", rural=6, characters=20_000), *themes("2", rural=1)],
    )  # fmt: skip
    with gold(tmp_path, silver) as connection:
        found = connection.execute(
            "select program_stream_id, hits, words, amount, z_score"
            " from gold.program_feature where feature = 'rural' order by 1"
        ).fetchall()
    assert found == [("1", 6, "rural (6)", 3.0, 1.0), ("2", 1, "rural (1)", 1.0, -1.0)]


def test_seats_are_a_feature_and_what_all_have_alike_has_no_score(tmp_path):
    silver = silver_of(
        version("1", quota=1), version("2", quota=3), version("3", quota=None),
        program_theme=lists(themes("1"), themes("2")),
    )  # fmt: skip
    with gold(tmp_path, silver) as connection:
        found = connection.execute(
            "select program_stream_id, feature, amount, z_score from gold.program_feature"
        ).fetchall()
    assert found == [
        ("1", "research", 0.0, None), ("1", "rural", 0.0, None), ("1", "seats", 1.0, -1.0),
        ("2", "research", 0.0, None), ("2", "rural", 0.0, None), ("2", "seats", 3.0, 1.0),
        ("3", "research", None, None), ("3", "rural", None, None), ("3", "seats", None, None),
    ]  # fmt: skip


IMG = {"program_stream": "IMG Stream for IMG", "eligibility": "IMG"}
MCGILL = {"school_code": 80, "school_name": "McGill University"}
QUEENS = {"school_code": 82, "school_name": "Queen’s University"}
SURGERY = {"discipline_id": "40", "discipline_name": "General Surgery"}


def test_the_score_is_the_sum_of_its_parts_and_says_so_in_words(tmp_path):
    silver = silver_of(
        version("1", quota=1),
        version("2", **QUEENS, **IMG, quota=1, document_language="fr"),
        version("3", **QUEENS, **SURGERY, quota=2),
        program_theme=lists(themes("1", rural=4), themes("2", rural=4), themes("3", research=4)),
        discipline=[
            {"discipline_id": "44", "discipline_name": "Neurology", "discipline_group": "Medicine"},
            {
                "discipline_id": "40", "discipline_name": "General Surgery",
                "discipline_group": "Surgery",
            },
        ],
    )  # fmt: skip
    with gold(tmp_path, silver) as connection:
        found = similar(connection, "1", "program_stream_id, score, reasons, feature_similarity")
    # The vectors of the first two are the same, that of the third is their opposite, twice as long.
    assert found == [
        (
            "2", round(2 + 0.7 + 0.8, 4),
            "same discipline; both speak much of rural; 1 seat each", 1.0,
        ),
        ("3", round(0.4 + 0.15 - 0.8, 4), "both for all applicants; 1 and 2 seats", -1.0),
    ]  # fmt: skip


def test_other_streams_and_sites_of_the_program_come_last(tmp_path):
    silver = silver_of(
        version("1", **MCGILL), version("2", **MCGILL, program_site="Gatineau"),
        version("3", **QUEENS, **IMG), version("4", **QUEENS),
        version("5", **QUEENS, **SURGERY),
    )  # fmt: skip
    with gold(tmp_path, silver) as connection:
        found = similar(connection, "1", "program_stream_id, is_same_program")
    assert found == [("4", False), ("3", False), ("5", False), ("2", True)]


def test_equal_scores_are_in_the_order_of_their_ids(tmp_path):
    with gold(tmp_path, silver_of(*(version(i, **QUEENS) for i in "3142"))) as connection:
        assert [row[0] for row in similar(connection, "3")] == ["1", "2", "4"]


@pytest.mark.slow
def test_a_program_that_is_not_there_is_like_none(tmp_path):
    with gold(tmp_path, silver_of(version("1"), version("2"))) as connection:
        assert [similar(connection, key) for key in ("9", "", "1' or true --", None)] == [[]] * 4


@pytest.mark.slow
def test_a_dropped_program_and_other_iterations_are_left_out(tmp_path):
    silver = silver_of(
        version("1"), version("2"), version("4", match_iteration_id="1403"),
        version("1", match_iteration_id="1403"),
        version("3", is_deleted=True, valid_to=SECOND, deleted_on=SECOND.date()),
    )  # fmt: skip
    with gold(tmp_path, silver) as connection:
        assert similar(connection, "1") == [("2",)]
        assert similar(connection, "3") == []
        older = "select program_stream_id from gold.similar_programs('1', in_iteration := '1403')"
        assert connection.execute(older).fetchall() == [("4",)]


PROGRAM = st.tuples(
    st.sampled_from([80, 82]),
    st.sampled_from(["44", "40", "27"]),
    st.sampled_from(["Medicine", "Surgery"]),
    st.sampled_from(["en", "fr", None]),
    st.sampled_from(["CMG", "IMG", "All", None]),
    st.none() | st.integers(0, 200),
)
Z_SCORES = st.lists(st.none() | st.floats(-9, 9).map(lambda z: round(z, 6)), min_size=3, max_size=3)
NAMES = ("program_stream_id", "program_name")
COLUMNS = (
    "school_code",
    "discipline_id",
    "discipline_group",
    "document_language",
    "eligibility",
    "quota",
)


@contextmanager
def macro_over(programs):
    """`similar_programs` over a profile and features without the rest of gold."""
    profile = pl.DataFrame(
        [("1503", True, str(at), str(at), *row) for at, (row, _) in enumerate(programs)],
        schema=["match_iteration_id", "is_newest_iteration", *NAMES, *COLUMNS],
        schema_overrides={
            "document_language": pl.String, "eligibility": pl.String, "quota": pl.Int32,
        },
        orient="row",
    )  # fmt: skip
    features = pl.DataFrame(
        [
            ("1503", str(at), name, name, z)
            for at, (_, zs) in enumerate(programs)
            for name, z in zip(("rural", "research", "seats"), zs, strict=True)
        ],
        schema={
            "match_iteration_id": pl.String, "program_stream_id": pl.String,
            "feature": pl.String, "feature_name": pl.String, "z_score": pl.Float64,
        },
        orient="row",
    )  # fmt: skip
    with duckdb.connect() as connection:
        connection.execute("create schema gold")
        for table, rows in (
            ("program_profile_all_iterations", profile),
            ("program_feature", features),
        ):
            connection.register("rows", rows.to_arrow())
            connection.execute(f"create table gold.{table} as from rows")
        parameters = ", ".join(GOLD["similar_programs"].parameters)
        connection.execute(
            f"create macro gold.similar_programs({parameters}) as table {TEXTS['similar_programs']}"
        )
        yield connection


@pytest.mark.slow
@given(st.lists(st.tuples(PROGRAM, Z_SCORES), min_size=2, max_size=6))
def test_two_programs_have_the_same_score_for_each_other(programs):
    ids = [str(at) for at in range(len(programs))]
    with macro_over(programs) as connection:
        scores = {
            (one, other): score
            for one in ids
            for other, score in similar(connection, one, "program_stream_id, score")
        }
    assert len(scores) == len(ids) * (len(ids) - 1)
    for (one, other), score in scores.items():
        assert score == scores[other, one]
        assert -0.8 <= score <= 2 + 0.7 + 0.4 + 0.15 + 0.8
