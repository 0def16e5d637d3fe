"""A process that does what a subject does, and dies or meets a full disk at one of its steps.

    python victim.py PROJECT SUBJECT HOW STEP

HOW is `kill` (SIGKILL at that step), `full` (from that step on nothing can be written) or `size`
(no file may grow past STEP bytes). A step is a change on the disk: those that Python makes are
seen by an audit hook, those of libraries are wrapped, and counted before and after. Step 0 comes
never. It says `begun` when everything is imported, and at the end the names of its steps.

Exit: 0 done, 5 a StoreError, 1 anything else.
"""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from deltalake import DeltaTable
from faults.subjects import SUBJECTS, config_in, run

from carms_lake.errors import LakeError, StoreError
from carms_lake.store.gold import file as warehouse

if TYPE_CHECKING:
    from collections.abc import Callable

EVENTS = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.truncate"}
FREES = {"os.remove", "os.rmdir"}
"""What a full disk lets be done."""
VARYING = re.compile(r"\d{8}t\d{6}-\d+z-[0-9a-f]+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Steps:
    """Counts the steps, and lets the chosen one be the last."""

    def __init__(self, lake: Path, how: str, fatal: int) -> None:
        self.names: list[str] = []
        self._lake = f"{lake}{os.sep}"
        self._how = how
        self._fatal = fatal

    def see(self, event: str, arguments: tuple[Any, ...]) -> None:
        """An audit hook: the changes that Python itself makes under the lake."""
        if event == "open":
            path, _, flags = arguments
            is_write = bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
        elif event in EVENTS:
            path, is_write = arguments[0], True
        else:
            return
        if is_write and isinstance(path, str | os.PathLike):
            text = os.fspath(path)
            if isinstance(text, str) and text.startswith(self._lake):
                name = VARYING.sub("*", text.removeprefix(self._lake))
                self.step(f"{event} {name}", frees=event in FREES)

    def step(self, name: str, *, frees: bool = False) -> None:
        self.names.append(name)
        if not self._fatal or len(self.names) < self._fatal:
            return
        if self._how == "kill":
            if sys.platform == "win32":
                os._exit(137)
            os.kill(os.getpid(), signal.SIGKILL)
        elif not frees:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), name)

    def wrap(self, owner: Any, name: str) -> None:
        """Count a library's function that writes, before and after."""
        write: Callable[..., Any] = getattr(owner, name)

        # What DuckDB meets on a full disk it tells in errors of its own: a small disk shows those.
        frees = owner is warehouse.Warehouse

        def counted(*arguments: Any, **options: Any) -> Any:
            self.step(f"before {name}", frees=frees)
            result = write(*arguments, **options)
            self.step(f"after {name}", frees=True)
            return result

        setattr(owner, name, counted)


def main() -> int:
    project, subject, how, step = sys.argv[1:]
    config = config_in(Path(project))
    act = run if subject == "run" else SUBJECTS[subject].act
    steps = Steps(config.lake.parent, how, 0 if how == "size" else int(step))
    for owner, names in (
        (pl.DataFrame, ["write_parquet"]),
        (DeltaTable, ["create", "create_write_transaction"]),
        (warehouse.Warehouse, ["create", "add_ops", "finish"]),
    ):
        for name in names:
            steps.wrap(owner, name)
    sys.addaudithook(steps.see)
    if how == "size":
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (int(step), resource.RLIM_INFINITY))
    print("begun", flush=True)  # noqa: T201 - whoever watches reads it
    try:
        act(config)
    except StoreError as error:
        told = {"message": error.message, "hint": error.hint}
        print(json.dumps(told))  # noqa: T201 - the same
        return 5
    except LakeError as error:
        sys.stderr.write(f"{type(error).__name__}: {error.message}\n")
        return 1
    print(json.dumps(steps.names))  # noqa: T201 - the same
    return 0


if __name__ == "__main__":
    sys.exit(main())
