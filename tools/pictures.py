"""The pictures of README and docs: `python tools/pictures.py [--check] [--lake]`.

Those of the tables are drawn from contracts and SELECTs alone; `--check` says whether they are
current. `--lake` also draws what the terminal, the report and the first page of the service show,
on generated data; the latter two need Chromium, named by CARMS_CHROMIUM or on the path, and the
service needs its extra.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast
from xml.sax.saxutils import escape

from carms_lake.catalog import load_catalog
from carms_lake.config import resolve_domain
from carms_lake.report import graph
from carms_lake.report.words import Words

if TYPE_CHECKING:
    from carms_lake.report.markup import Markup

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs" / "pictures"

STYLE = (
    "svg { background: #fff } rect { fill: #fff; stroke: #d0d7de; stroke-width: 1.5 }"
    " .bronze rect { stroke: #8a4b14 } .silver rect { stroke: #4b5563 }"
    " .gold rect { stroke: #7a5b00 } path { fill: none; stroke: #57606a; stroke-opacity: .45 }"
    " text { font: 11px monospace; fill: #1b1f24 } text.key { fill: #57606a }"
)

SESSION = (
    "carms programs --province BC --for img --limit 4",
    "carms search rural obstetrics --limit 2",
    "carms program 40044 --why quota",
    "carms query 'select eligibility, sum(quota) as seats from program_profile group by all'",
)
"""What is typed in the picture of the terminal."""

CHARACTER, LINE, MARGIN, COLUMNS = 7.85, 18, 16, 100
REPORT = (1100, 1180)
PAGE = (1100, 960)
PORT = 8329


def tables() -> dict[Path, str]:
    """The pictures of the tables of carms: which reads which, and which refers to which."""
    catalog = load_catalog(resolve_domain("carms", ROOT))
    read_by = [(step.contract.ref, [*step.reads.values()]) for step in catalog.silver_steps]
    read_by += [(step.contract.ref, [*step.reads]) for step in catalog.gold_steps]
    reads = sorted((ref.in_domain, read.in_domain) for ref, all_of in read_by for read in all_of)
    contracts = {ref.in_domain: contract for ref, contract in catalog.contracts.items()}
    facts = cast("Any", SimpleNamespace(reads=reads, contracts=contracts))
    words = Words("en")
    return {
        PICTURES / "carms-lineage.svg": alone(
            graph.lineage(facts, words),
            "How the tables of carms are made",
            f"{len(contracts)} tables, bronze left, gold right; a line from each table that is "
            "read to the one that reads it. `carms trace` says the same in words.",
        ),
        PICTURES / "carms-references.svg": alone(
            graph.references(facts, words),
            "The star of carms",
            "The tables of gold with their keys (diamonds) and references (arrows), and a line "
            "from each table that is referred to. docs/data-dictionary.md lists them.",
        ),
    }


def alone(drawn: Markup | None, title: str, what: str) -> str:
    """A graph of the report as a file of its own: no links, colours of its own."""
    found = re.search("<svg.*</svg>", drawn or "", re.DOTALL)
    if found is None:
        raise SystemExit(f"nothing to draw for: {title}")
    bare = re.sub(r"<a [^>]*class=\"(\w+)\"[^>]*>", r'<g class="\1">', found[0]).replace(
        "</a>", "</g>"
    )
    bare = re.sub(r' data-\w+="[^"]*"', "", bare).replace("><", ">\n<")
    head = f"<title>{escape(title)}</title>\n<desc>{escape(what)}</desc>\n<style>{STYLE}</style>\n"
    first, _, rest = bare.partition(">\n")
    return f'{first} xmlns="http://www.w3.org/2000/svg" role="img">\n{head}{rest}\n'


def terminal(folder: Path) -> str:
    """What the commands of `SESSION` say in a project of generated data, one below the other."""
    lines: list[tuple[str, str]] = []
    for typed in SESSION:
        lines.append(("typed", f"$ {typed}"))
        lines += [("said", line) for line in carms(folder, *shlex.split(typed)[1:]).splitlines()]
        lines.append(("said", ""))
    height = LINE * len(lines) + 2 * MARGIN
    texts = [
        f'<text x="{MARGIN}" y="{MARGIN + LINE * n + 13}" class="{kind}" xml:space="preserve">'
        f"{escape(line)}</text>"
        for n, (kind, line) in enumerate(lines)
        if line
    ]
    style = (
        "rect { fill: #0d1117 } text { font: 13px monospace; fill: #e6edf3 }"
        " .typed { fill: #6fdd8b; font-weight: bold }"
    )
    box = f"0 0 {COLUMNS * CHARACTER + 2 * MARGIN:.0f} {height}"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="{box}">',
            "<title>carms in a terminal</title>",
            "<desc>A list of programs, a search, a fact with its sentence, a query.</desc>",
            f"<style>{style}</style>",
            '<rect width="100%" height="100%" rx="6"/>',
            *texts,
            "</svg>",
            "",
        ]
    )


def carms(folder: Path, *words: str) -> str:
    """What a command says in a project, on a terminal of `COLUMNS`."""
    variables = os.environ | {"COLUMNS": str(COLUMNS), "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "carms_lake", *words]
    if words[0] not in {"generate", "init", "report"}:
        command += ["--format", "table"]
    ended = subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, encoding="utf-8", check=True
    )
    return ended.stdout + ended.stderr


def photograph(folder: Path) -> None:
    """The report on the lake of a project, as Chromium shows it without its first two parts."""
    page = folder / "report.html"
    carms(folder, "report", "--output", page.name)
    before, _, parts = page.read_text(encoding="utf-8").partition('<section id="cockpit"')
    _, seats, rest = parts.partition('<section id="seats"')
    page.write_text(before + seats + rest, encoding="utf-8")
    shoot(page.as_uri(), REPORT, PICTURES / "report.png")


def photograph_page(folder: Path) -> None:
    """The first page of the service over the lake of a project."""
    command = [sys.executable, "-m", "carms_lake", "serve", "--port", str(PORT), "--quiet"]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE) as service:
        try:
            cast("Any", service.stderr).readline()  # it says where it listens
            shoot(f"http://127.0.0.1:{PORT}/en", PAGE, PICTURES / "page.png")
        finally:
            service.terminate()


def shoot(address: str, size: tuple[int, int], picture: Path) -> None:
    """A page as Chromium shows it."""
    browser = os.environ.get("CARMS_CHROMIUM") or shutil.which("chromium")
    if browser is None:
        raise SystemExit("Chromium is not there: name it in CARMS_CHROMIUM")
    subprocess.run(
        [
            browser,
            *("--headless=new", "--no-sandbox", "--hide-scrollbars"),
            f"--window-size={size[0]},{size[1]}",
            f"--screenshot={picture}",
            address,
        ],
        capture_output=True,
        check=True,
    )


def main() -> int:
    """Write the pictures, or with `--check` say which of the tables' are not current."""
    wanted = tables()
    if "--check" in sys.argv[1:]:
        other = [
            path
            for path, text in wanted.items()
            if not path.exists() or path.read_text(encoding="utf-8") != text
        ]
        for path in other:
            print(f"{path} is not what is drawn: run python tools/pictures.py")
        return 1 if other else 0
    if "--lake" in sys.argv[1:]:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
            folder = Path(place)
            carms(folder, "init", ".")
            carms(folder, "generate", "carms", "--seed", "7")
            carms(folder, "run")
            wanted[PICTURES / "terminal.svg"] = terminal(folder)
            photograph(folder)
            photograph_page(folder)
    for path, text in wanted.items():
        path.write_text(text, encoding="utf-8", newline="\n")
    print(f"wrote {', '.join(path.name for path in wanted)} to {PICTURES}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
