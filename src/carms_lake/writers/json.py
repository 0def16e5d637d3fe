"""Frames -> one JSON array of objects in UTF-8."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import polars as pl

_INDENT = 4


def write(path: Path, frames: Iterable[pl.DataFrame], *, without_nulls: bool = False) -> None:
    """Write one object per row, indented by four spaces; struct columns become nested objects.

    With `without_nulls`, a null column is left out of its object in place of `null`.
    """
    with path.open("w", encoding="utf-8", newline="\n") as file:
        separator = "[\n"
        for frame in frames:
            for row in frame.iter_rows(named=True):
                held = {k: v for k, v in row.items() if v is not None} if without_nulls else row
                text = json.dumps(held, ensure_ascii=False, indent=_INDENT)
                file.write(separator + textwrap.indent(text, " " * _INDENT))
                separator = ",\n"
        file.write("[]" if separator == "[\n" else "\n]")
