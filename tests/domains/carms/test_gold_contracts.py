"""The gold SELECTs deliver what their contracts say, on empty tables already."""

from __future__ import annotations

from importlib.resources import files

import pytest
from domains.carms.gold_lake import contracts, gold

from carms_lake.names import Layer
from carms_lake.store.audit import audit
from carms_lake.store.sql import tables_read

GOLD = contracts(Layer.GOLD)
TEXTS = {
    entry.name.removesuffix(".sql"): entry.read_text(encoding="utf-8")
    for entry in (files("carms_lake.domains.carms") / "gold").iterdir()
    if entry.name.endswith(".sql")
}
PROFILE = """
    match_iteration_id program_stream_id program_name school_code school_name discipline_id
    discipline_name discipline_group program_site program_stream eligibility school_province
    training_province quota accreditation_status approved_on document_language
    application_language length_years reference_letters applications_min applications_max
    interviewed_pct_min interviewed_pct_max first_interview_on last_interview_on
    has_return_of_service needs_casper needs_fmproc needs_mccqe1 needs_nac program_url valid_from
    is_current
""".split()  # noqa: SIM905 - to be compared with a list by eye


def test_every_select_delivers_its_contract_on_empty_tables(tmp_path):
    with gold(tmp_path) as connection:
        built = {
            name
            for (name,) in connection.execute(
                "select table_name from information_schema.tables where table_schema = 'gold'"
            ).fetchall()
        }
        failed = [check for check in audit(connection, list(GOLD.values())) if not check.passed]
    assert built == {name for name, contract in GOLD.items() if contract.kind != "macro"}
    assert failed == []


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
def test_a_select_says_its_grain_and_its_question_first(table):
    first, second, *_ = TEXTS[table].splitlines()
    assert first.startswith("-- Grain: one row per ")
    assert second.startswith("-- Question: ")
    assert second.endswith("?")


@pytest.mark.parametrize("table", sorted(GOLD))
def test_a_contract_says_what_its_table_and_columns_are(table):
    contract = GOLD[table]
    assert contract.description
    assert contract.grain
    assert [column.name for column in contract.columns if not column.description] == []
    assert [column.name for column in contract.columns if not column.sources] == []


@pytest.mark.parametrize("table", sorted(GOLD))
def test_the_sources_of_a_column_are_columns(table):
    known = {
        f"{layer}.{name}.{column}"
        for layer in (Layer.SILVER, Layer.GOLD)
        for name, contract in contracts(layer).items()
        for column in contract.column_names
    }
    named = {source for column in GOLD[table].columns for source in column.sources}
    assert named - known == set()


@pytest.mark.parametrize("table", sorted(GOLD))
def test_no_select_reads_what_is_personal_or_the_clock(table):
    text = TEXTS[table].lower()
    assert "silver.contact" not in tables_read(text, where=table)
    assert "section.content" not in text
    assert not any(f"{clock}(" in text for clock in ("now", "today", "random", "uuid"))


@pytest.mark.parametrize("table", sorted(n for n, c in GOLD.items() if c.kind != "table"))
def test_a_view_reads_gold_only(table):
    assert {name.split(".")[0] for name in tables_read(TEXTS[table], where=table)} == {"gold"}


@pytest.mark.parametrize("table", ["program_profile", "programs_matching"])
def test_the_profile_has_the_promised_columns_in_their_order(tmp_path, table):
    source = "gold.programs_matching(null, null, null, null, null, null)"
    source = "gold.program_profile" if table == "program_profile" else source
    assert list(GOLD[table].column_names) == PROFILE
    with gold(tmp_path) as connection:
        found = connection.execute(f"describe from {source}").fetchall()
    assert [row[0] for row in found] == PROFILE


def test_dimensions_and_facts_say_when_they_came_and_changed():
    dated = [name for name in GOLD if name.startswith(("dim_", "fact_"))]
    lacking = [n for n in dated if not {"created_at", "updated_at"} <= set(GOLD[n].column_names)]
    assert lacking == []
