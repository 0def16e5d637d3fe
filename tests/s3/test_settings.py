"""Credentials, region and endpoint as AWS tools take them, and never in what is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from command import called
from tiny import sell

if TYPE_CHECKING:
    from pathlib import Path

    from tiny_s3 import TinyS3

    from carms_lake import Lake


def test_a_profile_gives_credentials_and_region(
    lake: Lake, server: TinyS3, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.delenv(name)
    settings = tmp_path / "settings"
    settings.write_text(
        "[profile bi]\nregion = eu-west-3\naws_access_key_id = PROFILEKEY\n"
        "aws_secret_access_key = hush-hush\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(settings))
    monkeypatch.setenv("AWS_PROFILE", "bi")
    done = called(lake.config.project, "publish", "parquet", url)
    assert done.code == 0, done.err
    (signed,) = server.signed_by
    key, _, region, *_ = signed.split("/")
    assert (key, region) == ("PROFILEKEY", "eu-west-3")


def test_the_role_of_a_container_gives_them(
    lake: Lake, server: TinyS3, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{server.url}/role")
    done = called(lake.config.project, "publish", "parquet", url)
    assert done.code == 0, done.err
    assert {signed.split("/")[0] for signed in server.signed_by} == {"ROLEKEY"}


@pytest.mark.parametrize(
    ("settings", "words", "to_do"),
    [
        ({"AWS_ACCESS_KEY_ID": ""}, "credentials", "AWS_PROFILE"),
        ({"AWS_PROFILE": "nobody"}, "nobody", "AWS_PROFILE"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "Could not connect", "AWS_ENDPOINT_URL"),
        ({"AWS_ENDPOINT_URL": "nonsense"}, "Invalid endpoint", "AWS_ENDPOINT_URL"),
    ],
)
def test_wrong_settings_are_said_with_what_to_do(
    lake: Lake,
    url: str,
    settings: dict[str, str],
    words: str,
    to_do: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    for options in ([], ["-v"], ["--json"]):
        done = called(lake.config.project, "publish", "parquet", url, *options)
        assert done.code == 5
        assert "hush" not in done.out + done.err
    done = called(lake.config.project, "publish", "parquet", url)
    assert words in done.err
    assert to_do in done.err.partition("hint: ")[2]


def test_plain_http_to_another_machine_has_to_be_allowed(
    lake: Lake, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://store.invalid:9000")
    done = called(lake.config.project, "publish", "parquet", url)
    assert done.code == 2
    assert "`http://store.invalid` is not encrypted" in done.err
    assert "AWS_ALLOW_HTTP=true" in done.err
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")  # nobody asks another machine
    assert called(lake.config.project, "publish", "parquet", url).code == 5


def test_the_command_says_what_it_did_and_lists_it(lake: Lake, server: TinyS3, url: str) -> None:
    project = lake.config.project
    first = called(project, "publish", "parquet", url)
    assert (first.code, first.err) == (0, "")
    again = called(project, "publish", "parquet", url)
    assert again.err == f"`{url}/tiny` has this build already: nothing changed\n"
    assert [one.rows[0]["status"] for one in (first, again)] == ["published", "unchanged"]
    (row,) = called(project, "publish", "--list").rows
    assert (row["kind"], row["target"], row["is_behind"]) == ("parquet", f"{url}/tiny", "false")
    sell(lake, 1)
    status = called(project, "status").rows
    found = {r["name"]: r["value"] for r in status if r["section"] == "publications"}
    assert (found["target"], found["is_behind"]) == (f"{url}/tiny", "true")
    assert f"{url}/tiny" in called(project, "query", "from ops.publications").out
