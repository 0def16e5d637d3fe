"""What a terminal of 78, 80, 100 and 140 columns receives, screen by screen, as kept files.

`CARMS_NEW_SCREENS=1` writes the files anew; each change of them is to be looked at.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from unittest.mock import patch

import pytest
from matrix import pty
from tiny import built, put

from carms_lake.cli import make_app, trace_drawn
from carms_lake.flows.ingest import ingest

pytestmark = pytest.mark.skipif(not hasattr(os, "openpty"), reason="Windows has no pty")

SCREENS = Path(__file__).parent / "screens"
BAD = "".join(f"b{i},p1,{'x' if i % 2 else 0}\n" for i in range(12))
WIDE = """
    select 'gold.bridge_program_selection_criterion' as table_name, i as row_number,
      'The days on which programs interview, by their newest descriptions' as description,
      1.5 as figure_of_the_first_kind, 22 as figure_of_the_second, date '2026-11-21' as day,
      true as figure_is_known, 'line ' || chr(8238) || chr(27) || '[2J' as last_column
    from range({rows}) t(i)
"""
CALLS = [
    ["tables"],
    ["describe", "sale"],
    ["history", "bronze.sales"],
    ["check"],
    ["rejects"],
    ["trace", "s1"],
    ["trace", "s1", "--all"],
    ["diff"],
    ["query", WIDE.format(rows=3)],
    ["query", WIDE.format(rows=50)],
    ["query", "select 1 as one where false"],
    ["query", "from nowhere"],
]
OTHER_EVERY_TIME = [
    (re.compile(r"\b\d{8}T\d{6}\.\d{6}Z-[0-9a-f]{6}\b"), "20261121T120102.345678Z-1a2b3c"),
    (re.compile(r"(`|  )[0-9a-f]{6}(?=`|  )"), r"\g<1>1a2b3c"),
    (re.compile(r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?\b *"), "2026-11-21 12:01:02.345  "),
    (re.compile(r"\b\d{4}-\d\d-\d\d \d\d:\d\d(?!:)"), "2026-11-21 12:01"),
    (re.compile(r"\b\d+\.\d s\b"), "0.1 s"),
]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake of three runs, with rejected records."""
    config = built(tmp_path_factory.mktemp("project"), "s3,p1,5\n")
    (config.project / "carms.toml").write_text('domain = "tiny"\n', encoding="utf-8")
    put(config, "sales/day_3.csv", "sale_id,product_id,quantity\ns4,p2,7\n" + BAD)
    ingest(config)
    return config.project


def received(argv: list[str], width: int) -> str:
    """What a terminal gets from a command, of stdout and of stderr."""
    environ = {"COLUMNS": str(width), "LINES": "40", "PAGER": "", "NO_COLOR": "1"}
    with pty() as (slave, read), patch.dict(os.environ, environ):
        stream = os.fdopen(slave, "w", encoding="utf-8")
        with (
            patch.object(sys, "stdout", stream),
            patch.object(sys, "stderr", stream),
            patch.object(trace_drawn, "_SCREEN", 30),
        ):
            make_app()(argv, prog_name="carms", standalone_mode=False)
        stream.close()
        text = read().decode().replace("\r\n", "\n")
    for pattern, usual in OTHER_EVERY_TIME:
        text = pattern.sub(usual, text)
    return text


@pytest.mark.slow
@pytest.mark.parametrize("width", [78, 80, 100, 140])
def test_a_terminal_receives_what_the_kept_screens_show(lake: Path, width: int) -> None:
    screens = []
    for argv in CALLS:
        words = " ".join("SQL" if word.startswith("\n") else word for word in argv)
        shown = received(["-p", str(lake), *argv], width).replace(str(lake), "<here>")
        screens.append(f"$ carms {words}\n{shown}")
    text = "\n".join(screens)
    path = SCREENS / f"{width}.txt"
    if os.environ.get("CARMS_NEW_SCREENS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.slow
def test_all_goes_through_the_pager_and_loses_nothing(lake: Path) -> None:
    pager = f'"{sys.executable}" -c "import sys; sys.stdout.write(sys.stdin.read().upper())"'
    argv = ["-p", str(lake), "query", "-a", "select 'row ' || i as name from range(100) t(i)"]
    environ = {"COLUMNS": "80", "PAGER": pager}
    with pty() as (slave, read), patch.dict(os.environ, environ):
        saved = os.dup(1)
        os.dup2(slave, 1)
        try:
            stdout = os.fdopen(slave, "w", encoding="utf-8")
            with patch.object(sys, "stdout", stdout):
                make_app()(argv, prog_name="carms", standalone_mode=False)
            stdout.close()
        finally:
            os.dup2(saved, 1)
            os.close(saved)
        text = read().decode().replace("\r\n", "\n")
    assert text.splitlines()[0] == "NAME"
    assert text.splitlines()[2:] == [f"ROW {i}" for i in range(100)]
