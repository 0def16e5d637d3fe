"""The formats of source files: the built-in ones, and those that installed packages add."""

from __future__ import annotations

from functools import cache

ENTRY_POINTS = "carms_lake.formats"
"""The group under which a package names a module for each format that it adds."""

READ = ("csv", "jsonl", "json", "xlsx", "parquet", "delta")
"""The built-in formats of source files: what `carms.format` can be."""


@cache
def added() -> dict[str, str]:
    """The module of each format that an installed package adds, by the format's name.

    It may have `read`, as `readers.Reader` says, and `write`, as `writers.Writer` says.
    """
    from importlib.metadata import entry_points  # noqa: PLC0415 - 50 ms, for unknown formats only

    return {entry.name: entry.value for entry in entry_points(group=ENTRY_POINTS)}
