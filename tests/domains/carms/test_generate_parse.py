"""What the parser reads in synthetic documents is what was planted in them."""

from __future__ import annotations

import csv
import io

import pytest

from carms_lake.domains.carms.documents import Agreement, agreement, parse_document
from carms_lake.domains.carms.generate import generate
from carms_lake.domains.carms.readings import facts
from carms_lake.domains.carms.synthetic.draw import plan
from carms_lake.domains.carms.synthetic.files import page_content
from carms_lake.flows.generate import generate as generate_files

PLANS = plan(3, 150)
READ = [(program, parse_document(page_content(program))) for program in PLANS]
SERVICE = {
    "per_kind": {"cmg": "none", "img": "required"},
    "img_only": {"img": "required"},
    "obligation": {"cmg": "required", "img": "required"},
    **{said: {"cmg": said, "img": said} for said in ("none", "not_applicable", "unclear")},
    None: {},
}


def planted_requirements(program):
    return [
        (
            r.code,
            None if r.level == "weighed" else r.level,
            "IMG" if r.for_img else None,
            r.number,
            r.max_words,
            r.is_alternative,
        )
        for r in program.requirements
    ]


def read_requirements(document):
    return [
        (
            "reference" if r.category == "reference" else r.code,
            r.level,
            r.applies_to,
            r.number,
            r.max_words,
            r.is_alternative,
        )
        for r in document.requirements
        if r.category in ("examination", "reference") or r.code == "personal_letter"
    ]


def planted_letters(program):
    letters = [r for r in program.requirements if r.code == "reference"]
    numbers = [r.number for r in letters]
    return (max if any(r.is_alternative for r in letters) else sum)(numbers) if letters else None


def read_contacts(document):
    return [(c.name, c.title, c.emails, c.phones) for c in document.contacts]


def planted_contacts(program):
    return [
        (c.name, c.title, (c.email,) if c.email else (), (c.phone,) if c.phone else ())
        for c in program.contacts
    ]


def evaluated(document, stage):
    return tuple(c.is_evaluated for c in document.criteria if c.stage == stage)


FACTS = {
    "language": (lambda p: p.language, lambda d: d.language),
    "title": (lambda p: "".join(p.title.split()), lambda d: "".join(d.title.split())),
    "quota": (lambda p: p.quota, lambda d: d.header.quota),
    "quota note": (lambda p: p.has_quota_note, lambda d: d.header.has_quota_note),
    "approved on": (lambda p: p.approved_on, lambda d: d.header.approved_on),
    "accreditation": (lambda p: p.accreditation, lambda d: d.header.accreditation_status),
    "directors": (lambda p: p.directors, lambda d: d.header.directors),
    "postal code": (lambda p: p.postal_address[2], lambda d: d.header.postal_code),
    "phone": (
        lambda p: [p.header_phone] if p.header_phone else [],
        lambda d: [phone.number for phone in d.header.phones],
    ),
    "websites": (lambda p: p.websites, lambda d: len(d.header.websites)),
    "contacts": (planted_contacts, read_contacts),
    "application language": (lambda p: p.application_language, lambda d: d.application_language),
    "length": (lambda p: p.length_years, lambda d: d.length_years),
    "return of service": (
        lambda p: SERVICE[p.return_of_service],
        lambda d: {kind: stated.value for kind, stated in d.return_of_service.items()},
    ),
    "interview dates": (lambda p: p.interview_dates, lambda d: d.interview_dates),
    "re-scheduling": (lambda p: p.rescheduling, lambda d: d.rescheduling_policy),
    "applications": (lambda p: p.applications, lambda d: d.applications.text),
    "interviewed": (
        lambda p: p.interviewed_pct.removesuffix(" %"),
        lambda d: d.interviewed_pct.text.removesuffix(" %"),
    ),
    "outside information": (
        lambda p: p.considers_outside_information,
        lambda d: d.considers_outside_information,
    ),
    "electives": (lambda p: p.elective_rule, lambda d: d.electives.requirement_rule),
    "on-site electives": (lambda p: p.onsite_rule, lambda d: d.electives.onsite_rule),
    "file components": (lambda p: p.file_evaluated, lambda d: evaluated(d, "file_review")),
    "interview components": (lambda p: p.interview_evaluated, lambda d: evaluated(d, "interview")),
    "requirements": (planted_requirements, read_requirements),
    "reference letters": (planted_letters, lambda d: facts(d)["reference_letters"]),
}


@pytest.mark.parametrize("fact", FACTS)
def test_the_parser_reads_what_was_planted(fact):
    planted, read = FACTS[fact]
    wrong = [
        (program.program_stream_id, planted(program), read(document))
        for program, document in READ
        if planted(program) != read(document)
    ]
    assert not wrong


@pytest.mark.parametrize("fact", FACTS)
def test_no_fact_is_planted_alike_everywhere(fact):
    planted, _ = FACTS[fact]
    assert len({str(planted(program)) for program in PLANS}) > 1


@pytest.mark.slow
def test_every_csv_cell_agrees_with_its_section_or_is_cut_where_a_heading_was_planted(tmp_path):
    generate_files("carms_lake.domains.carms", tmp_path, {"seed": 3, "programs": 150})
    name = "9999_program_descriptions_x_section.csv"
    rows = csv.DictReader(io.StringIO((tmp_path / name).read_bytes().decode()))
    cut = set()
    for (program, document), row in zip(READ, rows, strict=True):
        for section in document.sections:
            found = agreement(row.get(section.code), section)
            if section.code == "important_information":
                assert found == Agreement.ONLY_IN_DOCUMENT
            elif section.code in program.in_text_headings:
                assert found == Agreement.PREFIX
                cut.add(section.code)
            else:
                assert found == Agreement.EQUAL, (program.program_stream_id, section.code)
    assert len(cut) >= 3


def test_the_documents_of_the_file_are_those_of_the_plan():
    frames = {path: list(chunks) for path, chunks, _, _ in generate(seed=3, programs=5)}
    (chunk,) = frames["9999_markdown_program_descriptions_v2.json"]
    assert chunk["page_content"].to_list() == [page_content(program) for program in plan(3, 5)]
