"""Where the visuals of a page are: on a canvas of 1280 x 720 points, in rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from carms_lake.adapters.powerbi.pages import Card, Slicer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carms_lake.adapters.powerbi.filled import FilledPage, Roles
    from carms_lake.adapters.powerbi.pages import Visual

WIDTH, HEIGHT = 1280, 720
_MARGIN, _GAP, _TITLE, _LOW = 20, 12, 44, 96


class Box(NamedTuple):
    """A rectangle on the canvas, in points from the top left."""

    x: int
    y: int
    width: int
    height: int


TITLE = Box(_MARGIN, _GAP, WIDTH - 2 * _MARGIN, _TITLE)
"""Where a page's title is."""


class Placed(NamedTuple):
    """A visual, its fields and its box."""

    visual: Visual
    roles: Roles
    box: Box


def placed(page: FilledPage) -> Iterator[Placed]:
    """The visuals of a page in reading order.

    Rows of cards and slicers are low, the others share what is left.
    """
    low = [all(isinstance(visual, Card | Slicer) for visual, _ in row) for row in page.rows]
    top = TITLE.y + TITLE.height + _GAP
    left = HEIGHT - _MARGIN - top - _GAP * (len(low) - 1) - _LOW * sum(low)
    high = left // max(1, low.count(False))
    for row, is_low in zip(page.rows, low, strict=True):
        height = _LOW if is_low else high
        width = (WIDTH - 2 * _MARGIN - _GAP * (len(row) - 1)) // len(row)
        for n, (visual, roles) in enumerate(row):
            yield Placed(visual, roles, Box(_MARGIN + n * (width + _GAP), top, width, height))
        top += height + _GAP
