"""Gold as Parquet in a bucket: whole runs behind a pointer that only one can put."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from command import called
from tiny import built, sell
from tiny_s3 import DROP, client

from carms_lake import Lake, StoreError, UsageError
from carms_lake.adapters import parquet
from carms_lake.adapters.parquet import bucket as bucket_module
from carms_lake.adapters.parquet import publish

if TYPE_CHECKING:
    from tiny_s3 import Answer, TinyS3

ROOT = "gold/tiny/"


def objects(bucket: str) -> dict[str, bytes]:
    """What a bucket of moto has, by key."""
    keys = [one["Key"] for one in client().list_objects_v2(Bucket=bucket).get("Contents", ())]
    return {key: client().get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}


def current(objects: dict[str, bytes]) -> str:
    return str(json.loads(objects[f"{ROOT}current.json"])["run"])


def runs(objects: dict[str, bytes]) -> list[str]:
    return sorted({key.split("/")[3] for key in objects if key.startswith(f"{ROOT}runs/")})


def ensure_whole(objects: dict[str, bytes]) -> None:
    """The pointer leads to a run whose files are those that its manifest says."""
    pointer = json.loads(objects[f"{ROOT}current.json"])
    folder = f"{ROOT}runs/{pointer['run']}/"
    manifest = json.loads(objects[f"{folder}manifest.json"])
    assert (manifest["run"], manifest["digest"]) == (pointer["run"], pointer["digest"])
    for table in manifest["tables"].values():
        content = objects[folder + table["file"]]
        assert (sha256(content).hexdigest(), len(content)) == (table["sha256"], table["bytes"])


def test_it_writes_what_a_folder_gets_and_nothing_else(
    lake: Lake, bucket: str, tmp_path: Path
) -> None:
    done = publish(lake, f"s3://{bucket}/gold")
    publish(lake, tmp_path / "out")
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    expected = {f"gold/{f.relative_to(tmp_path / 'out').as_posix()}": f.read_bytes() for f in files}
    found = objects(bucket)
    pointer = {
        name: thing.pop(f"{ROOT}current.json")
        for name, thing in (("bucket", found), ("folder", expected))
    }
    assert found == expected
    said, there = json.loads(pointer["folder"]), json.loads(pointer["bucket"])
    assert {name: there[name] for name in said} == said
    assert done.publication.target == f"s3://{bucket}/gold/tiny"
    assert "Uploads" not in client().list_multipart_uploads(Bucket=bucket)


def test_published_twice_nothing_is_written(lake: Lake, server: TinyS3, url: str) -> None:
    assert publish(lake, url).is_changed
    server.asked.clear()
    assert not publish(lake, url).is_changed
    assert server.asked
    assert server.written() == []


def test_a_later_build_moves_the_pointer_and_the_last_runs_stay(lake: Lake, bucket: str) -> None:
    url = f"s3://{bucket}/gold"
    first = publish(lake, url).publication.gold_run_id
    sell(lake, 1)
    second = publish(lake, url).publication.gold_run_id
    assert (current(objects(bucket)), runs(objects(bucket))) == (second, [first, second])
    sell(lake, 2)
    third = publish(lake, url, keep=2).publication.gold_run_id
    assert runs(objects(bucket)) == [second, third]
    assert not publish(lake, url, keep=1).is_changed
    assert runs(objects(bucket)) == [third]
    ensure_whole(objects(bucket))
    assert lake.publications()["target"].to_list() == [f"{url}/tiny"]


def test_large_files_go_in_parts_and_are_compared_by_the_checksum_of_the_store(
    lake: Lake, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bucket_module, "PART_BYTES", 500)
    url = f"s3://{bucket}/gold"
    publish(lake, url)
    found = objects(bucket)
    ensure_whole(found)
    key = next(key for key in found if key.endswith("fact_sale.parquet"))
    head = client().head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    assert head["ETag"].endswith(f'-{-(-len(found[key]) // 500)}"')
    assert "ChecksumSHA256" in head
    reads = []
    read = bucket_module.Session.pieces
    monkeypatch.setattr(
        bucket_module.Session, "pieces", lambda *given: reads.append(given) or read(*given)
    )
    assert not publish(lake, url).is_changed
    assert len(reads) == 2, "pointer and manifest; files are not read"
    damaged = {"Body": b"other", "Metadata": head["Metadata"]}
    client().put_object(Bucket=bucket, Key=key, **damaged)
    assert publish(lake, url).is_changed
    assert objects(bucket)[key] == found[key]


def test_an_upload_in_parts_that_fails_is_given_up(
    lake: Lake, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bucket_module, "PART_BYTES", 500)
    call, sent = bucket_module.Session.call, []

    def broken(session: Any, operation: str, **given: Any) -> Any:
        sent.append(operation)
        if operation == "upload_part" and sent.count("upload_part") == 2:
            raise StoreError("broken", "")
        return call(session, operation, **given)

    monkeypatch.setattr(bucket_module.Session, "call", broken)
    with pytest.raises(StoreError, match="broken"):
        publish(lake, f"s3://{bucket}/gold")
    assert "create_multipart_upload" in sent
    sent.clear()
    assert "Uploads" not in client().list_multipart_uploads(Bucket=bucket)


def test_the_next_publish_removes_what_a_killed_one_left(lake: Lake, bucket: str) -> None:
    url = f"s3://{bucket}/gold"
    first = publish(lake, url).publication.gold_run_id
    killed = f"{ROOT}runs/20200101T000000.000000Z-0123ab/"
    only_upload = f"{ROOT}runs/20200102T000000.000000Z-0123ab/fact_sale.parquet"
    client().put_object(Bucket=bucket, Key=f"{killed}dim_product.parquet", Body=b"half")
    client().put_object(Bucket=bucket, Key=f"{ROOT}.probe.0123abcd.part", Body=b"1")
    client().create_multipart_upload(Bucket=bucket, Key=f"{killed}fact_sale.parquet")
    client().create_multipart_upload(Bucket=bucket, Key=only_upload)
    sell(lake, 1)
    second = publish(lake, url).publication.gold_run_id
    found = objects(bucket)
    assert runs(found) == [first, second]
    assert {key.split("/")[2] for key in found} == {"current.json", "runs"}
    assert "Uploads" not in client().list_multipart_uploads(Bucket=bucket)


def test_a_publish_that_is_killed_leaves_the_old_run(
    lake: Lake, server: TinyS3, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = publish(lake, url).publication.gold_run_id
    sell(lake, 1)
    for name in ("TMPDIR", "TEMP", "TMP"):  # what is killed leaves a file there
        monkeypatch.setenv(name, str(tmp_path))
    project, started = lake.config.project, threading.Event()
    command = [sys.executable, "-m", "carms_lake", "-p", str(project), "publish", "parquet", url]
    processes: list[subprocess.Popen[bytes]] = []

    def killed(method: str, key: str) -> Answer | None:
        if method != "PUT" or not key.endswith("fact_sale.parquet"):
            return None
        started.wait(timeout=60)
        processes[0].kill()
        processes[0].wait(timeout=60)
        return DROP

    server.fault = killed
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    processes.append(subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE))
    started.set()
    processes[0].communicate(timeout=120)
    server.fault = lambda _, __: None
    ensure_whole(server.objects)
    assert current(server.objects) == first
    assert len(runs(server.objects)) == 2
    sell(lake, 2)
    third = publish(lake, url).publication.gold_run_id
    assert runs(server.objects) == [first, third]
    ensure_whole(server.objects)


def test_of_two_at_once_one_wins_and_the_other_says_so(
    lake: Lake, server: TinyS3, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(lake, url)
    other = Lake(built(tmp_path / "other"))
    sell(other, 7)
    sell(lake, 1)
    written = parquet.write_run
    winners: list[str] = []

    def overtaken(*given: Any) -> None:
        written(*given)
        patched.undo()
        winners.append(publish(other, url).publication.gold_run_id)

    with monkeypatch.context() as patched:
        patched.setattr(parquet, "write_run", overtaken)
        with pytest.raises(StoreError, match=f"another process published to `{url}/tiny`"):
            publish(lake, url)
    assert [current(server.objects)] == winners
    ensure_whole(server.objects)
    publish(lake, url)
    ensure_whole(server.objects)


def test_of_two_first_ones_at_once_one_wins(lake: Lake, server: TinyS3, url: str) -> None:
    theirs = b'{"format": 1, "domain": "tiny", "run": "theirs"}'

    def overtaken(method: str, key: str) -> None:
        if method == "PUT" and key.endswith("manifest.json"):
            server.objects[f"{ROOT}current.json"] = theirs

    server.fault = overtaken
    with pytest.raises(StoreError, match="another process published"):
        publish(lake, url)
    assert server.objects[f"{ROOT}current.json"] == theirs


@pytest.mark.parametrize("ignored", ["If-None-Match", "If-Match"])
def test_a_server_that_ignores_a_condition_is_refused_before_anything_is_written(
    lake: Lake, server: TinyS3, url: str, ignored: str
) -> None:
    server.conditions = {"If-None-Match", "If-Match"} - {ignored}
    done = called(lake.config.project, "publish", "parquet", url)
    assert done.code == 5
    assert "does not keep the conditions" in done.err
    assert "hint: use a server that keeps them" in done.err
    assert server.objects == {}
    assert {key.split("/")[-1].split(".")[1] for key in server.written()} == {"probe"}


def test_a_server_that_knows_no_conditions_is_refused(lake: Lake, server: TinyS3, url: str) -> None:
    server.fault = lambda method, _: (501, "NotImplemented") if method == "PUT" else None
    with pytest.raises(StoreError, match="does not keep the conditions"):
        publish(lake, url)


def test_a_put_whose_answer_is_lost_is_known_as_done(
    lake: Lake, server: TinyS3, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "3")
    puts = []

    def lost(key: str, content: bytes) -> bytes:
        if key == f"{ROOT}current.json":
            server.objects[key] = content
            puts.append(key)
            if len(puts) == 1:
                raise ConnectionError
        return content

    server.stored = lost
    assert publish(lake, url).is_changed
    assert len(puts) == 1
    assert len([1 for method, key in server.asked if (method, key) == ("PUT", puts[0])]) == 2
    ensure_whole(server.objects)


@pytest.mark.parametrize("name", ["holiday.jpg", "runs/thesis.docx", "photos/1.jpg"])
def test_a_place_of_somebody_else_is_refused(
    lake: Lake, server: TinyS3, url: str, name: str
) -> None:
    server.objects[ROOT + name] = b"mine"
    server.objects["gold/other/next.txt"] = b"next to it"
    before = {**server.objects}
    with pytest.raises(UsageError, match="was not published by carms: it has"):
        publish(lake, url)
    assert (server.objects, server.written()) == (before, [])


def test_what_is_next_to_it_stays(lake: Lake, server: TinyS3, url: str) -> None:
    near = {"gold/other.txt": b"1", "gold/tiny2/runs/x": b"2", "gold/tinyrun": b"3", "a": b"4"}
    server.objects.update(near)
    for number in range(2):
        sell(lake, number)
        publish(lake, url, keep=1)
    assert {key: server.objects.get(key) for key in near} == near


@pytest.mark.parametrize(
    ("answer", "words", "to_do"),
    [
        ((403, "AccessDenied"), "AccessDenied", "s3:PutObject"),
        ((400, "ExpiredToken"), "ExpiredToken", "get new credentials"),
        ((403, "InvalidAccessKeyId"), "InvalidAccessKeyId", "AWS_PROFILE"),
        ((404, "NoSuchBucket"), "NoSuchBucket", "create the bucket"),
        ((503, "SlowDown"), "SlowDown", "AWS_ENDPOINT_URL"),
        (DROP, "Connection was closed", "AWS_ENDPOINT_URL"),
    ],
)
@pytest.mark.parametrize("first", ["GET", "PUT", "DELETE"])
def test_what_a_server_refuses_is_said_with_what_to_do(
    lake: Lake, server: TinyS3, url: str, answer: Answer, words: str, to_do: str, first: str
) -> None:
    server.fault = lambda method, _: answer if method == first else None
    done = called(lake.config.project, "publish", "parquet", url)
    assert done.code == 5
    assert f"`{url}/tiny` cannot be read or written: " in done.err
    assert words in done.err
    assert to_do in done.err.partition("hint: ")[2]
    assert "hush" not in done.err
    assert f"{ROOT}current.json" not in server.objects


@pytest.mark.parametrize("page", ["<html><p>Welcome", "<html><p>Welcome</p></html>"])
@pytest.mark.parametrize("status", [200, 403, 404, 502])
def test_a_server_of_another_kind_is_named(
    lake: Lake, server: TinyS3, url: str, status: int, page: str
) -> None:
    server.fault = lambda _, __: (status, page)
    with pytest.raises(StoreError, match="what answers there is not S3") as refused:
        publish(lake, url)
    assert "AWS_ENDPOINT_URL" in refused.value.hint


def test_a_server_that_goes_away_in_the_middle_leaves_the_old_run(
    lake: Lake, server: TinyS3, url: str
) -> None:
    first = publish(lake, url).publication.gold_run_id
    sell(lake, 1)
    for gone_at in ("dim_product.parquet", "manifest.json", "current.json"):
        is_gone = False

        def gone(method: str, key: str, at: str = gone_at) -> Answer | None:
            nonlocal is_gone
            is_gone = is_gone or (method == "PUT" and key.endswith(at))
            return DROP if is_gone else None

        server.fault = gone
        assert called(lake.config.project, "publish", "parquet", url).code == 5
        assert is_gone
        assert current(server.objects) == first
        ensure_whole(server.objects)
        server.fault = lambda _, __: None
    second = publish(lake, url).publication.gold_run_id
    assert runs(server.objects) == [first, second]
    ensure_whole(server.objects)


def test_a_server_that_loses_what_it_was_given_is_found_out(
    lake: Lake, server: TinyS3, url: str
) -> None:
    server.stored = lambda key, content: content[:-1] if key.endswith("sale.parquet") else content
    done = called(lake.config.project, "publish", "parquet", url)
    assert done.code == 5
    assert "does not hold what was written to it" in done.err
    assert f"{ROOT}current.json" not in server.objects


def test_nothing_stays_in_the_folder_for_temporary_files(
    lake: Lake, server: TinyS3, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(own))
    publish(lake, url)
    sell(lake, 1)
    server.fault = lambda _, key: DROP if key.endswith("dim_product.parquet") else None
    with pytest.raises(StoreError):
        publish(lake, url)
    assert [*own.iterdir()] == []


def test_a_reader_that_follows_the_pointer_never_sees_a_mix(lake: Lake, bucket: str) -> None:
    url = f"s3://{bucket}/gold"
    publish(lake, url)
    seen: set[int] = set()
    faults: list[str] = []
    is_over = threading.Event()

    def read() -> None:
        while not is_over.is_set():
            run = pl.scan_ndjson(f"{url}/tiny/current.json").collect()["run"].item()
            tables = [
                pl.read_parquet(f"{url}/tiny/runs/{run}/{name}.parquet")["quantity"].sum()
                for name in ("fact_sale", "sales_by_product")
            ]
            if tables[0] != tables[1]:
                faults.append(f"{run}: {tables}")
            seen.add(tables[0])

    def reader() -> None:
        try:
            read()
        except Exception as error:  # noqa: BLE001 - a thread's own error would be lost
            faults.append(str(error))

    thread = threading.Thread(target=reader)
    thread.start()
    try:
        for number in range(3):
            sell(lake, number)
            publish(lake, url)
    finally:
        is_over.set()
        thread.join(timeout=60)
    assert not faults
    assert len(seen) > 1
