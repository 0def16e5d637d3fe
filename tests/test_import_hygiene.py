"""Start-up is guarded by what is imported, not by a clock."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from command import every_command
from lakes import small_lake

from carms_lake.cli import make_app

if TYPE_CHECKING:
    from pathlib import Path

DATA_LIBRARIES = {
    "deltalake", "duckdb", "numpy", "openpyxl", "orjson", "pandas", "pandera", "polars",
    "pyarrow", "pydantic", "python_calamine", "rich", "ruamel", "sqlglot", "xlsxwriter", "xxhash",
    "yaml",
}  # fmt: skip


def imported(argv: list[str]) -> set[str]:
    """The data libraries that a call of the command imports, in a fresh interpreter."""
    code = (
        "import json, sys\n"
        f"sys.argv = {['carms', *argv]!r}\n"
        "from carms_lake.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, encoding="utf-8"
    )
    return set(json.loads(done.stderr.splitlines()[-1])) & DATA_LIBRARIES


def test_no_help_page_imports_a_data_library() -> None:
    pages = [["--version"], ["--help"], *([*words.split(), "--help"] for words in every_command())]
    code = (
        "import json, sys\n"
        "from carms_lake.cli import main\n"
        "found = {}\n"
        "for page in json.loads(sys.argv[1]):\n"
        "    sys.argv = ['carms', *page]\n"
        "    try:\n        main()\n    except SystemExit as end:\n"
        "        assert not end.code, page\n"
        "    found[' '.join(page)] = sorted({name.split('.')[0] for name in sys.modules})\n"
        "print(json.dumps(found), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(pages)], capture_output=True, text=True, check=True
    )
    # One process shows all pages: what one of them imports is named with it, and with those after.
    found = json.loads(done.stderr.splitlines()[-1])
    assert len(found) == len(pages)
    assert {
        page: more for page, names in found.items() if (more := DATA_LIBRARIES & {*names})
    } == {}


@pytest.mark.parametrize(
    ("argv", "allowed"),
    [
        (["query", "select 1"], {"duckdb"}),
        (["query", "from program_profile"], {"duckdb"}),
        (["query", "select hash from silver.program"], {"duckdb", "deltalake"}),
        (["tables", "--names"], {"yaml"}),
        (["describe", "silver.program"], {"yaml", "polars"}),
    ],
    ids=lambda value: " ".join(sorted(value)),
)
def test_a_command_imports_what_it_needs_and_no_more(
    tmp_path: Path, argv: list[str], allowed: set[str]
) -> None:
    small_lake(tmp_path)
    assert imported(["-p", str(tmp_path), *argv]) <= allowed


def test_every_help_page_fits_a_terminal_of_80_columns_and_is_cut_nowhere(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    groups = {words.rpartition(" ")[0] for words in every_command()}
    for words in sorted({*every_command(), *groups}):
        make_app()([*words.split(), "--help"], prog_name="carms", standalone_mode=False)
        shown = capsys.readouterr().out
        assert max(map(len, shown.splitlines())) <= 78, words
        assert "..." not in re.sub(r"[]A-Z]\.\.\.", "", shown), f"`{words}`: a line is cut"
        for line in re.findall(r"^  [a-z]+ {2,}.*$", shown, re.MULTILINE):
            assert line.endswith("."), line
