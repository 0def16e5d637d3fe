"""Servers of S3 on loopback; the tests are skipped where the extra is not installed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from itertools import count
from typing import TYPE_CHECKING

import pytest
from extras import skip_without
from tiny import built
from tiny_s3 import BUCKET, TinyS3, client, tiny_s3

from carms_lake import Lake

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NUMBERS = count(1)
SECRET = "hush-hush"


@pytest.fixture(autouse=True)
def _credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the test alone, whatever this machine has."""
    skip_without("s3", "botocore")
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "TESTKEY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_REGION", "ca-central-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server in a process of its own."""
    skip_without("s3", "moto", "flask", "flask_cors")
    log = tmp_path_factory.mktemp("moto") / "log"
    command = [sys.executable, "-u", "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    environment = {**os.environ, "S3_UPLOAD_PART_MIN_SIZE": "1"}
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream, env=environment)
    try:
        until = time.monotonic() + 60
        while not (found := re.search(rb"http://127\.0\.0\.1:\d+", log.read_bytes())):
            assert process.poll() is None, log.read_text(encoding="utf-8")
            assert time.monotonic() < until, "moto did not start"
            time.sleep(0.05)
        yield found[0].decode()
    finally:
        process.kill()
        process.wait(timeout=10)


@pytest.fixture
def bucket(moto: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A new bucket of a good server."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    name = f"bucket-{next(_NUMBERS)}"
    place = {"LocationConstraint": "ca-central-1"}
    client().create_bucket(Bucket=name, CreateBucketConfiguration=place)
    return name


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[TinyS3]:
    """A server that can be told to fail; its bucket is `bucket`."""
    with tiny_s3() as store:
        monkeypatch.setenv("AWS_ENDPOINT_URL", store.url)
        yield store


@pytest.fixture
def url() -> str:
    """Where the tests of that server publish to."""
    return f"s3://{BUCKET}/gold"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    config = built(tmp_path / "project")
    (config.project / "carms.toml").write_text('domain = "tiny"\n', encoding="utf-8")
    return Lake(config)
