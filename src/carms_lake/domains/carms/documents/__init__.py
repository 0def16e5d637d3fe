"""CaRMS program descriptions: Markdown in, facts out. Pure, standard library only."""

from __future__ import annotations

from carms_lake.domains.carms.documents.csv_witness import Agreement, agreement, undo_tuple
from carms_lake.domains.carms.documents.evidence import evidence
from carms_lake.domains.carms.documents.facts import (
    application_language,
    length_years,
    parse_electives,
)
from carms_lake.domains.carms.documents.header import parse_contacts
from carms_lake.domains.carms.documents.interviews import interview_dates
from carms_lake.domains.carms.documents.model import (
    Bucket,
    CitizenshipDocument,
    Contact,
    Criterion,
    Document,
    Electives,
    Evidence,
    Header,
    Phone,
    Requirement,
    Section,
    Stated,
    Website,
)
from carms_lake.domains.carms.documents.parse import parse_document
from carms_lake.domains.carms.documents.requirements import letters_counted, parse_requirements
from carms_lake.domains.carms.documents.sections import (
    SECTION_CODES,
    split_criteria,
    split_sections,
)
from carms_lake.domains.carms.documents.selection import parse_criteria
from carms_lake.domains.carms.documents.service import return_of_service
from carms_lake.domains.carms.documents.text import fold, masked, plain_text

__all__ = [
    "SECTION_CODES",
    "Agreement",
    "Bucket",
    "CitizenshipDocument",
    "Contact",
    "Criterion",
    "Document",
    "Electives",
    "Evidence",
    "Header",
    "Phone",
    "Requirement",
    "Section",
    "Stated",
    "Website",
    "agreement",
    "application_language",
    "evidence",
    "fold",
    "interview_dates",
    "length_years",
    "letters_counted",
    "masked",
    "parse_contacts",
    "parse_criteria",
    "parse_document",
    "parse_electives",
    "parse_requirements",
    "plain_text",
    "return_of_service",
    "split_criteria",
    "split_sections",
    "undo_tuple",
]
