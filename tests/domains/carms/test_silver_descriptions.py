"""Descriptions become facts, lists, sections and versions."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from domains.carms import bronze

from carms_lake.domains.carms import silver
from carms_lake.flows.build.context import versions
from carms_lake.names import Layer
from carms_lake.quality.validate import apply_constraints

CONTRACTS = bronze.contracts(Layer.SILVER)
V1 = "1503_markdown_program_descriptions.json"
DAY = [datetime(2025, 3, day, tzinfo=UTC) for day in (1, 2, 3)]


def text(quota: int = 4, director: str = "Ann Lee", highlights: str = "") -> str:
    return f"""#  Example University - Anesthesiology - Town

#  2025 R-1 Main Residency Match - first iteration
CMG Stream for CMG

##  Last approved on February 04, 2025

## Approximate Quota:

##   {quota}

##  Accreditation status : Accredited

* * *

Program Director Dr. {director}

Address 1 Road
Town, Ontario, K1A 0B1

Work  (613) 555-0100

Fax  (613) 555-0199

Websites of Interest Our page

* * *

# Program Contacts

Name: Jo Day

Title: Administrator

Email: jo@example.org

Phone: (613) 555-0101

* * *

# General Instructions

Program application language: English

* * *

# Supporting Documentation / Information

Examinations

Required

Casper

Reference documents

Required

Letter of reference
Number requested: 3

* * *

# Interviews

Dates:

* January 20, 2025

* January 22, 2025

* * *

# Program Highlights

{highlights or "We like it here."}
"""


def record(stream_id: str = "1", content: str | None = None, **rest: Any) -> dict[str, Any]:
    row = {
        "document_id": f"1503|{stream_id}",
        "page_content": text() if content is None else content,
        "source_url": f"https://example.org/ajax/program/1503/{stream_id}?programLanguage=en",
    }
    return {**row, **rest}


def descriptions(*records: dict[str, Any]) -> pl.LazyFrame:
    return bronze.frame("markdown_program_descriptions", list(records))


def documents(*records: dict[str, Any]) -> pl.DataFrame:
    return silver.document(descriptions(*records)).collect()


def kept_of(found: pl.DataFrame, *programs: str) -> Any:
    known = pl.DataFrame(
        [("1503", stream_id) for stream_id in programs],
        schema=["match_iteration_id", "program_stream_id"],
        orient="row",
    )
    targets = [r.target for r in CONTRACTS["document"].relationships if r.quarantine]
    return apply_constraints(found, CONTRACTS["document"], dict.fromkeys(targets, known))


def reasons(kept: Any) -> list[str]:
    return [reason["code"] for row in kept.quarantined["reasons"] for reason in row]


def test_a_description_becomes_one_row_of_facts() -> None:
    found = documents(record()).row(0, named=True)
    facts = ("quota", "approved_on", "document_language", "application_language", "postal_code")
    assert [found[name] for name in facts] == [4, date(2025, 2, 4), "en", "en", "K1A 0B1"]
    assert found["reference_letters"] == 3
    assert found["length_years"] is None


def test_a_text_that_is_no_description_is_a_row_without_facts() -> None:
    found = documents(record(content="nothing")).row(0, named=True)
    assert (found["program_stream_id"], found["quota"], found["approved_on"]) == ("1", None, None)


@pytest.mark.parametrize(
    ("change", "stream_id"),
    [
        ({}, "1"),
        ({"document_id": None}, "1"),
        ({"document_id": None, "source_url": "https://example.org/1503/77"}, "77"),
        ({"source_url": "somewhere"}, "1"),
        ({"document_id": "1602|1"}, None),
        ({"document_id": None, "source_url": "somewhere"}, None),
    ],
)
def test_a_document_is_known_by_its_id_or_else_by_its_url(
    change: dict[str, Any], stream_id: str | None
) -> None:
    assert documents(record(**change))["program_stream_id"].to_list() == [stream_id]


def test_the_second_version_of_the_file_beats_the_one_without_ids() -> None:
    old = record(content=text(quota=1), document_id=None, src_filename=V1)
    kept = kept_of(documents(old, record(content=text(quota=2))), "1")
    assert kept.rows["quota"].to_list() == [2]
    assert kept.superseded == 1


def test_twice_the_same_id_in_one_file_keeps_neither() -> None:
    kept = kept_of(documents(record(), record(content=text(9)), record("2")), "1", "2")
    assert kept.rows["program_stream_id"].to_list() == ["2"]
    assert reasons(kept) == ["DUPLICATE_KEY", "DUPLICATE_KEY"]


def test_a_document_for_no_program_is_quarantined() -> None:
    kept = kept_of(documents(record(), record("2")), "1")
    assert kept.rows["program_stream_id"].to_list() == ["1"]
    assert reasons(kept) == ["UNKNOWN_REFERENCE"]


def test_directors_contacts_and_offices_are_contacts_with_a_role() -> None:
    found = silver.contact(documents(record()).lazy()).collect()
    columns = ("contact_role", "contact_ordinal", "contact_name", "emails", "phones", "faxes")
    assert found.select(columns).rows() == [
        ("contact", 1, "Jo Day", ["jo@example.org"], ["(613) 555-0101"], []),
        ("director", 1, "Ann Lee", [], [], []),
        ("office", 1, None, [], ["(613) 555-0100"], ["(613) 555-0199"]),
    ]


def test_interview_days_websites_and_requirements_are_rows() -> None:
    read = documents(record()).lazy()
    days = silver.interview_date(read).collect()
    assert days["interview_on"].to_list() == [date(2025, 1, 20), date(2025, 1, 22)]
    assert silver.website(read).collect()["website_text"].to_list() == ["Our page"]
    requirements = silver.requirement(read).collect()
    columns = ("requirement_code", "requirement_category", "requirement_level", "requested_number")
    assert requirements.select(columns).rows() == [
        ("casper", "examination", "required", None),
        ("letter_of_reference", "reference", "required", 3),
    ]
    references = silver.reference_requirement(requirements.lazy()).collect()
    columns = ("reference_kind", "reference_number")
    assert references.select(columns).rows() == [("letter_of_reference", 3)]


def csv_row(stream_id: str = "1", **sections: str) -> dict[str, Any]:
    return {
        "document_id": f"1503-{stream_id}",
        "source_url": "u",
        "n_program_description_sections": 1,
        "program_description_id": stream_id,
        **sections,
    }


def sections_and_cells(
    records: list[dict[str, Any]], rows: list[dict[str, Any]]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    cells = bronze.frame("program_descriptions_x_section", rows)
    texts = descriptions(*records)
    documents = silver.document(texts)
    programs = documents.select("match_iteration_id", "program_stream_id", school_code=83)
    sections = silver.document_section(programs, documents, texts, cells)
    return sections.collect(), silver.csv_section(cells, sections).collect()


@pytest.mark.parametrize(
    ("cell", "outcome", "agrees"),
    [
        ("# Program Highlights  \nWe like\nit here.", "agrees", True),
        ("('# Program Highlights  \\nWe like\\nit here.',)", "agrees", True),
        ("# Program Highlights\n[We](http://example.org) like it", "cut_at_heading", True),
        ("# Program Highlights", "heading_only", True),
        ("# Program Highlights\nWe do not like it here.", "differs", False),
    ],
)
def test_the_csv_is_a_second_witness_of_a_section(cell: str, outcome: str, agrees: bool) -> None:
    sections, cells = sections_and_cells([record()], [csv_row(program_highlights=cell)])
    found = sections.filter(pl.col("section_code") == "program_highlights")
    assert found.select("csv_outcome", "csv_agrees").rows() == [(outcome, agrees)]
    assert cells["csv_outcome"].to_list() == [outcome]
    others = sections.filter(pl.col("section_code") != "program_highlights")
    assert others["csv_agrees"].null_count() == others.height > 0


def test_every_filled_cell_of_the_csv_is_accounted_for() -> None:
    rows = [csv_row("1", faq="# FAQ\nWhy?", program_highlights=" "), csv_row("2", faq="# FAQ")]
    _, cells = sections_and_cells([record()], rows)
    assert cells.select("program_stream_id", "section_code", "csv_outcome").rows() == [
        ("1", "faq", "no_section"),
        ("2", "faq", "no_section"),
    ]


def test_a_program_that_stands_twice_in_the_csv_is_no_witness() -> None:
    texts = ("We like it here.", "We like it there, too.")
    rows = [csv_row(program_highlights=f"# Program Highlights\n{said}") for said in texts]
    sections, cells = sections_and_cells([record()], rows)
    assert sections["csv_agrees"].null_count() == sections.height
    kept = apply_constraints(cells, CONTRACTS["csv_section"], {})
    assert kept.quarantined.height == 2


def test_published_text_names_no_director_or_contact_and_has_no_address_or_number() -> None:
    highlights = "Ask Dr. Ann\nLee, Dr. Lee or Jo Day: jo@example.org, (613) 555-0101. Leeds stays."
    sections, _ = sections_and_cells([record(content=text(highlights=highlights))], [])
    published = dict(sections.select("section_code", "masked_content").rows())
    assert published["program_contracts"] is None
    assert published["program_highlights"] == (
        "Ask [name], [name] or [name]: [e-mail], [phone]. Leeds stays."
    )
    everything = "\n".join(value for value in published.values() if value)
    assert not [word for word in ("Lee,", "Jo Day", "@", "555-01") if word in everything]
    contents = dict(sections.select("section_code", "content").rows())
    assert contents["program_highlights"] == highlights


def test_evidence_is_what_stands_at_its_place_in_the_published_text() -> None:
    asked = "Ask Dr. Ann Lee (ann@example.org). This residency program is for 5 years."
    record_of = record(content=text() + f"\n# Program Curriculum\n\n{asked}\n")
    texts = descriptions(record_of)
    documents = silver.document(texts)
    programs = documents.select("match_iteration_id", "program_stream_id", school_code=83)
    cells = bronze.frame("program_descriptions_x_section", [])
    sections = silver.document_section(programs, documents, texts, cells).collect()
    evidence = silver.program_evidence(documents, sections.lazy()).collect()
    published = dict(sections.select("section_code", "masked_content").rows())
    length = evidence.row(by_predicate=pl.col("fact") == "length_years", named=True)
    assert length["sentence"] == "This residency program is for 5 years."
    assert published["program_curriculum"].startswith("Ask [name] ([e-mail]). This")
    for row in evidence.filter(pl.col("span_start").is_not_null()).iter_rows(named=True):
        place = slice(row["span_start"], row["span_end"])
        assert published[row["section_code"]][place] == row["sentence"]
    language = evidence.row(by_predicate=pl.col("fact") == "document_language", named=True)
    assert language["sentence"] == "2025 R-1 Main Residency Match - first iteration"


def master(stream_id: str = "1", **rest: Any) -> dict[str, Any]:
    row = {
        "discipline_id": "13",
        "discipline_name": "Anesthesiology",
        "school_id": str(78 * 65536 + 13),
        "school_name": "Memorial",
        "program_stream_id": stream_id,
        "program_stream_name": "Town - CMG Stream for CMG",
        "program_site": "Town",
        "program_stream": "CMG Stream for CMG",
        "program_name": "Memorial / Anesthesiology / Town / CMG Stream for CMG",
        "program_url": "u",
    }
    return {**row, **rest}


def at(day: int, *rows: dict[str, Any], delivery: int = 0) -> list[dict[str, Any]]:
    stamp = {"delivered_at": DAY[day - 1], "delivery_id": delivery or day}
    return [{**row, **stamp} for row in rows]


def states(
    masters: list[dict[str, Any]],
    texts: list[dict[str, Any]],
    read: pl.LazyFrame | None = None,
) -> pl.DataFrame:
    known = bronze.frame("discipline", [{"discipline_id": "13", "discipline": "Anesthesiology"}])
    return silver.program_history(
        bronze.frame("program_master", masters),
        descriptions(*texts),
        known,
        bronze.silver("document", []) if read is None else read,
    ).collect()


def quotas(found: pl.DataFrame) -> list[tuple[Any, ...]]:
    columns = ("program_stream_id", pl.col("delivered_at").dt.day().cast(int), "quota")
    return found.select(columns).rows()


def test_a_program_has_a_state_at_every_delivery_of_either_file() -> None:
    found = states(
        at(1, master("1"), master("2")) + at(3, master("1")),
        at(1, record("1", text(1)), record("2", text(2))) + at(2, record("1", text(7))),
    )
    assert quotas(found) == [("1", 1, 1), ("1", 2, 7), ("1", 3, 7), ("2", 1, 2), ("2", 2, None)]


def test_a_dropped_program_is_closed_and_its_last_version_is_kept() -> None:
    found = states(
        at(1, master("1"), master("2")) + at(2, master("1")), at(1, record("2", text(5)))
    )
    history = CONTRACTS["program_history"].silver.history
    assert history is not None
    dropped = versions(found, history).filter(pl.col("program_stream_id") == "2")
    columns = ("quota", "valid_to", "is_current", "is_deleted", "deleted_on")
    assert dropped.select(columns).rows() == [(5, DAY[1], True, True, date(2025, 3, 2))]


def test_a_change_of_the_text_alone_is_a_version() -> None:
    found = states(
        at(1, master()), at(1, record()) + at(2, record(content=text(highlights="It is new.")))
    )
    assert found["document_hash"].n_unique() == 2
    assert found["quota"].to_list() == [4, 4]


def test_iterations_do_not_see_each_others_deliveries() -> None:
    other = {"match_iteration_id": "1603", "src_filename": "1603_program_master.xlsx"}
    found = states(at(1, master()) + at(2, master(**other), delivery=1), [])
    assert found.select("match_iteration_id", pl.col("delivered_at").dt.day().cast(int)).rows() == [
        ("1503", 1),
        ("1603", 2),
    ]


def test_of_two_files_of_an_iteration_each_counts_its_own_deliveries() -> None:
    old = record(content=text(1), document_id=None, src_filename=V1)
    texts = at(1, old) + at(2, old, delivery=5) + at(2, record(content=text(2)), delivery=1)
    assert quotas(states(at(1, master()), texts)) == [("1", 1, 1), ("1", 2, 2)]


def test_history_leaves_out_what_the_current_tables_set_aside() -> None:
    masters = [master("1"), master("2"), master("2"), master("3", discipline_id="999")]
    found = states(at(1, *masters), at(1, record("1"), record("1", text(9))))
    assert quotas(found) == [("1", 1, None)]


def test_texts_that_the_document_table_has_read_are_taken_from_it() -> None:
    texts = at(1, record())
    read = documents(*texts).with_columns(pl.lit(99, pl.Int32()).alias("quota")).lazy()
    assert states(at(1, master()), texts, read)["quota"].to_list() == [99]


SERVICE = ("return_of_service_cmg", "return_of_service_img", "has_return_of_service")


@pytest.mark.parametrize(
    ("stream", "said", "expected"),
    [
        ("Competitive RoS Stream for All", "", ("required", "required", True)),
        ("CMG Stream for CMG", "All IMGs will be required to sign.", (None, None, None)),
        ("CMG Stream for CMG", "You are required to sign.", ("required", None, True)),
        ("IMG Stream for IMG", "You are required to sign.", (None, "required", True)),
        ("Regular Stream for All", "S/O", ("not_applicable", "not_applicable", False)),
        ("Regular Stream for All", "CMGs: No ROS. IMGs are required to sign.",
         ("none", "required", True)),
        ("CMG RoS Stream for CMG", "S/O", ("required", None, True)),
        ("CMG RoS Stream for CMG", "There is no ROS.", ("none", None, False)),
        ("MOTP-MMTP for MOTP/MMTP", "The Forces decide.", ("unclear", None, None)),
        ("CMG Stream for CMG", "", (None, None, None)),
    ],
)  # fmt: skip
def test_return_of_service_is_read_for_those_whom_the_stream_takes(
    stream: str, said: str, expected: tuple[str | None, str | None, bool | None]
) -> None:
    texts = at(1, record("1", f"# Return of Service\n\n{said}\n"))
    assert states(at(1, master("1", program_stream=stream)), texts).select(SERVICE).rows() == [
        expected
    ]


def test_a_stream_named_after_return_of_service_is_its_own_evidence() -> None:
    stream = "Competitive RoS Stream for All"
    found = states(at(1, master("1", program_stream=stream)), [])
    assert found["return_of_service_img_text"].to_list() == [stream]


@pytest.mark.parametrize(
    ("stream", "takes"),
    [
        ("CMG Stream for CMG", (True, False, True)),
        ("IMG Stream for IMG", (False, True, False)),
        ("Regular Stream for All", (True, True, True)),
        ("MOTP-MMTP for MOTP/MMTP", (False, False, False)),
        ("A stream", (None, None, None)),
    ],
)
def test_who_may_apply_is_told_for_each_kind_of_applicant(
    stream: str, takes: tuple[bool | None, ...]
) -> None:
    found = states(at(1, master("1", program_stream=stream)), [])
    assert found.select("eligible_cmg", "eligible_img", "eligible_usmg").rows() == [takes]
