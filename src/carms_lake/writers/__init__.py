"""Frames -> files, for generators and exports: one module per format, found by name.

A writer takes chunks and writes them as they come, so a file can be larger than memory (a workbook
cannot). Every writer gives the same bytes for the same frames, but Delta, whose log holds the time.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from carms_lake.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_MODULES = {
    "csv": "csv",
    "delta": "delta",
    "json": "json",
    "json_object": "json_object",
    "jsonl": "jsonl",
    "parquet": "parquet",
    "xlsx": "xlsx",
}

FORMATS = tuple(_MODULES)
"""The formats that `write` knows."""


def write(
    path: Path,
    frames: Iterable[Any],
    file_format: str,
    options: Mapping[str, object] | None = None,
) -> None:
    """Write all chunks to one file (Delta: to one folder), whose parent folder exists.

    All chunks have the same columns; `json_object` takes one object in place of chunks. Options are
    the keyword arguments of the format's own `write`.

    Raises:
        UsageError: the format is unknown, or has no such option.
    """
    if file_format not in _MODULES:
        raise UsageError(
            f"`{path.name}` cannot be written: no format `{file_format}`",
            did_you_mean(file_format, FORMATS),
        )
    module = import_module(f"{__name__}.{_MODULES[file_format]}")
    given = dict(options or {})
    known = module.write.__kwdefaults__ or {}
    for name in given:
        if name not in known:
            raise UsageError(
                f"`{path.name}` cannot be written: format `{file_format}` has no option `{name}`",
                did_you_mean(name, known),
            )
    module.write(path, frames, **given)
