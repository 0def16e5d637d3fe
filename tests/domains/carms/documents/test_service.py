"""Return of service: what a section states, and for which kind of applicant."""

from __future__ import annotations

import pytest

from carms_lake.domains.carms.documents.service import return_of_service

REQUIRED, NONE, UNCLEAR = "required", "none", "unclear"


def said(text: str | None) -> dict[str, str]:
    return {kind: stated.value for kind, stated in return_of_service(text).items()}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("The stream is subject to a Return of Service (ROS).", REQUIRED),
        ("APPLICANTS ARE REQUIRED TO FULLFILL A ROS\nCOMMITMENT", REQUIRED),
        ("All will be required to sign a return of service contract", REQUIRED),
        ("Individuals are **required** to sign a **return of service agreement**", REQUIRED),
        ("This program has a return of service obligation attached to it.", REQUIRED),
        ("A mandatory three-year return of service is part of it.", REQUIRED),
        ("Un résident qui s’engagera à pratiquer au moins cinq ans.", REQUIRED),
        ("Les personnes retenues devront signer une entente.", REQUIRED),
        ("There are no return of service requirements here.", NONE),
        ("Return of service is not required.", NONE),
        ("Aucun service post-formation n'est exigé.", NONE),
        ("None", NONE),
        ("S/O", "not_applicable"),
        ("**N/A**", "not_applicable"),
        ("Applicants with a ROS agreement elsewhere should be aware of it.", UNCLEAR),
        ("The Ministry requests all ROS agreements before June 1.", UNCLEAR),
        ("A letter of release from existing return of service agreements is needed.", UNCLEAR),
        ("Return of service is determined by others.", UNCLEAR),
    ],
)
def test_a_text_that_names_nobody_speaks_of_everybody(text: str, value: str) -> None:
    assert said(text) == {"cmg": value, "img": value}


@pytest.mark.parametrize("text", ["", None, "  \n\n"])
def test_no_text_says_nothing(text: str | None) -> None:
    assert said(text) == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("All IMGs will be required to sign a contract. They disclose others.", {"img": REQUIRED}),
        ("**CMGs/USMGs:** No return of service is required here.", {"cmg": NONE}),
        (
            "**CMGs/USMGs:** There is no ROS.\n\n**IMGs: **IMGs are required to sign.",
            {"cmg": NONE, "img": REQUIRED},
        ),
        (
            "**For CMGs:**\n\nNone known.\n\n**For IMGs:**\n\n**YOU ARE REQUIRED TO SIGN.**",
            {"cmg": UNCLEAR, "img": REQUIRED},
        ),
        (
            "No return of service for CMGs. International medical graduates are required to sign.",
            {"cmg": NONE, "img": REQUIRED},
        ),
        (
            "Diplômés canadiens : Aucun service post-formation.\n\nDIM : Doit signer un contrat.",
            {"cmg": NONE, "img": REQUIRED},
        ),
        ("CMGs and IMGs are required to sign an agreement.", {"cmg": REQUIRED, "img": REQUIRED}),
    ],
)
def test_a_sentence_speaks_of_whom_it_or_its_label_names(
    text: str, expected: dict[str, str]
) -> None:
    assert said(text) == expected


def test_the_evidence_is_the_sentence_that_decided() -> None:
    found = return_of_service(
        "Read this first. There is no obligation for _many_.\n\nCMGs: No return of service. IMGs: "
        "They are required to sign; write to ann.lee@example.org."
    )
    assert found["cmg"].evidence == "No return of service."
    assert found["img"].evidence == "They are required to sign; write to [e-mail]."
