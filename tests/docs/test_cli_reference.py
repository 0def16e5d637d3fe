"""docs/cli.md says what the command has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from command import every_command

from carms_lake.cli.exit_codes import ExitCode

ROOT = Path(__file__).parents[2]


def test_the_reference_is_current_whatever_the_terminal() -> None:
    script = ROOT / "tools" / "generate_cli_reference.py"
    for columns in ("40", "200"):
        done = subprocess.run(
            [sys.executable, str(script), "--check"],
            env=os.environ | {"COLUMNS": columns},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


def test_every_command_and_every_exit_code_is_in_the_reference() -> None:
    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    for words in every_command(with_hidden=False):
        assert f"\n### carms {words}{' retail' if words == 'generate' else ''}\n" in text
    assert all(f"| {code.value} | " in text for code in ExitCode)
