"""Frames -> files, for generators and exports: one module per format, found by name.

A writer takes chunks and writes them as they come, so a file can be larger than memory (except a
workbook). Every writer gives the same bytes for the same frames, except Delta, whose log holds the
time.
"""

from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from carms_lake.contract.types import added_formats
from carms_lake.errors import UsageError, did_you_mean

FORMATS = ("csv", "delta", "json", "json_object", "jsonl", "parquet", "xlsx")
_OF_JSON = {"jsonl": "write_lines", "json_object": "write_object"}
"""Formats that `json` writes by another function; each other one is a module with `write`."""


def write(
    path: Path,
    frames: Iterable[Any],
    file_format: str,
    options: Mapping[str, object] | None = None,
) -> None:
    """Write all chunks to one file (Delta: to one folder), whose parent folder exists.

    All chunks have the same columns; `json_object` takes one object in place of chunks. Options are
    the keyword arguments of the format's `write`. Packages may add formats (`contract.types`).

    Raises:
        UsageError: the format is unknown, or does not have the option.
    """
    own = {name: f"{__name__}.{'json' if name in _OF_JSON else name}" for name in FORMATS}
    name = own.get(file_format) or added_formats().get(file_format)
    writer = (
        getattr(import_module(name), _OF_JSON.get(file_format, "write"), None) if name else None
    )
    if writer is None:
        raise UsageError(
            f"`{path.name}` cannot be written: no writer for the format `{file_format}`",
            did_you_mean(file_format, (*FORMATS, *added_formats())),
        )
    given = dict(options or {})
    known = writer.__kwdefaults__ or {}
    for option in given:
        if option not in known:
            raise UsageError(
                f"`{path.name}` cannot be written: format `{file_format}` has no option `{option}`",
                did_you_mean(option, known),
            )
    writer(path, frames, **given)
