"""Tests that only sentences ask for or weigh."""

from __future__ import annotations

import pytest

from carms_lake.domains.carms.documents.prose_requirements import requirements_in_prose


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Examinations | CASPer Score is considered in file review.", [("casper", None)]),
        ("Criteria include electives and CaSPER results.", [("casper", None)]),
        ("All applicants are required to take Casper.", [("casper", "required")]),
        ("# **CProMF - Exigence pour le premier tour**", [("fmproc", "required")]),
        ("Le **CProMF** est exigé lors du tour.", [("fmproc", "required")]),
        ("FMProC is mandatory. Casper scores are reviewed.",
         [("casper", None), ("fmproc", "required")]),
        ("CASPer Test is no longer required.", []),
        ("Examinations | CASPer exam NO longer required", []),
        ("Le CProMF n'est pas exigé lors de l'après-jumelage.", []),
        ("Casper is a test of judgment.", []),
        ("MCCQE results are reviewed.", []),
        ("", []),
    ],
)  # fmt: skip
def test_a_test_counts_where_a_sentence_asks_for_it_or_weighs_it(
    text: str, expected: list[tuple[str, str | None]]
) -> None:
    found = requirements_in_prose({"faq": text}, [], 4)
    assert [(each.code, each.level) for each in found] == expected
    assert [each.ordinal for each in found] == [5, 6][: len(expected)]


def test_a_sentence_that_takes_a_test_back_does_not_hide_one_that_asks_for_it() -> None:
    texts = ["FMProC is mandatory.", "FMProC is not required after the match."]
    assert [each.evidence for each in requirements_in_prose(dict(enumerate(texts)), [], 0)] == [
        texts[0]
    ]


def test_a_test_that_the_form_lists_is_not_listed_again() -> None:
    assert requirements_in_prose({"faq": "Casper is mandatory."}, ["casper"], 0) == ()


def test_an_obligation_is_the_evidence_before_a_mention() -> None:
    texts = ["Casper scores are reviewed.", "Write Jo at jo@example.org: Casper is mandatory."]
    (found,) = requirements_in_prose(dict(enumerate(texts)), [], 0)
    assert (found.level, found.evidence) == (
        "required", "Write Jo at [e-mail]: Casper is mandatory.",
    )  # fmt: skip
