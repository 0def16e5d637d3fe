"""What is similar among the real programs, against what people judged."""

from __future__ import annotations

import csv
from collections import defaultdict
from math import log2
from pathlib import Path

import pytest

from carms_lake import Lake

pytestmark = [pytest.mark.real_data, pytest.mark.slow]

PLACES = 5


@pytest.fixture(scope="session")
def judged(real_carms: Path) -> dict[str, dict[str, int]]:
    """By program: others and how similar people found them, 0 to 2."""
    path = real_carms.parent / "judged" / "similar.tsv"
    if not path.is_file():
        pytest.skip(f"the judged programs are not here: {path}")
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            grades[row["seed_id"]][row["candidate_id"]] = int(row["grade"])
    return grades


def gain(grades: list[int]) -> float:
    """The grades of the first places, each worth less than the one before."""
    return sum(grade / log2(place + 1) for place, grade in enumerate(grades[:PLACES], start=1))


def test_programs_are_in_the_order_in_which_people_put_them(
    real_lake: Lake, judged: dict[str, dict[str, int]]
) -> None:
    ndcg = []
    for seed, grades in judged.items():
        found = real_lake.query(
            "select program_stream_id from similar_programs($seed)"
            " order by score desc, program_stream_id",
            {"seed": seed},
        )["program_stream_id"]
        ranked = [grades[other] for other in found if other in grades]
        assert len(ranked) == len(grades)
        ndcg.append(gain(ranked) / gain(sorted(grades.values(), reverse=True)))
    assert sum(ndcg) / len(ndcg) >= 0.78


@pytest.mark.parametrize(
    ("program", "theme"),
    [
        ("27098", "indigenous"),
        ("27098", "remote"),
        ("27160", "bilingual"),
        ("26604", "bilingual"),
        ("26526", "rural"),
        ("27650", "rural"),
        ("27008", "inner_city"),
        ("26961", "tertiary"),
        ("26471", "obstetrics"),
        ("26457", "research"),
    ],
)
def test_a_program_that_makes_much_of_a_theme_stands_out_in_it(
    real_lake: Lake, program: str, theme: str
) -> None:
    found = real_lake.query(
        "select z_score, hits, words from program_feature"
        " where program_stream_id = $program and feature = $theme",
        {"program": program, "theme": theme},
    )
    assert found["z_score"].item() > 0.5
    assert found["hits"].item() > 0
    assert found["words"].item()


def test_every_theme_is_found_in_both_languages(real_lake: Lake) -> None:
    found = real_lake.query(
        "select feature, document_language, count_if(hits > 0) as programs from program_feature"
        " join program_profile using (match_iteration_id, program_stream_id)"
        " where feature <> 'seats' group by all"
    )
    assert found.height == 8 * 2
    assert found.filter(found["programs"] < 2).is_empty()
