"""What the macro `programs_matching` takes as an answer to each of its parameters."""

from __future__ import annotations

from datetime import date

import pytest
from domains.carms.gold_lake import contracts, gold, silver_of, version

from carms_lake.domains.carms.analysis import filters
from carms_lake.names import Layer

IMG_ONLY = {
    "eligibility": "IMG", "eligible_cmg": False, "eligible_img": True, "eligible_usmg": False,
}  # fmt: skip
CMG_ONLY = {
    "eligibility": "CMG", "eligible_cmg": True, "eligible_img": False, "eligible_usmg": True,
}  # fmt: skip
MILITARY = {
    "eligibility": "MOTP/MMTP", "eligible_cmg": False, "eligible_img": False,
    "eligible_usmg": False,
}  # fmt: skip


def asked(stream_id, code, **rest):
    return {
        "match_iteration_id": "1503", "program_stream_id": stream_id, "requirement_ordinal": 1,
        "requirement_code": code, "requirement_category": "examination",
        "requirement_level": "required", "is_alternative": False, "label": code, **rest,
    }  # fmt: skip


def interview(stream_id, day):
    return {"match_iteration_id": "1503", "program_stream_id": stream_id, "interview_on": day}


SILVER = silver_of(
    version("1", quota=2, length_years=2, application_language="en", program_site="Ottawa",
            return_of_service_cmg="none", return_of_service_img="required"),
    version("2", quota=9, length_years=5, application_language="either", **CMG_ONLY,
            program_site="Ottawa Community", return_of_service_cmg="not_applicable"),
    version("3", quota=1, application_language="fr", **IMG_ONLY, program_site="Saint-Jérôme",
            program_stream="IMG Stream for IMG", return_of_service_img="none"),
    version("4", quota=None, document_language=None, program_site="Montreal"),
    version("5", quota=1, **MILITARY, return_of_service_cmg="unclear",
            program_stream="MOTP-MMTP Stream for MOTP/MMTP"),
    version("6", quota=1, return_of_service_cmg="none", return_of_service_img=None),
    version("7", quota=1, return_of_service_cmg="none", return_of_service_img="not_applicable"),
    requirement=[asked("1", "casper"), asked("1", "nac", requirement_ordinal=2, applies_to="IMG")],
    interview_date=[interview("1", date(2025, 1, 31)), interview("1", date(2025, 2, 3)),
                    interview("2", date(2025, 2, 1))],
)  # fmt: skip


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    with gold(tmp_path_factory.mktemp("gold"), SILVER) as connection:
        yield connection


def ids(lake, arguments):
    found = lake.execute(
        f"select program_stream_id from gold.programs_matching({arguments}) order by 1"
    ).fetchall()
    return "".join(stream_id for (stream_id,) in found)


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ("", "1234567"),
        ("min_seats := 2", "12"),
        ("max_seats := 1", "3567"),
        ("min_seats := 0", "123567"),
        ("of_length := 2", "1"),
        ("apply_in := 'EN'", "12"),
        ("apply_in := 'fr'", "23"),
        ("apply_in := 'either'", "2"),
        ("at_site := 'ottawa'", "12"),
        ("at_site := 'community'", "2"),
        ("at_site := 'St Jerome'", ""),
        ("at_site := 'saint jerome'", "3"),
        ("in_stream := 'mmtp'", "5"),
        ("in_stream := 'IMG stream for img'", "3"),
    ],
)
def test_what_is_not_known_fits_no_value(lake, arguments, found):
    assert ids(lake, arguments) == found


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ("casper := true", "1"),
        ("casper := false", "23567"),
        ("nac := true", "1"),
        ("nac := true, for_applicant := 'img'", "1"),
        ("nac := true, for_applicant := 'CMG'", ""),
        ("nac := false, for_applicant := 'CMG'", "1267"),
        ("casper := true, fmproc := false", "1"),
        ("casper := false, nac := true", ""),
        ("mccqe1 := true", ""),
    ],
)
def test_an_examination_is_asked_of_the_applicant_and_not_known_without_a_text(
    lake, arguments, found
):
    assert ids(lake, arguments) == found


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ("service := 'required'", "1"),
        ("service := 'none'", "3"),
        ("service := 'unclear'", "5"),
        ("service := 'not_applicable'", "27"),
        ("service := 'not_mentioned'", "46"),
        ("service := 'None, not_applicable'", "237"),
        ("service := 'none', for_applicant := 'cmg'", "167"),
        ("service := 'none', for_applicant := 'USMG'", "167"),
        ("service := 'none', for_applicant := 'IMG'", "3"),
        ("service := 'not_mentioned', for_applicant := 'IMG'", "46"),
        ("service := 'maybe'", ""),
    ],
)
def test_return_of_service_is_of_the_applicant_or_of_all_whom_the_stream_takes(
    lake, arguments, found
):
    assert ids(lake, arguments) == found


def test_every_program_has_one_answer_about_return_of_service(lake):
    for who in ("", ", for_applicant := 'CMG'", ", for_applicant := 'IMG'"):
        answers = "".join(ids(lake, f"service := '{value}'{who}") for value in filters.SERVICE)
        assert "".join(sorted(answers)) == ids(lake, who.removeprefix(", "))


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ("interviews_from := '2025-02-01'", "12"),
        ("interviews_to := date '2025-01-31'", "1"),
        ("interviews_from := '2025-02-01', interviews_to := '2025-02-02'", "2"),
        ("interviews_from := timestamp '2025-02-03 00:00:00'", "1"),
        ("interview_month := '2025-01'", "1"),
        ("interview_month := 2", "12"),
        ("interview_month := '02'", "12"),
        ("interview_month := 'February'", "12"),
        ("interview_month := 3", ""),
        # The two are about the same day.
        ("interview_month := 1, interviews_from := '2025-02-01'", ""),
    ],
)
def test_interviews_are_on_a_day_that_fits_all_that_is_asked_of_it(lake, arguments, found):
    assert ids(lake, arguments) == found


def test_the_filters_are_the_parameters_of_the_macro():
    macro = contracts(Layer.GOLD)["programs_matching"]
    assert sorted(filters.PARAMETERS.values()) == sorted(
        parameter.removesuffix(" := null") for parameter in macro.parameters
    )
