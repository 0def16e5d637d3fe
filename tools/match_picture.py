"""The worked scenario of docs/match.md and its picture: `python tools/match_picture.py [--check]`.

Everything is simulated over generated data, so whoever types what the page says sees its figures.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape

import polars as pl

import carms_lake
from carms_lake.domains.carms.match.scenario import flag
from carms_lake.domains.carms.match.simulation import plan_of, simulation
from carms_lake.flows.generate import generate

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "match.md"
PICTURE = ROOT / "docs" / "pictures" / "match-quota.svg"
BEGIN, END = "<!-- begin: tools/match_picture.py -->\n", "<!-- end -->\n"

GENERATED = {"seed": 7, "programs": 240}
PARAMETERS = "[parameters]\ncmg = 850\nimg = 400\nusmg = 5\n"
QUOTA = ("Internal Medicine-40", "Psychiatry+20")
REPETITIONS = 60

SHOWN, LARGEST = 0.1, 8
"""Disciplines whose mean changes by less are not drawn, unless they are among the largest."""

LEFT, WIDTH, ROW, TOP = 230, 720, 30, 64
GREY, MIDDLE = 'fill="#57606a"', 'text-anchor="middle"'


class Change(NamedTuple):
    """What becomes of one discipline: seats, and those filled in the first iteration."""

    name: str
    seats: tuple[float, float]
    filled: tuple[float, float]
    mean: float
    low: float
    high: float


def changes(folder: Path) -> list[Change]:
    """The disciplines that change and the largest, from most gained to most lost."""
    (folder / "carms.toml").write_text('domain = "carms"\n', encoding="utf-8")
    (folder / "small.toml").write_text(PARAMETERS, encoding="utf-8")
    generate("carms_lake.domains.carms", folder / "data_raw" / "carms", GENERATED)
    lake = carms_lake.open(folder, domain="carms")
    lake.ingest()
    lake.build()
    settings = [flag("--quota", "quota", text) for text in QUOTA]
    offered, plan = plan_of(lake, settings, parameters=folder / "small.toml")
    rows = simulation(offered, plan, REPETITIONS).table.filter(level="discipline")
    found = rows.filter(measure="filled_first").join(
        rows.filter(measure="seats").select("name", "base", "scenario"), on="name", suffix="_seats"
    )
    all_of_them = [
        Change(
            row["name"],
            (row["base_seats"], row["scenario_seats"]),
            (row["base"], row["scenario"]),
            row["difference"],
            row["difference_low"],
            row["difference_high"],
        )
        for row in found.sort(pl.col("difference"), "name", descending=[True, False]).to_dicts()
    ]
    largest = sorted(all_of_them, key=lambda one: -one.seats[0])[:LARGEST]
    return [one for one in all_of_them if abs(one.mean) >= SHOWN or one in largest]


def sentence(found: list[Change]) -> str:
    """What is to be seen, for those who do not see it."""
    said = [
        f"{one.name} {one.mean:+.1f} ({one.low:+.1f} to {one.high:+.1f})"
        for one in found
        if abs(one.mean) >= SHOWN
    ]
    return (
        "Change of seats filled in the first iteration, mean and 90 % of the repetitions: "
        f"{'; '.join(said)}. All others change by less than {SHOWN:g}."
    )


def svg(found: list[Change]) -> str:
    """The picture: a dot and a band for each discipline, a ring where its seats changed."""
    ends = [v for one in found for v in (one.low, one.high, one.seats[1] - one.seats[0])]
    low, high = min(0, *ends), max(0, *ends)
    bottom = TOP + ROW * len(found)
    what = f"{' and '.join(QUOTA)}: change of seats filled in the first iteration"
    note = (
        f"Generated data, {REPETITIONS} repetitions. Disciplines not drawn change by less than"
        f" {SHOWN:g}. A what-if, not a forecast."
    )
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + 48}" role="img"'
        ' aria-labelledby="title what" font-family="sans-serif" font-size="13" fill="#1b1f24">'
    )

    def x(value: float) -> str:
        return f"{LEFT + 20 + (value - low) * (WIDTH - LEFT - 40) / (high - low):.1f}"

    lines = [
        head,
        f'<title id="title">{escape(what)}</title>',
        f'<desc id="what">{escape(sentence(found))}</desc>',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        text(12, 24, what, 'font-size="15"'),
        text(12, 44, "dot: mean; line: 90 % of the repetitions; ring: change of seats", GREY),
    ]
    for tick in range(-(-int(low) // 10) * 10, int(high) + 1, 10):
        colour = "#d0d7de" if tick else "#57606a"
        place = f'x1="{x(tick)}" x2="{x(tick)}" y1="{TOP - 6}" y2="{bottom}"'
        lines.append(f'<line {place} stroke="{colour}"/>')
        lines.append(text(x(tick), bottom + 18, f"{tick:+d}" if tick else "0", MIDDLE))
    for number, one in enumerate(found):
        lines += row(one, TOP + ROW * number + ROW // 2, x)
    return "\n".join([*lines, text(12, bottom + 38, note, GREY), "</svg>"]) + "\n"


def row(one: Change, y: int, x: Callable[[float], str]) -> list[str]:
    """The marks of one discipline."""
    seats = one.seats[1] - one.seats[0]
    band = f'x1="{x(one.low)}" x2="{x(one.high)}" y1="{y}" y2="{y}"'
    ring = f'<circle cx="{x(seats)}" cy="{y}" r="8" fill="none" stroke="#953800"/>'
    return [
        text(LEFT, y + 4, short(one.name), 'text-anchor="end"'),
        f'<line {band} stroke="#80a7d6" stroke-width="4" stroke-linecap="round"/>',
        *([ring] if seats else []),
        f'<circle cx="{x(one.mean)}" cy="{y}" r="4" fill="#0550ae"/>',
    ]


def text(x: float | str, y: float, words: str, how: str) -> str:
    """A text at a place."""
    return f'<text x="{x}" y="{y}" {how}>{escape(words)}</text>'


def short(name: str) -> str:
    """A name as far as there is room for it."""
    room = 34
    return name if len(name) <= room else name[: room - 1].rstrip() + "…"


def section(found: list[Change]) -> str:
    """The part of the page that is generated: what to type, the picture, its figures as a table."""
    flags = " ".join(f'--quota "{words}"' for words in QUOTA)
    picture = PICTURE.relative_to(PAGE.parent).as_posix()
    size = f"--programs {GENERATED['programs']} --seed {GENERATED['seed']}"
    typed = [
        "carms init small && cd small",
        f"carms generate carms {size} && carms run",
        f"carms match simulate {flags} \\\n    --parameters small.toml --reps {REPETITIONS}",
    ]
    return "\n".join(
        [
            "`small.toml` has fewer applicants: a generated match has fewer seats than a real one.",
            *("", "```toml", PARAMETERS.rstrip(), "```", "", "```console"),
            *(line for command in typed for line in (f"$ {command}", "...")),
            *("```", "", f"![{sentence(found)}]({picture})", ""),
            "| discipline | seats | filled in the first iteration | change | 90 % of repetitions |",
            "|---|---|---|---|---|",
            *(
                f"| {one.name} | {one.seats[0]:.0f}{_then(one.seats)} | {one.filled[0]:.1f} |"
                f" {one.mean:+.1f} | {one.low:+.1f} to {one.high:+.1f} |"
                for one in found
            ),
            "",
        ]
    )


def _then(seats: tuple[float, float]) -> str:
    return "" if seats[0] == seats[1] else f" > {seats[1]:.0f}"


def main() -> int:
    """Write picture and page, or with `--check` say which of them is not current."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        found = changes(Path(folder))
    page = PAGE.read_text(encoding="utf-8")
    before, _, behind = page.partition(BEGIN)
    wanted = {
        PICTURE: svg(found),
        PAGE: before + BEGIN + section(found) + END + behind.partition(END)[2],
    }
    if "--check" in sys.argv[1:]:
        other = [
            path
            for path, text in wanted.items()
            if not path.exists() or path.read_text(encoding="utf-8") != text
        ]
        for path in other:
            print(f"{path} is not what is made: run python tools/match_picture.py")
        return 1 if other else 0
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    print(f"wrote {PICTURE} and a part of {PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
