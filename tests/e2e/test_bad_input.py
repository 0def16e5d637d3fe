"""Bad files: each gets a message that says what, where and what to do; the good ones land."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import pytest
from command import called as carms

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.slow

MASTER = "9999_program_master.xlsx"
DOCUMENTS = "9999_markdown_program_descriptions_v2.json"
SECTIONS = "9999_program_descriptions_x_section.csv"


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of 40 programs: two quarantined rows are within the 5 % that a build allows."""
    folder = tmp_path_factory.mktemp("sources")
    carms(folder, "init")
    done = carms(folder, "generate", "carms", "--programs", "40")
    assert done.code == 0, done.err
    return folder


@pytest.fixture
def project(sources: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sources, tmp_path / "project"))


def workbook(
    change: Callable[[openpyxl.worksheet.worksheet.Worksheet], None],
) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        book = openpyxl.load_workbook(folder / MASTER)
        change(book.worksheets[0])
        book.save(folder / MASTER)
        book.close()

    return apply


def documents(change: Callable[[list[dict[str, object]]], None]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        found = json.loads((folder / DOCUMENTS).read_text(encoding="utf-8"))
        change(found)
        (folder / DOCUMENTS).write_text(json.dumps(found), encoding="utf-8")

    return apply


def written(name: str, data: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(data) and None


def cut(folder: Path) -> None:
    data = (folder / DOCUMENTS).read_bytes()
    (folder / DOCUMENTS).write_bytes(data[: len(data) // 2])


def bomb(folder: Path) -> None:
    (folder / SECTIONS).unlink()
    with (
        zipfile.ZipFile(folder / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(SECTIONS, "w") as member,
    ):
        for _ in range(100):
            member.write(b"0" * 2**20)


REFUSED = [
    ("a renamed column", workbook(lambda s: s.__setitem__("D1", "school")), MASTER, "school_id"),
    ("a missing column", workbook(lambda s: s.delete_cols(5)), MASTER, "school_name"),
    ("an extra column", workbook(lambda s: s.__setitem__("L1", "notes")), MASTER, "notes"),
    ("truncated JSON", cut, DOCUMENTS, "line"),
    ("an object instead of an array", written(DOCUMENTS, b'{"id": 1}'), DOCUMENTS, "array"),
    ("an empty file", written(SECTIONS, b""), SECTIONS, "0 bytes"),
    ("a 0-byte workbook", written(MASTER, b""), MASTER, "0 bytes"),
    ("a text called a workbook", written(MASTER, b"discipline_id,discipline\n"), MASTER, "xlsx"),
    ("a workbook called a text", written(SECTIONS, b"PK\x03\x04" + bytes(200)), SECTIONS, "zip"),
    ("a zip bomb", bomb, SECTIONS, "unpacks"),
]


@pytest.mark.parametrize(
    ("change", "name", "word"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_a_file_that_cannot_be_read_is_named_and_the_others_land(
    project: Path, change: Callable[[Path], None], name: str, word: str
) -> None:
    change(project / "data_raw/carms")
    done = carms(project, "ingest")
    assert done.code == 4
    assert name in done.err
    assert word.lower() in done.err.lower()
    assert "hint:" in done.err
    assert "Traceback" not in done.err
    statuses = {row["file"]: row["status"] for row in done.rows}
    assert statuses[name] == "refused"
    assert sorted(statuses.values()) == [
        "landed",
        "landed",
        "landed",
        "refused",
    ]


def numbers(sheet: openpyxl.worksheet.worksheet.Worksheet) -> None:
    for row in range(2, 5):
        sheet.cell(row, 6).value = int(sheet.cell(row, 6).value)


REJECTED = [
    ("ids that are numbers", workbook(numbers), MASTER, 3, "TYPE_MISMATCH", "F2"),
    (
        "a document without an id",
        documents(lambda d: d[0].__delitem__("id")),
        DOCUMENTS,
        1,
        "REQUIRED_NULL",
        "document_id",
    ),
    (
        "an element that is no object",
        documents(lambda d: d.append("x")),
        DOCUMENTS,
        1,
        "MALFORMED_ROW",
        "object",
    ),
]


@pytest.mark.parametrize(
    ("change", "name", "count", "code", "word"),
    [case[1:] for case in REJECTED],
    ids=[case[0] for case in REJECTED],
)
def test_a_bad_record_is_set_aside_and_the_good_ones_land(
    project: Path, change: Callable[[Path], None], name: str, count: int, code: str, word: str
) -> None:
    change(project / "data_raw/carms")
    done = carms(project, "ingest")
    assert done.code == 0
    assert f"{count} rejected" in done.err
    assert {row["file"]: row["rejected"] for row in done.rows}[name] == str(count)
    reasons = carms(project, "rejects").rows
    assert [row["code"] for row in reasons] == [code] * count
    assert word in reasons[0]["message"]
    assert reasons[0]["raw_record"]
    assert carms(project, "ingest", "--strict", "--full-refresh").code == 1


QUARANTINED = [
    ("the same document twice", documents(lambda d: d.append(d[0])), "DUPLICATE_KEY", 0),
    (
        "two texts of one document",
        documents(lambda d: d.append({**d[0], "page_content": d[1]["page_content"]})),
        "DUPLICATE_KEY",
        2,
    ),
    (
        "a document for no program",
        documents(
            lambda d: d.append(
                {**d[0], "id": "9999|1", "metadata": {"source": "https://x.ca/9999/1"}}
            )
        ),
        "UNKNOWN_REFERENCE",
        1,
    ),
    (
        "the same program twice",
        workbook(lambda s: s.append([c.value for c in s[2]])),
        "DUPLICATE_KEY",
        0,
    ),
    (
        "two addresses of one program",
        workbook(lambda s: s.append([*(c.value for c in s[2][:-1]), s[3][-1].value])),
        "DUPLICATE_KEY",
        2,
    ),
]


@pytest.mark.parametrize(
    ("change", "code", "count"),
    [case[1:] for case in QUARANTINED],
    ids=[case[0] for case in QUARANTINED],
)
def test_what_only_silver_can_see_is_quarantined_and_counted(
    project: Path, change: Callable[[Path], None], code: str, count: int
) -> None:
    change(project / "data_raw/carms")
    assert carms(project, "ingest").code == 0
    done = carms(project, "build")
    assert done.code == 0, done.err
    found = [row["code"] for row in carms(project, "rejects").rows]
    assert found.count(code) == count


def test_a_missing_sheet_names_the_sheets_that_are_there(project: Path) -> None:
    contract = project / "schemas/carms/bronze/program_master.odcs.yaml"
    contract.parent.mkdir(parents=True)
    shipped = Path(__file__).parents[2] / "schemas/carms/bronze/program_master.odcs.yaml"
    text = shipped.read_text(encoding="utf-8")
    contract.write_text(text.replace("value: Sheet1", "value: Programs"), encoding="utf-8")
    done = carms(project, "ingest")
    assert done.code == 4
    assert "`Programs`" in done.err
    assert "Sheet1" in done.err


def test_a_refused_file_that_was_mended_lands(project: Path) -> None:
    path = project / "data_raw/carms" / SECTIONS
    good = path.read_bytes()
    path.write_bytes(b"")
    assert carms(project, "ingest").code == 4
    path.write_bytes(good)
    done = carms(project, "ingest")
    assert done.code == 0
    assert {r["file"]: r["status"] for r in done.rows}[SECTIONS] == "landed"


def test_a_demo_in_a_project_needs_yes(tmp_path: Path) -> None:
    assert carms(tmp_path, "init", "shop").code == 0
    refused = carms(tmp_path, "demo", "shop")
    assert refused.code == 2
    assert "is a project already" in refused.err
    assert list((tmp_path / "shop" / "data_raw" / "carms").iterdir()) == []


def test_generate_beside_own_files_needs_yes_and_never_replaces_them(project: Path) -> None:
    folder = project / "data_raw" / "carms"
    own = folder / "1503_discipline.xlsx"
    shutil.copy(folder / "9999_discipline.xlsx", own)
    own.write_bytes(own.read_bytes() + b"\n")
    more = ("generate", "carms", "--programs", "3", "--iteration", "9998")
    assert carms(project, *more).code == 2
    assert carms(project, *more, "--yes").code == 0
    assert (folder / "9998_discipline.xlsx").is_file()
    refused = carms(project, "generate", "carms", "--iteration", "1503", "--yes")
    assert (refused.code, "would be lost" in refused.err) == (2, True)
    assert not (folder / "1503_program_master.xlsx").exists()
