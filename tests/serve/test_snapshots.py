"""A newly published file is served without a restart, and no answer fails or mixes two."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from domains.carms.gold_lake import version
from served import Client, publish, serving

from carms_lake import GoldMissing, Lake, Published, QueryRefused
from carms_lake.config import load_config
from carms_lake.serve.snapshot import Snapshots

if TYPE_CHECKING:
    from pathlib import Path


def test_a_published_file_answers_as_it_was_until_it_is_closed(tmp_path: Path) -> None:
    lake = publish(tmp_path)
    held = Published(lake.config)
    publish(tmp_path, version("7"))
    count = "select count(*) from program_profile"
    assert held.rows(count)[1] == held.query(count).rows() == [(6,)]
    assert Published.newest(lake.config) != held.mark
    fresh = Published(lake.config)
    assert fresh.rows(count)[1] == [(7,)]
    with pytest.raises(QueryRefused):
        fresh.rows("select * from read_text('/etc/hostname')")
    held.close()
    fresh.close()


@pytest.mark.parametrize("sql", ["from ops.runs", "from runs", "from ops.rejects"])
def test_what_a_user_asks_reads_all_of_the_file_that_is_published(tmp_path: Path, sql: str) -> None:
    lake = publish(tmp_path)
    held = Published(lake.config)
    assert held.ask(sql)[0] == held.rows(sql)[0]
    held.close()


def test_without_a_gold_file_the_service_says_so_and_serves_it_once_it_is_there(
    tmp_path: Path,
) -> None:
    (tmp_path / "carms.toml").touch()
    lake = Lake(load_config(project=tmp_path, domain="carms"))
    with pytest.raises(GoldMissing):
        Published(lake.config)
    with serving(lake) as client:
        assert client.get("/health").json["status"] == "no gold file"
        found = client.get("/programs")
        assert (found.status, found.json["kind"]) == (503, "GoldMissing")
        assert "carms build" in found.json["hint"]
        publish(tmp_path)
        client.until("/programs", lambda reply: reply.status == 200)


@pytest.mark.slow
def test_no_request_fails_or_mixes_while_files_are_published(tmp_path: Path) -> None:
    lake = publish(tmp_path)
    seen: set[tuple[int, int, int]] = set()
    wrong: list[object] = []
    is_over = threading.Event()

    def ask(client: Client) -> None:
        while not is_over.is_set():
            found = client.get("/programs?limit=100")
            answer = found.json
            if found.status != 200:
                wrong.append(found)
                return
            seen.add((answer["total"], len(answer["programs"]), answer["seats"]))
            if client.get("/api/v1/tables/fact_program").status != 200:
                wrong.append(found)

    with serving(lake) as client:
        threads = [threading.Thread(target=ask, args=(client,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for number in range(1, 4):
            publish(tmp_path, *(version(f"1{n}", quota=100) for n in range(number)))
            total = 6 + number
            client.until("/programs", lambda reply, total=total: reply.json["total"] == total)
        is_over.set()
        for thread in threads:
            thread.join()
        reloads = client.get("/metrics").body.decode()
    assert wrong == []
    assert seen == {(6 + n, 6 + n, 20 + 100 * n) for n in range(4)}
    assert "carms_reloads_total 4" in reloads


def test_an_etag_holds_until_another_file_is_published(tmp_path: Path) -> None:
    lake = publish(tmp_path)
    with serving(lake) as client:
        for path in ("/programs?province=ON", "/programs/1", "/openapi.json", "/disciplines"):
            etag = client.get(path).headers["etag"]
            again = client.get(path, if_none_match=f'"other", {etag}')
            assert (again.status, again.body) == (304, b"")
        assert client.get("/programs?province=BC", if_none_match=etag).status == 200
        etag = client.get("/programs").headers["etag"]
        cursor = client.get("/programs?limit=1").json["next"]
        publish(tmp_path, version("8"))
        client.until("/programs", lambda reply: reply.status == 200, if_none_match=etag)
        assert client.get(f"/programs?cursor={cursor}").status == 404


def test_answers_are_compressed_for_who_takes_it(client: Client) -> None:
    plain = client.get("/programs")
    packed = client.get("/programs", accept_encoding="gzip")
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.body == plain.body
    assert int(packed.headers["content-length"]) < len(plain.body) / 2
    refused = client.get("/programs", accept_encoding="gzip;q=0")
    assert "content-encoding" not in refused.headers
    assert "content-encoding" not in client.get("/health", accept_encoding="gzip").headers


def test_a_file_that_cannot_be_opened_leaves_the_one_of_before(tmp_path: Path) -> None:
    lake = publish(tmp_path)
    snapshots = Snapshots(lake)
    assert snapshots.refresh()
    before = snapshots.current
    lake.config.gold_file.unlink()
    lake.config.gold_file.write_bytes(b"not a database" * 1_000)
    assert snapshots.is_stale
    assert not snapshots.refresh()
    assert not snapshots.is_stale
    assert snapshots.fault is not None
    with snapshots.using() as found:
        assert found is before
        assert found.lake.rows("select count(*) from fact_program")[1] == [(6,)]
    snapshots.close()
