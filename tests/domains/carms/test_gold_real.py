"""The gold file of the real files: the figures that were measured on them by hand."""

from __future__ import annotations

import re

import pytest

pytestmark = [pytest.mark.real_data, pytest.mark.slow]

EMAIL = r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z]{2,}"


@pytest.fixture(scope="module")
def ask(real_lake):
    return lambda sql: real_lake.query(sql).rows()


def test_the_profile_has_every_program_and_seat(ask):
    assert ask("select count(*), count(quota), sum(quota) from program_profile") == [
        (815, 815, 3942)
    ]
    assert ask(
        "select count(distinct discipline_id), count(distinct school_code),"
        " count(distinct program_site), count(distinct program_stream) from program_profile"
    ) == [(37, 18, 199, 14)]


@pytest.mark.parametrize(
    ("column", "counts"),
    [
        ("eligibility", {"CMG": 456, "IMG": 191, "All": 163, "MOTP/MMTP": 5}),
        ("document_language", {"en": 696, "fr": 119}),
        ("application_language", {"en": 666, "fr": 115, "either": 34}),
        (
            "training_province",
            {
                "ON": 315, "QC": 140, "BC": 103, "AB": 79, "MB": 56, "NS": 44, "SK": 44, "NL": 17,
                "NB": 13, "PE": 2, "NU": 1, "NT": 1,
            },
        ),
    ],
)  # fmt: skip
def test_the_values_of_a_column_are_as_many_as_in_the_files(ask, column, counts):
    assert dict(ask(f"select {column}, count(*) from program_profile group by 1")) == counts


@pytest.mark.parametrize(
    ("condition", "least"),
    [
        ("approved_on is not null", 815),
        ("accreditation_status is not null", 815),
        ("applications_min is not null", 814),
        ("interviewed_pct_min is not null", 814),
        ("length_years is not null", 813),
        ("reference_letters is not null", 758),
        ("first_interview_on is not null", 778),
        ("needs_casper", 101),
        ("needs_fmproc", 273),
        ("needs_mccqe1", 380),
        ("needs_nac", 346),
    ],
)
def test_a_fact_is_found_at_least_as_often_as_by_hand(ask, condition, least):
    assert ask(f"select count(*) >= {least} from program_profile where {condition}") == [(True,)]


def test_seats_are_open_to_more_people_than_the_name_of_a_stream_says(ask):
    assert ask(
        "select sum(quota) filter (eligible_cmg), sum(quota) filter (eligible_img),"
        " sum(quota) filter (eligible_usmg), sum(quota) filter (eligibility = 'IMG')"
        " from program_profile"
    ) == [(3459, 1488, 3459, 470)]


@pytest.mark.parametrize(
    ("column", "counts"),
    [
        (
            "return_of_service_cmg",
            {"unclear": 62, "none": 54, "required": 20, "not_applicable": 34, None: 645},
        ),
        (
            "return_of_service_img",
            {"required": 196, "none": 12, "not_applicable": 34, None: 573},
        ),
        ("has_return_of_service", {True: 199, False: 92, None: 524}),
    ],
)
def test_return_of_service_is_as_often_as_people_counted(ask, column, counts):
    assert dict(ask(f"select {column}, count(*) from program_profile group by 1")) == counts


def test_interviews_are_in_the_weeks_of_the_match(ask):
    found = ask(
        "select min(first_interview_on)::varchar, max(last_interview_on)::varchar"
        " from program_profile"
    )
    assert found == [("2025-01-13", "2025-02-09")]


@pytest.mark.parametrize(
    ("discipline", "pressure"),
    [("Family Medicine", 100.5), ("Psychiatry", 25.5), ("Pediatrics", 25.5)],
)
def test_the_usual_pressure_of_a_discipline(ask, discipline, pressure):
    assert ask(
        "select median(applications_per_seat_min) from match_pressure"
        f" where discipline_name = '{discipline}'"
    ) == [(pressure,)]


def test_every_dimension_is_known_for_every_program(ask):
    assert ask(
        "select count(*) from fact_program where least(match_iteration_key, school_key,"
        " discipline_key, training_site_key, stream_key, approved_date_key) = -1"
    ) == [(0,)]


def test_no_text_of_gold_has_an_address_or_the_number_of_a_person(ask):
    columns = ask(
        "select table_name, column_name from duckdb_columns()"
        " where database_name = 'published' and schema_name = 'gold' and data_type = 'VARCHAR'"
    )
    assert len(columns) > 50
    for table, column in columns:
        sql = f"select count(*) from {table} where regexp_matches({column}, '{EMAIL}')"
        assert ask(sql) == [(0,)], (table, column)
    texts = ask("select content from program_section")
    phones = re.compile(r"(?<![\d/=])\(?\b[2-9]\d{2}\)?[ .-][2-9]\d{2}[ .-]\d{4}\b")
    assert [found for (text,) in texts if (found := phones.findall(text))] == []


def test_no_director_is_named_in_gold(ask):
    assert ask(
        "select count(*) from silver.contact as person"
        " join program_section as section using (match_iteration_id, program_stream_id)"
        " where person.contact_role = 'director' and contains(section.content, person.contact_name)"
    ) == [(0,)]


def test_french_names_are_those_of_the_titles_of_the_french_descriptions(ask):
    # A title is wrapped at hyphens: `cervico- faciale`.
    unlike = ask(r"""
        with titles as (
            select
                regexp_replace(replace(title, '''', '’'), '(\w)-?\s+', '\1 ', 'g') as title,
                program.discipline_id,
                program.school_code::varchar as school_code
            from silver.document
            join silver.program as program using (match_iteration_id, program_stream_id)
            where document_language = 'fr'
        ),
        official as (
            select kind, code, regexp_replace(name, '(\w)-', '\1 ', 'g') as name
            from other_name
            where language = 'fr' and name_type = 'name'
        )
        select titles.title
        from titles
        join official as school on school.kind = 'school' and school.code = titles.school_code
        join official as discipline
            on discipline.kind = 'discipline' and discipline.code = titles.discipline_id
        where not starts_with(
            regexp_replace(titles.title, '(\w)-', '\1 ', 'g'),
            school.name || ' - ' || discipline.name || ' - '
        )
    """)
    assert unlike == []


@pytest.mark.parametrize(
    ("arguments", "programs", "seats"),
    [
        ("of_discipline := 'psychiatrie'", 51, None),
        ("of_discipline := 'Internal Medicine'", 44, 578),
        ("of_school := 'ubc'", 103, 424),
        ("in_province := 'Ontario'", 315, 1474),
        ("in_stream := 'Indigenous stream for CMG'", 1, None),
        ("of_length := 2, of_discipline := 'médecine de famille'", 265, 1821),
        ("apply_in := 'fr'", 149, None),
    ],
)
def test_programs_that_match_are_as_many_as_in_the_files(ask, arguments, programs, seats):
    found = ask(f"select count(*), sum(quota) from programs_matching({arguments})")
    assert found == [(programs, seats or found[0][1])]
