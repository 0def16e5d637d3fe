"""One Python object -> one JSON file in UTF-8, such as the ground truth of a generator."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from carms_lake.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def write(path: Path, frames: Iterable[Any], *, indent: int = 2) -> None:
    """Write the one object that the iterable gives, keys in the order they have.

    Raises:
        UsageError: the iterable gives none, or more than one.
    """
    objects = list(frames)
    if len(objects) != 1:
        raise UsageError(f"`{path.name}` holds one JSON object, not {len(objects)}")
    text = json.dumps(objects[0], ensure_ascii=False, indent=indent)
    path.write_bytes(f"{text}\n".encode())
