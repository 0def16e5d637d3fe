"""Requirements and their levels."""

from __future__ import annotations

import pytest

from carms_lake.domains.carms.documents import Requirement, parse_document
from carms_lake.domains.carms.documents.requirements import letter_code, parse_requirements


def by_code(text: str) -> dict[str, Requirement]:
    return {each.code: each for each in parse_requirements(text)}


def test_english_requirements_carry_their_level(english: str) -> None:
    found = parse_document(english).requirements
    assert [(each.category, each.code, each.level, each.applies_to) for each in found] == [
        ("citizenship", "citizenship_proof", "required", None),
        ("language", "language_proficiency", "conditional", None),
        ("language", "language_ielts", "conditional", None),
        ("language", "language_oet", "conditional", None),
        ("examination", "casper", "required", None),
        ("examination", "nac", "conditional", "IMG"),
        ("reference", "letter_of_reference", "required", None),
        ("document", "personal_letter", "required", None),
        ("document", "photo", "optional", None),
        ("elective", "electives", "optional", None),
        ("elective", "onsite_elective", "optional", None),
    ]
    assert [each.ordinal for each in found] == list(range(1, len(found) + 1))
    letters = {each.code: each for each in found}
    assert letters["letter_of_reference"].number == 3
    assert letters["letter_of_reference"].evidence == (
        "Required | Letter of reference Number requested: 3 | Three letters."
    )
    assert letters["personal_letter"].min_words == 250
    assert letters["personal_letter"].max_words == 1000
    assert letters["language_ielts"].is_alternative
    assert not letters["language_proficiency"].is_alternative


def test_french_requirements_have_the_same_codes(french: str) -> None:
    found = {each.code: each for each in parse_document(french).requirements}
    assert {code: (each.level, each.applies_to) for code, each in found.items()} == {
        "citizenship_proof": ("required", None),
        "language_proficiency": ("conditional", None),
        "language_french_test": ("conditional", None),
        "language_tef": ("conditional", None),
        "fmproc": ("required", None),
        "mccqe1": ("conditional", "IMG"),
        "nac": ("conditional", "IMG"),
        "structured_letter_family_medicine": ("required", None),
        "personal_letter": ("optional", None),
        "electives": ("optional", None),
        "onsite_elective": ("optional", None),
    }
    assert found["structured_letter_family_medicine"].number == 1
    assert (found["personal_letter"].min_words, found["personal_letter"].max_words) == (None, 500)


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("Casper", "casper"),
        ("FMProC", "fmproc"),
        ("MCCQE Part I", "mccqe1"),
        ("EACMC, partie II", "mccqe2"),
        ("CNE", "nac"),
    ],
)
def test_an_examination_is_asked_by_its_label_line(label: str, code: str) -> None:
    assert by_code(f"Examinations\n\nRequired\n\n{label}\n")[code].level == "required"
    assert code not in by_code(f"Examinations\n\nRequired\n\nThe {label} is not asked.\n")


def test_an_examination_counts_where_its_group_heading_is_missing() -> None:
    found = by_code("Canadian citizenship\n\nRequired\n\nConditionally required\n\nMCCQE Part I\n")
    assert found["mccqe1"].category == "examination"
    assert found["mccqe1"].level == "conditional"


def test_a_level_that_comes_again_or_out_of_order_is_a_remark() -> None:
    found = by_code(
        "Additional documents\n\nConditionally required\n\nMedical School Diploma\n\n"
        "Required\n\nConditionally required\n\nLetter of standing\n"
    )
    assert found["medical_school_diploma"].level == "conditional"
    assert found["letter_of_standing"].level == "conditional"


def test_a_level_does_not_reach_into_the_next_group() -> None:
    found = by_code("Examinations\n\nRequired\n\nNAC\n\nAdditional documents\n\nPhoto\n")
    assert found["photo"].level is None


def test_a_code_that_comes_twice_keeps_its_first_level() -> None:
    (photo,) = parse_requirements(
        "Additional documents\n\nRequired\n\nPhoto\n\nOptional - will be reviewed\n\nPhoto\n"
    )
    assert photo.level == "required"


@pytest.mark.parametrize(
    ("line", "code", "number"),
    [
        ("Letter of reference  Number requested: 2", "letter_of_reference", 2),
        ("Letter of reference. Number requested: **3**", "letter_of_reference", 3),
        ("Applicant support form  Number requested: 3", "applicant_support_form", 3),
        ("Lettre de recommandation  Nombre de\ndocument(s) demandé: 2", "letter_of_reference", 2),
        ("Formulaire d'appui au candidat Nombre de document(s) demandé: 1",
         "applicant_support_form", 1),
        ("Psychiatry structured reference letter  Number requested: 1",
         "structured_letter_psychiatry", 1),
    ],
)  # fmt: skip
def test_letters_are_told_by_kind_and_number(line: str, code: str, number: int) -> None:
    (letter,) = parse_requirements(f"Reference documents\n\nRequired\n\n{line}\n")
    assert (letter.code, letter.number, letter.category) == (code, number, "reference")


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (
            "Lettre de recommandation structurée en médecine d’urgence",
            "structured_letter_emergency_medicine",
        ),
        ("Emergency Medicine structured reference letter", "structured_letter_emergency_medicine"),
        ("Some new kind", "other_reference"),
    ],
)
def test_a_kind_of_letter_has_one_code_in_both_languages(kind: str, code: str) -> None:
    assert letter_code(kind) == code


@pytest.mark.parametrize(
    ("minimum", "maximum", "expected"),
    [
        ("None", "500", (None, 500)),
        ("Aucun", "Aucun", (None, None)),
        ("0", "1 500", (None, 1500)),
        ("650", "850", (650, 850)),
    ],
)
def test_the_word_limits_of_a_letter_are_read(
    minimum: str, maximum: str, expected: tuple[int | None, int | None]
) -> None:
    (letter,) = parse_requirements(
        "Additional documents\n\nRequired\n\nPersonal Letter  \n\nWord count\n\n"
        f"Minimum :  {minimum}\n\nMaximum :  {maximum}\n\nMaximum: 9 words of mine\n"
    )
    assert (letter.min_words, letter.max_words) == expected


def test_a_refused_test_of_french_is_not_asked() -> None:
    text = "Language proficiency\n\nRequired\n\nThe TEF is accepted. The TFI is no longer accepted."
    assert "language_tef" in by_code(text)
    assert "language_tfi" not in by_code(text)


LETTERS = (
    "Reference documents\n\nRequired\n\nLetter of reference  Number requested: 2\n\n"
    "Applicant support form  Number requested: 2\n\n"
)
LETTRES = (
    "Documents de reference\n\nRequis\n\nLettre de recommandation  Nombre de document(s) demandé: 2"
    "\n\nFormulaire d'appui au candidat  Nombre de document(s) demandé: 2\n\n"
)


@pytest.mark.parametrize(
    ("text", "is_either"),
    [
        (f"{LETTERS}These may be letters **OR** support forms.", True),
        (f"{LETTERS}You may send a combination of both.", True),
        (f"{LETTERS}Both the letters and the forms are needed.", False),
        (f"{LETTERS}Letters by one or more surgeons are welcome.", False),
        (LETTERS, False),
        (f"{LETTRES}Des lettres de recommandation **OU** des lettres d'appui.", True),
        (f"{LETTRES}Deux formulaires d'appui (ou deux lettres de recommandation).", True),
        (f"{LETTRES}Les formulaires d'appui peuvent aussi être utilisés.", True),
        (f"{LETTRES}Un formulaire peut remplacer une lettre.", True),
        (f"{LETTRES}2 formulaires d'appui **ET** 2 lettres sont requis.", False),
    ],
)
def test_kinds_of_letters_are_alternatives_where_applicants_may_choose(
    text: str, is_either: bool
) -> None:
    letters = parse_requirements(text)
    assert [letter.number for letter in letters] == [2, 2]
    assert {letter.is_alternative for letter in letters} == {is_either}


def test_one_kind_of_letters_is_no_alternative() -> None:
    (letter,) = parse_requirements(
        "Reference documents\n\nRequired\n\nLetter of reference  Number requested: 2\n\n"
        "A letter by a surgeon or a letter by a physician is welcome.\n"
    )
    assert not letter.is_alternative
