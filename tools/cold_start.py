"""What each `--help` costs, beside bare Python and a bare Typer program: a report, no test."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 9
BARE_TYPER = """
import typer
app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)
@app.command()
def one(name: str = "") -> None: ...
@app.command()
def two(name: str = "") -> None: ...
app()
"""


def fastest_ms(commands: dict[str, list[str]]) -> dict[str, float]:
    """The shortest wall time of each command, in ms; rounds are interleaved: the load varies."""
    fastest = dict.fromkeys(commands, float("inf"))
    for _ in range(ROUNDS):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(command, capture_output=True, check=True)
            fastest[name] = min(fastest[name], (time.perf_counter() - start) * 1000)
    return fastest


def main() -> int:
    """Print a Markdown table."""
    carms = shutil.which("carms", path=str(Path(sys.executable).parent))
    if carms is None:
        print(f"`carms` is not installed beside {sys.executable}", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        bare_typer = Path(folder) / "bare.py"
        bare_typer.write_text(BARE_TYPER, encoding="utf-8")
        found = fastest_ms(
            {
                "python -c pass": [sys.executable, "-c", "pass"],
                "a bare Typer program --help": [sys.executable, str(bare_typer), "--help"],
                "carms --help": [carms, "--help"],
                "carms ingest --help": [carms, "ingest", "--help"],
                "carms query --help": [carms, "query", "--help"],
            }
        )
    python, typer = list(found.values())[:2]
    print(f"| command | ms (fastest of {ROUNDS}) | x python | x bare Typer |\n|---|---|---|---|")
    for name, spent in found.items():
        print(f"| `{name}` | {spent:.0f} | {spent / python:.1f} | {spent / typer:.2f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
