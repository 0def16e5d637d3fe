"""The silver tables of the carms domain, one function each.

A function's name is the table, its parameters are the tables that it reads. Match iterations are
kept apart; where a table has one row for all of them, the newest one, which has the greatest id,
gives the name.
"""

from __future__ import annotations

from carms_lake.domains.carms.silver.descriptions import (
    contact,
    document,
    interview_date,
    reference_requirement,
    requirement,
    selection_criterion,
    website,
)
from carms_lake.domains.carms.silver.evidence import program_evidence
from carms_lake.domains.carms.silver.history import program_history
from carms_lake.domains.carms.silver.programs import (
    discipline,
    match_iteration,
    other_name,
    program,
    school,
    site,
    stream,
)
from carms_lake.domains.carms.silver.sections import csv_section, document_section
from carms_lake.domains.carms.silver.themes import program_theme

__all__ = [
    "contact",
    "csv_section",
    "discipline",
    "document",
    "document_section",
    "interview_date",
    "match_iteration",
    "other_name",
    "program",
    "program_evidence",
    "program_history",
    "program_theme",
    "reference_requirement",
    "requirement",
    "school",
    "selection_criterion",
    "site",
    "stream",
    "website",
]
