"""The main job as a user does it, on made data: init, generate, ingest, build, ask."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import pytest
from command import called as carms

pytestmark = pytest.mark.slow

PROFILE = [
    "match_iteration_id", "is_newest_iteration", "program_stream_id", "program_name",
    "school_code", "school_name", "discipline_id", "discipline_name", "discipline_group",
    "program_site", "program_stream", "eligibility", "eligible_cmg", "eligible_img",
    "eligible_usmg", "school_province", "training_province", "quota", "accreditation_status",
    "approved_on", "document_language", "application_language", "length_years",
    "reference_letters", "applications_min", "applications_max", "interviewed_pct_min",
    "interviewed_pct_max", "first_interview_on", "last_interview_on", "return_of_service_cmg",
    "return_of_service_cmg_text", "return_of_service_img", "return_of_service_img_text",
    "has_return_of_service", "needs_casper", "needs_fmproc", "needs_mccqe1", "needs_nac",
    "program_url", "valid_from", "is_current",
]  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with 60 generated programs, ingested and built; tests only read it."""
    folder = tmp_path_factory.mktemp("built")
    for arguments in (
        ["init"],
        ["generate", "carms", "--programs", "60", "--seed", "7"],
        ["ingest"],
        ["build"],
    ):
        done = carms(folder, *arguments)
        assert done.code == 0, done.err
    return folder


@pytest.fixture
def project(built: Path, tmp_path: Path) -> Path:
    """A copy of that project, to change."""
    return Path(shutil.copytree(built, tmp_path / "project"))


def ask(folder: Path, sql: str) -> list[dict[str, str]]:
    done = carms(folder, "query", sql)
    assert done.code == 0, done.err
    return done.rows


def files(folder: Path) -> dict[str, Path]:
    return {
        path.name.removeprefix("9999_"): path for path in (folder / "data_raw/carms").glob("9999_*")
    }


def test_every_program_is_there_with_its_document(built: Path) -> None:
    assert ask(built, "select count(*) as n, count(quota) as q from program_profile") == [
        {"n": "60", "q": "60"}
    ]
    assert ask(built, "select count(*) as n from ops.rejects") == [{"n": "0"}]


def test_the_profile_has_the_promised_columns_in_order(built: Path) -> None:
    assert (
        carms(built, "query", "from program_profile limit 1").out.splitlines()[0].split(",")
        == PROFILE
    )


def test_bronze_silver_and_ops_are_readable_too(built: Path) -> None:
    assert ask(built, "select count(*) as n from bronze.program_master") == [{"n": "60"}]
    assert ask(built, "select count(distinct program_stream_id) as n from silver.document") == [
        {"n": "60"}
    ]
    assert [
        r["command"] for r in ask(built, "select command from ops.runs order by started_at")
    ] == ["ingest", "build"]


def test_the_gold_file_opens_without_the_tool(built: Path) -> None:
    with duckdb.connect(str(built / "lake/carms.duckdb"), read_only=True) as connection:
        assert connection.execute("select count(*) from gold.program_profile").fetchall() == [(60,)]
        kinds = connection.execute("select distinct constraint_type from duckdb_constraints()")
        assert kinds.fetchall() == [("NOT NULL",)]  # what drivers of version 1.0 can read
        bare = connection.execute(
            "select table_name, column_name from duckdb_columns() "
            "where schema_name = 'gold' and comment is null"
        ).fetchall()
    assert bare == []


def test_no_person_is_in_gold(built: Path) -> None:
    names = {
        r["contact_name"]
        for r in ask(
            built, "select contact_name from silver.contact where contact_name is not null"
        )
    }
    emails = {r["e"] for r in ask(built, "select unnest(emails) as e from silver.contact")}
    text = carms(
        built,
        "query",
        "select masked from (select string_agg(content) as masked from program_section)",
    ).out
    assert names
    assert emails
    assert not [email for email in emails if email in text]
    assert "@" not in text.replace("[e-mail]", "")


def test_a_second_run_does_nothing_and_says_so(project: Path) -> None:
    gold = (project / "lake/carms.duckdb").read_bytes()
    done = carms(project, "run")
    assert done.code == 0
    assert "unchanged" in done.out
    assert (project / "lake/carms.duckdb").read_bytes() == gold


def test_a_second_delivery_makes_versions_and_soft_deletes(project: Path) -> None:
    before = {
        r["id"]: r["q"]
        for r in ask(project, "select program_stream_id as id, quota as q from program_profile")
    }
    done = carms(project, "generate", "carms", "--programs", "60", "--seed", "7", "--delivery", "2")
    assert done.code == 0, done.err
    assert carms(project, "run").code == 0
    after = {
        r["id"]: r["q"]
        for r in ask(project, "select program_stream_id as id, quota as q from program_profile")
    }
    deleted = ask(
        project,
        "select program_stream_id as id, deleted_on from fact_program "
        "where is_deleted and is_current",
    )
    assert {r["id"] for r in deleted} == set(before) - set(after)
    assert all(r["deleted_on"] for r in deleted)
    changed = {key for key in before if key in after and before[key] != after[key]}
    assert changed
    assert set(after) - set(before)
    versions = ask(
        project,
        "select program_stream_id as id, quota as q, is_current as c, valid_to is null as o "
        f"from fact_program where program_stream_id = '{min(changed)}' order by valid_from",
    )
    assert [(v["q"], v["c"], v["o"]) for v in versions] == [
        (before[min(changed)], "false", "false"),
        (after[min(changed)], "true", "true"),
    ]


def test_a_second_iteration_lands_beside_the_first(project: Path) -> None:
    done = carms(
        project, "generate", "carms", "--programs", "20", "--seed", "8", "--iteration", "9998"
    )
    assert done.code == 0, done.err
    assert carms(project, "run").code == 0
    found = ask(
        project,
        "select match_iteration_id as i, count(*) as n from program_profile_all_iterations "
        "group by all order by i",
    )
    assert [(r["i"], r["n"]) for r in found] == [("9998", "20"), ("9999", "60")]
    assert ask(project, "select count(*) as n from program_profile") == [{"n": "60"}]


def test_the_first_version_of_the_documents_is_accepted(project: Path) -> None:
    path = files(project)["markdown_program_descriptions_v2.json"]
    documents = json.loads(path.read_text(encoding="utf-8"))
    for document in documents:
        del document["id"]
    path.with_name("9999_markdown_program_descriptions.json").write_text(
        json.dumps(documents), encoding="utf-8"
    )
    path.unlink()
    shutil.rmtree(project / "lake")
    assert carms(project, "run").code == 0
    assert ask(project, "select count(quota) as n from program_profile") == [{"n": "60"}]


def test_both_versions_of_the_documents_are_one(project: Path) -> None:
    path = files(project)["markdown_program_descriptions_v2.json"]
    documents = [
        {k: v for k, v in d.items() if k != "id"}
        for d in json.loads(path.read_text(encoding="utf-8"))
    ]
    path.with_name("9999_markdown_program_descriptions.json").write_text(
        json.dumps(documents), encoding="utf-8"
    )
    assert carms(project, "run").code == 0
    assert ask(project, "select count(*) as n, count(quota) as q from program_profile") == [
        {"n": "60", "q": "60"}
    ]
    assert ask(project, "select count(*) as n from ops.rejects") == [{"n": "0"}]


def test_programs_can_be_searched_and_one_be_shown(built: Path) -> None:
    found = carms(built, "programs", "--province", "ON", "--limit", "1000").rows
    expected = ask(
        built, "select program_stream_id as id from program_profile where training_province = 'ON'"
    )
    assert len(found) == len(expected) > 0
    one = carms(built, "program", expected[0]["id"])
    assert one.code == 0
    assert expected[0]["id"] in one.out
    assert carms(built, "program", "1").code == 1
    assert carms(built, "disciplines").code == 0


def test_a_record_can_be_traced_to_its_cell(built: Path) -> None:
    key = ask(built, "select min(program_stream_id) as id from program_profile")[0]["id"]
    rows = carms(built, "trace", key).rows
    tables = [row["table"] for row in rows]
    assert {t.split(".")[0] for t in tables} == {"bronze", "silver", "gold"}
    code = next(r for r in rows if r["table"] == "silver.program" and r["column"] == "school_code")
    assert code["rule"]
    assert "school_id" in code["made_of"]
    assert carms(built, "trace", "no-such-key").code == 1


def test_the_parquet_copies_are_the_bronze_tables(project: Path) -> None:
    assert carms(project, "ingest", "--also-parquet").code == 0
    for table in (
        "discipline",
        "program_master",
        "markdown_program_descriptions",
        "program_descriptions_x_section",
    ):
        copy = project / f"lake/carms/parquet/bronze/{table}.parquet"
        with duckdb.connect() as connection:
            copied = connection.execute(
                f"select count(*), max(src_row_hash) from '{copy.as_posix()}'"
            ).fetchall()
        here = carms(
            project,
            "query",
            "-f",
            "json",
            f"select count(*) as n, hex(max(src_row_hash)) as h from bronze.{table}",
        )
        assert here.json == [{"n": copied[0][0], "h": copied[0][1].hex().upper()}]


def test_the_planted_faults_are_found_and_nothing_else(tmp_path: Path) -> None:
    carms(tmp_path, "init")
    assert carms(tmp_path, "generate", "carms", "--programs", "60", "--anomalies").code == 0
    assert carms(tmp_path, "ingest", "--strict").code == 1
    assert carms(tmp_path, "build").code == 0
    planted = json.loads(
        (tmp_path / "data_raw/carms/9999_anomalies.json").read_text(encoding="utf-8")
    )
    found = ask(
        tmp_path,
        "select layer, code from (select layer, unnest(reasons).code as code from ops.rejects)",
    )
    expected = sorted(entry["code"] for entry in planted for _ in range(entry["count"]))
    assert sorted(row["code"] for row in found) == expected


def test_of_few_programs_the_planted_faults_are_too_many_to_publish(tmp_path: Path) -> None:
    carms(tmp_path, "init")
    assert carms(tmp_path, "generate", "carms", "--programs", "10", "--anomalies").code == 0
    done = carms(tmp_path, "run")
    assert done.code == 1
    assert "`silver.program` program.quarantine: 3 of 13 rows (23.08 %)" in done.err
    assert "`silver.document` document.quarantine: 3 of 12 rows (25.00 %)" in done.err
    assert "--publish-anyway" in done.err
    assert not (tmp_path / "lake/carms.duckdb").exists()
    assert carms(tmp_path, "build", "--publish-anyway").code == 1
    assert ask(tmp_path, "select count(*) as n from program_profile") == [{"n": "10"}]
