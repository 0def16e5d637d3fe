"""What a domain is published to has: a pointer, and a folder for each run.

    <domain>/current.json             the pointer: which run is the current one
    <domain>/runs/<run>/<table>.parquet
    <domain>/runs/<run>/manifest.json

The files of a run never change once its manifest is there. The pointer is replaced as a whole. So a
reader that follows it sees one run, old or new.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Protocol

from carms_lake.errors import StoreError, UsageError
from carms_lake.files import PARTIAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager
    from pathlib import Path

    NewFile = Callable[[str], AbstractContextManager[Path]]
    """Where the file of that name is to be written."""

FORMAT = 1
"""Of pointer and manifest. A reader refuses a newer one."""
POINTER, RUNS, MANIFEST = "current.json", "runs", "manifest.json"

_RUN = re.compile(r"\d{8}T\d{6}\.\d{6}Z-[0-9a-f]{6}")


class Files(Protocol):
    """Where files are: a folder, or a part of a bucket. A name is a path in it, with `/`."""

    address: str
    """What people call it."""

    def names(self, folder: str = "") -> list[str]:
        """What is directly in one of its folders, also what was not written to its end."""

    def read(self, name: str) -> bytes | None:
        """What a file has; None without one."""

    def sha256(self, name: str) -> str | None:
        """The digest of a file; None without one."""

    def new_run(self, run_id: str) -> AbstractContextManager[NewFile]:
        """Where the files of a run are written, the manifest last."""

    def read_pointer(self) -> bytes | None:
        """The pointer; None without one."""

    def put_pointer(self, pointer: dict[str, Any]) -> None:
        """Replace the pointer that was read last."""

    def remove(self, names: Iterable[str]) -> None:
        """Remove files and folders."""


class Place:
    """Where a domain is published to."""

    def __init__(self, files: Files, domain: str) -> None:
        self.files = files
        self.domain = domain

    def current(self) -> str | None:
        """The run that the pointer names; None where nothing was published yet.

        Raises:
            StoreError: the pointer is damaged, or of a newer version.
            UsageError: the place is not one that carms published this domain to.
        """
        text = self.files.read_pointer()
        if text is None:
            self._ensure_empty()
            return None
        pointer = f"{self.files.address}/{POINTER}"
        found: Any = None
        with suppress(ValueError):
            found = json.loads(text)
        if not isinstance(found, dict) or not {"format", "domain", "run"} <= found.keys():
            raise StoreError(
                f"`{pointer}` is damaged: it does not say which run is the current one",
                "if carms wrote it, delete this file and publish again; else publish elsewhere",
            )
        if found["format"] != FORMAT:
            raise StoreError(
                f"`{pointer}` has format {found['format']}, this carms knows {FORMAT}",
                "publish with the version of carms that wrote it, or elsewhere",
            )
        if found["domain"] != self.domain:
            raise UsageError(
                f"`{self.files.address}` is of the domain `{found['domain']}`", "publish elsewhere"
            )
        return str(found["run"])

    def _ensure_empty(self) -> None:
        """Refuse a place without a pointer that has more than an interrupted publish leaves."""
        foreign = [name for name in self.files.names() if name != RUNS and not _is_partial(name)]
        foreign += [
            name
            for name in self.files.names(RUNS)
            if not _RUN.fullmatch(name) and not _is_partial(name)
        ]
        if foreign:
            raise UsageError(
                f"`{self.files.address}` was not published by carms: it has `{foreign[0]}`",
                f"publish to where there is no `{self.domain}`, or an empty one",
            )

    def point_to(self, run_id: str, digest: str) -> None:
        """Make a run the current one.

        Raises:
            OSError: the pointer cannot be written.
            StoreError: the same, or another process has published meanwhile.
        """
        self.files.put_pointer(
            {"format": FORMAT, "domain": self.domain, "run": run_id, "digest": digest}
        )

    def stale(self, current: str, keep: int) -> list[str]:
        """What is to be removed once a run is the current one.

        What interrupted publishes left, and all runs but the current one and the newest of the
        others, `keep` together.
        """
        there = sorted(self.files.names(RUNS))
        others = [name for name in there if _RUN.fullmatch(name) and name != current]
        runs = [name for name in others if MANIFEST in self.files.names(f"{RUNS}/{name}")]
        old = {*others} - {*runs[max(0, len(runs) - keep + 1) :]}
        in_runs = [name for name in there if name in old or _is_partial(name)]
        return [
            *(name for name in self.files.names() if _is_partial(name)),
            *(f"{RUNS}/{name}" for name in in_runs),
        ]


def _is_partial(name: str) -> bool:
    return fnmatchcase(name, PARTIAL)
