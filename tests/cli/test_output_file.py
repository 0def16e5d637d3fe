"""What `-o` names: a file gets its content as a whole, anything else is written into."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from carms_lake.cli import make_app

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
ROWS = "select range as n from range(3)"
CSV = "n\n0\n1\n2\n"


@pytest.fixture
def query(tmp_path: Path) -> Callable[..., Result]:
    """`carms query` in an empty project."""
    (tmp_path / "carms.toml").write_text("", encoding="utf-8")
    before = ["-p", str(tmp_path), "-d", "carms", "query", ROWS]
    return lambda *argv: CliRunner().invoke(make_app(), [*before, *map(str, argv)])


@POSIX
@pytest.mark.parametrize("is_there", [True, False])
def test_a_link_stays_and_leads_to_the_new_content(
    is_there: bool, query: Callable[..., Result], tmp_path: Path
) -> None:
    there = tmp_path / "elsewhere"
    there.mkdir()
    if is_there:
        (there / "rows.csv").write_text("a longer text than the rows are", encoding="utf-8")
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    first.symlink_to("second.csv")
    second.symlink_to(there / "rows.csv")
    assert query("-o", first).exit_code == 0
    assert first.is_symlink()
    assert second.is_symlink()
    assert (there / "rows.csv").read_text(encoding="utf-8") == CSV
    assert [path.name for path in there.iterdir()] == ["rows.csv"]


@POSIX
@pytest.mark.parametrize("file_format", ["csv", "json", "parquet", "xlsx"])
def test_a_pipe_gets_the_bytes_that_a_file_gets(
    file_format: str, query: Callable[..., Result], tmp_path: Path
) -> None:
    pipe, file = tmp_path / f"pipe.{file_format}", tmp_path / f"file.{file_format}"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    assert query("-o", pipe).exit_code == 0
    reader.join(10)
    assert query("-o", file).exit_code == 0
    assert read == [file.read_bytes()]
    assert pipe.is_fifo()


@POSIX
def test_a_pipe_that_nobody_reads_is_an_error(
    query: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("carms_lake.files._PIPE_WAIT_S", 0.1)
    os.mkfifo(tmp_path / "pipe.csv")
    found = query("-o", tmp_path / "pipe.csv")
    assert found.exit_code == 5
    assert "start what reads from the pipe first" in found.stderr
    assert (tmp_path / "pipe.csv").is_fifo()


@POSIX
@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_a_device_stays_a_device(file_format: str, query: Callable[..., Result]) -> None:
    assert query("-f", file_format, "-o", os.devnull).exit_code == 0
    assert Path(os.devnull).is_char_device()


@POSIX
def test_dev_stdout_is_stdout_and_a_file_behind_it_is_not_cut(tmp_path: Path) -> None:
    (tmp_path / "carms.toml").write_text("", encoding="utf-8")
    log = tmp_path / "log.csv"
    log.write_text("before\n", encoding="utf-8")
    words = ["-p", str(tmp_path), "-d", "carms", "query", ROWS, "-f", "csv", "-o", "/dev/stdout"]
    with log.open("ab") as stream:
        subprocess.run([sys.executable, "-m", "carms_lake", *words], stdout=stream, check=True)
    assert log.read_text(encoding="utf-8") == f"before\n{CSV}"


def test_a_folder_is_not_replaced(query: Callable[..., Result], tmp_path: Path) -> None:
    folder = tmp_path / "rows.csv"
    folder.mkdir()
    (folder / "kept").write_text("x", encoding="utf-8")
    for argv in (["-o", folder], ["-f", "parquet", "-o", folder]):
        found = query(*argv)
        assert found.exit_code == 2
        assert "is a folder" in found.stderr
    assert (folder / "kept").is_file()


def asked(folder: Path, *argv: str, stdin: str | None = None) -> Result:
    """`carms query` in an empty project."""
    (folder / "carms.toml").write_text("", encoding="utf-8")
    return CliRunner().invoke(
        make_app(), ["-p", str(folder), "-d", "carms", "query", *argv], input=stdin
    )


def test_the_object_of_json_goes_to_the_file_that_is_named(
    query: Callable[..., Result], tmp_path: Path
) -> None:
    done = query("--json", "-o", tmp_path / "rows.json")
    assert (done.exit_code, done.stdout) == (0, "")
    answer = json.loads((tmp_path / "rows.json").read_text(encoding="utf-8"))
    assert answer["data"] == [{"n": 0}, {"n": 1}, {"n": 2}]


def test_beside_a_file_of_another_format_the_object_of_json_names_it(
    query: Callable[..., Result], tmp_path: Path
) -> None:
    file = tmp_path / "rows.csv"
    done = query("--json", "-o", file)
    assert file.read_text(encoding="utf-8") == CSV
    answer = json.loads(done.stdout)
    assert (answer["status"], answer["data"]) == ("done", {"file": str(file)})


@pytest.mark.parametrize(
    "sql",
    [
        "-- why\nselect 1 as a",
        "--why\nselect 1 as a",
        "-- why=x\nselect 1 as a",
        "/* why */ select 1 as a",
        "\n-- why\n select 1 as a",
        "select 1 as a -- why",
    ],
)
def test_sql_may_begin_with_a_comment(sql: str, tmp_path: Path) -> None:
    for argv in ([sql, "-f", "csv"], ["-f", "csv", sql]):
        done = asked(tmp_path, *argv)
        assert (done.exit_code, done.stdout) == (0, "a\n1\n")


@pytest.mark.parametrize("option", ["--tiemout=3", "--tiemout", "--nope"])
def test_an_unknown_option_is_not_taken_for_a_comment(option: str, tmp_path: Path) -> None:
    done = asked(tmp_path, "select 1", option)
    assert done.exit_code == 2
    assert "No such option" in done.output


def test_a_file_with_a_statement_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.sql").write_bytes(b"select '\xff'")
    for name, says in (
        ("nope.sql", "there is no file `{}`"),
        ("", "`{}` is a folder"),
        ("bad.sql", "`{}` is not UTF-8 text"),
    ):
        file = tmp_path / name
        done = asked(tmp_path, "-i", str(file))
        assert done.exit_code == 2
        assert says.format(file) in done.output.replace("\n  ", "")
