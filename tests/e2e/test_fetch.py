"""`carms fetch` as a user calls it: the server of another base URL, and no server at all."""

from __future__ import annotations

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from command import carms

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    folder = tmp_path_factory.mktemp("served")
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=str(folder)))
    thread = threading.Thread(target=httpd.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}/", folder
    httpd.shutdown()
    thread.join()
    httpd.server_close()


def test_without_a_network_it_ends_with_4_and_says_what_to_do(tmp_path: Path) -> None:
    assert carms(tmp_path, "init").code == 0
    done = carms(tmp_path, "fetch", "--base-url", "http://127.0.0.1:1/", "--retries", "0")
    assert done.code == 4
    assert "127.0.0.1:1" in done.err
    assert "hint:" in done.err
    assert "data_raw" in done.err


def test_what_is_not_the_published_file_is_not_kept(
    tmp_path: Path, server: tuple[str, Path]
) -> None:
    url, folder = server
    (folder / "1503_discipline.xlsx").write_bytes(b"something else")
    assert carms(tmp_path, "init").code == 0
    done = carms(tmp_path, "fetch", "--base-url", url, "--retries", "0")
    assert done.code == 4
    assert "1503_discipline.xlsx" in done.err
    assert not list((tmp_path / "data_raw/carms").glob("1503_*"))


@pytest.mark.real_data
def test_the_published_files_are_kept_once(
    tmp_path: Path, server: tuple[str, Path], real_carms: Path
) -> None:
    url, folder = server
    name = "1503_discipline.xlsx"
    (folder / name).write_bytes((real_carms / name).read_bytes())
    assert carms(tmp_path, "init").code == 0
    done = carms(tmp_path, "fetch", "--base-url", url, "--retries", "0")
    assert done.code == 4, "the other three are not there"
    assert (tmp_path / "data_raw/carms" / name).read_bytes() == (real_carms / name).read_bytes()
