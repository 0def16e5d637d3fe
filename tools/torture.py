"""The tests of faults, fuzz and attacks at length, and their tally: `torture.py [PART ...]`.

Parts: `crash` (SIGKILL at 200 random moments of each command, and at each step), `disk` (full,
read-only), `change` (files that change while they are read), `atonce` (two, four and eight
processes), `sequences` (300 random histories of files and lakes), `fuzz` (20,000 files),
`attacks`. All of them where none is named.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PARTS = {
    "crash": "tests/faults/test_kill.py",
    "disk": "tests/faults/test_disk_full.py",
    "change": "tests/faults/test_changing_files.py",
    "atonce": "tests/faults/test_at_once.py",
    "sequences": "tests/faults/test_sequences.py",
    "fuzz": "tests/fuzz",
    "attacks": "tests/attacks",
}
FORMATS = 20
"""Among which the fuzzed files are shared; tests/fuzz/targets.py lists them."""


def main() -> int:
    """Run the parts that are asked for; the worst exit code."""
    summary = (__doc__ or "").splitlines()[0]
    parser = argparse.ArgumentParser(description=summary)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--seed", type=int, default=20261121, help="of everything that is drawn")
    parser.add_argument("--moments", type=int, default=200, help="kills of each command")
    parser.add_argument("--sequences", type=int, default=100, help="histories of each domain")
    parser.add_argument("--cases", type=int, default=20_000, help="fuzzed files in all")
    parser.add_argument("--rows", type=int, default=20_000, help="rows of the killed tables")
    wanted = parser.parse_args()
    unknown = set(wanted.parts) - set(PARTS)
    if unknown:
        parser.error(f"unknown part: {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory() as folder:
        tally = Path(folder) / "tally.txt"
        scale = {
            "SEED": wanted.seed,
            "SUBJECTS": 99,
            "MOMENTS": wanted.moments,
            "STEPS": 0,
            "SEQUENCES": wanted.sequences,
            "CASES": -(-wanted.cases // FORMATS),
            "ROWS": wanted.rows,
            "SECONDS": 20,
            "AT_ONCE": 3,
            "TALLY": tally,
        }
        variables = {f"CARMS_TORTURE_{name}": str(value) for name, value in scale.items()}
        worst = 0
        for part in wanted.parts or PARTS:
            started = time.monotonic()
            print(f"== {part}", flush=True)
            command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", PARTS[part]]
            done = subprocess.run(command, cwd=ROOT, env=os.environ | variables, check=False)
            worst = max(worst, done.returncode)
            print(f"   {time.monotonic() - started:.0f} s", flush=True)
        print(f"\n{tally.read_text(encoding='utf-8') if tally.exists() else 'nothing was tried'}")
    return worst


if __name__ == "__main__":
    sys.exit(main())
