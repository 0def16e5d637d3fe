"""What a URL of PostgreSQL may be: a password in it is refused, and never shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from command import called

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hunter2@localhost/bi",
        "postgres://me:hun#ter2@localhost/bi",
        "postgresql://me:hunter2/@localhost/bi",
        "postgresql://localhost/bi?user=me&password=hunter2",
        "host=localhost password=hunter2",
        "mysql://me:hunter2@localhost/bi",
    ],
)
def test_it_is_refused_and_not_repeated(shop: Path, url: str) -> None:
    for options in ([], ["-v"], ["--json"]):
        done = called(shop, "publish", "postgres", url, *options)
        assert done.code == 2
        assert "hun" not in done.out + done.err
    assert "hint: " in called(shop, "publish", "postgres", url).err
