"""At the prompt each statement is answered as by `carms query`, and none ends the session."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from command import carms, executable
from hypothesis import given
from hypothesis import strategies as st
from tiny import built
from typer.testing import CliRunner

from carms_lake.cli import make_app
from carms_lake.cli.shell import split

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "statements", "rest"),
    [
        ("select 1;", ["select 1"], ""),
        ("select 1;\n", ["select 1"], ""),
        ("select 1", [], "select 1"),
        ("select ';'; select 2;", ["select ';'", " select 2"], ""),
        ("select 'it''s; ", [], "select 'it''s; "),
        ('select ";"; x', ['select ";"'], " x"),
        ("select 1 -- no; end\n;", ["select 1 -- no; end\n"], ""),
        ("select /* ; */ 1;", ["select /* ; */ 1"], ""),
        ("select /* ; ", [], "select /* ; "),
        ("select $$;$$; select $a$ ; $$ $a$;", ["select $$;$$", " select $a$ ; $$ $a$"], ""),
        ("select e'\\';'; y", ["select e'\\';'"], " y"),
        ("-- only a comment\n", [], ""),
        (";;\n", [], ""),
    ],
)
def test_a_statement_ends_at_its_semicolon_alone(
    text: str, statements: list[str], rest: str
) -> None:
    assert split(text) == (statements, rest)


@given(st.text(alphabet="a;'\"-/*$\n e\\", max_size=40))
def test_nothing_that_is_typed_is_lost(text: str) -> None:
    found, rest = split(text)
    at = 0
    for part in [*found, rest]:
        assert text.find(part, at) >= at
        at = text.find(part, at) + len(part)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = built(tmp_path_factory.mktemp("project"))
    (config.project / "carms.toml").write_text('domain = "tiny"\n', encoding="utf-8")
    (config.project / "two.sql").write_text("select 2 as two;\nselect 3", encoding="utf-8")
    return config.project


def typed(lake: Path, text: str, *argv: str) -> tuple[int, str, str]:
    found = CliRunner().invoke(make_app(), ["-p", str(lake), "shell", *argv], input=text)
    return found.exit_code, found.stdout, found.stderr


def test_statements_of_a_file_are_answered_up_to_the_first_that_fails(lake: Path) -> None:
    code, out, _ = typed(lake, "select 1 as one;\n\n-- two\nselect\n  2 as two; select 3 as three")
    assert (code, out) == (0, "one\n1\ntwo\n2\nthree\n3\n")
    code, out, err = typed(lake, "select 1 as one; drop table sale; select 2;")
    assert (code, out) == (2, "one\n1\n")
    assert "error: " in err
    code, out, _ = typed(lake, "select count(*) as n from sale;", "--as-of", "1")
    assert (code, out) == (0, "n\n2\n")


def test_the_prompt_has_commands_of_its_own(lake: Path) -> None:
    code, out, _ = typed(
        lake, f".format jsonl\n.read {lake / 'two.sql'}\n.tables\n.describe sale\n.quit\nselect 9;"
    )
    assert code == 0
    assert out.startswith('{"two":2}\n{"3":3}\n{"table":"gold.dim_product",')
    assert '{"column":"sale_id",' in out
    assert "9" not in out.splitlines()[-1]
    for text, said in (
        (".tabels\n", "did you mean `.tables`"),
        (".format xlsx\n", "no format `xlsx`"),
        (".describe\n", "needs a table"),
        (".describe nothing\n", "nothing"),
    ):
        code, _, err = typed(lake, text)
        assert (code, said in err) == (2, True), text
    assert typed(lake, "select 1;", "--json")[0] == 2


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "openpty"), reason="Windows has no pty")
def test_a_person_types_stops_a_statement_and_leaves(tmp_path: Path) -> None:
    assert carms(tmp_path, "init").code == 0
    ours, theirs = os.openpty()
    environ = os.environ | {"COLUMNS": "80", "HOME": str(tmp_path), "TERM": "dumb", "PAGER": ""}
    with subprocess.Popen(
        [executable(), "-p", str(tmp_path), "shell"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environ,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        seen, at = "", 0

        def wait_for(text: str, sends: bytes) -> None:
            """Type, and wait until a text is seen behind the one that was waited for before."""
            nonlocal seen, at
            os.write(ours, sends)
            until = time.monotonic() + 30
            while text not in seen[at:] and time.monotonic() < until:
                if select.select([ours], [], [], 1)[0]:
                    seen += os.read(ours, 65536).decode()
            assert text in seen[at:], seen
            at = seen.index(text, at) + len(text)

        try:
            wait_for("carms> ", b"")
            wait_for("...> ", b"select 41 + 1 as answer,\n")
            wait_for("42", b"'x;' as x;\n")
            wait_for("error: ", b"delete from program;\n")
            wait_for("silver.program_history", b".tables\n")
            wait_for("carms> ", b"")
            wait_for(" b;", b"select count(*) from range(100000000000) a, range(1000) b;\n")
            time.sleep(2)
            process.send_signal(signal.SIGINT)
            wait_for("interrupted", b"")
            wait_for("carms> ", b"")
            wait_for("1 row", b"select 43;\n")
            wait_for("carms> ", b"")
            os.write(ours, b"\x04")
            assert process.wait(30) == 0
        finally:
            process.kill()
    os.close(ours)
    assert "select 43;" in (tmp_path / ".carms_history").read_text(encoding="utf-8")
