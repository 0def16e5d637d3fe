"""Whether a cell says that a component is evaluated."""

from __future__ import annotations

import pytest

from carms_lake.domains.carms.documents.evaluation import is_evaluated


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We do not evaluate this file component.", False),
        ("We don't evaluate this", False),
        ("We do not specifically evaluate this interview component.", False),
        ("We do not formally evaluate this component during the interview", False),
        ("We do not evaluate examination scores.", False),
        ("We do not evaluate", False),
        ("This component will not be evaluated in the interview.", False),
        ("not specifically evaluated at interview", False),
        ("Electives are not evaluated", False),
        ("Nous n'évaluons pas cette composante lors des entrevues.", False),
        ("Nous n’examinons pas ce composant de dossier", False),
        ("Non évalué en entrevue", False),
        ("We usually do not evaluate this file component: it is too uneven.", False),
        (
            "Due to lack of time, the program does NOT evaluate this file component. Fill in all.",
            False,
        ),
        ("Not typically evaluated", False),
        ("Reviewed but not scored", False),
        ("not scored", False),
        ("We review this file component although it is not evaluated.", False),
        ("They are expected but not formally evaluated.", False),
        ("Important, but not routinely assessed during interview.", False),
        ("Evaluated in the application and not specifically evaluated in the interview.", False),
        ("It helps you to know us, but it is not a formal scoring criteria.", False),
        ("We get a sense of it, but it does not impact the CaRMS ranking.", False),
        ("We require it but we do not consider scores in the file component", False),
        ("We are not evaluating how much people want to come.", False),
        ("Transcripts are not reviewed.", False),
        ("No examinations are evaluated in file review.", False),
        (
            "Le processus est commun, nous n'évaluons pas cette composante lors des entrevues.",
            False,
        ),
        ("Cette composante du dossier n'est pas évaluée", False),
        ("Les stages n’influencent pas la candidature.", False),
        ("Il est obligatoire, mais ne comptera pas vers la note finale.", False),
        ("Tous sont notés mais ne seront pas prises en compte pour l'évaluation.", False),
        ("Lu, mais non coté", False),
        ("Not used in scoring provided the candidate meets minimal requirements.", None),
        ("Taken into consideration only if there are concerns", None),
        ("Seulement s'il y a des items disciplinaires", None),
        ("Nous n’exigeons pas de lettre de recommandation", None),
        ("We do not evaluate this component unless there is a failure on record", None),
        ("We do not evaluate this file component except the language test.", None),
        ("N/A", None),
        ("No additional assessment required", None),
        ("Not included in application package", None),
        ("None", None),
        (".", None),
        ("", None),
        ("We do not use elective choice as a screening measure for an interview.", True),
        ("We do not require a minimum number of electives.", True),
        ("Not required, but an asset", True),
        ("Must not have any remarks of concern.", True),
        ("Clear letters.", True),
        ("We will not consider electives at our institution in file review.", True),
        ("Electives will not be considered a requirement", True),
        ("We do not consider a CV as a stand alone document.", True),
        ("Further letters will not be reviewed.", True),
        ("Letters by people who have not worked with you will not be considered.", True),
        ("The addendum will not count towards your word limit.", True),
        ("Results are not used in all reviews but may be taken into account.", True),
        ("Elles sont prises en considération, mais ne sont pas un élément majeur.", True),
        ("Nous portons attention au parcours.", True),
    ],
)
def test_a_cell_says_whether_the_component_is_evaluated(text: str, expected: bool | None) -> None:
    assert is_evaluated(text) is expected


def test_electives_that_are_not_considered_are_those_of_the_row_of_electives() -> None:
    text = "Travel was hard; we will not be considering electives in file review."
    assert is_evaluated(text, "electives") is False
    assert is_evaluated(text, "cv") is True


def test_a_sentence_in_the_row_of_other_components_is_about_one_of_them() -> None:
    text = "Graduation year. Transcripts are required but are not scored."
    assert is_evaluated(text, "other") is True
    assert is_evaluated(text, "transcripts") is False
    assert is_evaluated("We do not evaluate anything else", "other") is True
    assert is_evaluated("Not evaluated", "other") is False
