"""Component tables, buckets and policies."""

from __future__ import annotations

import pytest

from carms_lake.domains.carms.documents import Bucket, Criterion, parse_document
from carms_lake.domains.carms.documents.selection import (
    applications_bucket,
    considers_outside_information,
    interviewed_bucket,
    parse_criteria,
    rescheduling_policy,
)


def test_the_rows_of_both_tables_are_read(english: str) -> None:
    assert parse_document(english).criteria == (
        Criterion(1, "file_review", "cv", "CV", True, "A clear life."),
        Criterion(
            2, "file_review", "electives", "Electives", False,
            "We do not evaluate this file component",
        ),
        Criterion(3, "file_review", "examinations", "Examinations", None, None),
        Criterion(
            4, "file_review", "other", "Other file component(s)", True,
            "Kindness. And patience, ask [e-mail].",
        ),
        Criterion(5, "interview", "collegiality", "Collegiality", True, "Works with others."),
        Criterion(6, "interview", "health_advocacy", "Health advocacy", False, "Not evaluated"),
    )  # fmt: skip


def test_french_rows_have_the_same_codes(french: str) -> None:
    assert [
        (each.stage, each.code, each.is_evaluated) for each in parse_document(french).criteria
    ] == [
        ("file_review", "cv", True),
        ("file_review", "electives", False),
        ("interview", "collegiality", True),
        ("interview", "health_advocacy", False),
    ]


def test_text_without_a_table_has_no_rows() -> None:
    assert parse_criteria("CV | a", "no table") == ()


APPLICATIONS = "Average number of applications received by our program in the last five years\n: "
DEMANDES = "Nombre moyen de demandes soumises au programme pendant les cinq dernières\nannées : "


@pytest.mark.parametrize(
    ("text", "bucket"),
    [
        (APPLICATIONS + "0 - 50", Bucket(0, 50, "0 - 50")),
        (APPLICATIONS + "601 +", Bucket(601, None, "601 +")),
        (DEMANDES + "201 - 400", Bucket(201, 400, "201 - 400")),
        (APPLICATIONS + "51 - 200  \nIn 2030 we had 51-90.", Bucket(51, 200, "51 - 200")),
        (APPLICATIONS, None),
        ("", None),
    ],
)
def test_applications_are_the_printed_range(text: str, bucket: Bucket | None) -> None:
    assert applications_bucket(text) == bucket


def test_the_field_of_the_form_is_told_from_the_same_words_of_the_program() -> None:
    label = "Average percentage of applicants offered interviews"
    text = f"{label}: 26\u201350 %\n\n{label} : 0 - 25 %"
    assert interviewed_bucket(text) == Bucket(0, 25, "0 - 25")
    assert interviewed_bucket(f"{label}: 26\u201350 %") == Bucket(26, 50, "26 - 50")


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("We routinely accommodate requests to re-schedule interviews for applicants.",
         "routinely"),
        (("We routinely accommodate requests to re-schedule interviews for applicants due to\n"
         "weather."), "routinely"),
        ("We may accommodate requests to re-\nschedule interviews for applicants due to weather",
         "in_unforeseen_circumstances"),
        ("We do not re-schedule interviews for applicants after we have completed it",
         "not_after_scheduling"),
        ("Nous accommodons couramment des demandes de reportage des entrevues", "routinely"),
        ("Nous pouvons accommoder des demandes de reportage", "in_unforeseen_circumstances"),
        ("Ask us.", None),
    ],
)  # fmt: skip
def test_a_policy_is_one_of_the_sentences_of_the_form(text: str, policy: str | None) -> None:
    assert rescheduling_policy(text) == policy


def test_a_program_that_is_silent_about_outside_information_is_unknown() -> None:
    assert considers_outside_information("") is None
