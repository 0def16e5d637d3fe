"""What the search finds among the real programs, against what people judged."""

from __future__ import annotations

import csv
from collections import defaultdict
from math import log2
from pathlib import Path
from statistics import mean

import pytest

from carms_lake import Lake

pytestmark = [pytest.mark.real_data, pytest.mark.slow]

PLACES = 10


@pytest.fixture(scope="session")
def judged(real_carms: Path) -> dict[tuple[str, str], dict[str, int]]:
    """By language and query: programs, and how well people found that they answer, 1 or 2."""
    path = real_carms.parent / "judged" / "search.tsv"
    if not path.is_file():
        pytest.skip(f"the judged queries are not here: {path}")
    grades: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            asked = row["language"], row["query"]
            grades[asked][row["program_stream_id"]] = int(row["grade"])
    return grades


def gain(grades: list[int]) -> float:
    return sum((2**g - 1) / log2(place + 1) for place, g in enumerate(grades[:PLACES], start=1))


def test_programs_are_in_the_order_in_which_people_put_them(
    real_lake: Lake, judged: dict[tuple[str, str], dict[str, int]]
) -> None:
    ndcg: dict[str, list[float]] = defaultdict(list)
    for (language, query), grades in judged.items():
        found = real_lake.query(
            "select program_stream_id from search_programs($query)", {"query": query}
        )["program_stream_id"].to_list()
        assert found, f"{query} has no answer"
        ideal = gain(sorted(grades.values(), reverse=True))
        ndcg[language].append(gain([grades.get(program, 0) for program in found]) / ideal)
    assert mean([*ndcg["en"], *ndcg["fr"]]) >= 0.8
    assert mean(ndcg["fr"]) >= 0.77


def test_case_and_accents_change_no_answer(real_lake: Lake) -> None:
    asked = "from search_programs($query)"
    plain = real_lake.query(asked, {"query": "medecine familiale milieu rural eloigne"})
    assert plain.equals(
        real_lake.query(asked, {"query": "MÉDECINE familiale Milieu Rural Éloigné"})
    )
