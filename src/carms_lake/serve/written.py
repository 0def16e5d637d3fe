"""Files that `carms` writes to answer with, each made once for each published file."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from carms_lake import Published
from carms_lake.serve.errors import Refused
from carms_lake.serve.log import log

if TYPE_CHECKING:
    from carms_lake import Lake
    from carms_lake.serve.children import Children
    from carms_lake.serve.routes import Written
    from carms_lake.serve.snapshot import Snapshot

MOST_S = 300.0
"""How long one may take."""

Key = tuple[str, "Written"]


class Files:
    """The files of a service; used in the loop's thread alone.

    They are kept with the snapshot that they were asked of, and forgotten with it.
    """

    def __init__(self, lake: Lake, children: Children) -> None:
        self._lake = lake
        self._children = children
        self._making: dict[Key, asyncio.Task[tuple[bytes, bool]]] = {}
        self._one = asyncio.Lock()

    async def get(self, snapshot: Snapshot, wanted: Written) -> tuple[bytes, bool]:
        """The file, and whether it is of this snapshot: a newer one may be published meanwhile.

        All who ask while it is made wait for the same one.

        Raises:
            Refused: it could not be made.
        """
        kept: bytes | None = snapshot.memory.get(wanted)
        if kept is not None:
            return kept, True
        key = (snapshot.tag, wanted)
        if key not in self._making:
            self._making[key] = asyncio.create_task(self._make(snapshot, wanted))
            self._making[key].add_done_callback(lambda _: self._making.pop(key))
        return await asyncio.shield(self._making[key])

    async def _make(self, snapshot: Snapshot, wanted: Written) -> tuple[bytes, bool]:
        async with self._one:
            with tempfile.TemporaryDirectory(prefix="carms-serve-") as folder:
                file = Path(folder) / f"file.{wanted.suffix}"
                said = await self._children.run((*wanted.words, "-o", str(file)), MOST_S)
                if said.code:
                    log("not made", words=" ".join(wanted.words), exit_code=said.code)
                    raise Refused(
                        503,
                        f"`carms {' '.join(wanted.words)}` ended with {said.code}",
                        "run it where the lake is: it says what is wrong",
                    )
                body = await asyncio.to_thread(file.read_bytes)
        if Published.newest(self._lake.config) != snapshot.lake.mark:
            return body, False
        snapshot.memory.once(wanted, lambda: body)
        return body, True
