"""Fetch, against a server on this machine that answers well, wrongly, slowly or not at all."""

from __future__ import annotations

import hashlib
import io
import json
import socket
import struct
import threading
import zipfile
from collections import defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from carms_lake.errors import ContractError, SourceError, StoreError, UsageError
from carms_lake.flows.fetch import STATE_FILE, FetchedFile, fetch
from carms_lake.flows.fetch.download import Transfer, download
from carms_lake.flows.fetch.plan import FetchPlan, RemoteFile, Unzip, load_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CONTENT = bytes(range(256)) * 1200
OTHER = CONTENT[::-1]
NAME = "1_data.bin"
ETAG = '"v1"'


class Handler(BaseHTTPRequestHandler):
    """Answers each path with its script, one answer after the other; the last one stays."""

    server: Double

    def do_GET(self) -> None:
        self.server.seen.append(Seen(self.command, self.path, dict(self.headers.items())))
        script = self.server.scripts[self.path]
        if not script:
            self.send_error(404)
        else:
            (script.pop(0) if len(script) > 1 else script[0])(self)

    def do_CONNECT(self) -> None:
        self.server.seen.append(Seen(self.command, self.path, dict(self.headers.items())))
        self.send_error(403)

    def log_message(self, *_: object) -> None:
        """Tests look at `seen`."""


@dataclass(frozen=True)
class Seen:
    """One request as it arrived."""

    command: str
    path: str
    headers: dict[str, str]

    @property
    def range(self) -> str | None:
        return self.headers.get("Range")


@dataclass
class Double(ThreadingHTTPServer):
    """A server on the loopback address, in a thread."""

    scripts: dict[str, list[Callable[[Handler], None]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    seen: list[Seen] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.daemon_threads = False  # so that closing waits for them and leaves no socket open

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"

    def handle_error(self, *_: object) -> None:
        """A client that went away is part of the tests."""

    def answers(self, *script: Callable[[Handler], None], name: str = NAME) -> None:
        self.scripts[f"/{name}"] = list(script)


@pytest.fixture
def server() -> Iterator[Double]:
    double = Double()
    thread = threading.Thread(target=double.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield double
    double.released.set()
    double.shutdown()
    thread.join()
    double.server_close()


@pytest.fixture(autouse=True)
def _no_proxy_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "request_method"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def _offset(handler: Handler) -> int:
    asked = handler.headers.get("Range", "bytes=0-")
    return int(asked.removeprefix("bytes=").removesuffix("-"))


def _head(handler: Handler, status: int, length: int, **headers: str) -> None:
    handler.send_response(status)
    handler.send_header("Content-Length", str(length))
    for key, value in headers.items():
        handler.send_header(key.replace("_", "-"), value)
    handler.end_headers()


def _ranged_head(handler: Handler, content: bytes, etag: str) -> int:
    """Send the head that Range and If-Range deserve; where the body starts."""
    offset = _offset(handler)
    if handler.headers.get("If-Range", etag) != etag:
        offset = 0
    if offset >= len(content) > 0:
        _head(handler, 416, 0, Content_Range=f"bytes */{len(content)}")
    elif offset:
        placed = f"bytes {offset}-{len(content) - 1}/{len(content)}"
        _head(handler, 206, len(content) - offset, Content_Range=placed, ETag=etag)
    else:
        _head(handler, 200, len(content), ETag=etag)
    return offset


def serve(content: bytes, etag: str = ETAG) -> Callable[[Handler], None]:
    """A good server."""

    def answer(handler: Handler) -> None:
        handler.wfile.write(content[_ranged_head(handler, content, etag) :])

    return answer


def cut(content: bytes, at: int, etag: str = ETAG) -> Callable[[Handler], None]:
    """Promises all, closes after byte `at`."""

    def answer(handler: Handler) -> None:
        handler.wfile.write(content[_ranged_head(handler, content, etag) : at])

    return answer


def whole(content: bytes, **headers: str) -> Callable[[Handler], None]:
    """Knows no Range."""

    def answer(handler: Handler) -> None:
        _head(handler, 200, len(content), **headers)
        handler.wfile.write(content)

    return answer


def wrong_range(content: bytes) -> Callable[[Handler], None]:
    """Continues somewhere else than asked."""

    def answer(handler: Handler) -> None:
        if _offset(handler):
            _head(handler, 206, 10, Content_Range=f"bytes 5-14/{len(content)}")
            handler.wfile.write(content[5:15])
        else:
            whole(content)(handler)

    return answer


def raw(*pieces: bytes) -> Callable[[Handler], None]:
    """Writes bytes as they are."""

    def answer(handler: Handler) -> None:
        handler.wfile.write(b"".join(pieces))

    return answer


def status(code: int, **headers: str) -> Callable[[Handler], None]:
    """No file, only a status."""
    return lambda handler: _head(handler, code, 0, **headers)


def stall(content: bytes, at: int) -> Callable[[Handler], None]:
    """Sends `at` bytes, then nothing more."""

    def answer(handler: Handler) -> None:
        offset = _ranged_head(handler, content, ETAG)
        handler.wfile.write(content[offset:at])
        handler.wfile.flush()
        handler.server.released.wait(5)

    return answer


def silent(handler: Handler) -> None:
    """Takes the request and says nothing."""
    handler.server.released.wait(5)


def reset(handler: Handler) -> None:
    """Resets the connection."""
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.connection.close()


def blob_id(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def remote(content: bytes = CONTENT, name: str = NAME, **more: object) -> RemoteFile:
    return RemoteFile(name, blob_id(content), **more)  # type: ignore[arg-type]  # keywords of cases


def bring(server: Double, target: Path, *files: RemoteFile, **options: object) -> list[FetchedFile]:
    settings = {"timeout_s": 5, "backoff_s": 0.01} | options
    plan = FetchPlan(server.url, files or (remote(),))
    return fetch(plan, target, **settings)  # type: ignore[arg-type]  # keywords of cases


def leave_part(target: Path, content: bytes, etag: str = "", name: str = NAME) -> Path:
    """What an interrupted run leaves."""
    target.mkdir(parents=True, exist_ok=True)
    part = target / f"{name}.part"
    part.write_bytes(content)
    if etag:
        (target / f".{name}.part.etag").write_text(etag, encoding="ascii")
    return part


def names_in(target: Path) -> list[str]:
    return sorted(path.name for path in target.iterdir())


def zipped(*members: tuple[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", packing) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def test_a_file_is_brought_checked_and_reported(server: Double, tmp_path: Path) -> None:
    server.answers(serve(CONTENT))
    target = tmp_path / "data_raw" / "some"
    fetched = bring(server, target, remote(sha256=hashlib.sha256(CONTENT).hexdigest()))
    (file,) = fetched
    assert (file.name, file.path, file.bytes) == (NAME, target / NAME, len(CONTENT))
    assert (file.status, file.replaced) == ("fetched", False)
    assert file.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert file.path.read_bytes() == CONTENT
    assert names_in(target) == [NAME]
    assert server.seen[0].range is None
    assert server.seen[0].headers["User-Agent"].startswith("carms-lake/")


def test_a_file_that_is_there_and_right_is_not_asked_for(server: Double, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(CONTENT)
    leave_part(tmp_path, CONTENT[:10], ETAG)
    assert [file.status for file in bring(server, tmp_path)] == ["present"]
    assert server.seen == []
    assert names_in(tmp_path) == [NAME]


def test_a_file_that_is_there_and_wrong_is_replaced_and_told(
    server: Double, tmp_path: Path
) -> None:
    server.answers(serve(CONTENT))
    (tmp_path / NAME).write_bytes(OTHER)
    (file,) = bring(server, tmp_path)
    assert (file.status, file.replaced) == ("fetched", True)
    assert (tmp_path / NAME).read_bytes() == CONTENT


def test_a_wrong_answer_leaves_the_file_that_was_there(server: Double, tmp_path: Path) -> None:
    server.answers(serve(b"<html>log in</html>"))
    (tmp_path / NAME).write_bytes(OTHER)
    with pytest.raises(SourceError):
        bring(server, tmp_path)
    assert (tmp_path / NAME).read_bytes() == OTHER


def test_force_asks_again_for_everything_from_the_first_byte(
    server: Double, tmp_path: Path
) -> None:
    server.answers(serve(CONTENT))
    (tmp_path / NAME).write_bytes(CONTENT)
    leave_part(tmp_path, CONTENT[:10], ETAG)
    (file,) = bring(server, tmp_path, force=True)
    assert (file.status, file.replaced) == ("fetched", False)
    assert [seen.range for seen in server.seen] == [None]


def test_another_base_url_is_asked_instead(server: Double, tmp_path: Path) -> None:
    server.answers(serve(CONTENT), name="mirror/" + NAME)
    plan = FetchPlan("http://127.0.0.1:9/", (remote(),))
    fetch(plan, tmp_path, base_url=server.url + "mirror", backoff_s=0)
    assert [seen.path for seen in server.seen] == ["/mirror/" + NAME]


def test_a_name_is_quoted_in_its_url(server: Double, tmp_path: Path) -> None:
    server.answers(serve(CONTENT), name="a%20%23b.csv")
    bring(server, tmp_path, remote(name="a #b.csv"))
    assert (tmp_path / "a #b.csv").read_bytes() == CONTENT


def test_an_empty_published_file_is_a_file(server: Double, tmp_path: Path) -> None:
    server.answers(serve(b""))
    assert bring(server, tmp_path, remote(b""))[0].bytes == 0


def test_progress_grows_to_the_total(server: Double, tmp_path: Path) -> None:
    server.answers(serve(CONTENT))
    told: list[tuple[str, int, int | None]] = []
    leave_part(tmp_path, CONTENT[:1000])
    bring(server, tmp_path, progress=lambda *news: told.append(news))
    assert {(name, total) for name, _, total in told} == {(NAME, len(CONTENT))}
    counts = [count for _, count, _ in told]
    assert counts == sorted(counts)
    assert (counts[0] > 1000, counts[-1]) == (True, len(CONTENT))


def test_an_interrupted_download_continues_where_it_stopped(server: Double, tmp_path: Path) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    server.answers(serve(CONTENT))
    with pytest.raises(KeyboardInterrupt):
        bring(server, tmp_path, progress=interrupt)
    kept = (tmp_path / f"{NAME}.part").stat().st_size
    assert 0 < kept < len(CONTENT)
    assert [file.status for file in bring(server, tmp_path)] == ["resumed"]
    assert server.seen[1].range == f"bytes={kept}-"
    assert server.seen[1].headers["If-Range"] == ETAG
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert names_in(tmp_path) == [NAME]


@pytest.mark.parametrize(
    ("answers", "ranges", "outcome"),
    [
        pytest.param([serve(CONTENT)], ["bytes=1000-"], "resumed", id="continues"),
        pytest.param([serve(CONTENT, '"v2"')], ["bytes=1000-"], "fetched", id="changed-meanwhile"),
        pytest.param([whole(CONTENT)], ["bytes=1000-"], "fetched", id="knows-no-range"),
        pytest.param(
            [wrong_range(CONTENT)], ["bytes=1000-", None], "fetched", id="continues-elsewhere"
        ),
        pytest.param(
            [status(416), serve(CONTENT)], ["bytes=1000-", None], "fetched", id="refuses-range"
        ),
    ],
)
def test_what_a_server_makes_of_a_part_of_the_file(
    server: Double,
    tmp_path: Path,
    answers: list[Callable[[Handler], None]],
    ranges: list[str | None],
    outcome: str,
) -> None:
    server.answers(*answers)
    leave_part(tmp_path, CONTENT[:1000], ETAG)
    assert [file.status for file in bring(server, tmp_path, retries=0)] == [outcome]
    assert [seen.range for seen in server.seen] == ranges
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert names_in(tmp_path) == [NAME]


def test_a_part_that_is_already_whole_needs_no_server(server: Double, tmp_path: Path) -> None:
    leave_part(tmp_path, CONTENT)
    assert [file.status for file in bring(server, tmp_path)] == ["resumed"]
    assert server.seen == []


@pytest.mark.parametrize("left", [OTHER[:1000], OTHER, OTHER + b"more"])
def test_a_part_of_another_version_is_thrown_away_and_all_is_fetched(
    server: Double, tmp_path: Path, left: bytes
) -> None:
    server.answers(serve(CONTENT))
    leave_part(tmp_path, left)
    assert [file.status for file in bring(server, tmp_path, retries=0)] == ["fetched"]
    assert (tmp_path / NAME).read_bytes() == CONTENT


@pytest.mark.parametrize("etag", ['W/"v1"', "", "v1"])
def test_only_a_strong_etag_is_sent_back(server: Double, tmp_path: Path, etag: str) -> None:
    server.answers(cut(CONTENT, 5000, etag), serve(CONTENT, etag))
    bring(server, tmp_path)
    assert server.seen[1].range == "bytes=5000-"
    assert "If-Range" not in server.seen[1].headers


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(status(500), id="500"),
        pytest.param(status(503), id="503"),
        pytest.param(status(429), id="429"),
        pytest.param(reset, id="reset"),
        pytest.param(silent, id="silent"),
        pytest.param(raw(b""), id="hangs-up"),
        pytest.param(raw(b"no http\r\n\r\n"), id="no-http"),
        pytest.param(stall(CONTENT, 0), id="stalls-before-the-body"),
        pytest.param(stall(CONTENT, 5000), id="stalls-within-the-body"),
        pytest.param(cut(CONTENT, 5000), id="truncated"),
        pytest.param(
            raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n", CONTENT[:1]),
            id="truncated-chunk",
        ),
    ],
)
def test_a_passing_fault_is_tried_again(
    server: Double, tmp_path: Path, fault: Callable[[Handler], None]
) -> None:
    server.answers(fault, serve(CONTENT))
    bring(server, tmp_path, timeout_s=0.2, retries=1)
    assert len(server.seen) == 2
    assert (tmp_path / NAME).read_bytes() == CONTENT


def test_a_truncated_body_is_continued_not_begun_anew(server: Double, tmp_path: Path) -> None:
    server.answers(cut(CONTENT, 5000), serve(CONTENT))
    assert [file.status for file in bring(server, tmp_path)] == ["resumed"]
    assert [seen.range for seen in server.seen] == [None, "bytes=5000-"]


def piecewise(content: bytes, most: int) -> Callable[[Handler], None]:
    """Gives at most `most` bytes of a range."""

    def answer(handler: Handler) -> None:
        offset = _offset(handler)
        piece = content[offset : offset + most]
        placed = f"bytes {offset}-{offset + len(piece) - 1}/{len(content)}"
        _head(handler, 206, len(piece), Content_Range=placed)
        handler.wfile.write(piece)

    return answer


def test_a_server_that_gives_ranges_in_pieces_is_asked_for_each(
    server: Double, tmp_path: Path
) -> None:
    server.answers(piecewise(CONTENT, 100_000))
    leave_part(tmp_path, CONTENT[:1000])
    bring(server, tmp_path, retries=1)
    assert [seen.range for seen in server.seen] == [
        f"bytes={start}-" for start in range(1000, len(CONTENT), 100_000)
    ]
    assert (tmp_path / NAME).read_bytes() == CONTENT


def test_a_line_that_breaks_often_but_brings_bytes_gets_there(
    server: Double, tmp_path: Path
) -> None:
    server.answers(*(cut(CONTENT, at) for at in range(1000, 6000, 1000)), serve(CONTENT))
    bring(server, tmp_path, retries=1)
    assert len(server.seen) == 6
    assert (tmp_path / NAME).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        pytest.param(status(502), "HTTP 502", id="502"),
        pytest.param(reset, "cannot be reached", id="reset"),
        pytest.param(silent, "no answer within 0.1 s", id="silent"),
        pytest.param(stall(CONTENT, 5000), "nothing received for 0.1 s", id="stalls"),
        pytest.param(cut(CONTENT, 5000), f"5000 of {len(CONTENT)} bytes received", id="truncated"),
    ],
)
def test_a_fault_that_stays_is_an_error_that_names_the_url_and_what_to_do(
    server: Double, tmp_path: Path, fault: Callable[[Handler], None], said: str
) -> None:
    server.answers(fault)
    with pytest.raises(SourceError) as caught:
        bring(server, tmp_path, timeout_s=0.1, retries=1)
    assert server.url + NAME in caught.value.message
    assert said in caught.value.message
    assert "HTTPS_PROXY" in caught.value.hint
    assert str(tmp_path) in caught.value.hint
    assert not (tmp_path / NAME).exists()


def test_a_fault_that_stays_keeps_what_came(server: Double, tmp_path: Path) -> None:
    server.answers(cut(CONTENT, 5000))
    with pytest.raises(SourceError, match="broke off") as caught:
        bring(server, tmp_path, retries=1)
    assert "to resume" in caught.value.hint
    assert [seen.range for seen in server.seen] == [None, "bytes=5000-"]
    assert (tmp_path / f"{NAME}.part").read_bytes() == CONTENT[:5000]


@pytest.mark.parametrize("retries", [0, 2])
def test_retries_counts_the_attempts_after_the_first(
    server: Double, tmp_path: Path, retries: int
) -> None:
    server.answers(status(503))
    with pytest.raises(SourceError):
        bring(server, tmp_path, retries=retries)
    assert len(server.seen) == retries + 1


@pytest.mark.parametrize("code", [400, 401, 403, 404, 410])
def test_a_refusal_is_not_tried_again(server: Double, tmp_path: Path, code: int) -> None:
    server.answers(status(code))
    with pytest.raises(SourceError, match=f"HTTP {code}"):
        bring(server, tmp_path)
    assert len(server.seen) == 1


def test_a_404_points_to_the_base_url(server: Double, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="HTTP 404 Not Found") as caught:
        bring(server, tmp_path)
    assert "base URL" in caught.value.hint


@pytest.mark.parametrize("answer", [status(204), status(206)], ids=["204", "206-unasked"])
def test_a_success_that_is_no_file_is_an_error(
    server: Double, tmp_path: Path, answer: Callable[[Handler], None]
) -> None:
    server.answers(answer)
    with pytest.raises(SourceError, match="instead of the file"):
        bring(server, tmp_path)


def test_wrong_content_is_removed_and_the_error_says_expected_and_got(
    server: Double, tmp_path: Path
) -> None:
    server.answers(serve(OTHER))
    with pytest.raises(SourceError) as caught:
        bring(server, tmp_path)
    assert f"expected git blob id {blob_id(CONTENT)}" in caught.value.message
    assert f"got {blob_id(OTHER)}" in caught.value.message
    assert "run the command again" in caught.value.hint
    assert len(server.seen) == 1
    assert names_in(tmp_path) == []


def test_a_known_sha256_must_fit_too(server: Double, tmp_path: Path) -> None:
    server.answers(serve(CONTENT))
    with pytest.raises(SourceError) as caught:
        bring(server, tmp_path, remote(sha256="0" * 64))
    assert f"expected sha256 {'0' * 64}" in caught.value.message
    assert hashlib.sha256(CONTENT).hexdigest() in caught.value.message
    assert names_in(tmp_path) == []


def test_a_resumed_mixture_is_fetched_whole_once_then_refused(
    server: Double, tmp_path: Path
) -> None:
    server.answers(serve(OTHER))
    leave_part(tmp_path, CONTENT[:1000])
    with pytest.raises(SourceError, match="not the published file"):
        bring(server, tmp_path)
    assert [seen.range for seen in server.seen] == ["bytes=1000-", None]


@pytest.mark.parametrize(
    "answer",
    [
        raw(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", CONTENT),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n", CONTENT[:3000]),
    ],
    ids=["endless", "announced"],
)
def test_a_body_over_the_limit_is_refused_and_removed(
    server: Double, tmp_path: Path, answer: Callable[[Handler], None]
) -> None:
    server.answers(answer)
    part = tmp_path / f"{NAME}.part"
    with pytest.raises(SourceError, match="larger than 100000 bytes"):
        download(server.url + NAME, part, Transfer(max_bytes=100_000, backoff_s=0))
    assert names_in(tmp_path) == []


def test_a_body_without_a_length_or_in_chunks_is_read_whole(server: Double, tmp_path: Path) -> None:
    half = len(CONTENT) // 2
    pieces = (CONTENT[:half], CONTENT[half:], b"")
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    server.answers(raw(b"HTTP/1.0 200 OK\r\n\r\n", CONTENT), name="close.bin")
    server.answers(
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", chunks), name="chunked.bin"
    )
    fetched = bring(server, tmp_path, remote(name="close.bin"), remote(name="chunked.bin"))
    assert [file.bytes for file in fetched] == [len(CONTENT), len(CONTENT)]


def test_a_file_that_fails_does_not_keep_the_others_away(server: Double, tmp_path: Path) -> None:
    server.answers(serve(OTHER), name="b.bin")
    server.answers(serve(CONTENT), name="c.bin")
    with pytest.raises(SourceError) as caught:
        bring(server, tmp_path, remote(name="a.bin"), remote(name="b.bin"), remote(name="c.bin"))
    assert "2 of 3 files" in caught.value.message
    assert "a.bin`: the server answered HTTP 404" in caught.value.message
    assert "b.bin` is not the published file" in caught.value.message
    assert names_in(tmp_path) == ["c.bin"]


def test_a_server_that_gives_no_answer_is_not_asked_for_the_other_files(
    server: Double, tmp_path: Path
) -> None:
    server.answers(reset, name="a.bin")
    server.answers(serve(CONTENT), name="b.bin")
    with pytest.raises(SourceError, match="cannot be reached"):
        bring(server, tmp_path, remote(name="a.bin"), remote(name="b.bin"), retries=0)
    assert [seen.path for seen in server.seen] == ["/a.bin"]


def test_without_a_network_the_error_is_clear_and_comes_at_once(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{free.getsockname()[1]}/"
    with pytest.raises(SourceError) as caught:
        fetch(FetchPlan(closed, (remote(),)), tmp_path, retries=3, backoff_s=60)
    assert closed + NAME in caught.value.message
    assert "cannot be reached" in caught.value.message
    assert caught.value.hint == (
        f"check the network or a proxy (HTTPS_PROXY), or copy the files by hand into `{tmp_path}`"
    )


def test_the_proxy_of_the_environment_is_asked(
    server: Double, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "http://files.example.invalid/pub/"
    server.scripts[url + NAME] = [serve(CONTENT)]
    proxy = server.url.replace("http://", "http://user:secret@")
    monkeypatch.setenv("http_proxy", proxy)
    fetch(FetchPlan(url, (remote(),)), tmp_path, backoff_s=0)
    assert [seen.path for seen in server.seen] == [url + NAME]
    assert server.seen[0].headers["Host"] == "files.example.invalid"
    assert server.seen[0].headers["Proxy-Authorization"].startswith("Basic ")
    assert (tmp_path / NAME).read_bytes() == CONTENT


def test_no_proxy_goes_past_the_proxy(
    server: Double, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answers(serve(CONTENT))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    bring(server, tmp_path)
    assert [seen.path for seen in server.seen] == ["/" + NAME]


def test_https_goes_through_a_tunnel_of_the_proxy_whose_refusal_is_told(
    server: Double, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", server.url.replace("http://", "http://user:secret@"))
    plan = FetchPlan("https://files.example.invalid/", (remote(),))
    with pytest.raises(SourceError, match="Tunnel connection failed: 403") as caught:
        fetch(plan, tmp_path, backoff_s=0)
    assert "secret" not in caught.value.message + caught.value.hint
    assert [(seen.command, seen.path) for seen in server.seen] == [
        ("CONNECT", "files.example.invalid:443")
    ]


def test_https_with_a_server_that_speaks_none_is_a_clear_error(
    server: Double, tmp_path: Path
) -> None:
    plan = FetchPlan(server.url.replace("http://", "https://"), (remote(),))
    with pytest.raises(SourceError, match="no secure connection") as caught:
        fetch(plan, tmp_path, backoff_s=0)
    assert "SSL_CERT_FILE" in caught.value.hint


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_and_the_range_goes_with_it(
    server: Double, tmp_path: Path, code: int
) -> None:
    server.answers(status(code, Location="/elsewhere/x"))
    server.answers(serve(CONTENT), name="elsewhere/x")
    leave_part(tmp_path, CONTENT[:1000], ETAG)
    assert [file.status for file in bring(server, tmp_path)] == ["resumed"]
    assert server.seen[1].range == "bytes=1000-"


@pytest.mark.parametrize(
    "location",
    [
        pytest.param("file:///etc/hostname", id="file"),
        pytest.param("ftp://127.0.0.1/x", id="ftp"),
        pytest.param("data:text/plain,x", id="data"),
        pytest.param("http://[bad/", id="no-url"),
        pytest.param("http://127.0.0.1:port/x", id="no-port"),
        pytest.param("http://a:b@127.0.0.1:9/x y", id="user"),
        pytest.param("", id="nowhere"),
        pytest.param("/" + NAME, id="to-itself"),
    ],
)
def test_a_redirect_to_anything_else_is_refused(
    server: Double, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, location: str
) -> None:
    monkeypatch.setenv("ftp_proxy", server.url)
    server.answers(status(302, Location=location))
    with pytest.raises(SourceError) as caught:
        bring(server, tmp_path, retries=0)
    assert server.url + NAME in caught.value.message
    assert {seen.path for seen in server.seen} == {"/" + NAME}
    assert names_in(tmp_path) == []


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/",
        "ftp://example.org/",
        "example.org/",
        "https://",
        "https://example.org/a b/",
        "https://example.org/?q=",
        "https://example.org/#f",
        "https://example.org:port/",
        "https://[bad/",
        "https://exämple.org/",
        "https://example.org/\n",
        "",
    ],
)
def test_a_base_url_that_is_none_is_a_wrong_usage(tmp_path: Path, url: str) -> None:
    with pytest.raises(UsageError, match="not a base URL"):
        fetch(FetchPlan("https://example.org/", (remote(),)), tmp_path, base_url=url)


def test_a_base_url_with_a_password_is_refused_without_repeating_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        fetch(FetchPlan("https://x.org/", ()), tmp_path, base_url="https://me:secret@x.org/")
    assert "secret" not in caught.value.message + caught.value.hint


def test_a_target_that_cannot_be_written_is_an_error_of_the_store(
    server: Double, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    with pytest.raises(StoreError, match="cannot write into"):
        bring(server, blocked)


MEMBER = b'[{"id": "1"}]' * 50
ZIP = "1_docs.zip"


def a_zip(packed: bytes, ending: str = ".json") -> RemoteFile:
    return remote(packed, ZIP, unzip=Unzip(ending, "1_docs.json"))


@pytest.mark.parametrize(
    "members",
    [
        [("1_docs.json", MEMBER)],
        [("deep/er/Other.JSON", MEMBER), ("deep/readme.txt", b"x")],
        [("../../outside.json", MEMBER)],
        [("/etc/absolute.json", MEMBER)],
        [("C:\\windows\\x.json", MEMBER)],
        [("x.json", MEMBER), ("__MACOSX/._x.json", b"fork"), ("y/._x.json", b"fork")],
        [("folder.json/", b""), ("x.json", MEMBER)],
    ],
    ids=["plain", "deep", "climbing", "absolute", "windows", "resource-forks", "folder"],
)
def test_the_one_member_is_written_under_the_name_of_the_plan(
    server: Double, tmp_path: Path, members: list[tuple[str, bytes]]
) -> None:
    packed = zipped(*members)
    server.answers(serve(packed), name=ZIP)
    target = tmp_path / "data_raw" / "some"
    (file,) = bring(server, target, a_zip(packed))
    assert (file.name, file.path, file.bytes) == (
        "1_docs.json",
        target / "1_docs.json",
        len(MEMBER),
    )
    assert file.sha256 == hashlib.sha256(MEMBER).hexdigest()
    assert file.path.read_bytes() == MEMBER
    assert names_in(target) == [STATE_FILE, "1_docs.json"]
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {
        STATE_FILE,
        "1_docs.json",
    }


def test_an_unzipped_file_that_is_right_is_not_asked_for_again(
    server: Double, tmp_path: Path
) -> None:
    packed = zipped(("x.json", MEMBER))
    server.answers(serve(packed), name=ZIP)
    first = bring(server, tmp_path, a_zip(packed))
    second = bring(server, tmp_path, a_zip(packed))
    assert [file.status for file in second] == ["present"]
    assert second[0].sha256 == first[0].sha256
    assert len(server.seen) == 1


def _member_changed(target: Path) -> None:
    (target / "1_docs.json").write_bytes(b"edited")


def _member_gone(target: Path) -> None:
    (target / "1_docs.json").unlink()


def _state_gone(target: Path) -> None:
    (target / STATE_FILE).unlink()


def _state_of_another_zip(target: Path) -> None:
    path = target / STATE_FILE
    state = json.loads(path.read_text(encoding="utf-8"))
    state["1_docs.json"]["blob_id"] = "0" * 40
    path.write_text(json.dumps(state), encoding="utf-8")


def _state_broken(target: Path) -> None:
    (target / STATE_FILE).write_bytes(b"{\xff")


def _state_a_list(target: Path) -> None:
    (target / STATE_FILE).write_bytes(b"[]")


@pytest.mark.parametrize(
    ("spoil", "replaced"),
    [
        (_member_changed, True),
        (_member_gone, False),
        (_state_gone, False),
        (_state_of_another_zip, False),
        (_state_broken, False),
        (_state_a_list, False),
    ],
)
def test_an_unzipped_file_that_is_not_proved_is_fetched_again(
    server: Double, tmp_path: Path, spoil: Callable[[Path], None], replaced: bool
) -> None:
    packed = zipped(("x.json", MEMBER))
    server.answers(serve(packed), name=ZIP)
    bring(server, tmp_path, a_zip(packed))
    spoil(tmp_path)
    (file,) = bring(server, tmp_path, a_zip(packed))
    assert (file.status, file.replaced) == ("fetched", replaced)
    assert file.path.read_bytes() == MEMBER
    assert bring(server, tmp_path, a_zip(packed))[0].status == "present"


def test_the_state_keeps_what_it_knows_of_other_files(server: Double, tmp_path: Path) -> None:
    one, two = zipped(("x.json", b"1")), zipped(("y.json", b"2"))
    server.answers(serve(one), name="one.zip")
    server.answers(serve(two), name="two.zip")
    files = (
        remote(one, "one.zip", unzip=Unzip(".json", "one.json")),
        remote(two, "two.zip", unzip=Unzip(".json", "two.json")),
    )
    bring(server, tmp_path, *files)
    assert {file.status for file in bring(server, tmp_path, *files)} == {"present"}


def _encrypted(packed: bytes) -> bytes:
    """Set the flag that says a password is needed, in both headers."""
    spoilt = bytearray(packed)
    spoilt[6] |= 1
    spoilt[packed.index(b"PK\x01\x02") + 8] |= 1
    return bytes(spoilt)


def _claiming(packed: bytes, place: int, size_bytes: int) -> bytes:
    """Write another size into the directory: at 20 the packed one, at 24 the unpacked one."""
    start = packed.rindex(b"PK\x01\x02") + place
    return packed[:start] + struct.pack("<I", size_bytes) + packed[start + 4 :]


def _broken_inside(packed: bytes) -> bytes:
    spoilt = bytearray(packed)
    spoilt[45] ^= 0xFF
    return bytes(spoilt)


@pytest.mark.parametrize(
    ("packed", "said"),
    [
        pytest.param(zipped(("x.csv", MEMBER)), "found: none", id="none"),
        pytest.param(zipped(), "found: none", id="empty"),
        pytest.param(
            zipped(("a.json", MEMBER), ("b/c.json", MEMBER)),
            "found: `'a.json'`, `'b/c.json'`",
            id="several",
        ),
        pytest.param(b"no zip at all", "cannot be unzipped", id="no-zip"),
        pytest.param(b"", "cannot be unzipped", id="nothing"),
        pytest.param(_encrypted(zipped(("a.json", MEMBER))), "cannot be unzipped", id="password"),
        pytest.param(_broken_inside(zipped(("a.json", MEMBER))), "cannot be unzipped", id="broken"),
        pytest.param(
            _claiming(zipped(("a.json", bytes(3 << 20))), 24, 65 << 20),
            f"to {65 << 20}; the limit is {64 << 20}",
            id="bomb",
        ),
        pytest.param(
            _claiming(_claiming(zipped(("a.json", bytes(3 << 20))), 24, 65 << 20), 20, 1 << 28),
            f"to {65 << 20}; the limit is {64 << 20}",
            id="bomb-that-claims-to-be-packed-large",
        ),
        pytest.param(
            _claiming(zipped(("a.json", bytes(6 << 20)), packing=zipfile.ZIP_STORED), 24, 1 << 31),
            f"to {1 << 31}; the limit is {1 << 30}",
            id="giant",
        ),
        pytest.param(
            zipped(("a.json", MEMBER), packing=zipfile.ZIP_LZMA), "another method", id="lzma"
        ),
    ],
)
def test_a_zip_that_cannot_be_trusted_leaves_nothing(
    server: Double, tmp_path: Path, packed: bytes, said: str
) -> None:
    server.answers(serve(packed), name=ZIP)
    with pytest.raises(SourceError) as caught:
        bring(server, tmp_path, a_zip(packed))
    assert said in caught.value.message
    assert f"`{ZIP}`" in caught.value.message
    assert str(tmp_path) in caught.value.hint
    assert names_in(tmp_path) == []


def test_an_interrupted_zip_is_resumed(server: Double, tmp_path: Path) -> None:
    packed = zipped(("x.json", MEMBER))
    server.answers(serve(packed), name=ZIP)
    leave_part(tmp_path, packed[:50], ETAG, ZIP)
    assert [file.status for file in bring(server, tmp_path, a_zip(packed))] == ["resumed"]
    assert names_in(tmp_path) == [STATE_FILE, "1_docs.json"]


GOOD = f"""
base_url: https://example.org/pub
files:
  - {{name: a.csv, blob_id: "{"a" * 40}", sha256: "{"b" * 64}"}}
  - {{name: b.zip, blob_id: "{"c" * 40}", unzip: {{ending: .json, name: b.json}}}}
"""


def plan_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "some" / "fetch.yaml"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    return path


def test_a_plan_is_read_from_its_file(tmp_path: Path) -> None:
    assert load_plan(plan_file(tmp_path, GOOD)) == FetchPlan(
        "https://example.org/pub/",
        (
            RemoteFile("a.csv", "a" * 40, "b" * 64),
            RemoteFile("b.zip", "c" * 40, unzip=Unzip(".json", "b.json")),
        ),
    )


def test_a_domain_without_a_plan_has_nothing_to_fetch(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="domain `some` has nothing to fetch"):
        load_plan(tmp_path / "some" / "fetch.yaml")


@pytest.mark.parametrize(
    ("good", "wrong", "said"),
    [
        (GOOD, "", "must be a mapping"),
        (GOOD, "a: [", "is not YAML"),
        ("base_url", "baseurl", "unknown key `baseurl`"),
        ("base_url: https", "base_url: file", "not a base URL"),
        (GOOD[GOOD.index("files") :], "files: []", "at least one file"),
        (GOOD[GOOD.index("files") :], "files: [a]", "must be a mapping"),
        (GOOD[GOOD.index("files") :], "", "missing `files`"),
        ("name: a.csv", "name: ../a.csv", "not a plain file name"),
        ("name: a.csv", "name: /a.csv", "not a plain file name"),
        ("name: a.csv", "name: 'C:a.csv'", "not a plain file name"),
        ("name: a.csv", "name: .hidden", "not a plain file name"),
        ("name: a.csv", "name: 12", "not a plain file name"),
        ("name: a.csv, ", "", "missing `name`"),
        ("name: a.csv", "name: B.JSON", "two files have the same name"),
        ("name: b.json", "name: ../b.json", "not a plain file name"),
        ("ending: .json", "ending: ''", "must be text such as"),
        ("ending: .json, ", "", "missing `ending`"),
        (f'"{"a" * 40}"', "a" * 39, "`blob_id` of `a.csv` is not a valid digest"),
        (f'"{"a" * 40}"', "1" * 40, "`blob_id` of `a.csv` is not a valid digest"),
        (f'"{"b" * 64}"', "B" * 64, "`sha256` of `a.csv` is not a valid digest"),
        ("sha256", "sha265", "unknown key `sha265`"),
    ],
)
def test_a_wrong_plan_says_where_and_what(tmp_path: Path, good: str, wrong: str, said: str) -> None:
    assert good in GOOD
    path = plan_file(tmp_path, GOOD.replace(good, wrong))
    with pytest.raises(ContractError) as caught:
        load_plan(path)
    assert said in caught.value.message
    assert str(path) in caught.value.message


SHIPPED = sorted((Path(__file__).parents[3] / "schemas").glob("*/fetch.yaml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.parent.name)
def test_every_shipped_plan_is_right_and_uses_https(path: Path) -> None:
    plan = load_plan(path)
    assert plan.base_url.startswith("https://")


def test_the_carms_plan_brings_the_four_public_files() -> None:
    (path,) = [path for path in SHIPPED if path.parent.name == "carms"]
    assert [file.written_as for file in load_plan(path).files] == [
        "1503_discipline.xlsx",
        "1503_program_master.xlsx",
        "1503_markdown_program_descriptions_v2.json",
        "1503_program_descriptions_x_section.csv",
    ]


@pytest.mark.real_data
def test_the_carms_plan_knows_the_real_workbooks(real_carms: Path, tmp_path: Path) -> None:
    (path,) = [path for path in SHIPPED if path.parent.name == "carms"]
    workbooks = tuple(file for file in load_plan(path).files if file.name.endswith(".xlsx"))
    for file in workbooks:
        (tmp_path / file.name).write_bytes((real_carms / file.name).read_bytes())
    fetched = fetch(FetchPlan("http://127.0.0.1:9/", workbooks), tmp_path)
    assert {file.status for file in fetched} == {"present"}
