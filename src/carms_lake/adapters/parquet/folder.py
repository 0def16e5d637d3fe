"""A folder that is published to: a run's folder gets its name when it is complete."""

from __future__ import annotations

import json
import secrets
import shutil
from contextlib import contextmanager, nullcontext, suppress
from fnmatch import fnmatchcase
from hashlib import file_digest
from typing import TYPE_CHECKING, Any

from carms_lake.adapters.parquet.place import POINTER, RUNS
from carms_lake.files import PARTIAL, make_folder, whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from carms_lake.adapters.parquet.place import NewFile


class Folder:
    """Files in a folder; they are written as the system allows (`OSError`)."""

    def __init__(self, path: Path) -> None:
        self.address = str(path)
        self._path = path

    def names(self, folder: str = "") -> list[str]:
        """What is directly in one of its folders."""
        path = self._path / folder
        return [one.name for one in path.iterdir()] if path.is_dir() else []

    def read(self, name: str) -> bytes | None:
        """What a file has; None without one."""
        with suppress(FileNotFoundError):
            return (self._path / name).read_bytes()
        return None

    def sha256(self, name: str) -> str | None:
        """The digest of a file; None without one."""
        with suppress(FileNotFoundError), (self._path / name).open("rb") as stream:
            return file_digest(stream, "sha256").hexdigest()
        return None

    @contextmanager
    def new_run(self, run_id: str) -> Iterator[NewFile]:
        """Where the files of a run are written; it gets its name where the block ends well."""
        make_folder(self._path / RUNS)
        killed = [name for name in self.names(RUNS) if fnmatchcase(name, PARTIAL)]
        self.remove(f"{RUNS}/{name}" for name in killed)  # they may fill the disk
        with whole(self._path / RUNS / run_id) as partial:
            partial.mkdir()
            yield lambda name: nullcontext(partial / name)

    def read_pointer(self) -> bytes | None:
        """The pointer; None without one."""
        return self.read(POINTER)

    def put_pointer(self, pointer: dict[str, Any]) -> None:
        """Replace the pointer."""
        with whole(self._path / POINTER) as partial:
            partial.write_text(json.dumps(pointer) + "\n", encoding="utf-8", newline="")

    def remove(self, names: Iterable[str]) -> None:
        """Remove files and folders; what another program holds open (Windows) stays until later."""
        for name in names:
            path = self._path / name
            with suppress(PermissionError, FileNotFoundError):
                if path.is_dir():
                    gone = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
                    shutil.rmtree(path.rename(gone))  # nobody sees a half of it under its name
                else:
                    path.unlink()
