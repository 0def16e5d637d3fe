"""Programs, and the schools, disciplines, sites, streams and iterations that they name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from domains.carms import bronze

from carms_lake.domains.carms import reference, silver
from carms_lake.names import Layer
from carms_lake.quality.validate import apply_constraints

if TYPE_CHECKING:
    import polars as pl


CONTRACTS = bronze.contracts(Layer.SILVER)


def master(stream_id: str = "1", **rest: Any) -> dict[str, Any]:
    row = {
        "discipline_id": "13",
        "discipline_name": "Anesthesiology",
        "school_id": str(78 * 65536 + 13),
        "school_name": "Memorial University of Newfoundland",
        "program_stream_id": stream_id,
        "program_stream_name": "St. John's - CMG Stream for CMG",
        "program_site": "St. John's",
        "program_stream": "CMG Stream for CMG",
        "program_name": f"Memorial / Anesthesiology / St. John's / {stream_id}",
        "program_url": f"https://example.org/1503/{stream_id}?programLanguage=en",
    }
    return {**row, **rest}


def programs(*rows: dict[str, Any]) -> pl.DataFrame:
    return silver.program(bronze.frame("program_master", list(rows))).collect()


def test_the_school_is_the_high_word_of_the_school_id() -> None:
    found = programs(master("1"), master("2", school_id=str(97 * 65536 + 141)))
    assert found["school_code"].to_list() == [78, 97]


def test_a_school_id_that_is_no_number_of_a_school_is_set_aside_not_guessed() -> None:
    found = programs(master("1", school_id="9" * 30), master("2"))
    kept = apply_constraints(
        found, CONTRACTS["program"], {d: disciplines() for d in targets("program")}
    )
    assert kept.rows["program_stream_id"].to_list() == ["2"]
    assert kept.quarantined["reasons"][0][0]["code"] == "REQUIRED_NULL"


@pytest.mark.parametrize(
    ("stream", "eligibility"),
    [
        ("CMG Stream for CMG", "CMG"),
        ("IMG Stream for IMG", "IMG"),
        ("Regular Stream including MOTP/MMTP for All", "All"),
        ("MOTP-MMTP for MOTP/MMTP", "MOTP/MMTP"),
        ("Stream for rural life for IMG", "IMG"),
        (" IMG  Stream for IMG ", "IMG"),
        ("Stream without end", None),
    ],
)
def test_eligibility_is_what_stands_after_the_last_for(stream: str, eligibility: str) -> None:
    assert programs(master(program_stream=stream))["eligibility"].to_list() == [eligibility]


@pytest.mark.parametrize(
    ("school_code", "site", "school_province", "training_province"),
    [
        (78, "St. John's", "NL", "NL"),
        (78, "Nunavut", "NL", "NU"),
        (79, "Moncton", "NS", "NB"),
        (79, "Prince Edward Island", "NS", "PE"),
        (92, "Moncton", "QC", "NB"),
        (92, "Grand-Moncton", "QC", "NB"),
        (88, "Yellowknife", "AB", "NT"),
        (93, "Moncton", "QC", "QC"),
        (87, "U Saskatchewan_Network-U of Manitoba", "SK", "SK"),
        (86, "Northern Remote", "MB", "MB"),
        (12, "Winnipeg", None, None),
    ],
)
def test_a_program_trains_where_its_school_is_unless_its_site_is_known_to_be_elsewhere(
    school_code: int, site: str, school_province: str | None, training_province: str | None
) -> None:
    found = programs(master(school_id=str(school_code * 65536 + 13), program_site=site))
    assert found["school_province"].to_list() == [school_province]
    assert found["training_province"].to_list() == [training_province]


def disciplines(*ids: str) -> pl.DataFrame:
    rows = [{"discipline_id": i, "discipline": f"Name {i}"} for i in ids or ("13",)]
    return silver.discipline(bronze.frame("discipline", rows)).collect()


def targets(table: str) -> list[Any]:
    return [r.target for r in CONTRACTS[table].relationships if r.quarantine]


def test_a_program_of_an_unknown_discipline_is_quarantined() -> None:
    found = programs(master("1"), master("2", discipline_id="999"))
    kept = apply_constraints(
        found, CONTRACTS["program"], {d: disciplines() for d in targets("program")}
    )
    assert kept.rows["program_stream_id"].to_list() == ["1"]
    assert kept.quarantined["reasons"][0][0]["code"] == "UNKNOWN_REFERENCE"


def test_the_same_program_stream_in_two_iterations_is_two_programs() -> None:
    found = programs(master("1"), master("1", match_iteration_id="1603"))
    assert found["match_iteration_id"].to_list() == ["1503", "1603"]


def test_a_discipline_has_its_group_and_parent_and_an_unknown_one_stays() -> None:
    found = disciplines("106", "27", "999").select(
        "discipline_id", "discipline_group", "parent_discipline_name", "certifying_college"
    )
    assert found.rows() == [
        ("106", "Medicine", "Psychiatry", "Royal College"),
        ("27", "Family medicine", None, "CFPC"),
        ("999", "Other", None, None),
    ]


@pytest.mark.parametrize(
    ("older", "newer"),
    [("1503", "1603"), ("999", "1503"), ("9999", "1503"), ("9001", "9002"), ("9002", "10001")],
)
def test_iterations_have_the_order_of_their_numbers_and_generated_ones_are_older(
    older: str, newer: str
) -> None:
    listed = programs(*(master("1", match_iteration_id=i) for i in (newer, older)))
    found = silver.match_iteration(listed.lazy(), bronze.silver("document", [])).collect()
    assert found.sort("iteration_number")["match_iteration_id"].to_list() == [older, newer]


def test_two_generated_iterations_before_a_real_one_name_no_discipline() -> None:
    rows = [
        {"discipline_id": "13", "discipline": f"Of {i}", "match_iteration_id": i}
        for i in ("9001", "1503", "9999")
    ]
    found = silver.discipline(bronze.frame("discipline", rows)).collect()
    kept = apply_constraints(found, CONTRACTS["discipline"], {})
    assert kept.rows["discipline_name"].to_list() == ["Of 1503"]
    assert kept.quarantined.is_empty()


@pytest.mark.parametrize(("older", "newer"), [("1503", "1603"), ("999", "1503"), ("9999", "1503")])
def test_the_newest_iteration_names_a_discipline(older: str, newer: str) -> None:
    rows = [
        {"discipline_id": "13", "discipline": "New name", "match_iteration_id": newer},
        {"discipline_id": "13", "discipline": "Old name", "match_iteration_id": older},
    ]
    found = silver.discipline(bronze.frame("discipline", rows)).collect()
    kept = apply_constraints(found, CONTRACTS["discipline"], {})
    assert kept.rows["discipline_name"].to_list() == ["New name"]
    assert kept.superseded == 1


def test_a_discipline_that_stands_twice_in_one_iteration_is_quarantined() -> None:
    names = [("13", "A"), ("13", "B"), ("14", "C")]
    rows = [{"discipline_id": i, "discipline": name} for i, name in names]
    found = silver.discipline(bronze.frame("discipline", rows)).collect()
    kept = apply_constraints(found, CONTRACTS["discipline"], {})
    assert kept.rows["discipline_id"].to_list() == ["14"]
    assert kept.quarantined.height == 2


_SITES = (("1", "St. John's"), ("2", "Central Stream"))


@pytest.mark.parametrize(("older", "newer"), [("1503", "1603"), ("999", "1503"), ("9999", "1503")])
def test_schools_sites_and_streams_are_named_by_the_newest_iteration(
    older: str, newer: str
) -> None:
    named = master("1", match_iteration_id=newer, school_name="Memorial University")
    others = (master(i, match_iteration_id=older, program_site=s) for i, s in _SITES)
    found = programs(named, *others).lazy()
    assert silver.school(found).collect().rows() == [(78, "Memorial University", "NL")]
    assert silver.site(found).collect().rows() == [
        (78, "Central Stream", "NL", "NL", False, False),
        (78, "St. John's", "NL", "NL", True, False),
    ]


def test_one_site_name_at_two_schools_is_two_sites() -> None:
    moncton = [
        master(str(code), school_id=str(code * 65536 + 1), program_site="Moncton")
        for code in (79, 92)
    ]
    found = silver.site(programs(*moncton).lazy()).collect()
    assert found["school_code"].to_list() == [79, 92]


def test_several_places_in_one_name_are_a_place_with_several_places() -> None:
    site = master(school_id=str(83 * 65536 + 1), program_site="Barrie or Newmarket")
    found = silver.site(programs(site).lazy()).collect()
    assert found.select("is_place", "has_several_places").rows() == [(True, True)]


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        ("Competitive RoS Stream for All", ("Competitive RoS Stream", "All", True, True, False)),
        ("MOTP-MMTP for MOTP/MMTP", ("MOTP-MMTP", "MOTP/MMTP", False, False, True)),
        ("Cross Stream", ("Cross Stream", None, False, False, False)),
    ],
)
def test_a_stream_says_what_its_name_says(stream: str, expected: tuple[Any, ...]) -> None:
    found = silver.stream(programs(master(program_stream=stream)).lazy()).collect()
    assert found.rows() == [(stream, *expected)]


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        (
            [("en", "2025 R-1 Main Residency Match - first iteration")],
            ("2025 R-1 Main Residency Match - first iteration", 2025, 1),
        ),
        (
            [("fr", "Jumelage principal R-1 de 2026 - deuxième tour")] * 2,
            ("Jumelage principal R-1 de 2026 - deuxième tour", 2026, 2),
        ),
        (
            [("fr", "Jumelage de 2025 - premier tour")] * 2
            + [("en", "Match 2025 - first iteration")],
            ("Match 2025 - first iteration", 2025, 1),
        ),
        (
            [("en", "A 2024 - first"), ("en", "B 2025 - first"), ("en", "B 2025 - first")],
            ("B 2025 - first", 2025, 1),
        ),
        ([], (None, None, None)),
    ],
)
def test_an_iteration_has_the_name_that_its_documents_print(
    printed: list[tuple[str, str]], expected: tuple[Any, ...]
) -> None:
    documents = [
        {"match_iteration_id": "1503", "document_language": language, "match_iteration_name": name}
        for language, name in printed
    ]
    found = silver.match_iteration(
        programs(master()).lazy(), bronze.silver("document", documents)
    ).collect()
    assert found.rows() == [("1503", 1503, *expected)]


def test_reference_files_hold_each_key_once_and_known_parents_only() -> None:
    disciplines = reference.disciplines().collect()
    assert disciplines["discipline_id"].is_unique().all()
    parents = set(disciplines["parent_discipline_id"].drop_nulls())
    assert parents <= set(disciplines["discipline_id"])
    schools = reference.schools().collect()
    assert schools["school_code"].is_unique().all()
    for sites in (reference.site_provinces().collect(), reference.site_kinds().collect()):
        assert not sites.select("school_code", "program_site").is_duplicated().any()
        assert set(sites["school_code"]) <= set(schools["school_code"])
