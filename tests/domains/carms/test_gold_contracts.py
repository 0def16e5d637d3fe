"""What the gold of carms promises beside what every domain does."""

from __future__ import annotations

import pytest
from domains.carms.gold_lake import KIT, contracts, gold

from carms_lake.names import Layer
from carms_lake.store.sql.statement import tables_read

GOLD = contracts(Layer.GOLD)
TEXTS = KIT.gold_texts()
PROFILE = """
    match_iteration_id is_newest_iteration program_stream_id program_name school_code school_name
    discipline_id discipline_name discipline_group program_site program_stream eligibility
    eligible_cmg eligible_img eligible_usmg school_province training_province quota
    accreditation_status approved_on document_language application_language length_years
    reference_letters applications_min applications_max interviewed_pct_min interviewed_pct_max
    first_interview_on last_interview_on return_of_service_cmg return_of_service_cmg_text
    return_of_service_img return_of_service_img_text has_return_of_service needs_casper
    needs_fmproc needs_mccqe1 needs_nac program_url valid_from is_current
""".split()  # noqa: SIM905 - to be compared with a list by eye


def test_a_dimension_without_data_has_the_unknown_member_alone(tmp_path):
    dims = {name: GOLD[name].primary_key[0] for name in GOLD if name.startswith("dim_")}
    with gold(tmp_path) as connection:
        found = {
            table: connection.execute(f"select {key} from gold.{table}").fetchall()
            for table, key in dims.items()
        }
    assert len(dims) == 8
    assert found == {table: [(-1,)] for table in dims}


@pytest.mark.parametrize("table", sorted(GOLD))
def test_no_select_reads_what_is_personal_or_the_clock(table):
    text = TEXTS[table].lower()
    assert "silver.contact" not in tables_read(text, where=table)
    assert "section.content" not in text
    assert not any(f"{clock}(" in text for clock in ("now", "today", "random", "uuid"))


@pytest.mark.parametrize("table", sorted(n for n, c in GOLD.items() if c.kind != "table"))
def test_a_view_reads_gold_only(table):
    assert {name.split(".")[0] for name in tables_read(TEXTS[table], where=table)} <= {"gold"}


@pytest.mark.parametrize(
    "table", ["program_profile", "program_profile_all_iterations", "programs_matching"]
)
def test_the_profile_has_the_promised_columns_in_their_order(tmp_path, table):
    source = f"gold.{table}" + ("()" if GOLD[table].kind == "macro" else "")
    assert list(GOLD[table].column_names) == PROFILE
    with gold(tmp_path) as connection:
        found = connection.execute(f"describe from {source}").fetchall()
    assert [row[0] for row in found] == PROFILE


def test_dimensions_and_facts_say_when_they_came_and_changed():
    dated = [name for name in GOLD if name.startswith(("dim_", "fact_"))]
    lacking = [n for n in dated if not {"created_at", "updated_at"} <= set(GOLD[n].column_names)]
    assert lacking == []
