"""Names, headers and values come from strangers: none of them moves a cursor or looks like ours."""

import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.progress import Progress
from tiny import SALES, put, stocked
from typer.testing import CliRunner

from carms_lake.cli import make_app, render
from carms_lake.cli.context import Call
from carms_lake.cli.formats import escaped, on_one_line

EVIL = "\x1b]0;title\x07\x1b[2J\x9b31m\u202egnp.exe\u2066\u200b\rerror: [red]done"
LINE = "\nerror: forged"


CONTROLS = {*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0))} - {"\n", "\t"}
TURNING = set("\u200b\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def is_harmless(text: str) -> bool:
    """Whether nothing but line feeds and tabs in it is a control character or turns a text."""
    return (CONTROLS | TURNING).isdisjoint(text)


@given(st.text())
def test_what_is_escaped_is_harmless_and_stays_readable(text: str) -> None:
    assert is_harmless(escaped(text))
    assert is_harmless(on_one_line(text))
    assert "\n" not in on_one_line(text)
    assert escaped(text).count("\n") == text.count("\n")
    plain = "".join(c for c in text if c.isprintable())
    assert escaped(plain) == on_one_line(plain) == plain


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake whose deliveries have evil names, headers and values."""
    config = stocked(tmp_path_factory.mktemp("project"))
    (config.project / "carms.toml").write_text("", encoding="utf-8")
    put(
        config,
        "sales/day_2.csv",
        SALES.splitlines()[0] + f"\ns3{EVIL},p1,many{EVIL}\ns4,{EVIL},1\n",
    )
    put(config, "sales/day_3.csv", f"sale_id,{EVIL},quantity\ns9,p1,1\n")
    with zipfile.ZipFile(config.data_raw / "sales" / "more.zip", "w") as archive:
        archive.writestr(f"sales/day{EVIL}{LINE}.csv", f"sale_id,product{EVIL}\n1,2\n")
        archive.writestr(f"other{EVIL}{LINE}.txt", "x")
    return config.project


COMMANDS = [
    "ingest",
    "build",
    "status",
    "doctor -f table",
    "rejects",
    "rejects -f table",
    "rejects -f md",
    "rejects --history -f table",
    "rejects sales --suggest",
    "check --failures -f table",
    "drift",
    "trace s3 -f table",
    "history bronze.sales -f table",
    "describe bronze.sales -f table",
    "query -f table",
    "query -f md",
    "rejects replay",
]


@pytest.mark.slow
def test_no_command_writes_a_control_character_for_reading(lake: Path) -> None:
    evil = f"select 'a{EVIL}' as \"b{EVIL}\", 1 as c"
    for words in COMMANDS:
        argv = words.split()
        argv += [evil] if argv[0] == "query" else []
        found = CliRunner().invoke(make_app(), ["-p", str(lake), "-d", "tiny", *argv])
        assert found.exit_code != 70, (words, found.output)
        for text in (found.stdout, found.stderr):
            assert is_harmless(text), (words, text)
            assert not [line for line in text.splitlines() if line == LINE.strip()], (words, text)


def test_errors_and_their_hints_are_escaped(lake: Path) -> None:
    for argv in (
        ["query", f"select '{EVIL}{LINE}"],
        ["query", f'from "silver"."{EVIL}"'],
        ["ingest", f"x{EVIL}{LINE}"],
        ["ingest", "--from", str(lake / f"none{LINE}")],
        ["describe", f"x{EVIL}"],
        [f"verb{EVIL}{LINE}"],
        ["query", "-v", f"x{EVIL}"],
    ):
        found = CliRunner().invoke(make_app(), ["-p", str(lake), "-d", "tiny", *argv])
        assert found.exit_code, argv
        assert is_harmless(found.stderr), argv
        assert LINE.strip() not in found.stderr.splitlines(), argv


def test_a_query_in_a_pipe_gives_csv_as_it_is(lake: Path) -> None:
    sql = "select 'a' || chr(27) || '[2J' as b"
    found = CliRunner().invoke(
        make_app(), ["-p", str(lake), "-d", "tiny", "query", "-f", "csv", sql]
    )
    assert found.stdout == "b\na\x1b[2J\n"


def test_progress_shows_no_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr(
        Progress, "update", lambda *_, **values: shown.append(values["description"])
    )
    with render.progress(Call()) as advance:
        assert advance is not None
        advance(EVIL + LINE, 1, 2)
    assert is_harmless(shown[0])
    assert "\n" not in shown[0]
