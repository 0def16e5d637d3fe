"""From the text of one program description to all that it says."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from carms_lake.domains.carms.documents.facts import (
    application_language,
    elective_requirements,
    length_years,
    parse_electives,
)
from carms_lake.domains.carms.documents.header import match_year, parse_contacts, parse_header
from carms_lake.domains.carms.documents.interviews import interview_days
from carms_lake.domains.carms.documents.model import Bucket, Criterion, Document, Electives
from carms_lake.domains.carms.documents.prose_requirements import SECTIONS as PROSE_SECTIONS
from carms_lake.domains.carms.documents.prose_requirements import requirements_in_prose
from carms_lake.domains.carms.documents.requirements import (
    parse_citizenship_documents,
    parse_requirements,
)
from carms_lake.domains.carms.documents.sections import (
    HEADER,
    TITLE,
    split_criteria,
    split_sections,
)
from carms_lake.domains.carms.documents.selection import (
    applications_bucket,
    considers_outside_information,
    interviewed_bucket,
    mentions_in_person,
    mentions_virtual,
    parse_criteria,
    rescheduling_policy,
)
from carms_lake.domains.carms.documents.service import return_of_service
from carms_lake.domains.carms.documents.text import is_french, plain_text


def parse_document(page_content: str) -> Document:
    """Read one program description, with or without links and footer; any text is accepted.

    What a text does not say is None or empty: a text that does not describe a program gives a
    document without facts.
    """
    text = plain_text(page_content)
    sections = split_sections(text)
    by_code = {section.code: section for section in sections}

    def text_of(code: str) -> str:
        return by_code[code].text if code in by_code else ""

    selection = _selection(text_of("selection_criteria"))
    supporting = text_of("supporting_documentation_information")
    requirements = parse_requirements(supporting)
    requirements += requirements_in_prose(
        {code: text_of(code) for code in PROSE_SECTIONS},
        (each.code for each in requirements),
        len(requirements),
    )
    electives = selection.electives
    interviews = text_of("interviews")
    on_interviews = interviews + selection.interview_process
    title = by_code.get(TITLE)
    return Document(
        language="fr" if is_french(text) else "en",
        title=title.heading or None if title else None,
        header=parse_header(by_code.get(HEADER), page_content),
        sections=sections,
        contacts=parse_contacts(text_of("program_contracts")),
        application_language=application_language(text_of("general_instructions")),
        length_years=length_years(text_of("program_curriculum")),
        return_of_service=return_of_service(text_of("return_of_service")),
        citizenship_documents=parse_citizenship_documents(supporting),
        requirements=requirements + elective_requirements(electives, len(requirements)),
        electives=electives,
        criteria=selection.criteria,
        applications=selection.applications,
        interviewed_pct=selection.interviewed_pct,
        considers_outside_information=selection.considers_outside_information,
        rescheduling_policy=selection.rescheduling_policy,
        interview_days=interview_days(interviews, match_year(by_code.get(HEADER))),
        mentions_virtual_interview=mentions_virtual(on_interviews),
        mentions_in_person_interview=mentions_in_person(on_interviews),
    )


@dataclass(frozen=True)
class _Selection:
    """What the section Selection Criteria says."""

    interview_process: str
    criteria: tuple[Criterion, ...]
    electives: Electives
    applications: Bucket | None
    interviewed_pct: Bucket | None
    considers_outside_information: bool | None
    rescheduling_policy: str | None


@lru_cache(maxsize=8)
def _selection(text: str) -> _Selection:
    parts = split_criteria(text)
    file_review = parts.get("file_review", "")
    interview_process = parts.get("interview_process", "")
    return _Selection(
        interview_process,
        criteria=parse_criteria(file_review, interview_process),
        electives=parse_electives(parts.get("elective_criteria", "")),
        applications=applications_bucket(file_review),
        interviewed_pct=interviewed_bucket(file_review),
        considers_outside_information=considers_outside_information(
            parts.get("outside_information", "")
        ),
        rescheduling_policy=rescheduling_policy(interview_process),
    )
