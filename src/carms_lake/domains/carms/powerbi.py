"""The pages of carms in Power BI."""

from __future__ import annotations

from carms_lake.adapters.powerbi.pages import Card, Chart, Grid, Page, Slicer

_DISCIPLINE, _GROUP = "dim_discipline.discipline_name", "dim_discipline.discipline_group"
_PROVINCE, _SCHOOL = "fact_program.training_province", "dim_school.school_name"
_CATEGORY = "dim_requirement.requirement_category"
_PER_SEAT = "Applications per seat, at least"

LEFT_OUT = ("search_*", "program_section*")
"""The index of the search, and texts longer than Power BI keeps."""

PAGES = (
    Page(
        "overview",
        "Overview",
        (
            tuple(map(Card, ("Programs", "Seats", "Schools", "Disciplines", "Average quota"))),
            (
                Chart("Seats by school", "bars", _SCHOOL, ("Seats",)),
                Chart("Seats by province", "bars", _PROVINCE, ("Seats",)),
            ),
            (
                Chart("Seats by group of disciplines", "columns", _GROUP, ("Seats",)),
                Chart(
                    "Programs by who may apply", "columns", "dim_stream.eligibility", ("Programs",)
                ),
            ),
        ),
    ),
    Page(
        "disciplines",
        "Disciplines and provinces",
        (
            (Slicer(_GROUP), Slicer(_PROVINCE), Slicer("dim_stream.eligibility")),
            (
                Chart("Seats by discipline", "bars", _DISCIPLINE, ("Seats",)),
                Chart("Seats by province and group", "columns", _PROVINCE, ("Seats",), _GROUP),
            ),
            (
                Grid(
                    "Disciplines",
                    (
                        _DISCIPLINE,
                        "Programs",
                        "Seats",
                        "Average quota",
                        "Schools",
                        "Share with return of service",
                    ),
                ),
            ),
        ),
    ),
    Page(
        "contested",
        "Contested programs",
        (
            (Card("Contested programs"), Card("Applications, at least"), Card(_PER_SEAT)),
            (
                Chart("By discipline", "bars", "match_pressure.discipline_name", (_PER_SEAT,)),
                Chart("By province", "bars", "match_pressure.training_province", (_PER_SEAT,)),
            ),
            (
                Grid(
                    "Programs",
                    (
                        "match_pressure.program_name",
                        "match_pressure.quota",
                        "match_pressure.applications_min",
                        "match_pressure.applications_max",
                        _PER_SEAT,
                    ),
                ),
            ),
        ),
    ),
    Page(
        "requirements",
        "Requirements",
        (
            (Card("Requirements"), Card("Programs that ask"), Slicer(_CATEGORY), Slicer(_GROUP)),
            (
                Chart("Programs that ask, by category", "bars", _CATEGORY, ("Programs that ask",)),
                Chart(
                    "Requirements by category and level",
                    "columns",
                    _CATEGORY,
                    ("Requirements",),
                    "bridge_program_requirement.requirement_level",
                ),
            ),
            (
                Grid(
                    "Requirements",
                    (
                        _CATEGORY,
                        "dim_requirement.requirement_name",
                        "Programs that ask",
                        "Requirements",
                    ),
                ),
            ),
        ),
    ),
    Page(
        "quality",
        "Data quality",
        (
            (Card("Fields filled"), Slicer("completeness.document_language")),
            (Chart("Filled by field", "bars", "completeness.field", ("Fields filled",)),),
            (
                Grid(
                    "Fields",
                    (
                        "completeness.field",
                        "completeness.document_language",
                        "completeness.filled",
                        "completeness.total",
                        "Fields filled",
                    ),
                ),
            ),
        ),
    ),
)
