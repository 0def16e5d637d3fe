"""The whole way on the real files, through the installed command: the counted figures come out.

The figures are those of the public data set of match iteration 1503, counted by hand on the files.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import openpyxl
import pytest
from command import called as carms

from carms_lake.config import builtin_schemas

pytestmark = [pytest.mark.real_data, pytest.mark.slow]
SCHEMAS = builtin_schemas()


@pytest.fixture
def lake(real_project: Path) -> Path:
    return real_project


def one(folder: Path, sql: str) -> list[str]:
    """The values of the single row that a query gives."""
    done = carms(folder, "query", sql)
    assert done.code == 0, done.err
    (row,) = done.rows
    return list(row.values())


def counts(folder: Path, column: str, table: str = "program_profile") -> dict[str, int]:
    sql = f"select {column} as value, count(*) as n from {table} group by all"
    return {row["value"]: int(row["n"]) for row in carms(folder, "query", sql).rows}


def test_programs_documents_and_rows_are_joined_one_to_one(lake: Path) -> None:
    sql = """
        select
            (select count(*) from bronze.program_master),
            (select count(*) from bronze.markdown_program_descriptions),
            (select count(*) from bronze.program_descriptions_x_section),
            (select count(*) from silver.program
                join silver.document using (match_iteration_id, program_stream_id)),
            (select count(*) from fact_program where is_current and not is_deleted),
            (select count(*) from program_profile),
            (select count(*) from ops.rejects)
    """
    assert one(lake, sql) == ["815"] * 6 + ["0"]


def test_the_dimensions_have_their_sizes(lake: Path) -> None:
    sql = """
        select
            count(distinct discipline_id), count(distinct school_code),
            count(distinct program_site), count(distinct program_stream), sum(quota), count(quota)
        from program_profile
    """
    assert one(lake, sql) == ["37", "18", "199", "14", "3942", "815"]


def test_languages_eligibility_and_provinces(lake: Path) -> None:
    assert counts(lake, "document_language") == {"en": 696, "fr": 119}
    assert counts(lake, "eligibility") == {"CMG": 456, "IMG": 191, "All": 163, "MOTP/MMTP": 5}
    assert counts(lake, "training_province") == {
        "ON": 315,
        "QC": 140,
        "BC": 103,
        "AB": 79,
        "MB": 56,
        "NS": 44,
        "SK": 44,
        "NL": 17,
        "NB": 13,
        "PE": 2,
        "NU": 1,
        "NT": 1,
    }
    assert counts(lake, "application_language") == {"en": 666, "fr": 115, "either": 34}


def test_every_section_cell_of_the_csv_is_accounted_for(lake: Path) -> None:
    assert sum(counts(lake, "csv_outcome", "silver.csv_section").values()) == 10_716
    assert counts(lake, "csv_outcome", "silver.csv_section").keys() <= {
        "agrees",
        "cut_at_heading",
        "heading_only",
    }


@pytest.mark.parametrize(
    ("column", "least"),
    [
        ("approved_on", 815),
        ("quota", 815),
        ("accreditation_status", 815),
        ("address", 814),
        ("postal_code", 793),
        ("application_language", 815),
        ("reference_letters", 758),
        ("applications_min", 814),
        ("interviewed_pct_min", 814),
        ("length_years", 813),
        ("considers_outside_information", 733),
        ("rescheduling_policy", 814),
        ("elective_requirement_text", 782),
        ("onsite_elective_text", 689),
    ],
)
def test_each_fact_is_found_as_often_as_it_was_counted(lake: Path, column: str, least: int) -> None:
    assert int(one(lake, f"select count({column}) from silver.document")[0]) >= least
    kept = (
        f"select filled from ops.field_coverage where column_name = '{column}' "
        "and table_name = 'document' and group_name = 'all'"
    )
    assert one(lake, kept) == one(lake, f"select count({column}) from silver.document")


@pytest.mark.parametrize(
    ("code", "least"),
    [("casper", 98), ("fmproc", 271), ("mccqe1", 380), ("nac", 346), ("personal_letter", 808)],
)
def test_each_requirement_is_found_as_often_as_it_was_counted(
    lake: Path, code: str, least: int
) -> None:
    sql = (
        "select count(distinct program_stream_id) from silver.requirement "
        f"where requirement_code like '{code}%'"
    )
    assert int(one(lake, sql)[0]) >= least


def test_lists_and_days_in_prose_are_found_as_often_as_they_were_counted(lake: Path) -> None:
    sql = """
        select
            (select count(distinct program_stream_id) from silver.interview_date),
            (select count(*) from silver.interview_date where interview_on = date '2025-01-23'),
            (select count(distinct program_stream_id) from silver.website),
            (select count(distinct program_stream_id) from silver.contact
                where contact_role = 'director')
    """
    # The lists of the form alone: 741 programs, 244 of them on that day.
    assert one(lake, sql) == ["778", "255", "787", "815"]


def test_a_record_is_traced_from_its_sheet_row_to_gold(lake: Path) -> None:
    rows = carms(lake, "trace", "27447").rows
    places = {row["place"] for row in rows if row["table"] == "bronze.program_master"}
    assert places == {"1503_program_master.xlsx, row 2, delivery 1"}
    tables = {row["table"] for row in rows}
    assert tables >= {"silver.program", "silver.document", "gold.fact_program", "gold.dim_school"}
    quota = next(r for r in rows if (r["table"], r["column"]) == ("gold.fact_program", "quota"))
    assert quota["value"] == "4"


def test_what_was_counted_on_these_files_is_a_check_of_every_build(lake: Path) -> None:
    sql = "select rule, passed from ops.check_results where rule like '%.declared.%' order by all"
    assert [tuple(row.values()) for row in carms(lake, "query", sql).rows] == [
        ("csv_section.declared.cells_1503", "true"),
        ("document.declared.seats_1503", "true"),
    ]


def test_a_wrong_figure_for_these_files_stops_the_publish(lake: Path, tmp_path: Path) -> None:
    shipped = (SCHEMAS / "carms/silver/document.odcs.yaml").read_text(encoding="utf-8")
    assert "value: 3942\n" in shipped
    shutil.copytree(lake, tmp_path / "copy")
    contract = tmp_path / "copy/schemas/carms/silver/document.odcs.yaml"
    contract.parent.mkdir(parents=True)
    contract.write_text(shipped.replace("value: 3942\n", "value: 3943\n"), encoding="utf-8")
    done = carms(tmp_path / "copy", "build")
    assert done.code == 1
    assert "3943 were counted on the files, found 3942" in done.err


def test_a_program_that_left_the_master_alone_is_deleted_and_the_lake_publishes(
    lake: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(lake, tmp_path / "project"))
    (path,) = (folder / "data_raw/carms").glob("*program_master*")
    path.chmod(0o644)
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    headers = [cell.value for cell in sheet[1]]
    dropped = str(sheet[5][headers.index("program_stream_id")].value)
    sheet.delete_rows(5)
    book.save(path)
    done = carms(folder, "run")
    assert done.code == 0, done.err
    sql = "select program_stream_id, is_current from fact_program where is_deleted"
    assert one(folder, sql) == [dropped, "true"]
    assert one(folder, "select count(*) from fact_program where is_current") == ["815"]
    # Its description refers to no program now; the seats were counted with it.
    assert one(folder, "select count(*) from ops.rejects") == ["1"]
