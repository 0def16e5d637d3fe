"""The command: what it parses, what goes to stdout and stderr, how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Annotated, NamedTuple

import duckdb
import polars as pl
import pytest
from lakes import small_lake
from typer.testing import CliRunner, Result

from carms_lake import __version__
from carms_lake.cli import make_app
from carms_lake.cli.command import Call, Option, Typer, command, note

if TYPE_CHECKING:
    from pathlib import Path

WINDOWS = sys.platform == "win32"


def invoke(*argv: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(make_app(), list(argv), input=stdin)


def carms(*argv: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "carms_lake", *argv]
    variables = {k: v for k, v in os.environ.items() if not k.startswith("CARMS_")} | env
    return subprocess.run(
        command, cwd=cwd, env=variables, capture_output=True, check=False, stdin=subprocess.DEVNULL
    )


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    small_lake(folder)
    return folder


def test_the_version_goes_to_stdout() -> None:
    assert invoke("--version").stdout == f"carms {__version__}\n"


@pytest.mark.parametrize(
    "argv",
    [
        ["-p", "{lake}", "-d", "carms", "query", "select 7"],
        ["query", "-p", "{lake}", "-d", "carms", "select 7"],
        ["query", "select 7", "--project", "{lake}", "--domain", "carms"],
        ["-p", "nowhere", "-d", "none", "query", "select 7", "-p", "{lake}", "-d", "carms"],
    ],
)
def test_shared_options_work_before_and_after_the_verb_and_the_later_wins(
    lake: Path, argv: list[str]
) -> None:
    result = invoke(*(word.replace("{lake}", str(lake)) for word in argv))
    assert (result.exit_code, result.stdout) == (0, "7\n7\n")


class Place(NamedTuple):
    """Options that commands of a domain share, as `--city Ulm --floor 2`."""

    city: Annotated[str | None, Option("--city", help="Where it is.")] = None
    floor: Annotated[int, Option(help="How high.")] = 0
    open_on: Annotated[list[str] | None, Option("--open-on")] = None


def place_command(*argv: str) -> Result:
    app = Typer()

    @command(app)
    def before(call: Call, place: Place, name: str = "x") -> None:
        """Say where."""
        note(call, " ".join(map(str, [type(place).__name__, *place, name])))

    @command(app)
    def other(call: Call) -> None:
        """Be there, so that commands have names."""

    return CliRunner().invoke(app, ["before", *argv])


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ([], "Place None 0 None x\n"),
        (["--city", "Ulm", "--floor", "2", "--name", "y"], "Place Ulm 2 None y\n"),
        (["--open-on", "mo", "--open-on", "tu"], "Place None 0 ['mo', 'tu'] x\n"),
    ],
)
def test_a_parameter_that_is_a_named_tuple_is_an_option_for_each_of_its_fields(
    argv: list[str], said: str
) -> None:
    result = place_command(*argv)
    assert (result.exit_code, result.stderr) == (0, said)


def test_the_options_of_a_named_tuple_are_in_the_help_and_held_to_their_types() -> None:
    shown = place_command("--help").stdout
    assert "Where it is." in shown
    assert "How high." in shown
    assert "--place" not in shown
    wrong = place_command("--floor", "high")
    assert (wrong.exit_code, wrong.stdout) == (2, "")


def test_a_statement_comes_from_an_argument_a_file_or_stdin(lake: Path, tmp_path: Path) -> None:
    (tmp_path / "q.sql").write_text("\ufeffselect 'é' as e", encoding="utf-8")
    expected = "e\né\n"
    assert invoke("query", "select 'é' as e", "-p", str(lake)).stdout == expected
    assert invoke("query", "-i", str(tmp_path / "q.sql"), "-p", str(lake)).stdout == expected
    assert invoke("query", "-i", "-", "-p", str(lake), stdin="select 'é' as e").stdout == expected
    assert invoke("query", "-", "-p", str(lake), stdin="select 'é' as e").stdout == expected
    assert invoke("query", "-p", str(lake), stdin="select 'é' as e").stdout == expected


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["query", "select 1", "-i", "x.sql"], "both an SQL argument and `-i`"),
        (["query", "-i", "no-such.sql"], "there is no file `no-such.sql`"),
        (["query", "select 1", "-o", "rows.ods"], "the suffix names no format"),
        (["query", "select 1", "--timeout", "0"], "not a number of seconds"),
        (["query", "drop table x"], "refuses a DROP statement"),
        (["describe", "silver.progam"], "no table `silver.progam`"),
        (["-d", "carmz", "tables"], "unknown domain `carmz`"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_to_do(
    lake: Path, argv: list[str], message: str
) -> None:
    result = invoke("-p", str(lake), *argv)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert message in result.stderr
    assert "hint: " in result.stderr


@pytest.mark.parametrize(
    "suffix", ["csv", "tsv", "json", "jsonl", "ndjson", "md", "parquet", "xlsx", "txt"]
)
def test_a_suffix_names_the_format_and_the_file_appears_whole(
    lake: Path, tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"rows.{suffix}"
    result = invoke("-p", str(lake), "query", "from program_profile", "-o", str(path))
    assert (result.exit_code, result.stdout) == (0, "")
    assert path.stat().st_size > 50
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_query_that_fails_midway_leaves_the_old_file(lake: Path, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("old", encoding="utf-8")
    sql = "select case when range = 30000 then error('late') else 'x' end from range(40000)"
    result = invoke("-p", str(lake), "query", sql, "-o", str(path))
    assert result.exit_code == 2
    assert path.read_text(encoding="utf-8") == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_the_json_envelope_has_the_same_fields_for_rows_and_for_errors(lake: Path) -> None:
    good = invoke(
        "-p", str(lake), "--json", "query", "select tuition from program_profile order by 1"
    )
    assert json.loads(good.stdout) == {
        "schema_version": 1, "run_id": None, "status": "done",
        "data": [{"tuition": 1.5}, {"tuition": None}], "errors": [],
    }  # fmt: skip
    bad = invoke("-p", str(lake), "query", "from silver.nope", "--json")
    envelope = json.loads(bad.stdout)
    assert (bad.exit_code, envelope["status"], envelope["data"]) == (2, "failed", None)
    assert envelope["errors"][0]["kind"] == "QueryRefused"
    assert envelope["errors"][0]["hint"]


def test_names_of_tables_are_one_per_line(lake: Path) -> None:
    names = invoke("-p", str(lake), "tables", "--names").stdout.splitlines()
    assert "silver.program" in names
    assert (
        names == json.loads(invoke("-p", str(lake), "tables", "--names", "--json").stdout)["data"]
    )


def test_describe_tells_about_the_table_on_stderr_and_its_columns_on_stdout(lake: Path) -> None:
    result = invoke("-p", str(lake), "describe", "bronze.discipline")
    assert result.stdout.splitlines()[0] == "column,type,nullable,key,references,description"
    assert "Grain: One row per discipline" in result.stderr
    assert invoke("-p", str(lake), "describe", "bronze.discipline", "-q").stderr == ""


def test_init_makes_a_project_once_and_leaves_what_is_there(tmp_path: Path) -> None:
    first = invoke("init", str(tmp_path / "new"))
    assert first.exit_code == 0
    assert (tmp_path / "new" / "data_raw" / "carms").is_dir()
    settings = tmp_path / "new" / "carms.toml"
    settings.write_text("query_timeout_s = 5\n", encoding="utf-8")
    again = invoke("init", str(tmp_path / "new"), "--json")
    assert json.loads(again.stdout)["data"] == []
    assert settings.read_text(encoding="utf-8") == "query_timeout_s = 5\n"


def test_a_new_project_has_settings_that_can_be_read(tmp_path: Path) -> None:
    invoke("init", str(tmp_path))
    assert invoke("-p", str(tmp_path), "query", "select 1").exit_code == 0
    invoke("init", str(tmp_path / "tiny"), "-d", "tiny")
    assert "silver.sale" in invoke("-p", str(tmp_path / "tiny"), "tables", "--names").stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        (["query", "select 1"], 0, ""),
        (["query", "from nope"], 2, "no table `nope`"),
        (
            ["query", "select count(*) from range(9000000000000)", "--timeout", "0.2"],
            1,
            "longer than 0.2 s",
        ),
        (  # one call that DuckDB cannot stop
            [
                "query",
                "select levenshtein(repeat('ab', 50000), repeat('ba', 50000))",
                "--timeout",
                "0.2",
            ],
            1,
            "longer than 0.2 s",
        ),
        (["qery", "select 1"], 2, "Did you mean 'query'?"),
        (["query", "--nope"], 2, "No such option: --nope"),
        (["query", "select 1", "-f", "html"], 2, "'html' is not one of"),
        (["query", "select 1", "-p", "elsewhere"], 2, "is not a carms project"),
        ([], 2, "Usage: carms"),
    ],
)
def test_a_process_ends_with_the_code_of_what_happened(
    lake: Path, argv: list[str], code: int, message: str
) -> None:
    done = carms(*argv, cwd=lake)
    assert done.returncode == code
    assert message in done.stderr.decode()
    assert b"Traceback" not in done.stderr
    assert b"leaked" not in done.stderr
    assert (done.stdout == b"") == (code != 0)


def test_gold_that_is_not_there_ends_with_5(tmp_path: Path) -> None:
    small_lake(tmp_path, gold=False)
    done = carms("query", "from gold.program_profile", cwd=tmp_path)
    assert done.returncode == 5
    assert b"carms build" in done.stderr


def test_a_wrong_contract_ends_with_3(tmp_path: Path) -> None:
    small_lake(tmp_path)
    path = tmp_path / "schemas" / "carms" / "gold" / "fact_program.odcs.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("kind: [", encoding="utf-8")
    done = carms("describe", "fact_program", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (3, b"")


def test_a_fault_of_the_program_is_one_line_and_ends_with_70(lake: Path) -> None:
    code = (
        "import sys\nfrom carms_lake.flows import query as describe\n"
        "def broken(config):\n    raise RuntimeError('boom\\nmore')\n"
        "describe.table_names = broken\nfrom carms_lake.cli import main\nmain()\n"
    )
    command = [sys.executable, "-c", code, "tables", "--names", "-p", str(lake)]
    quiet = subprocess.run(command, capture_output=True, text=True, check=False)
    assert quiet.returncode == 70
    assert quiet.stderr.splitlines() == [
        "error: this is a bug in carms: RuntimeError: boom",
        "hint: run it again with -v for the traceback, and report both",
    ]
    loud = subprocess.run([*command, "-v"], capture_output=True, text=True, check=False)
    assert (loud.returncode, "Traceback" in loud.stderr) == (70, True)


def test_a_library_that_panics_is_a_fault_of_the_program_in_one_line(lake: Path) -> None:
    code = (
        "from carms_lake.flows import query as describe\n"
        "class PanicException(BaseException):\n    pass\n"
        "def broken(config):\n    raise PanicException('index 7')\n"
        "describe.table_names = broken\nfrom carms_lake.cli import main\nmain()\n"
    )
    command = [sys.executable, "-c", code, "tables", "--names", "-p", str(lake)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 70
    assert done.stderr.startswith("error: this is a bug in carms: PanicException: index 7\n")
    assert "Traceback" not in done.stderr


def test_stdout_is_utf8_with_line_feeds_whatever_the_locale(lake: Path) -> None:
    sql = "select program_name from program_profile order by program_stream_id"
    done = carms("query", sql, cwd=lake, PYTHONIOENCODING="ascii", LC_ALL="C")
    assert done.stdout == 'program_name\n"Médecine, ""familiale"""\n"Two\nlines"\n'.encode()


def test_parquet_goes_down_a_pipe_whole(lake: Path, tmp_path: Path) -> None:
    done = carms("query", "from range(1000)", "-f", "parquet", cwd=lake)
    (tmp_path / "x.parquet").write_bytes(done.stdout)
    assert pl.read_parquet(tmp_path / "x.parquet").height == 1000


def test_a_reader_that_goes_away_is_no_error(lake: Path) -> None:
    command = [sys.executable, "-m", "carms_lake", "query", "from range(3000000)"]
    with subprocess.Popen(
        command, cwd=lake, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"range\n"
        process.stdout.close()
        assert process.wait(timeout=60) == 0
        assert process.stderr.read() == b""


@pytest.mark.slow
@pytest.mark.skipif(WINDOWS, reason="a console event cannot be sent to one process there")
def test_ctrl_c_ends_with_130_and_changes_nothing(lake: Path) -> None:
    # A busy machine takes seconds for imports, which nobody waits to interrupt.
    ready = "import sys, duckdb, polars, carms_lake.flows.query as _; print('ready', flush=True);"
    program = f"{ready} from carms_lake.cli import main; main()"
    sql = "select count(*) from range(9000000000000)"
    with subprocess.Popen(
        [sys.executable, "-c", program, "query", sql],
        cwd=lake,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, b"")
    assert err.decode().strip() == "interrupted: everything is as it was"


@pytest.mark.slow
def test_a_gold_file_held_by_a_writer_names_who_holds_it_and_the_way_out(tmp_path: Path) -> None:
    config = small_lake(tmp_path)
    with duckdb.connect(str(config.gold_file)):
        done = carms("query", "from gold.program_profile", cwd=tmp_path)
        assert carms("query", "from silver.program", cwd=tmp_path).returncode == 0
    assert done.returncode == 5
    assert b"is open for writing in" in done.stderr
    assert WINDOWS or f"(process {os.getpid()})".encode() in done.stderr
    assert b"hint: close it there, or open it read-only" in done.stderr
