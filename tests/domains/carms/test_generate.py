"""The synthetic files have the shape of the real ones, whatever the seed and the number."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from carms_lake.domains.carms.generate import generate
from carms_lake.domains.carms.synthetic.draw import plan
from carms_lake.domains.carms.synthetic.files import page_content
from carms_lake.flows.generate import generate as generate_files

pytestmark = pytest.mark.slow

PACKAGE = "carms_lake.domains.carms"
DISCIPLINE = "9999_discipline.xlsx"
MASTER = "9999_program_master.xlsx"
DOCUMENTS = "9999_markdown_program_descriptions_v2.json"
SECTIONS = "9999_program_descriptions_x_section.csv"
CSV_HEADER = (
    ",document_id,source,n_program_description_sections,program_name,match_iteration_name,"
    "program_contracts,general_instructions,supporting_documentation_information,review_process,"
    "interviews,selection_criteria,program_highlights,program_curriculum,training_sites,"
    "additional_information,return_of_service,faq,summary_of_changes,match_iteration_id,"
    "program_description_id"
)
PLANS = plan(1, 120)
SAMPLE = Path(__file__).parents[3] / "data_raw" / "carms" / "sample"


def files_of(folder: Path, **options: object) -> Path:
    generate_files(PACKAGE, folder, {"seed": 1, **options})
    return folder


def sheet(path: Path) -> list[tuple[object, ...]]:
    return list(load_workbook(path)["Sheet1"].iter_rows(values_only=True))


def csv_rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode())))


def json_rows(path: Path) -> list[dict]:
    return json.loads(path.read_bytes())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return files_of(tmp_path_factory.mktemp("sound"))


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return files_of(tmp_path_factory.mktemp("faulty"), anomalies=True)


def test_the_same_seed_gives_the_same_bytes(folder, tmp_path):
    again = files_of(tmp_path)
    assert sorted(path.name for path in again.glob("[!.]*")) == [
        DISCIPLINE,
        DOCUMENTS,
        SECTIONS,
        MASTER,
    ]
    for path in again.iterdir():
        assert path.read_bytes() == (folder / path.name).read_bytes(), path.name


def test_another_seed_gives_other_programs_and_the_same_disciplines(folder, tmp_path):
    other = files_of(tmp_path, seed=2)
    assert (other / DISCIPLINE).read_bytes() == (folder / DISCIPLINE).read_bytes()
    assert (other / DOCUMENTS).read_bytes() != (folder / DOCUMENTS).read_bytes()


@settings(max_examples=25)
@given(seed=st.integers(0, 2**40), programs=st.integers(1, 60))
def test_programs_are_unique_for_any_seed_and_number(seed, programs):
    plans = plan(seed, programs)
    assert len(plans) == programs
    assert len({program.program_stream_id for program in plans}) == programs
    assert len({program.program_name for program in plans}) == programs


@settings(max_examples=8)
@given(
    seed=st.integers(0, 2**40),
    programs=st.integers(1, 60),
    anomalies=st.booleans(),
    delivery=st.integers(1, 4),
)
def test_generating_never_fails(seed, programs, anomalies, delivery):
    files = generate(seed=seed, programs=programs, anomalies=anomalies, delivery=delivery)
    rows = {path: sum(len(frame) for frame in frames) for path, frames, _, _ in files}
    extra = {DISCIPLINE: 2, MASTER: 6, DOCUMENTS: 5, SECTIONS: 4} if anomalies else {}
    for path in (MASTER, DOCUMENTS, SECTIONS):
        assert rows[path] == programs + max(0, delivery - programs) + extra.get(path, 0)


def test_more_programs_keep_the_ones_before():
    fewer = {program.program_stream_id: program for program in plan(1, 20)}
    more = {program.program_stream_id: program for program in PLANS}
    assert fewer.items() <= more.items()


def test_more_programs_than_there_are_places_get_units_of_their_own():
    plans = plan(1, 2500)
    assert len({program.program_name for program in plans}) == 2500
    assert any(program.slot.site.endswith(" - Unit 2") for program in plans)


def test_120_programs_show_every_kind():
    count = {
        "schools": Counter(p.slot.school.name for p in PLANS),
        "disciplines": Counter(p.slot.discipline.name for p in PLANS),
        "eligibility": Counter(p.slot.eligibility for p in PLANS),
        "provinces": Counter(p.slot.training_province for p in PLANS),
    }
    assert len(count["schools"]) == 18
    assert len(count["disciplines"]) == 37
    assert set(count["eligibility"]) == {"CMG", "IMG", "All", "MOTP/MMTP"}
    assert {"NB", "PE", "NU", "NT"} <= set(count["provinces"])
    assert {p.language for p in PLANS} == {"en", "fr"}
    assert {p.return_of_service for p in PLANS} == {
        "obligation", "none", "not_applicable", "unclear", "per_kind", "img_only", None,
    }  # fmt: skip
    asked = [r for p in PLANS for r in p.requirements]
    assert {r.is_alternative for r in asked if r.code == "reference"} == {True, False}
    assert {(r.code, r.level) for r in asked if r.is_in_prose} == {
        ("casper", "weighed"), ("fmproc", "required"),
    }  # fmt: skip
    assert any(p.refused_tests for p in PLANS)
    assert {p.dates_are_in for p in PLANS} == {"list", "heading", "prose"}
    assert count["disciplines"].most_common(1)[0][0] == "Family Medicine"
    assert any(p.has_quota_note for p in PLANS)
    assert any(p.in_text_headings for p in PLANS)


def test_20_programs_show_every_school_and_eligibility():
    plans = plan(1, 20)
    assert len({p.slot.school.name for p in plans}) == 18
    assert {p.slot.eligibility for p in plans} == {"CMG", "IMG", "All", "MOTP/MMTP"}
    assert {p.language for p in plans} == {"en", "fr"}


def test_the_master_has_an_unnamed_index_text_ids_and_composite_school_ids(folder):
    header, *rows = sheet(folder / MASTER)
    assert header == (
        None,
        "discipline_id",
        "discipline_name",
        "school_id",
        "school_name",
        "program_stream_id",
        "program_stream_name",
        "program_site",
        "program_stream",
        "program_name",
        "program_url",
    )
    assert [row[0] for row in rows] == list(range(120))
    for row in rows:
        assert all(type(value) is str for value in row[1:])
        (
            _,
            discipline_id,
            discipline,
            school_id,
            school,
            program_id,
            name,
            site,
            stream,
            key,
            url,
        ) = row
        assert int(school_id) % 65_536 == int(discipline_id)
        assert int(school_id) // 65_536 in {42, 97, *range(78, 94)}
        assert name == f"{site} - {stream}"
        assert key == f"{school} / {discipline} / {site} / {stream}"
        assert url.endswith(f"/9999/{program_id}?programLanguage=en")


def test_the_discipline_workbook_has_all_37_as_text(folder):
    header, *rows = sheet(folder / DISCIPLINE)
    assert header == ("discipline_id", "discipline")
    assert len(set(rows)) == 37
    assert all(type(value) is str for row in rows for value in row)


def test_documents_sections_and_master_are_one_to_one_in_the_same_order(folder):
    _, *master = sheet(folder / MASTER)
    ids = [row[5] for row in master]
    documents, sections = json_rows(folder / DOCUMENTS), csv_rows(folder / SECTIONS)
    assert [row["id"] for row in documents] == [f"9999|{program_id}" for program_id in ids]
    assert [row["document_id"] for row in sections] == [f"9999-{program_id}" for program_id in ids]
    assert [row["program_description_id"] for row in sections] == ids
    assert [row["metadata"]["source"] for row in documents] == [row[10] for row in master]
    assert [row["source"] for row in sections] == [row[10] for row in master]
    assert [row[""] for row in sections] == [str(number) for number in range(120)]


def test_the_json_is_indented_by_four_and_keeps_letters(folder):
    text = (folder / DOCUMENTS).read_bytes().decode()
    assert text.startswith('[\n    {\n        "id": "9999|')
    assert text.endswith("        }\n    }\n]")
    assert "é" in text
    assert "\\u00e9" not in text


def test_links_stay_in_the_csv_and_are_gone_from_the_json(folder):
    assert all("](http" not in row["page_content"] for row in json_rows(folder / DOCUMENTS))
    for row in csv_rows(folder / SECTIONS):
        assert "](http" in row["match_iteration_name"]
        assert "](http" in row["selection_criteria"]


def test_the_quota_is_two_headings_in_the_json_and_one_in_the_csv(folder):
    documents, sections = json_rows(folder / DOCUMENTS), csv_rows(folder / SECTIONS)
    for program, document, row in zip(plan(1, 120), documents, sections, strict=True):
        french = program.language == "fr"
        label = "Quota approximatif:" if french else "Approximate Quota:"
        note = (" cliquez ici" if french else " click here") if program.has_quota_note else ""
        assert f"## {label}\n\n##   {program.quota}{note}\n" in document["page_content"]
        assert f"## {label} {program.quota}{note}  \n" in row["match_iteration_name"]


def test_an_english_faq_is_a_tuple_in_the_csv_and_a_french_one_is_text(folder):
    rows = csv_rows(folder / SECTIONS)
    faqs = {"en": [], "fr": []}
    for program, row in zip(PLANS, rows, strict=True):
        if row["faq"]:
            faqs[program.language].append(row["faq"])
    assert len(faqs["en"]) > 10
    assert len(faqs["fr"]) > 3
    assert all(re.fullmatch(r"""\((['"])# FAQ  \\n.*\1,\)""", faq) for faq in faqs["en"])
    assert all(faq.startswith("# Foire aux questions  \n") for faq in faqs["fr"])


def test_important_information_stands_in_the_json_only(folder):
    documents = json_rows(folder / DOCUMENTS)
    assert sum("\n# Important Information\n" in row["page_content"] for row in documents) > 50
    assert b"Important Information" not in (folder / SECTIONS).read_bytes()


def test_a_heading_in_the_text_cuts_the_section_in_the_csv(folder):
    rows = {row["program_description_id"]: row for row in csv_rows(folder / SECTIONS)}
    column = "supporting_documentation_information"
    cut = [program for program in PLANS if column in program.in_text_headings]
    assert cut
    for program in cut:
        last = "Relevé de notes médicale" if program.language == "fr" else "Transcript"
        assert last in page_content(program)
        assert last not in rows[program.program_stream_id][column]


def test_the_number_of_sections_counts_every_first_level_heading(folder):
    documents, rows = json_rows(folder / DOCUMENTS), csv_rows(folder / SECTIONS)
    for document, row in zip(documents, rows, strict=True):
        headings = re.findall(r"^#(?: .*)?$", document["page_content"], re.MULTILINE)
        assert int(row["n_program_description_sections"]) == len(headings)


def test_documents_wrap_at_78_characters_and_titles_too(folder):
    documents = [row["page_content"] for row in json_rows(folder / DOCUMENTS)]
    titles = [text[: text.index("\n#", 3)].strip() for text in documents]
    assert any("\n" in title for title in titles)
    for text in documents:
        for line in text.split("\n"):
            is_free = line.startswith(("  ", "*", "1", "2", "3", "4")) or "|" in line
            assert is_free or len(line.rstrip()) <= 78, line


def test_french_documents_have_the_real_forms_missing_accents(folder):
    french = [
        row["page_content"]
        for row in json_rows(folder / DOCUMENTS)
        if "Jumelage principal R-1 de 2099 - premier tour" in row["page_content"][:400]
    ]
    assert len(french) == sum(program.language == "fr" for program in PLANS)
    for text in french:
        for label in (
            "Approuve le",
            "Criteres provinciaux",
            "# Instruction generale",
            "‘",
            "’",
            "'",
        ):
            assert label in text


def test_people_live_below_example_ca_and_their_phones_are_555(folder):
    text = "".join(row["page_content"] for row in json_rows(folder / DOCUMENTS))
    hosts = {address.rpartition("@")[2] for address in re.findall(r"\S+@\S+", text)}
    assert hosts
    assert all(host.endswith(".example.ca") for host in hosts)
    phones = re.findall(r"\d{3}\)?[ -]\d{3}-\d{4}", text)
    assert phones
    assert all(re.search(r"555-01\d\d$", phone) for phone in phones)


def test_a_second_delivery_drops_one_program_adds_one_and_changes_a_few():
    first = {program.program_stream_id: program for program in plan(1, 40)}
    second = {program.program_stream_id: program for program in plan(1, 40, delivery=2)}
    assert len(first.keys() - second.keys()) == 1
    assert len(second.keys() - first.keys()) == 1
    changed = [key for key in first.keys() & second.keys() if first[key] != second[key]]
    assert 1 <= len(changed) <= 5
    assert all(second[key].quota == first[key].quota + 1 for key in changed)


def test_another_iteration_has_most_of_the_programs_and_differs_in_some():
    usual, other = (
        {p.program_stream_id: p for p in plan(7, 120, iteration=i)} for i in (9025, 9026)
    )
    assert len(usual) == len(other) == 120
    both = usual.keys() & other.keys()
    assert 110 <= len(both) < 120
    differs = {
        name: sum(getattr(usual[i], name) != getattr(other[i], name) for i in both)
        for name in ("slot", "quota", "text_seed", "applications")
    }
    assert differs.pop("slot") == 0
    assert all(2 <= number <= 30 for number in differs.values()), differs
    assert min(p.quota for p in other.values()) == 1


def test_another_iteration_has_its_prefix_in_names_ids_and_pages(tmp_path):
    folder = files_of(tmp_path, programs=2, iteration=9998)
    assert all(path.name.startswith("9998_") for path in folder.glob("[!.]*"))
    row = csv_rows(folder / "9998_program_descriptions_x_section.csv")[0]
    assert row["document_id"].startswith("9998-")
    assert "/9998/" in row["source"]
    assert "2098" in row["match_iteration_name"]


@pytest.mark.parametrize("option", ["programs", "iteration", "delivery"])
def test_a_number_below_one_is_refused_at_once(option):
    with pytest.raises(ValueError, match=f"`{option}` must be 1 or more, not 0"):
        generate(seed=1, **{option: 0})


def test_anomalies_are_added_to_the_sound_records_and_change_none(folder, faulty):
    assert sheet(faulty / MASTER)[:121] == sheet(folder / MASTER)
    assert json_rows(faulty / DOCUMENTS)[:120] == json_rows(folder / DOCUMENTS)
    assert csv_rows(faulty / SECTIONS)[:120] == csv_rows(folder / SECTIONS)


def test_the_ground_truth_names_every_faulty_record(folder, faulty):
    truth = json_rows(faulty / "9999_anomalies.json")
    assert all(list(row) == ["source", "kind", "key", "code", "count"] for row in truth)
    planted = Counter()
    for row in truth:
        planted[row["source"]] += row["count"]
    assert planted == {
        "discipline": len(sheet(faulty / DISCIPLINE)) - len(sheet(folder / DISCIPLINE)),
        "program_master": 6,
        "markdown_program_descriptions": 6,  # the doubled document's sound copy is one of them
        "program_descriptions_x_section": 4,
    }
    assert {row["code"] for row in truth} == {
        "TYPE_MISMATCH",
        "REQUIRED_NULL",
        "PATTERN_MISMATCH",
        "DUPLICATE_KEY",
        "UNKNOWN_REFERENCE",
        "OUT_OF_RANGE",
    }


def test_planted_faults_stand_in_the_files(faulty):
    _, *master = sheet(faulty / MASTER)
    assert [type(row[5]) for row in master[120:]] == [int, str, str, str, str, str]
    assert master[121][4] is None
    assert master[123][5] == master[124][5]
    documents = json_rows(faulty / DOCUMENTS)
    assert [("id" in row) for row in documents[119:]] == [True, False, True, True, True, True]
    assert documents[-1]["id"] == documents[119]["id"]
    assert documents[122]["page_content"] == ""


def test_the_committed_sample_is_what_the_generator_makes(tmp_path):
    fresh = files_of(tmp_path, programs=20)
    for name in (DISCIPLINE, MASTER):
        assert sheet(SAMPLE / name) == sheet(fresh / name), name
    for name in (DOCUMENTS, SECTIONS):
        committed = (SAMPLE / name).read_bytes().replace(b"\r\n", b"\n")
        assert committed == (fresh / name).read_bytes(), name


@pytest.mark.real_data
def test_headers_and_keys_are_those_of_the_real_files(folder, real_carms):
    for name in ("discipline.xlsx", "program_master.xlsx"):
        assert sheet(folder / f"9999_{name}")[0] == sheet(real_carms / f"1503_{name}")[0]
    with (real_carms / SECTIONS.replace("9999", "1503")).open("rb") as file:
        assert file.readline().decode().rstrip("\n") == CSV_HEADER
    real = json_rows(real_carms / DOCUMENTS.replace("9999", "1503"))[0]
    ours = json_rows(folder / DOCUMENTS)[0]
    assert list(ours) == list(real)
    assert list(ours["metadata"]) == list(real["metadata"])


def test_the_csv_has_the_real_header_and_line_feeds(folder):
    text = (folder / SECTIONS).read_bytes().decode()
    assert text.partition("\n")[0] == CSV_HEADER
    assert "\r" not in text
