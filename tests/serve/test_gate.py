"""Who may ask, how much, and what a wrong request gets."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from served import KEY, Client, serving

from carms_lake.errors import ConfigError
from carms_lake.serve.keys import Keys, read_keys
from carms_lake.serve.limits import Limiter
from carms_lake.serve.settings import Settings

if TYPE_CHECKING:
    from carms_lake import Lake


@pytest.fixture(scope="module")
def closed(carms_lake_of_six: Lake) -> Iterator[Client]:
    """A service with a key, SQL and one origin."""
    settings = {"keys": Keys((KEY,)), "has_query": True, "origins": ("https://a.example",)}
    with serving(carms_lake_of_six, **settings) as found:
        yield found


def raw(client: Client, sent: bytes, timeout: float = 20) -> bytes:
    """What comes back on bytes as they are, until the connection ends or nothing more comes."""
    found = b""
    with socket.create_connection(("127.0.0.1", client.port), timeout=timeout) as connection:
        connection.sendall(sent)
        try:
            while data := connection.recv(65536):
                found += data
                if b"\r\n\r\n" in found and b"408" not in found[:20]:
                    break
        except (TimeoutError, ConnectionError):
            pass
    return found


def test_with_a_key_all_but_health_and_the_page_needs_it(closed: Client) -> None:
    assert closed.get("/health").status == 200
    assert closed.get("/").status == 200
    for path in ("/programs", "/metrics", "/openapi.json", "/pipeline/runs", "/nowhere"):
        found = closed.get(path)
        assert (found.status, found.headers["www-authenticate"]) == (401, 'Bearer realm="carms"')
    assert closed.get("/programs", authorization=f"Bearer {KEY}").status == 200
    assert closed.get("/programs", x_api_key=KEY).status == 200
    assert closed.get("/programs", x_api_key=KEY + "x").status == 401
    assert closed.get("/health", x_api_key="wrong").status == 401


def test_without_a_key_what_starts_something_is_refused(client: Client) -> None:
    found = client.ask("POST", "/pipeline/run")
    assert found.status == 403
    assert "--key-file" in found.json["hint"]


def test_keys_come_from_a_file_that_nobody_else_reads(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"# mine\n{KEY}\n", encoding="utf-8")
    file.chmod(0o600)
    keys = read_keys(file)
    assert (keys.name_of(KEY), keys.name_of("another"), bool(keys)) == ("key-1", None, True)
    assert read_keys(None, {"CARMS_API_KEY": KEY}).name_of(KEY) == "key-1"
    assert not read_keys(None, {})
    file.write_text("short\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="shorter than 16"):
        read_keys(file)
    file.write_text("# none\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="holds no key"):
        read_keys(file)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_keys(tmp_path / "missing")


@pytest.mark.skipif("sys.platform == 'win32'", reason="permissions of files are others there")
def test_a_file_of_keys_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"{KEY}\n", encoding="utf-8")
    file.chmod(0o644)
    with pytest.raises(ConfigError, match="others may read"):
        read_keys(file)


@pytest.mark.parametrize(("host", "is_local"), [
    ("127.0.0.1", True), ("::1", True), ("localhost", True), ("127.9.9.9", True),
    ("0.0.0.0", False), ("::", False), ("192.0.2.1", False), ("example.org", False),
])  # fmt: skip
def test_another_address_than_this_machine_needs_a_key(host: str, is_local: bool) -> None:
    settings = Settings(host=host)
    assert settings.is_local is is_local
    if is_local:
        settings.ensure_sound()
    else:
        with pytest.raises(ConfigError, match="no API key"):
            settings.ensure_sound()
    Settings(host=host, keys=Keys((KEY,))).ensure_sound()


@pytest.mark.parametrize(
    "origin", ["*", "example.org", "https://a.example/", "https://*.a.example"]
)
def test_what_is_no_origin_is_refused(origin: str) -> None:
    with pytest.raises(ConfigError, match="not an origin"):
        Settings(origins=(origin,)).ensure_sound()


def test_a_bucket_lets_a_burst_through_and_then_the_rate() -> None:
    now = [0.0]
    limiter = Limiter(2, lambda: now[0])
    assert [limiter.wait_s("a") for _ in range(5)] == [0, 0, 0, 0, 1]
    assert limiter.wait_s("b") == 0
    now[0] = 0.5
    assert [limiter.wait_s("a"), limiter.wait_s("a")] == [0, 1]
    assert Limiter(0).wait_s("a") == 0


def test_who_asks_too_often_is_told_when_to_come_back(carms_lake_of_six: Lake) -> None:
    with serving(carms_lake_of_six, rate=0.5) as slow:
        replies = [slow.get("/health") for _ in range(3)]
    assert replies[0].status == 200
    assert replies[-1].status == 429
    assert 1 <= int(replies[-1].headers["retry-after"]) <= 2


def test_only_pages_of_a_named_origin_may_read(client: Client, closed: Client) -> None:
    name = "access-control-allow-origin"
    assert name not in client.get("/health", origin="https://a.example").headers
    assert name not in closed.get("/health", origin="https://b.example").headers
    found = closed.get("/health", origin="https://a.example")
    assert (found.headers[name], found.headers["vary"]) == ("https://a.example", "origin")
    asked = {"origin": "https://a.example", "access_control_request_method": "POST"}
    assert closed.ask("OPTIONS", "/programs", **asked).status == 204
    assert closed.ask("OPTIONS", "/programs", x_api_key=KEY).status == 405


def test_a_name_that_leads_here_from_elsewhere_is_not_answered(client: Client) -> None:
    assert client.get("/health", host="evil.example").status == 421
    assert client.get("/health", host=f"localhost:{client.port}").status == 200


def test_request_ids_are_kept_or_made(client: Client) -> None:
    assert client.get("/health", x_request_id="a-1").headers["x-request-id"] == "a-1"
    made = client.get("/health", x_request_id="no good").headers["x-request-id"]
    assert made != "no good"
    assert len(made) == 16


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", b"431"),
        (b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X: a\r\n" * 150 + b"\r\n", b"431"),
        (b"GET /" + b"a" * 17_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"414"),
        (b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\x00b\r\n\r\n", b"400"),
        (b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX : a\r\n\r\n", b"400"),
        (b"GET /h\xe9 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"400"),
        (b"GARBAGE\r\n\r\n", b"400"),
        (b"GET /programs/%ff HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"400"),
        (b"GET /programs/../../etc/passwd HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"404"),
        (b"GET /programs/..%2f..%2fetc HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"404"),
        (b"GET /api/v1/tables/..%2f..%2fx HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"404"),
        (b"POST /api/v1/rank HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n\r\n",
         b"413"),
        (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
         b"400"),
    ],
    ids=lambda value: value[:30].decode("latin-1") if len(value) > 3 else None,
)  # fmt: skip
def test_a_broken_request_is_refused(client: Client, sent: bytes, status: bytes) -> None:
    assert raw(client, sent).split(b" ")[1] == status


def test_what_a_client_sends_does_not_become_a_header(client: Client) -> None:
    found = client.get("/programs/x%0d%0aSet-Cookie:%20a=b")
    assert found.status == 404
    assert "set-cookie" not in found.headers
    assert client.get("/health?%0d%0aX:%201").status == 400


def test_a_body_of_ten_megabytes_is_refused_while_it_comes(client: Client) -> None:
    head = (
        b"POST /api/v1/rank HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    )
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    assert raw(client, head + chunk * 8).split(b" ")[1] == b"413"


@pytest.mark.parametrize(
    "body",
    [
        b'{"iteration": "\xff"}', b"\x1f\x8b\x08\x00", '{"strict": true}'.encode("utf-16"),
        b'{"iteration": "\\ud800"}', b"[" * 50_000,
    ],
    ids=["latin-1", "gzip", "utf-16", "half a character", "nested"],
)  # fmt: skip
def test_a_body_in_another_encoding_is_refused(client: Client, body: bytes) -> None:
    found = client.ask("POST", "/api/v1/rank", body, content_type="application/json")
    assert (found.status, found.json["title"]) == (400, "Bad Request")


def test_a_client_that_sends_slowly_is_sent_away(
    carms_lake_of_six: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(carms_lake_of_six, body_timeout_s=0.3) as slow:
        monkeypatch.setattr("carms_lake.serve.protocol.HEADERS_S", 0.3)
        assert raw(slow, b"GET /health HTTP/1.1\r\nHost: 127").split(b" ")[1] == b"408"
        assert raw(slow, b"").split(b" ")[1] == b"408"
        head = b"POST /api/v1/rank HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n\r\n{"
        assert raw(slow, head).split(b" ")[1] == b"408"


def test_other_methods_are_refused_with_those_that_are_taken(client: Client) -> None:
    found = client.ask("DELETE", "/programs")
    assert (found.status, found.headers["allow"]) == (405, "GET, HEAD")
    assert client.ask("HEAD", "/programs").body == b""
    assert client.get("/nowhere").status == 404


def test_a_statement_is_answered_in_the_sandbox_over_the_published_file_alone(
    closed: Client, client: Client
) -> None:
    def ask(sql: str, **more: object) -> object:
        return closed.ask("POST", "/api/v1/query", {"sql": sql, **more}, x_api_key=KEY)

    found = ask("select count(*) as n from program_profile where quota > $q", parameters={"q": 2})
    assert found.json == {"columns": ["n"], "rows": [[2]]}
    for sql in ("select * from silver.program", "select * from bronze.program_master"):
        assert ask(sql).status == 400
    assert client.ask("POST", "/api/v1/query", {"sql": "select 1"}).status == 403


ATTACKS = sorted((Path(__file__).parents[1] / "attacks").glob("*.sql"))


def test_every_attack_on_query_is_refused_over_http(
    closed: Client, carms_lake_of_six: Lake
) -> None:
    config = carms_lake_of_six.config
    marks = {"{gold}": config.gold_file, "{parquet}": config.lake, "{folder}": config.project}
    before = config.gold_file.read_bytes()
    answered = []
    for path in ATTACKS:
        sql = path.read_text(encoding="utf-8")
        for mark, target in marks.items():
            sql = sql.replace(mark, target.as_posix())
        found = closed.ask("POST", "/api/v1/query", {"sql": sql}, x_api_key=KEY)
        if not 400 <= found.status < 500:
            answered.append((path.name, found.status, found.body[:200]))
    assert answered == []
    assert config.gold_file.read_bytes() == before


def test_a_table_s_name_or_filter_is_never_sql(client: Client) -> None:
    for name in ("x%22;drop", "program_profile%22", "information_schema.tables", "ops.runs"):
        assert client.get(f"/api/v1/tables/{name}").status == 404
    assert client.get("/api/v1/tables/program_profile?quota)--=1").status == 400
    text = "%27%20or%20%271%27=%271"
    assert client.get(f"/api/v1/tables/program_profile?program_stream_id={text}").json["total"] == 0


def test_logs_and_metrics_hold_no_value_of_a_request(
    carms_lake_of_six: Lake, capfd: pytest.CaptureFixture[str]
) -> None:
    with serving(carms_lake_of_six) as found:
        object.__setattr__(found.service.state.settings, "is_quiet", False)
        found.get("/programs/SECRET?section=SECRET", x_request_id="r-1")
        metrics = found.get("/metrics").body.decode()
        time.sleep(0.1)
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines() if line]
    (line,) = [one for one in lines if one.get("request_id") == "r-1"]
    assert (line["status"], line["route"]) == (404, "/programs/{program_stream_id}")
    assert "SECRET" not in metrics + json.dumps(lines)
    assert 'carms_request_seconds_count{route="/programs/{program_stream_id}"} 1' in metrics
