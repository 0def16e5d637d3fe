"""The rows of tables over the newest builds, as one small chart for each table."""

from __future__ import annotations

from collections.abc import Sequence

from carms_lake.report.markup import Markup, h
from carms_lake.report.pages import Pen, Row
from carms_lake.report.words import Both

_HEIGHT = 24
_GAP = 0.1
"""Between the columns of two builds, as a share of one."""


def small_charts(
    rows: Sequence[Row], builds: Sequence[str], ends: tuple[Both, Both], pen: Pen
) -> Markup:
    """A line for each table that was built: its name, a column for each build, its rows now.

    Heights begin at zero and end at the most rows that the table had. In a build that left the
    table alone, the column is pale and as high as the one before.
    """
    words = pen.words
    lines = [
        h(
            "li",
            h("a", h("code", row["table"]), href=f"#t-{row['table']}", cls="name", lang="zxx"),
            h("svg", _columns(counts), width="100%", height=_HEIGHT, aria_hidden="true"),
            h("span", words.number(row["rows_now"] or 0), cls="value"),
        )
        for row in rows
        for counts in [[row[build] for build in builds]]
        if any(count is not None for count in counts)
    ]
    first, last = (words.of(end) for end in ends)
    axis = [h("text", first, x=0, y=14), h("text", last, x="100%", y=14, text_anchor="end")]
    below = h(
        "li",
        h("span", cls="name"),
        h("svg", axis, width="100%", height=18, aria_hidden="true"),
        h("span"),
        cls="axis",
        aria_hidden="true",
    )
    return h("ul", lines, below, cls="bars sizes")


def _columns(counts: Sequence[int | None]) -> list[Markup]:
    most = max((count for count in counts if count), default=1)
    step, seen, marks = 100 / len(counts), 0, []
    for place, count in enumerate(counts):
        seen = seen if count is None else count
        height = round(_HEIGHT * seen / most, 1)
        if seen:
            height = max(height, 1)
            marks.append(
                h(
                    "rect",
                    x=f"{round((place + _GAP / 2) * step, 2):g}%",
                    width=f"{round((1 - _GAP) * step, 2):g}%",
                    y=round(_HEIGHT - height, 1),
                    height=height,
                    cls="s0 open" if count is None else "s0",
                )
            )
    return marks
