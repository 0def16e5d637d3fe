"""What stands in gold for a few rows of silver."""

from __future__ import annotations

from datetime import date

import pytest
from domains.carms.gold_lake import (
    FIRST,
    SECOND,
    contracts,
    gold,
    known_names,
    silver_of,
    version,
)

from carms_lake.names import Layer
from carms_lake.quality.audit import audit


def program(stream_id="1", **rest):
    return {"match_iteration_id": "1503", "program_stream_id": stream_id, **rest}


def asked(code, level, stream_id="1", ordinal=1, **rest):
    row = {
        "requirement_ordinal": ordinal,
        "requirement_code": code,
        "requirement_category": "examination",
        "requirement_level": level,
        "is_alternative": False,
        "label": code,
    }
    return program(stream_id, **{**row, **rest})


def criterion(code, is_evaluated, label, stream_id="1", ordinal=1):
    return program(
        stream_id, stage="interview", criterion_ordinal=ordinal, component_code=code,
        label=label, is_evaluated=is_evaluated, criterion_text="We look at it.",
    )  # fmt: skip


def rows(connection, sql):
    return connection.execute(sql).fetchall()


HISTORY = (
    version("1", quota=2, valid_to=SECOND, is_current=False),
    version("1", quota=3, valid_from=SECOND),
    version("2", quota=5, valid_to=SECOND, is_deleted=True, deleted_on=SECOND.date()),
)


def test_every_version_of_a_program_is_kept_with_its_interval(tmp_path):
    with gold(tmp_path, silver_of(*HISTORY)) as connection:
        found = rows(
            connection,
            "select program_stream_id, quota, is_current, is_deleted, created_at, updated_at"
            " from gold.fact_program",
        )
    assert found == [
        ("1", 2, False, False, FIRST, SECOND),
        ("1", 3, True, False, FIRST, SECOND),
        ("2", 5, True, True, FIRST, SECOND),
    ]


@pytest.mark.slow
def test_people_see_current_programs_that_are_not_deleted(tmp_path):
    with gold(tmp_path, silver_of(*HISTORY)) as connection:
        assert rows(connection, "select program_stream_id, quota from gold.program_profile") == [
            ("1", 3)
        ]
        assert rows(connection, "select programs, seats, average_quota from gold.geo_summary") == [
            (1, 3, 3.0)
        ]
        assert rows(connection, "select distinct total from gold.completeness") == [(1,)]
        checks = audit(connection, list(contracts(Layer.GOLD).values()))
        assert [check for check in checks if not check.passed] == []


@pytest.mark.slow
def test_a_version_has_a_key_of_its_own_that_a_rebuild_gives_again(tmp_path):
    keys = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        with gold(tmp_path / folder, silver_of(*HISTORY)) as connection:
            keys.append(rows(connection, "select program_key from gold.fact_program"))
    assert keys[0] == keys[1]
    assert len(set(keys[0])) == 3
    assert min(keys[0]) > (0,)


def test_a_dropped_program_keeps_its_school_site_and_stream(tmp_path):
    gone = version(
        "2", school_code=99, school_name="Gone School", program_site="Gone Site", is_deleted=True,
        program_stream="Gone for CMG", eligibility="CMG", valid_to=SECOND,
        deleted_on=SECOND.date(),
    )  # fmt: skip
    with gold(tmp_path, silver_of(version("1"), gone)) as connection:
        found = rows(
            connection,
            "select school_name, site.program_site, stream.eligibility from gold.fact_program"
            " join gold.dim_school using (school_key)"
            " join gold.dim_training_site as site using (training_site_key)"
            " join gold.dim_stream as stream using (stream_key) where is_deleted",
        )
    assert found == [("Gone School", "Gone Site", "CMG")]


def test_two_iterations_with_the_same_program_id_are_two_programs(tmp_path):
    silver = silver_of(
        version("1", quota=2), version("1", quota=7, match_iteration_id="1603"),
        interview_date=[{**program("1"), "interview_on": date(2025, 1, 20)}],
    )  # fmt: skip
    with gold(tmp_path, silver) as connection:
        found = rows(
            connection,
            "select match_iteration_id, quota, first_interview_on, is_newest_iteration"
            " from gold.program_profile_all_iterations order by 1",
        )
    assert found == [("1503", 2, date(2025, 1, 20), False), ("1603", 7, None, True)]


NEWEST_ONLY = [
    "program_profile", "geo_summary", "discipline_summary", "match_pressure",
    "match_pressure_by_province", "completeness", "program_section", "programs_matching()",
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("view", NEWEST_ONLY)
def test_what_people_read_holds_the_newest_iteration_alone(tmp_path, view):
    def section(iteration):
        return {
            **program("1", match_iteration_id=iteration), "section_code": "faq", "heading": "FAQ",
            "section_ordinal": 1, "masked_content": "A text.",
        }  # fmt: skip

    iterations = ("1403", "1503", "1603")
    silver = silver_of(
        *(version("1", match_iteration_id=i) for i in iterations),
        document_section=[section(i) for i in iterations],
    )
    sql = f"select distinct match_iteration_id from gold.{view}"
    with gold(tmp_path, silver) as connection:
        assert rows(connection, sql) == [("1603",)]


def test_programs_of_an_older_iteration_match_where_it_is_named(tmp_path):
    silver = silver_of(version("1"), version("1", match_iteration_id="1603"))
    sql = "select match_iteration_id from gold.programs_matching(in_iteration := '1503')"
    with gold(tmp_path, silver) as connection:
        assert rows(connection, sql) == [("1503",)]


def test_an_iteration_that_offers_nothing_any_more_is_not_the_newest(tmp_path):
    gone = version("1", match_iteration_id="1603", is_deleted=True, valid_to=SECOND)
    with gold(tmp_path, silver_of(version("1"), gone)) as connection:
        newest = rows(
            connection,
            "select match_iteration_id from gold.dim_match_iteration where is_newest_iteration",
        )
        offered = rows(connection, "select match_iteration_id from gold.program_profile")
    assert newest == offered == [("1503",)]


def test_the_newest_iteration_is_flagged_in_facts(tmp_path):
    silver = silver_of(
        version("1"), version("1", match_iteration_id="1603"),
        interview_date=[
            {**program("1", match_iteration_id=i), "interview_on": date(2025, 1, 20)}
            for i in ("1503", "1603")
        ],
    )  # fmt: skip
    sql = "select match_iteration_id from gold.{} where is_newest_iteration"
    with gold(tmp_path, silver) as connection:
        for fact in ("fact_program", "fact_interview_date"):
            assert rows(connection, sql.format(fact)) == [("1603",)]


def test_two_schools_may_have_a_site_of_the_same_name(tmp_path):
    silver = silver_of(version("1"), version("2", school_code=93, school_name="Montréal"))
    with gold(tmp_path, silver) as connection:
        found = rows(connection, "select count(distinct training_site_key) from gold.fact_program")
    assert found == [(2,)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("low", "high", "label"),
    [(51, 200, "51-200"), (601, None, "601+"), (0, 50, "0-50"), (None, None, None)],
)
def test_a_bucket_stands_with_its_bounds(tmp_path, low, high, label):
    silver = silver_of(version("1", applications_min=low, applications_max=high))
    with gold(tmp_path, silver) as connection:
        found = rows(
            connection,
            "select applications_bucket, applications_min, applications_max from gold.fact_program",
        )
    assert found == [(label, low, high)]


@pytest.mark.parametrize("level", ["required", "conditional", "optional"])
def test_an_examination_that_is_asked_for_is_needed_at_any_level(tmp_path, level):
    silver = silver_of(version("1"), requirement=[asked("casper", level)])
    with gold(tmp_path, silver) as connection:
        found = rows(connection, "select needs_casper, needs_nac from gold.program_profile")
        levels = rows(connection, "select requirement_level from gold.bridge_program_requirement")
    assert found == [(True, False)]
    assert levels == [(level,)]


def test_without_a_description_nobody_knows_what_is_needed(tmp_path):
    with gold(tmp_path, silver_of(version("1", document_language=None))) as connection:
        found = rows(connection, "select needs_casper, needs_nac from gold.program_profile")
        assert rows(connection, "select distinct document_language from gold.completeness") == [
            ("none",)
        ]
    assert found == [(None, None)]


def test_a_requirement_is_named_by_its_most_frequent_english_label(tmp_path):
    silver = silver_of(
        version("1"), version("2"), version("3"), version("4", document_language="fr"),
        requirement=[
            asked("nac", "required", "1", label="NAC exam"),
            asked("nac", "required", "2", label="NAC"),
            asked("nac", "required", "3", label="NAC"),
            asked("nac", "required", "4", label="Examen CNE"),
            asked("dalf", None, "4", 2, label="• DALF"),
            asked("letter", "required", "4", 3, label="Letter of reference Number requested: 3"),
            asked("lettre", "required", "4", 4, label="Lettre. Nombre de document(s) demandé : 2"),
            asked("tef", "required", "4", 5, label="A whole sentence that names the test. " * 4),
            asked("onsite_elective", None, "1", 2, label="onsite_elective"),
        ],
    )  # fmt: skip
    with gold(tmp_path, silver) as connection:
        found = rows(
            connection,
            "select requirement_code, requirement_name from gold.dim_requirement"
            " where requirement_key <> -1 order by 1",
        )
    assert found == [
        ("dalf", "DALF"), ("letter", "Letter of reference"), ("lettre", "Lettre"), ("nac", "NAC"),
        ("onsite_elective", "onsite elective"), ("tef", "tef"),
    ]  # fmt: skip


def test_a_criterion_says_whether_the_program_evaluates_it(tmp_path):
    stated = [criterion("collegiality", False, "Collegiality")]
    silver = silver_of(version("1"), selection_criterion=stated)
    with gold(tmp_path, silver) as connection:
        found = rows(
            connection,
            "select component_name, is_evaluated from gold.bridge_program_selection_criterion"
            " join gold.dim_selection_criterion using (selection_criterion_key)",
        )
    assert found == [("Collegiality", False)]


def test_interview_days_are_facts_with_a_date_and_bounds_in_the_profile(tmp_path):
    days = [program("1", interview_on=date(2025, 1, day)) for day in (31, 20, 25)]
    with gold(tmp_path, silver_of(version("1"), interview_date=days)) as connection:
        found = rows(
            connection,
            "select date_key, weekday_name, is_current from gold.fact_interview_date"
            " join gold.dim_date using (date_key)",
        )
        bounds = rows(
            connection, "select first_interview_on, last_interview_on from gold.program_profile"
        )
    assert found == [
        (20250120, "Monday", True), (20250125, "Saturday", True), (20250131, "Friday", True),
    ]  # fmt: skip
    assert bounds == [(date(2025, 1, 20), date(2025, 1, 31))]


def test_the_calendar_has_whole_years_and_one_day_that_is_none(tmp_path):
    with gold(tmp_path, silver_of(version("1", approved_on=date(2024, 2, 29)))) as connection:
        found = rows(
            connection, "select calendar_year, count(*) from gold.dim_date group by 1 order by 1"
        )
        assert rows(
            connection, "select iso_year, iso_week from gold.dim_date where date_key = 20241230"
        ) == [(2025, 1)]
    assert found == [(2024, 366), (2025, 365), (None, 1)]


def test_the_text_of_a_program_is_masked_and_without_its_contacts(tmp_path):
    def section(code, ordinal, masked):
        return program(
            "1", section_code=code, section_ordinal=ordinal, heading=code, content="secret@x.org",
            masked_content=masked, character_count=12,
        )  # fmt: skip

    silver = silver_of(
        version("1"),
        document_section=[
            section("interviews", 2, "Write to [e-mail]."),
            section("program_contracts", 1, "Jane"),
            section("faq", 3, None),
        ],
    )
    with gold(tmp_path, silver) as connection:
        found = rows(
            connection, "select section_code, content, character_count from gold.program_section"
        )
    assert found == [("interviews", "Write to [e-mail].", 18)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("quota", "low", "pressure"),
    [(2, 51, 25.5), (4, 0, 0.0), (0, 51, None), (None, 51, None), (2, None, None)],
)
def test_pressure_is_the_lower_bound_of_applications_for_each_seat(tmp_path, quota, low, pressure):
    silver = silver_of(version("1", quota=quota, applications_min=low))
    with gold(tmp_path, silver) as connection:
        found = rows(connection, "select applications_per_seat_min from gold.match_pressure")
    assert found == [(pressure,)]


def test_pressure_of_a_province_never_adds_up_shared_applications(tmp_path):
    silver = silver_of(
        version("1", quota=10, applications_min=601, applications_max=None),
        version("2", quota=10, applications_min=601, applications_max=None),
        version("3", quota=5, applications_min=None, applications_max=None),
    )
    with gold(tmp_path, silver) as connection:
        found = rows(
            connection,
            "select programs, programs_with_applications, seats, applications_min,"
            " applications_per_seat_min, median_applications_per_seat_min"
            " from gold.match_pressure_by_province",
        )
    assert found == [(3, 2, 25, 601, 601 / 25, 60.1)]


def test_pressure_of_a_province_is_unknown_where_seats_are(tmp_path):
    silver = silver_of(version("1", quota=10), version("2", quota=None))
    with gold(tmp_path, silver) as connection:
        found = rows(
            connection,
            "select seats, applications_per_seat_min from gold.match_pressure_by_province",
        )
    assert found == [(None, None)]


def test_completeness_counts_what_is_filled_by_language(tmp_path):
    silver = silver_of(
        version("1"), version("2", quota=None), version("3", document_language="fr"),
        interview_date=[program("3", interview_on=date(2025, 1, 20))],
    )  # fmt: skip
    with gold(tmp_path, silver) as connection:
        found = rows(
            connection,
            "select document_language, field, filled, total, filled_pct from gold.completeness"
            " where field in ('quota', 'interview_dates') order by 1, 2",
        )
    assert found == [
        ("en", "interview_dates", 0, 2, 0.0), ("en", "quota", 1, 2, 50.0),
        ("fr", "interview_dates", 1, 1, 100.0), ("fr", "quota", 1, 1, 100.0),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def three_programs(tmp_path_factory):
    silver = silver_of(
        version("1"),
        version(
            "2", school_code=82, school_name="Queen’s University", training_province="ON",
            program_stream="CMG Stream for CMG", eligibility="CMG", eligible_img=False,
        ),
        version(
            "3", school_code=93, school_name="Université de Montréal", discipline_id="27",
            discipline_name="Family Medicine", document_language="fr",
        ),
        other_name=known_names(),
    )  # fmt: skip
    with gold(tmp_path_factory.mktemp("lake"), silver) as connection:
        yield connection


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ("", ["1", "2", "3"]),
        ("in_province := 'on'", ["2"]),
        ("of_school := 'MONTREAL'", ["3"]),
        ("of_school := 'queen''s'", ["2"]),
        ("of_school := 'Queen’s'", ["2"]),
        ("of_school := '80'", ["1"]),
        ("of_school := '8'", []),
        ("of_discipline := 'neuro'", ["1", "2"]),
        ("of_discipline := '27'", ["3"]),
        ("for_eligibility := 'cmg'", ["2"]),
        ("for_applicant := 'cmg'", ["1", "2", "3"]),
        ("for_applicant := 'IMG'", ["1", "3"]),
        ("for_applicant := 'usmg', for_eligibility := 'CMG'", ["2"]),
        ("for_applicant := 'nobody'", []),
        ("in_language := 'fr'", ["3"]),
        ("in_language := 'fr', in_province := 'ON'", []),
        ("in_iteration := '1603'", []),
        ("of_school := '%'", []),
    ],
)
def test_programs_match_by_id_or_part_of_a_name(three_programs, arguments, found):
    sql = f"select program_stream_id from gold.programs_matching({arguments}) order by 1"
    assert [stream_id for (stream_id,) in rows(three_programs, sql)] == found


def test_a_discipline_is_summed_up_by_iteration(tmp_path):
    silver = silver_of(version("1"), version("2", school_code=82), version("3", quota=None))
    with gold(tmp_path, silver) as connection:
        found = rows(
            connection,
            "select discipline_name, discipline_group, programs, schools, seats"
            " from gold.discipline_summary",
        )
    assert found == [("Neurology", "Other", 3, 2, 4)]
