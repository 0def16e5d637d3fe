"""The folder that a domain is published to: a pointer, and a folder for each run.

    <domain>/current.json             the pointer: which run is the current one
    <domain>/runs/<run>/<table>.parquet
    <domain>/runs/<run>/manifest.json

A run's folder gets its name when it is complete, and never changes. The pointer is replaced as a
whole. So a reader that follows it sees one run, old or new.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from carms_lake.errors import StoreError, UsageError
from carms_lake.files import PARTIAL, make_folder, whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FORMAT = 1
"""Of pointer and manifest. A reader refuses a newer one."""
POINTER = "current.json"
RUNS = "runs"

_RUN = re.compile(r"\d{8}T\d{6}\.\d{6}Z-[0-9a-f]{6}")


class Place:
    """The folder of a domain."""

    def __init__(self, folder: Path, domain: str) -> None:
        self.folder = folder / domain
        self.domain = domain
        self._pointer = self.folder / POINTER
        self._runs = self.folder / RUNS

    def run(self, run_id: str) -> Path:
        """The folder of a run."""
        return self._runs / run_id

    def current(self) -> str | None:
        """The run that the pointer names; None where nothing was published yet.

        Raises:
            StoreError: the pointer is damaged, or of a newer version.
            UsageError: the folder is not one that carms published this domain to.
        """
        if not self._pointer.exists():
            self._ensure_empty()
            return None
        found: Any = None
        with suppress(ValueError):
            found = json.loads(self._pointer.read_text(encoding="utf-8"))
        if not isinstance(found, dict) or not {"format", "domain", "run"} <= found.keys():
            raise StoreError(
                f"`{self._pointer}` is damaged: it does not say which run is the current one",
                "if carms wrote the folder, delete this file and publish again; else name another "
                "folder",
            )
        if found["format"] != FORMAT:
            raise StoreError(
                f"`{self._pointer}` has format {found['format']}, this carms knows {FORMAT}",
                "publish with the version of carms that wrote it, or to another folder",
            )
        if found["domain"] != self.domain:
            raise UsageError(
                f"`{self.folder}` is of the domain `{found['domain']}`", "name another folder"
            )
        return str(found["run"])

    def _ensure_empty(self) -> None:
        """Refuse a folder without a pointer that has more than an interrupted publish leaves."""
        here = self.folder.iterdir() if self.folder.exists() else ()
        there = self._runs.iterdir() if self._runs.is_dir() else ()
        foreign = [path for path in here if path != self._runs and not path.match(PARTIAL)]
        foreign += [p for p in there if not _RUN.fullmatch(p.name) and not p.match(PARTIAL)]
        if foreign:
            raise UsageError(
                f"`{self.folder}` was not published by carms: it has `{foreign[0].name}`",
                f"name a folder that has no `{self.domain}`, or an empty one",
            )

    def add(self, run_id: str, write: Callable[[Path], None]) -> None:
        """Have a run written into a new folder, which gets its name when it is complete.

        Raises:
            OSError: it cannot be written.
        """
        make_folder(self._runs)
        with whole(self.run(run_id)) as partial:
            partial.mkdir()
            write(partial)

    def point_to(self, run_id: str, digest: str) -> None:
        """Make a run the current one.

        Raises:
            OSError: the pointer cannot be written.
        """
        pointer = {"format": FORMAT, "domain": self.domain, "run": run_id, "digest": digest}
        with whole(self._pointer) as partial:
            partial.write_text(json.dumps(pointer, indent=2) + "\n", encoding="utf-8", newline="")

    def leftovers(self) -> list[Path]:
        """What interrupted publishes left."""
        return [*self.folder.glob(PARTIAL), *self._runs.glob(PARTIAL)]

    def old_runs(self, current: str, keep: int) -> list[Path]:
        """All runs but the current one and the newest of the others, `keep` together."""
        there = (path.name for path in self._runs.glob("*"))
        runs = sorted(name for name in there if _RUN.fullmatch(name) and name != current)
        return [self.run(name) for name in runs[: max(0, len(runs) - keep + 1)]]

    @staticmethod
    def remove(paths: list[Path]) -> None:
        """Remove runs and leftovers; what another program holds open (Windows) stays until later.

        Raises:
            OSError: they cannot be removed for another reason.
        """
        for path in paths:
            with suppress(PermissionError):
                if path.is_dir():
                    gone = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
                    shutil.rmtree(path.rename(gone))  # nobody sees a half of it under its name
                else:
                    path.unlink()
