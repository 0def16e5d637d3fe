"""What several pages share: names in the page's language, and columns."""

from __future__ import annotations

from carms_lake.report.pages import Both, Column

PROVINCES = (
    "BC", "AB", "SK", "MB", "ON", "QC", "NB", "NS", "PE", "NL", "YT", "NT", "NU",
)  # fmt: skip
"""From west to east, then the north."""

PROGRAM = "p-"
"""A program's part of the page has the id of this and its own id."""

NAMES = """french as (
    select kind, code, min(name) as name
    from other_name
    where language = 'fr' and name_type = 'name' and $lang = 'fr'
    group by kind, code
),
names as (
    select kind, code, min(name) as name
    from other_name
    where language = $lang and name_type = 'name' and kind = 'province'
    group by kind, code
)"""
"""`names`: of provinces; `french`: of all, for a French page. Names as delivered are English."""

DISCIPLINE = Column("discipline", Both("Discipline", "Discipline"))
SCHOOL = Column("school", Both("School", "Faculté"))
PROVINCE = Column("province", Both("Province of training", "Province de formation"))
SITE = Column("program_site", Both("Site", "Lieu"), lang="zxx")
STREAM = Column("program_stream", Both("Stream", "Volet"), lang="en")
PROGRAM_ID = Column(
    "program_stream_id", Both("Program", "Programme"), kind="id", anchor=PROGRAM, lang="zxx"
)
PROGRAMS = Column("programs", Both("Programs", "Programmes"))
SEATS = Column("seats", Both("Seats", "Postes"))
