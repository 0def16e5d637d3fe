"""What a URL of PostgreSQL may be: a password in it is refused, and never shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from command import called
from tiny import built

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = built(tmp_path_factory.mktemp("project"))
    (config.project / "carms.toml").write_text('domain = "tiny"\n', encoding="utf-8")
    return config.project


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
def test_it_is_refused_and_not_repeated(project: Path, url: str) -> None:
    for options in ([], ["-v"], ["--json"]):
        done = called(project, "publish", "postgres", url, *options)
        assert done.code == 2
        assert "hun" not in done.out + done.err
    assert "hint: " in called(project, "publish", "postgres", url).err
